"""What every descriptor promises: length, type, invariance, no side effects, named failures."""

from __future__ import annotations

import pickle
from importlib.util import find_spec

import numpy as np
import pytest

from screening.crystal import Crystal
from screening.descriptors import OpenDescriptor, descriptor, descriptor_names
from screening.errors import DescriptorError, MissingLibraryError, UnknownDescriptorError
from screening.ordering import supercell
from screening.simplify import Simplifier

# descriptors whose tables come with an optional library
OPTIONAL = {"cfid": "matminer", "global_instability": "matminer"}
FORMULAS = ("LiCl", "Li3N", "Li3P", "LiAlTe2", "LiFePO4", "Li2CO3", "Li3OCl", "LiNO3", "LiAl")
CASES = [
    (name, mode)
    for name in descriptor_names()
    if name not in OPTIONAL or find_spec(OPTIONAL[name])
    for mode in descriptor(name).modes
]
KINDS = [f"{a} - {b}" for a, b in (("Li+", "S2-"), ("Al3+", "S2-"), ("Li+", "O2-"), ("S-", "S-"))]


def made(name: str):
    """Return the descriptor, with some columns where they depend on the structures."""
    found = descriptor(name)
    return found.with_columns(KINDS) if isinstance(found, OpenDescriptor) else found


def values(name: str, mode: str, crystal: Crystal):
    """Values, or the code of the named failure."""
    try:
        return made(name).compute(Simplifier(mode).simplify(crystal), mode)
    except DescriptorError as error:
        return error.code


def same(first, second, *, rtol: float = 2e-4) -> None:
    if isinstance(first, str) or isinstance(second, str):
        assert first == second
        return
    scale = max(float(np.abs(first).max()), 1e-6)
    np.testing.assert_allclose(first, second, rtol=rtol, atol=rtol * scale)


@pytest.fixture(params=CASES, ids=lambda case: "-".join(case))
def case(request) -> tuple[str, str]:
    return request.param


@pytest.fixture
def chosen(crystals) -> list[Crystal]:
    return [crystals[formula] for formula in FORMULAS]


def test_length_and_type(case, chosen) -> None:
    name, mode = case
    found = [values(name, mode, crystal) for crystal in chosen]
    good = [row for row in found if not isinstance(row, str)]
    # the table of bond valences knows no simplified crystal
    assert good or (name == "global_instability" and mode != "structure"), found
    for row in good:
        assert row.shape == (made(name).length(mode),)
        assert row.dtype == np.float32
        assert np.isfinite(row).all()
    assert len(made(name).columns(mode)) == made(name).length(mode)


def test_rotation(case, chosen, rng) -> None:
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    for crystal in chosen:
        turned = Crystal(
            crystal.lattice_angstrom @ rotation.T,
            crystal.fractional,
            crystal.symbols,
            crystal.charges,
        )
        same(values(*case, turned), values(*case, crystal))


def test_translation_and_images(case, chosen, rng) -> None:
    for crystal in chosen:
        moved = Crystal(
            crystal.lattice_angstrom,
            crystal.fractional + rng.random(3) + rng.integers(-1, 2, (crystal.n_sites, 3)),
            crystal.symbols,
            crystal.charges,
        )
        same(values(*case, moved), values(*case, crystal))


def test_order_of_sites(case, chosen, rng) -> None:
    for crystal in chosen:
        order = rng.permutation(crystal.n_sites)
        assert crystal.charges is not None
        shuffled = Crystal(
            crystal.lattice_angstrom,
            crystal.fractional[order],
            tuple(crystal.symbols[i] for i in order),
            crystal.charges[order],
        )
        same(values(*case, shuffled), values(*case, crystal))


def test_repeated_cell_where_intensive(case, chosen) -> None:
    name, _ = case
    if not descriptor(name).intensive:
        pytest.skip("grows with the cell")
    for crystal in chosen[:4]:
        same(values(*case, supercell(crystal, (2, 1, 1))), values(*case, crystal), rtol=1e-3)


def test_scaled_cell_where_scale_does_not_matter(case, chosen) -> None:
    name, _ = case
    if not descriptor(name).scale_invariant:
        pytest.skip("depends on distances")
    for crystal in chosen:
        larger = Crystal(
            crystal.lattice_angstrom * 1.3, crystal.fractional, crystal.symbols, crystal.charges
        )
        same(values(*case, larger), values(*case, crystal))


def test_the_crystal_is_not_changed(case, chosen) -> None:
    for crystal in chosen:
        values(*case, crystal)
        fresh = Crystal(
            np.array(crystal.lattice_angstrom),
            np.array(crystal.fractional),
            crystal.symbols,
            crystal.charges,
        )
        assert crystal.content_hash == fresh.content_hash


def test_repeats_exactly_and_travels_to_workers(case, crystals) -> None:
    name, mode = case
    copy = pickle.loads(pickle.dumps(made(name)))
    assert copy == made(name)
    assert copy.key == made(name).key
    simple = Simplifier(mode).simplify(crystals["LiFePO4"])
    try:
        first = made(name).compute(simple, mode)
    except DescriptorError:
        return
    np.testing.assert_array_equal(first, copy.compute(simple, mode))


def test_unknown_names_and_settings_are_refused() -> None:
    with pytest.raises(UnknownDescriptorError, match="soap"):
        descriptor("soup")
    with pytest.raises(UnknownDescriptorError, match="r_cutt"):
        descriptor("soap", r_cutt=3)


def test_columns_that_depend_on_the_structures_are_fitted(crystals) -> None:
    chosen = [crystals["LiCl"], crystals["LiFePO4"]]
    fitted = descriptor("bond_fraction").fit(chosen, "structure")

    assert "Cl- - Li+" in fitted.columns("structure")
    assert "O2- - P5+" in fitted.columns("structure")
    row = fitted.compute(crystals["LiCl"], "structure")
    assert row[list(fitted.columns("structure")).index("Cl- - Li+")] == 1.0
    assert row.sum() == 1.0
    with pytest.raises(DescriptorError, match="fit it first"):
        descriptor("bond_fraction").compute(crystals["LiCl"], "structure")


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_a_library_that_is_missing_is_named(name: str, monkeypatch) -> None:
    import importlib.metadata

    def none(library: str) -> str:
        raise importlib.metadata.PackageNotFoundError(library)

    monkeypatch.setattr(importlib.metadata, "version", none)
    with pytest.raises(MissingLibraryError, match="pip install"):
        _ = descriptor(name).key
