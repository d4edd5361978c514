"""The sheet of a lab is read as Excel and the lab write it, and what is not read is told."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from labkit.errors import UsageError
from labkit.workflows.condition_sheet import read_condition_sheet, sheet_to_fill_in


def _celsius(kelvin: float | None) -> float | None:
    return None if kelvin is None else round(kelvin - 273.15, 6)


def _excel(path: Path, rows: Sequence[Sequence[Any]], *more: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for title in more:
        book.create_sheet(title)
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_sheet_that_a_german_excel_saved(tmp_path: Path, encoding: str) -> None:
    sheet = tmp_path / "sheet.csv"
    text = "file;pellet;temperature\r\nProbe Ä.mpr;P1;25,5 °C\r\nb.mpr;P2;-10 °C\r\nc.mpr;;\r\n"
    sheet.write_bytes(text.encode(encoding))

    read = read_condition_sheet(sheet)

    assert {name: (row.pellet, _celsius(row.temperature_K)) for name, row in read.rows.items()} == {
        "Probe Ä.mpr": ("P1", 25.5),
        "b.mpr": ("P2", -10.0),
        "c.mpr": (None, None),
    }
    assert read.notes == []
    # a Mac writes the file's name in two characters
    assert read.row_of(Path(unicodedata.normalize("NFD", "series/Probe Ä.mpr"))) is not None


def test_an_excel_file_is_read_as_it_is(tmp_path: Path) -> None:
    sheet = _excel(
        tmp_path / "sheet.xlsx",
        [
            ("Datei", "Pellet", "Temperatur (°C)"),
            ("a.mpr", 7, 25),
            ("b.mpr", "P2", -10.5),
            (None, None, None),
            ("c.mpr", "P2", "298.15 K"),
        ],
    )

    read = read_condition_sheet(sheet)

    assert {name: (row.pellet, _celsius(row.temperature_K)) for name, row in read.rows.items()} == {
        "a.mpr": ("7", 25.0),
        "b.mpr": ("P2", -10.5),
        "c.mpr": ("P2", 25.0),
    }
    assert read.notes == []


@pytest.mark.parametrize("header", ["Temperature (°C)", "temperature [C]", "T / °C", "Temp/degC"])
def test_the_header_may_have_the_unit(tmp_path: Path, header: str) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(f"file;{header}\na.mpr;25,5\nb.mpr;298.15K\n", encoding="utf-8")

    read = read_condition_sheet(sheet)

    assert _celsius(read.rows["a.mpr"].temperature_K) == 25.5
    assert _celsius(read.rows["b.mpr"].temperature_K) == 25.0


def test_columns_and_further_sheets_that_are_not_read_are_told(tmp_path: Path) -> None:
    sheet = _excel(
        tmp_path / "s.xlsx", [("file", "Tsample", "operator"), ("a.mpr", 25, "See")], "old"
    )

    columns, sheets = sorted(read_condition_sheet(sheet).notes)

    assert "columns 'Tsample', 'operator' not known; known are file, pellet, temperature" in columns
    assert "only its first sheet, 'Sheet', is read" in sheets


def test_lines_that_match_no_file_are_told(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("file\na.mpr\nC:\\data\\b.mpr\ncellX.mpr\n", encoding="utf-8")
    read = read_condition_sheet(sheet)

    assert read.unmatched([Path("x/a.mpr"), Path("b.mpr")]) == [
        f"{sheet}: 1 line matches no file of this import: cellX.mpr"
    ]
    assert read.unmatched(map(Path, read.rows)) == []


def test_a_sheet_to_fill_in_is_one_that_can_be_read(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    names = [("k_25,5c.mpr", "P1"), ('a "b".mpr', None)]
    sheet.write_text(sheet_to_fill_in(names), encoding="utf-8")

    read = read_condition_sheet(sheet)

    assert [(name, row.pellet) for name, row in read.rows.items()] == names
    assert all(row.temperature_K is None for row in read.rows.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,pellet\na,P1\n", "no column 'file'"),
        ("", "no column 'file'"),
        ("file,temperature\na.mpr,25\n", "line 2.*no unit"),
        ("file,pellet\na.mpr,P1\na.mpr,P2\n", "twice"),
        ("file,temperature (°C)\na.mpr,25,5\n", "line 2: 3 cells under 2 columns"),
        ("file,temperature (bar)\na.mpr,25\n", "'bar' .*no unit of temperature"),
        ("file,T (°C),temperature\na.mpr,25,25C\n", "two columns 'temperature'"),
        ("PK\x03\x04 not a zip", "not readable as Excel .*save it as CSV"),
    ],
)
def test_unreadable_sheet_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said) as refused:
        read_condition_sheet(sheet)
    assert "\n" not in str(refused.value)


def test_an_old_excel_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    old = tmp_path / "sheet.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))

    with pytest.raises(UsageError, match=r"save it as \.xlsx or CSV"):
        read_condition_sheet(old)
    with pytest.raises(UsageError, match="no such file"):
        read_condition_sheet(tmp_path / "none.csv")
