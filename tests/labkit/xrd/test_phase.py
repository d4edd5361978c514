"""Phases from CIFs: symmetry, extinctions, multiplicities, structure factors."""

from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import pytest

from labkit.xrd.errors import PhaseFileError
from labkit.xrd.phase import (
    Phase,
    cell_of_metric,
    cell_volume,
    phase_from_cif_text,
    read_phase,
    reciprocal_metric,
)
from labkit.xrd.simulate import cif_of

TRICLINIC = (5.1, 6.2, 7.3, 82.0, 95.0, 101.0)


def test_the_reciprocal_metric_goes_back_to_its_cell() -> None:
    assert cell_of_metric(reciprocal_metric(TRICLINIC)) == pytest.approx(TRICLINIC)
    assert cell_volume(TRICLINIC) == pytest.approx(gemmi.UnitCell(*TRICLINIC).volume)


@pytest.mark.parametrize(
    ("symbol", "cell", "free"),
    [
        ("P -1", TRICLINIC, 6),
        ("C 1 2/c 1", (9, 5, 6, 90, 105, 90), 4),
        ("P 1 1 2/m", (9, 5, 6, 90, 90, 105), 4),
        ("P n m a", (8, 5, 7, 90, 90, 90), 3),
        ("I 41/a m d", (4, 4, 9, 90, 90, 90), 2),
        ("P 63/m", (9, 9, 7, 90, 90, 120), 2),
        ("R -3 c", (5, 5, 13, 90, 90, 120), 2),
        ("R -3 c", (5, 5, 5, 55, 55, 55), 2),
        ("F m -3 m", (4, 4, 4, 90, 90, 90), 1),
    ],
)
def test_symmetry_leaves_as_many_cell_parameters_free(
    symbol: str, cell: tuple[float, ...], free: int
) -> None:
    phase = phase_from_cif_text(cif_of("p", cell, symbol, [("Li", 0.1, 0.2, 0.3)]))
    assert phase.basis.shape == (6, free)
    assert phase.cell == pytest.approx(cell)


def test_d_spacings_are_those_of_the_cell() -> None:
    phase = phase_from_cif_text(cif_of("p", TRICLINIC, "P -1", [("Li", 0.1, 0.2, 0.3)]))
    found = phase.reflections(1.2, 20, None)
    d = 1 / np.sqrt(found.metric @ phase.free_parameters())
    cell = gemmi.UnitCell(*TRICLINIC)
    assert d == pytest.approx([cell.calculate_d([int(i) for i in h]) for h in found.hkl])
    assert (np.diff(d) < 0).all()


def test_extinct_reflections_are_left_out_and_equivalent_ones_counted(lab6: Phase) -> None:
    rock_salt = phase_from_cif_text(
        cif_of("s", (5, 5, 5, 90, 90, 90), "F m -3 m", [("Li", 0, 0, 0)])
    )
    found = rock_salt.reflections(1.4, 10, None)
    assert [tuple(sorted(h, reverse=True)) for h in np.abs(found.hkl)] == [
        (1, 1, 1),
        (2, 0, 0),
        (2, 2, 0),
        (3, 1, 1),
        (2, 2, 2),
    ]
    assert found.multiplicity.tolist() == [8, 6, 12, 24, 8]
    # 221 and 300 coincide in a cubic cell and are one row
    coinciding = lab6.reflections(1.38, 1.40, None)
    assert coinciding.multiplicity.tolist() == [30]


def test_reflections_that_the_laue_class_tells_apart_coincide(fluorapatite: Phase) -> None:
    """In 6/m hkl and khl differ in intensity, not in position."""
    found = fluorapatite.reflections(2.0, 9.0, None)
    positions = np.round(found.metric @ fluorapatite.free_parameters(), 10)
    assert np.unique(positions).size == positions.size


def test_structure_factors_are_those_of_gemmi(host: Phase) -> None:
    from labkit.xrd.simulate import SERIES_HOST_CIF

    block = gemmi.cif.read_string(SERIES_HOST_CIF).sole_block()
    structure = gemmi.make_small_structure_from_block(block)
    structure.change_occupancies_to_crystallographic()
    for site in structure.sites:
        site.u_iso = 0.01
    reference = gemmi.StructureFactorCalculatorX(structure.cell)
    found = host.reflections(2.0, 9.0, None)
    assert found.intensity is not None
    for hkl, multiplicity, intensity in zip(found.hkl, found.multiplicity, found.intensity):
        f = reference.calculate_sf_from_small_structure(structure, [int(i) for i in hkl])
        assert intensity == pytest.approx(multiplicity * abs(f) ** 2, rel=1e-3, abs=1e-2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing at all", "not readable as a CIF"),
        ("data_x\n_cell_formula_units_Z 4\n", "no unit cell"),
        (
            "data_x\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n"
            "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n",
            "no symmetry",
        ),
        (cif_of("x", (4, 4, 4, 90, 90, 90), "P nonsense", [("Li", 0, 0, 0)]), "not known"),
        (cif_of("x", (4, 5, 6, 90, 90, 90), "F m -3 m", [("Li", 0, 0, 0)]), "does not fit"),
    ],
)
def test_a_cif_that_gives_no_phase_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(PhaseFileError, match=words) as refused:
        phase_from_cif_text(text, "mine.cif")
    assert str(refused.value).startswith("mine.cif")
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PhaseFileError, match="no such file"):
        read_phase(tmp_path / "absent.cif")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("_cell_length_b 10.190000\n", "", "no number for _cell_length_b"),
        ("_cell_length_a 8.144000", "_cell_length_a ?", "no number for _cell_length_a"),
        ("Li4 Li 0.29000 0.07000 0.72000", "Li4 Li ? ? ?", "atom Li4 has no coordinates"),
    ],
)
def test_a_cif_with_holes_is_refused_in_one_line(
    host: Phase, old: str, new: str, words: str
) -> None:
    assert old in host.cif_text
    with pytest.raises(PhaseFileError, match=words):
        phase_from_cif_text(host.cif_text.replace(old, new))


def test_a_cif_of_two_structures_is_not_guessed_at(host: Phase, li2s: Phase) -> None:
    with pytest.raises(PhaseFileError, match=r"holds 2 structures \(Li3BS3, Li2S\)"):
        phase_from_cif_text(host.cif_text + li2s.cif_text)


def test_partial_occupancies_weigh_what_they_say(host: Phase) -> None:
    head, _, atoms = host.cif_text.partition("_atom_site_fract_z\n")
    full = f"{head}_atom_site_fract_z\n_atom_site_occupancy\n"
    full += "".join(f"{line} 1\n" for line in atoms.splitlines())
    half = full.replace("0.72000 1", "0.72000 0.5(1)")
    assert half != full
    masses = [phase_from_cif_text(text).mass_per_cell or 0.0 for text in (full, half)]
    assert masses[0] - masses[1] == pytest.approx(4 * 6.94, abs=0.05)  # half of 8 Li


@pytest.mark.parametrize("name", ["host", "lab6", "fluorapatite", "li2s"])
def test_reflections_are_about_as_many_as_reciprocal_space_has_room_for(
    name: str, request: pytest.FixtureRequest
) -> None:
    phase: Phase = request.getfixturevalue(name)
    counted = phase.reflections(0.5, 20.0, None).hkl.shape[0]
    assert 0.5 < phase.n_reflections(0.5, 20.0) / counted < 2
