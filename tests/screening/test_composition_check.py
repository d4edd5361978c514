"""Cells that do not hold what they are named for are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from screening.composition_check import check_composition, compare_composition
from screening.errors import CompositionError
from screening.structures import read_obelix_archive


def test_right_content_passes(crystals) -> None:
    assert check_composition(crystals["LiFePO4"], "LiFePO4").distance == pytest.approx(0.0)
    assert check_composition(crystals["Li2CO3"], "Li4C2O6").distance == pytest.approx(0.0)


def test_a_cell_without_the_ion_is_refused(crystals) -> None:
    with pytest.raises(CompositionError, match="no Na"):
        check_composition(crystals["LiCl"], "NaCl", ion="Na")


def test_wrong_amounts_are_refused_by_name(crystals) -> None:
    with pytest.raises(CompositionError, match=r"P makes up 14\.3% of the cell instead of"):
        check_composition(crystals["LiFePO4"], "LiFeP3O4")
    check = compare_composition(crystals["LiCl"], "LiBr")
    assert (check.missing, check.extra) == (("Br",), ("Cl",))
    assert check.distance == pytest.approx(0.5)


def test_an_unreadable_formula_is_one_clear_error(crystals) -> None:
    with pytest.raises(CompositionError, match="no formula"):
        check_composition(crystals["LiCl"], "0.7Li2S-0.3P2S5")


def test_obelix_cells_without_lithium_are_found(data_dir: Path) -> None:
    folder = data_dir / "obelix"
    names = ["b4c", "cy2", "5tl", "u2y", "hta", "s3h", "u8r", "duf", "ckw", "yab"]
    for record in read_obelix_archive(folder / "all_cifs.zip", folder / "all.csv", ids=names):
        with pytest.raises(CompositionError):
            check_composition(record.crystal(), record.formula)
