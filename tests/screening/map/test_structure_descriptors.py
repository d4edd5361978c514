"""858 numbers of a structure: peaks where they belong, nothing that depends on the setting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.crystal import Crystal
from screening.map.selection import MapError
from screening.map.structure_descriptors import KINDS, LENGTH, structure_descriptor


def test_the_length_is_that_of_the_paper(antifluorite: Crystal) -> None:
    assert structure_descriptor(antifluorite).size == LENGTH == 858


def test_each_distribution_is_scaled_by_itself(antifluorite: Crystal) -> None:
    values = structure_descriptor(antifluorite)
    of = {name: values[part] for name, part in KINDS}

    # the kinds follow each other without a gap
    assert [part.start for _, part in KINDS] == [0, *(part.stop for _, part in KINDS[:-1])]
    assert KINDS[-1][1].stop == LENGTH
    # without other cations their distributions are empty, and only theirs
    assert {name for name, own in of.items() if not own.any()} == {
        "g(r) Li-M", "g(r) O-M", "g(r) M-M", "angles O-M-O", "cell volumes M", "neighbours M",
    }  # fmt: skip
    # lithium touches four oxygen and six lithium cells, oxygen eight lithium cells
    assert 1 + np.argmax(of["neighbours Li"]) == 10
    assert 1 + np.argmax(of["neighbours O"]) == 8


def test_peaks_of_antifluorite_lie_where_they_belong(antifluorite: Crystal) -> None:
    values = structure_descriptor(antifluorite)
    lithium_oxygen = values[100:200]
    angle = values[600:660]

    # Li-O at a sqrt(3)/4 = 2.00, O-O at a / sqrt(2) = 3.27 angstrom
    assert 0.1 * (np.argmax(lithium_oxygen[:30]) + 0.5) == pytest.approx(2.0, abs=0.15)
    assert 0.1 * (np.argmax(values[300:340]) + 0.5) == pytest.approx(3.27, abs=0.15)
    assert 3.0 * (np.argmax(angle) + 0.5) == pytest.approx(109.47, abs=3.0)
    assert values[200:300].max() == 0.0  # no other cation


def test_far_away_every_pair_has_the_mean_density(antifluorite: Crystal) -> None:
    values = structure_descriptor(antifluorite).reshape(-1)[100:200]
    shells = np.diff((0.1 * np.arange(101)) ** 3)

    # the number of pairs within 9 angstrom is that of a uniform density within 10 %
    assert (values[:90] @ shells[:90]) / shells[:90].sum() == pytest.approx(1.0, abs=0.1)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_rotation_order_origin_and_supercell_do_not_matter(seed: int) -> None:
    random = np.random.default_rng(seed)
    lattice = np.diag([4.1, 4.9, 5.3]) + 0.2 * random.normal(size=(3, 3))
    symbols = ("Li", "O", "O", "Ti", "Li")
    at = np.array([[0, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.45, 0.4, 0.55]])
    crystal = Crystal(lattice, at + 0.02 * random.normal(size=at.shape), symbols)
    turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
    order = random.permutation(5)
    other = Crystal(
        lattice @ turn,
        crystal.fractional[order] + random.uniform(size=3),
        tuple(symbols[i] for i in order),
    )
    double = Crystal(
        lattice * np.array([[2.0], [1.0], [1.0]]),
        np.vstack([crystal.fractional + np.array([shift, 0, 0]) for shift in (0, 1)]) / [2, 1, 1],
        symbols * 2,
    )

    values = structure_descriptor(crystal)

    assert structure_descriptor(other) == pytest.approx(values, abs=1e-6)
    assert structure_descriptor(double) == pytest.approx(values, abs=1e-6)


def test_what_cannot_be_described_is_refused(antifluorite: Crystal) -> None:
    lithium = Crystal(3.5 * np.eye(3), np.zeros((1, 3)), ("Li",), material_id="Li")
    with pytest.raises(MapError, match="Li: holds no O"):
        structure_descriptor(lithium)
    shared = Crystal(
        antifluorite.lattice_angstrom, antifluorite.fractional, antifluorite.symbols,
        occupancies=tuple(((s, 0.5),) for s in antifluorite.symbols), material_id="half",
    )  # fmt: skip
    with pytest.raises(MapError, match="half: has shared sites"):
        structure_descriptor(shared)
