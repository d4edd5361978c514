"""What is noticed about structures as they are added."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import labkit.workflows.structure_pool as pool
from labkit.workflows.lab import Lab
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
