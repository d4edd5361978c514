"""Charges: the order of the methods, neutrality, agreement with pymatgen."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from screening.bond_valence import bond_valence_charges
from screening.charges import _guess_from_composition, charge_table, count_methods, decorate
from screening.crystal import Crystal
from screening.errors import DisorderedStructureError
from screening.structures import read_materials_project_table


def test_published_charges_are_in_the_table() -> None:
    table = charge_table()
    published = {"P": 5, "N": -3, "S": -2, "C": 4, "H": 1, "Cr": 6, "Mo": 4, "Fe": 3, "Co": 3}
    published |= {"Ni": 2, "Mn": 7, "Cu": 2, "Sm": 2}
    assert published.items() <= table.items()
    assert {"Li": 1, "O": -2, "La": 3, "Zr": 4, "Cl": -1, "Al": 3}.items() <= table.items()
    assert "He" not in table


@pytest.mark.parametrize(
    ("formula", "method", "expected"),
    [
        ("LiCl", "table", {"Li": 1, "Cl": -1}),
        ("Li2S", "table", {"Li": 1, "S": -2}),
        ("LiCoO2", "table", {"Li": 1, "Co": 3, "O": -2}),
        ("Li3P", "bond-valence", {"Li": 1, "P": -3}),
        ("LiH", "bond-valence", {"Li": 1, "H": -1}),
        ("LiAl", "undecided", {"Li": 0, "Al": 0}),
    ],
)
def test_methods_in_order(crystals, formula: str, method: str, expected: dict) -> None:
    bare = crystals[formula].with_charges(None)
    assigned = decorate(bare)
    assert assigned.method == method
    assert dict(zip(bare.symbols, assigned.charges, strict=True)) == expected


def test_given_charges_are_kept(crystals) -> None:
    odd = crystals["LiCl"].with_charges([0.5, -0.5])
    assert decorate(odd).method == "given"
    np.testing.assert_array_equal(decorate(odd).charges, [0.5, -0.5])


def test_every_decision_is_neutral(crystals) -> None:
    for crystal in crystals.values():
        assert abs(decorate(crystal.with_charges(None)).charges.sum()) < 0.5


def test_counting(crystals) -> None:
    counted = count_methods(decorate(crystals[f].with_charges(None)) for f in ("LiCl", "LiAl"))
    assert counted == {"given": 0, "table": 1, "bond-valence": 0, "guess": 0, "undecided": 1}


def test_disordered_cells_are_refused() -> None:
    shared = Crystal(np.eye(3) * 4, np.zeros((1, 3)), ("Li",), occupancies=((("Li", 0.5),),))
    with pytest.raises(DisorderedStructureError, match="order the cell"):
        decorate(shared)


def test_the_answer_does_not_depend_on_the_order_of_sites(crystals, rng) -> None:
    for formula in ("LiFePO4", "LiNO3", "LiGaO2"):
        crystal = crystals[formula].with_charges(None)
        order = rng.permutation(crystal.n_sites)
        shuffled = Crystal(
            crystal.lattice_angstrom,
            crystal.fractional[order],
            tuple(crystal.symbols[i] for i in order),
        )
        np.testing.assert_array_equal(decorate(shuffled).charges, decorate(crystal).charges[order])


def test_a_step_limit_ends_the_search(crystals) -> None:
    charges, reason = bond_valence_charges(crystals["LiFePO4"].with_charges(None), step_limit=1)
    assert charges is None
    assert "no neutral combination" in reason


@pytest.mark.parametrize("formula", ["Fe3O4", "LiMn2O4", "Li4Ti5O12", "LiFePO4", "Li3Bi", "LiOs"])
def test_guess_equals_pymatgens_first(formula: str) -> None:
    from pymatgen.core import Composition

    composition = Composition(formula)
    amounts = Counter({str(e): int(n) for e, n in composition.get_el_amt_dict().items()})
    ours, theirs = _guess_from_composition(amounts), composition.oxi_state_guesses()
    assert (ours or {}) == pytest.approx(dict(theirs[0]) if theirs else {})


def test_bond_valence_equals_pymatgens_analyser(data_dir: Path) -> None:
    from pymatgen.core.bond_valence import BVAnalyzer

    path = data_dir / "structures" / "li_mp_structures.csv.gz"
    records = [r for r in list(read_materials_project_table(path))[::300] if r.n_sites <= 40]
    compared = 0
    for record in records:
        crystal = record.crystal()
        ours, _ = bond_valence_charges(crystal)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                analyser = BVAnalyzer(distance_scale_factor=1)
                theirs = analyser.get_valences(crystal.to_pymatgen())
            except ValueError:
                theirs = None
        if theirs is None:
            assert ours is None, record.material_id
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=record.material_id)
            compared += 1
    assert compared > 20
