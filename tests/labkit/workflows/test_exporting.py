"""Exported tables open in a spreadsheet as they are, and run nothing."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from db.tables import Measurement
from labkit.errors import UsageError
from labkit.workflows.exporting import export_table
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import add_pellet


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "+1+1", "-1", "@SUM(A1)"])
def test_a_name_that_looks_like_a_formula_stays_a_name(
    new_lab: Lab, simulated_series: Path, tmp_path: Path, name: str
) -> None:
    add_pellet(new_lab, name, formula="Li3N", thickness="1mm", diameter="6mm")
    import_paths(new_lab, [simulated_series / "simulated_25C.mpr"], pellet=name)

    export_table(new_lab, "measurements", tmp_path / "m.csv")
    export_table(new_lab, "measurements", tmp_path / "m.json")

    assert _read(tmp_path / "m.csv")[0]["pellet"] == "'" + name
    rows = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert rows[0]["pellet"] == name


def test_names_with_commas_quotes_and_greek_survive(
    new_lab: Lab, simulated_series: Path, tmp_path: Path
) -> None:
    name = 'β-Li₃PS₄, "batch 2"'
    file = Path(shutil.copy(simulated_series / "simulated_25C.mpr", tmp_path / "µ, a_25C.mpr"))
    add_pellet(new_lab, name, formula="Li3PS4", thickness="1mm", diameter="6mm")
    import_paths(new_lab, [file], pellet=name)

    export_table(new_lab, "measurements", tmp_path / "m.csv")

    (row,) = _read(tmp_path / "m.csv")
    assert (row["pellet"], row["file"]) == (name, "µ, a_25C.mpr")


def test_numbers_are_written_whole(new_lab: Lab, simulated_series: Path, tmp_path: Path) -> None:
    add_pellet(new_lab, "a", formula="Li3N", thickness="1mm", diameter="6mm")
    report = import_paths(new_lab, [simulated_series / "simulated_25C.mpr"], pellet="a")

    export_table(new_lab, "measurements", tmp_path / "m.csv")

    (row,) = _read(tmp_path / "m.csv")
    (sweep,) = report["files"][0]["sweeps"]
    assert float(row["resistance_ohm"]) == sweep["resistance_ohm"]
    assert float(row["sigma_systematic_S_per_cm"]) == sweep["sigma_systematic_S_per_cm"]


def test_an_earlier_export_is_replaced_whole(
    copy_of_pool_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "labels.csv"
    export_table(copy_of_pool_lab, "labels", target)
    before = target.read_bytes()

    def no_space(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(OSError, match="No space left"):
        export_table(copy_of_pool_lab, "labels", target)

    assert target.read_bytes() == before


@pytest.mark.parametrize("name", ["=1+1", "+1+1", "@SUM(A1)", "a\x07b"])
def test_an_excel_file_holds_names_as_text_and_numbers_as_numbers(
    new_lab: Lab, simulated_series: Path, tmp_path: Path, name: str
) -> None:
    from openpyxl import load_workbook

    add_pellet(new_lab, "a", formula="Li3N", thickness="1mm", diameter="6mm", batch=name)
    import_paths(new_lab, [simulated_series / "simulated_25C.mpr"], pellet="a")
    with new_lab.database.session() as session:
        measurement = session.get(Measurement, 1)
        assert measurement is not None
        measurement.technique = name

    assert export_table(new_lab, "measurements", tmp_path / "m.xlsx") == 1

    head, cells = load_workbook(tmp_path / "m.xlsx")["measurements"].iter_rows()
    row = {str(column.value): cell for column, cell in zip(head, cells, strict=True)}
    assert (row["technique"].value, row["technique"].data_type) == (
        name.replace("\x07", "\ufffd"),
        "s",
    )
    assert row["temperature_C"].value == pytest.approx(25.0)
    assert row["temperature_K"].data_type == "n"


def test_an_empty_table_is_an_empty_file(new_lab: Lab, tmp_path: Path) -> None:
    assert export_table(new_lab, "measurements", tmp_path / "m.csv") == 0
    assert export_table(new_lab, "labels", tmp_path / "l.json") == 0
    assert export_table(new_lab, "labels", tmp_path / "l.xlsx") == 0

    assert json.loads((tmp_path / "l.json").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["labels.docx", "labels", "no-such-folder/labels.csv"])
def test_a_name_that_cannot_be_written_is_refused(new_lab: Lab, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        export_table(new_lab, "labels", tmp_path / name)


def test_columns_stand_in_the_order_of_the_table_and_bounds_are_readable(
    copy_of_pool_lab: Lab, tmp_path: Path
) -> None:
    export_table(copy_of_pool_lab, "labels", tmp_path / "labels.csv")

    rows = _read(tmp_path / "labels.csv")
    names = list(rows[0])
    assert names[0] == "label"
    assert names.index("formula") < names.index("sigma_S_per_cm") < names.index("temperature_K")
    assert {row["qualifier"] for row in rows} == {"="}
