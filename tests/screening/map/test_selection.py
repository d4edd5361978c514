"""Which materials belong on the map, and to which family."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Composition

from screening.crystal import Crystal
from screening.map.selection import MapError, check_composition_for_map, family_of


def of_formula(formula: str) -> Crystal:
    """Return a cell of the composition; where the atoms are does not matter."""
    amounts = Composition(formula).get_el_amt_dict()
    site = tuple((element, amount / 100.0) for element, amount in sorted(amounts.items()))
    return Crystal(10 * np.eye(3), np.zeros((1, 3)), ("Li",), occupancies=(site,))


@pytest.mark.parametrize(
    ("formula", "group", "family"),
    [
        ("Li7La3Zr2O12", 230, "garnet"),
        ("Li6.4Al0.2La3Zr2O12", None, "garnet"),
        ("Li6.5La3Zr1.5Ta0.5O12", None, "garnet"),
        ("Li6BaLa2Ta2O12", 230, "garnet"),
        ("LiTi2(PO4)3", 167, "NASICON"),
        ("Li1.3Al0.3Ti1.7(PO4)3", None, "NASICON"),
        ("LiGe2(PO4)3", 167, "NASICON"),
        ("Li3Sc2(PO4)3", 14, None),
        ("Li3PO4", 62, None),
        ("Li4SiO4", None, None),
        ("Li2O", 225, None),
        ("Li10GeP2S12", 137, None),
    ],
)
def test_families_go_by_composition_and_group(
    formula: str, group: int | None, family: str | None
) -> None:
    assert family_of(of_formula(formula), group) == family


def test_a_perovskite_shares_its_corners(perovskite: Crystal) -> None:
    assert family_of(perovskite) == "perovskite"
    # the same composition with its oxygen elsewhere
    moved = perovskite.fractional.copy()
    moved[[s == "O" for s in perovskite.symbols]] = np.linspace(0.02, 0.09, 6)[:, None]
    assert family_of(Crystal(perovskite.lattice_angstrom, moved, perovskite.symbols)) is None


@pytest.mark.parametrize(
    ("composition", "words"),
    [
        ({"Li": 1, "Cl": 1}, "x: holds no O; the map is for"),
        ({"La": 1, "O": 1}, "x: holds no Li"),
        ({"Li": 1, "O": 2, "Co": 1, "Fe": 1}, "x: holds Co, Fe, which the map does not know"),
    ],
)
def test_what_does_not_belong_is_refused(composition: dict[str, float], words: str) -> None:
    with pytest.raises(MapError, match=words):
        check_composition_for_map(composition, "x")
