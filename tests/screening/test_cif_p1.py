"""The fast reader of plain P1 CIFs reads what a general parser reads, or declines."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.cif_p1 import lattice_from_parameters, read_p1_cif, write_p1_cif
from screening.structures import read_materials_project_table

SYMBOLS = st.sampled_from(["Li", "O", "P", "S", "La"])
COORDINATE = st.floats(0.0, 0.999)


def simple_cif() -> str:
    lattice = lattice_from_parameters(4.0, 5.0, 6.0, 80.0, 95.0, 110.0)
    return write_p1_cif(lattice, np.array([[0, 0, 0], [0.5, 0.25, 0.75]]), ("Li", "Cl"), "LiCl")


@given(
    st.lists(st.tuples(SYMBOLS, COORDINATE, COORDINATE, COORDINATE), min_size=1, max_size=12),
    st.tuples(*[st.floats(3.0, 20.0)] * 3),
    st.tuples(*[st.floats(70.0, 110.0)] * 3),
)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_back(sites, lengths, angles) -> None:
    lattice = lattice_from_parameters(*lengths, *angles)
    symbols = tuple(site[0] for site in sites)
    positions = np.array([site[1:] for site in sites])
    cell = read_p1_cif(write_p1_cif(lattice, positions, symbols, "x"))
    assert cell is not None
    assert cell.symbols == symbols
    np.testing.assert_allclose(cell.fractional, positions, atol=1e-8)
    np.testing.assert_allclose(cell.lattice_angstrom, lattice, atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'x, y, z'", "'-x, y, z'"),
        ("0.75000000 1\n", "0.75000000 0.5\n"),
        ("_cell_length_a", "_cell_lengths_a"),
        ("Cl Cl1 1 0.5", "Cl Cl1 1 half"),
        ("Cl Cl1 1", "Cl- Cl1 1"),
        ("'Cl1 Li1'", "'Cl2 Li1'"),
        ("_atom_site_label\n", ""),
    ],
)
def test_any_other_shape_is_declined(old: str, new: str) -> None:
    text = simple_cif()
    assert read_p1_cif(text) is not None
    assert old in text
    assert read_p1_cif(text.replace(old, new)) is None


def test_agrees_with_pymatgen_on_real_files(data_dir: Path) -> None:
    from pymatgen.core import Structure

    records = list(
        read_materials_project_table(data_dir / "structures" / "li_mp_structures.csv.gz")
    )
    assert len(records) == 18590
    for record in records[::900]:
        cell = read_p1_cif(record.cif)
        assert cell is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reference = Structure.from_str(record.cif, fmt="cif")
        assert [site.specie.symbol for site in reference] == list(cell.symbols)
        np.testing.assert_allclose(cell.lattice_angstrom, reference.lattice.matrix, atol=1e-6)
        offset = cell.fractional - reference.frac_coords
        # pymatgen moves coordinates near 1/3 and its kin to the exact fraction
        assert np.abs(offset - np.round(offset)).max() < 1e-4
