"""What is noticed about structures as they are added."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import labkit.workflows.structure_pool as pool
from labkit.workflows.describing import describe_pool
from labkit.workflows.lab import Lab
from labkit.workflows.machines import Machines
from screening.prototypes import prototype_records
from screening.structures import read_obelix_archive


def test_a_cell_that_holds_something_else_is_added_with_a_warning(
    new_lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second, third = prototype_records()[:3]
    published = [
        replace(first, material_id="obelix-aaa"),
        replace(second, material_id="obelix-bbb", formula="Li7La3Zr2O12"),
        replace(third, material_id="obelix-ccc"),
    ]
    monkeypatch.setattr(pool, "data_path", lambda name: tmp_path / name)
    monkeypatch.setattr(pool, "read_obelix_archive", lambda *_: iter(published))

    result = pool.add_structures(new_lab, ["obelix"])

    assert result["sources"][0]["added"] == 3
    assert [warning["structure"] for warning in result["warnings"]] == ["obelix-bbb"]
    assert "differ from Li7La3Zr2O12" in result["warnings"][0]["warning"]


def test_published_cells_with_another_content_are_named(data_dir: Path) -> None:
    from screening.composition_check import check_composition
    from screening.errors import CompositionError

    folder = data_dir / "obelix"
    found = {}
    for record in read_obelix_archive(folder / "all_cifs.zip", folder / "all.csv"):
        try:
            check_composition(record.crystal(), record.formula)
        except CompositionError as error:
            found[record.material_id.removeprefix("obelix-")] = str(error)

    without_lithium = {"b4c", "cy2", "5tl", "u2y", "hta", "s3h", "u8r"}
    other_content = {"duf", "ckw", "yab"}
    assert without_lithium | other_content <= set(found)
    assert all("holds no Li" in found[name] for name in without_lithium)
    # a warning for a tenth of the archive would be read by nobody
    assert len(found) < 25


def _cif(folder: Path, name: str, edge: float, sites: list[tuple[str, float]]) -> Path:
    """Write a cubic cell with sites along its diagonal."""
    lines = [f"data_{name}", *(f"_cell_length_{axis} {edge}" for axis in "abc")]
    lines += [f"_cell_angle_{angle} 90" for angle in ("alpha", "beta", "gamma")]
    lines += ["_symmetry_space_group_name_H-M 'P 1'", "loop_", "_atom_site_type_symbol"]
    lines += ["_atom_site_label", *(f"_atom_site_fract_{axis}" for axis in "xyz")]
    lines += [f"{symbol} {symbol}{k} {x} {x} {x}" for k, (symbol, x) in enumerate(sites)]
    file = folder / f"{name}.cif"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_a_folder_with_bad_files_adds_the_good_ones_and_names_the_others(
    new_lab: Lab, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    _cif(folder, "good", 3.2, [("Li", 0.0), ("Cl", 0.5)])
    _cif(folder, "no_lithium", 3.4, [("Na", 0.0), ("Cl", 0.5)])
    _cif(folder, "overlapping", 4.0, [("Li", 0.0), ("Cl", 0.01)])
    _cif(folder, "thousand", 90.0, [(("Li", "O")[k % 2], k / 1000) for k in range(1000)])
    _cif(folder, "unknown", 3.2, [("Li", 0.0), ("Xx", 0.5)])
    whole = _cif(folder, "cut", 3.2, [("Li", 0.0), ("Cl", 0.5)]).read_text(encoding="utf-8")
    (folder / "cut.cif").write_text(whole[: whole.index("_atom_site_fract")], encoding="utf-8")
    (folder / "empty.cif").write_text("", encoding="utf-8")

    added = pool.add_structures(new_lab, [str(folder)])
    described = describe_pool(
        new_lab, descriptor="density", mode="structure", machines=Machines(jobs=1)
    )

    refused = {Path(entry["structure"]).stem: entry["error"] for entry in added["refused"]}
    assert set(refused) == {"unknown", "cut", "empty"}
    assert "'Xx' is no element" in refused["unknown"]
    assert all(str(folder) in message for message in refused.values())
    assert added["sources"][0]["added"] == 4
    codes = {failure.material_id: failure.code for failure in described.table.failures}
    assert codes == {
        "cif-no_lithium": "no-ion",
        "cif-overlapping": "overlapping-sites",
        "cif-thousand": "too-many-sites",
    }
    assert described.table.ids == ("cif-good",)
