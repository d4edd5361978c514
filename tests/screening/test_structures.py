"""Sources yield records whose crystals can be parsed, hashed and compared."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from screening.crystal import Crystal, crystal_from_pymatgen
from screening.errors import UnreadableStructureError
from screening.structures import (
    load_cif_text,
    read_cif,
    read_materials_project_table,
    read_obelix_archive,
)

DISORDERED_CIF = """data_x
_cell_length_a 5.0
_cell_length_b 5.0
_cell_length_c 5.0
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_Int_Tables_number 1
loop_
_symmetry_equiv_pos_as_xyz
'x, y, z'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0 0 0 0.25
Na1 Na 0 0 0 0.5
Cl1 Cl 0.5 0.5 0.5 1
"""


def test_partial_occupancies_are_kept() -> None:
    crystal = load_cif_text(DISORDERED_CIF, "x")
    assert not crystal.is_ordered
    assert crystal.composition == pytest.approx({"Cl": 1.0, "Li": 0.25, "Na": 0.5})
    assert crystal.symbols[0] == "Na"


def test_charges_and_hash_survive_pymatgen(crystals: dict[str, Crystal]) -> None:
    for crystal in crystals.values():
        back = crystal_from_pymatgen(crystal.to_pymatgen())
        bare = crystal.charges is None or not crystal.charges.any()
        assert back.content_hash == (crystal.with_charges(None) if bare else crystal).content_hash


def test_hash_follows_the_content(crystals: dict[str, Crystal]) -> None:
    crystal = crystals["LiCl"]
    moved = Crystal(
        crystal.lattice_angstrom, np.add(crystal.fractional, [[0, 0, 1e-5]]), crystal.symbols
    )
    assert len({moved.content_hash, crystal.with_charges(None).content_hash}) == 2


def test_arrays_of_a_crystal_are_read_only(crystals: dict[str, Crystal]) -> None:
    with pytest.raises(ValueError, match="read-only"):
        crystals["LiCl"].fractional[0, 0] = 0.3


@pytest.mark.parametrize("text", ["", "not a cif", "data_x\n_cell_length_a 1\n"])
def test_text_without_a_structure_is_one_clear_error(text: str) -> None:
    with pytest.raises(UnreadableStructureError, match="thing") as raised:
        load_cif_text(text, "thing")
    assert "\n" not in str(raised.value)


def test_missing_file_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableStructureError, match=r"nowhere\.cif"):
        read_cif(tmp_path / "nowhere.cif")


def test_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"material_id,formula\nmp-1,Li\n"))
    with pytest.raises(UnreadableStructureError, match="band_gap, cif, e_above_hull, nsites"):
        list(read_materials_project_table(path))


def test_one_material_can_be_picked(data_dir: Path) -> None:
    path = data_dir / "structures" / "li_mp_structures.csv.gz"
    (record,) = read_materials_project_table(path, ids=["mp-985592"])
    crystal = record.crystal()
    assert crystal.reduced_formula == "Li6PS5Cl"
    assert crystal.n_sites == record.n_sites


def test_obelix_structures_carry_their_conductivity(data_dir: Path) -> None:
    folder = data_dir / "obelix"
    records = list(read_obelix_archive(folder / "all_cifs.zip", folder / "all.csv"))
    assert len(records) == 321
    by_name = {record.material_id: record for record in records}
    bound = by_name["obelix-47i"]
    assert bound.is_upper_bound
    assert bound.sigma_S_per_cm == 1e-10
    assert not by_name["obelix-oi6"].is_upper_bound
    assert by_name["obelix-oi6"].sigma_S_per_cm == 6.7e-8
    assert not load_cif_text(by_name["obelix-4xq"].cif).is_ordered
