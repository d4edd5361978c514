"""Ordering of disordered cells is deterministic and keeps the composition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from screening.crystal import Crystal
from screening.ordering import distance_matrix, order_crystal, supercell
from screening.structures import read_obelix_archive


def shared_rocksalt(share_li: float, share_na: float) -> Crystal:
    """Conventional rocksalt with a mixed, possibly partly vacant cation site."""
    corners = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    mixed = (("Li", share_li), ("Na", share_na))
    return Crystal(
        np.eye(3) * 5.3,
        np.concatenate([corners, (corners + 0.5) % 1]),
        ("Li",) * 4 + ("Cl",) * 4,
        occupancies=(mixed,) * 4 + ((("Cl", 1.0),),) * 4,
        material_id="mixed",
    )


def test_an_ordered_crystal_is_returned_as_it_is(crystals) -> None:
    assert order_crystal(crystals["LiCl"]) is crystals["LiCl"]


@pytest.mark.parametrize("share", [0.5, 0.25, 0.75, 1 / 3, 0.1])
def test_composition_is_kept(share: float) -> None:
    ordered = order_crystal(shared_rocksalt(share, 1 - share))
    assert ordered.is_ordered
    amounts = ordered.composition
    assert amounts["Li"] + amounts["Na"] == amounts["Cl"]
    assert amounts["Li"] / amounts["Cl"] == pytest.approx(share, rel=0.11)


def test_atoms_of_a_shared_site_are_spread() -> None:
    ordered = order_crystal(shared_rocksalt(0.25, 0.75), max_sites=64)
    doubled = supercell(ordered, (2, 2, 2))
    lithium = [i for i, symbol in enumerate(doubled.symbols) if symbol == "Li"]
    distance = distance_matrix(doubled)[np.ix_(lithium, lithium)]
    np.fill_diagonal(distance, np.inf)
    assert distance.min() == pytest.approx(5.3)


def test_no_element_is_rounded_away() -> None:
    ordered = order_crystal(shared_rocksalt(0.01, 0.99), max_sites=16)
    assert ordered.composition["Li"] >= 1


def test_a_split_site_is_never_filled_twice() -> None:
    split = Crystal(
        np.eye(3) * 6.0,
        np.array([[0.45, 0.5, 0.5], [0.55, 0.5, 0.5], [0.0, 0.0, 0.0]]),
        ("Li", "Li", "Cl"),
        occupancies=((("Li", 0.5),), (("Li", 0.5),), (("Cl", 1.0),)),
    )
    ordered = order_crystal(split)
    distance = distance_matrix(ordered)
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 1.2
    assert ordered.composition["Li"] == ordered.composition["Cl"]


def test_the_same_cell_gives_the_same_ordering_and_samples_differ() -> None:
    cell = shared_rocksalt(0.5, 0.5)
    assert order_crystal(cell).content_hash == order_crystal(cell).content_hash
    samples = {order_crystal(cell, max_sites=64, sample=k).content_hash for k in range(1, 6)}
    assert len(samples) > 1
    again = order_crystal(cell, sample=3).content_hash
    assert again == order_crystal(cell, sample=3).content_hash


def test_distances_equal_pymatgens(crystals) -> None:
    for formula in ("Li3N", "LiFePO4", "LiNbO3", "Li2CO3"):
        crystal = crystals[formula]
        np.testing.assert_allclose(
            distance_matrix(crystal), crystal.to_pymatgen().distance_matrix, atol=1e-8
        )


@pytest.mark.slow
def test_every_obelix_cell_can_be_ordered(data_dir: Path) -> None:
    folder = data_dir / "obelix"
    for record in read_obelix_archive(folder / "all_cifs.zip", folder / "all.csv"):
        crystal = record.crystal()
        ordered = order_crystal(crystal)
        total, now = sum(crystal.composition.values()), ordered.n_sites
        moved = sum(
            abs(amount / total - ordered.composition.get(element, 0.0) / now)
            for element, amount in crystal.composition.items()
        )
        assert moved / 2 < 0.05, record.material_id
        assert set(ordered.composition) == set(crystal.composition), record.material_id
