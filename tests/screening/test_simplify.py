"""The nine simplifications and the rules that keep a structure from becoming empty."""

from __future__ import annotations

import numpy as np
import pytest

from screening.crystal import Crystal
from screening.errors import StructureError, UnknownModeError
from screening.simplify import MODES, Simplifier, site_classes


def cell(symbols: str, charges: list[float], volume: float = 100.0) -> Crystal:
    names = tuple(symbols.split())
    edge = volume ** (1 / 3)
    positions = np.linspace(0, 0.9, len(names))[:, None] * np.ones((1, 3))
    return Crystal(np.eye(3) * edge, positions, names, np.array(charges))


def test_there_are_nine_modes() -> None:
    assert MODES == ("structure", "A", "AM", "CAN", "CAMN", "A40", "AM40", "CAN40", "CAMN40")


def test_lithium_is_mobile_whatever_its_charge() -> None:
    crystal = cell("Li Li Na Ar O", [1, 0, 1, 0, -2])
    assert list(site_classes(crystal)) == ["M", "M", "C", "N", "A"]


@pytest.mark.parametrize(
    ("mode", "symbols"),
    [
        ("A", ("S",)),
        ("AM", ("Li", "S")),
        ("CAN", ("Al", "Mg", "S")),
        ("CAMN", ("Li", "Al", "Mg", "S")),
    ],
)
def test_classes_of_a_mode_are_kept(mode: str, symbols: tuple[str, ...]) -> None:
    crystal = cell("Li Na Ar O", [1, 1, 0, -2])
    simple = Simplifier(mode).simplify(crystal)
    assert simple.symbols == symbols
    assert simple.volume_angstrom3 == pytest.approx(crystal.volume_angstrom3)
    original = dict(zip(("Li", "Al", "Mg", "S"), (1, 1, 0, -2), strict=True))
    np.testing.assert_array_equal(simple.charges, [original[s] for s in symbols])


def test_structure_mode_changes_nothing() -> None:
    crystal = cell("Li O", [1, -2])
    assert Simplifier("structure").simplify(crystal) is crystal


def test_volume_is_forty_per_anion_and_neutral() -> None:
    crystal = cell("Li Na Ar O O", [1, 1, 0, -2, -2])
    for mode in ("A40", "AM40", "CAN40", "CAMN40"):
        assert Simplifier(mode).simplify(crystal).volume_angstrom3 == pytest.approx(120.0)


def test_nothing_to_scale_by_leaves_the_volume() -> None:
    crystal = cell("Li Na", [1, 1])
    assert Simplifier("CAN40").simplify(crystal).volume_angstrom3 == pytest.approx(100.0)


def test_lithium_metal_becomes_anions() -> None:
    simple = Simplifier("A").simplify(cell("Li Li", [0, 1]))
    assert simple.symbols == ("S", "S")
    np.testing.assert_array_equal(simple.charges, [1, 1])
    assert Simplifier("AM").simplify(cell("Li Li", [0, 0])).symbols == ("Li", "Li")


@pytest.mark.parametrize(
    ("symbols", "charges", "n_kept"),
    [("Li Ar Ar Na", [1, 0, 0, 1], 2), ("Li Li Na", [1, 1, 1], 2), ("Na K", [1, 1], 2)],
)
def test_first_of_neutral_mobile_cation_stands_for_anions(symbols, charges, n_kept) -> None:
    simple = Simplifier("A").simplify(cell(symbols, charges))
    assert simple.symbols == ("S",) * n_kept


def test_neutral_compound_keeps_only_lithium_with_anions_and_mobile() -> None:
    assert Simplifier("AM").simplify(cell("Li Al", [0, 0])).symbols == ("Li",)


def test_the_crystal_given_is_not_changed(crystals) -> None:
    for crystal in crystals.values():
        before = crystal.content_hash
        results = [Simplifier(mode).simplify(crystal) for mode in MODES]
        assert all(result.n_sites > 0 for result in results)
        assert (
            Crystal(
                crystal.lattice_angstrom, crystal.fractional, crystal.symbols, crystal.charges
            ).content_hash
            == before
        )


def test_used_like_an_estimator(crystals) -> None:
    simplifier = Simplifier().set_params(mode="AM")
    assert simplifier.get_params() == {"mode": "AM"}
    assert [c.symbols for c in simplifier.fit_transform([crystals["LiCl"]])] == [("Li", "S")]


def test_bad_input() -> None:
    with pytest.raises(UnknownModeError, match="CAMN40"):
        Simplifier("MAC")
    with pytest.raises(StructureError, match="decorate"):
        Simplifier("A").simplify(Crystal(np.eye(3) * 3, np.zeros((1, 3)), ("Li",)))
