"""The lab's sheet: which file is which pellet at which temperature, from CSV or Excel."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.delimited_text import decode_text
from labkit.errors import UsageError
from labkit.geometry import GeometryError, parse_temperature

__all__ = ["ConditionSheet", "SheetRow", "read_condition_sheet", "sheet_to_fill_in"]

_COLUMNS = ("file", "pellet", "temperature")
_OTHER_NAMES = {
    "file name": "file",
    "filename": "file",
    "datei": "file",
    "dateiname": "file",
    "temperatur": "temperature",
}
_TEMPERATURE = ("temperature", "temperatur", "temp", "t")
_WITH_UNIT = re.compile(r"(?P<name>\w+)\s*(?:\((?P<a>.*)\)|\[(?P<b>.*)\]|/\s*(?P<c>\S+))$")

# what Excel files begin with: a zip archive today, an OLE container before 2007 or with a password
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

_Row = tuple[int, Sequence[str]]


@dataclass(frozen=True)
class SheetRow:
    """What one line of the sheet says of a file."""

    pellet: str | None = None
    temperature_K: float | None = None


@dataclass(frozen=True)
class ConditionSheet:
    """A sheet that was read.

    Attributes
    ----------
    path : Path
    rows : dict of str to SheetRow
        Keyed by file name, its accents composed.
    notes : list of str
        What of the sheet is not read.
    """

    path: Path
    rows: dict[str, SheetRow]
    notes: list[str]

    def row_of(self, path: Path) -> SheetRow | None:
        """Return the line of a file."""
        return self.rows.get(_composed(path.name))

    def unmatched(self, files: Iterable[Path]) -> list[str]:
        """Return a note on the lines that belong to none of these files, if there are any."""
        there = {_composed(path.name) for path in files}
        left = [name for name in self.rows if name not in there]
        if not left:
            return []
        shown = ", ".join(left[:5]) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
        lines = "1 line matches" if len(left) == 1 else f"{len(left)} lines match"
        return [f"{self.path}: {lines} no file of this import: {shown}"]


def read_condition_sheet(path: Path) -> ConditionSheet:
    """Read a sheet that says which file is which pellet at which temperature.

    Parameters
    ----------
    path : Path
        CSV (comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252) or the first sheet of an
        Excel file (.xlsx), with a header; columns ``file``, and any of ``pellet`` and
        ``temperature``. Temperatures have their unit, such as ``25C``, or the header has it:
        ``Temperature (°C)``. A decimal comma is read.

    Raises
    ------
    UsageError
        When it cannot be read, lacks the column ``file``, names a file twice or has an
        unreadable cell.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or 'not readable').lower()}") from None
    if content.startswith(_OLE):
        raise UsageError(f"{path}: an old or locked Excel file; save it as .xlsx or CSV")
    notes: list[str] = []
    rows = (
        _excel_rows(path, content, notes) if content.startswith(_ZIP) else _csv_rows(path, content)
    )
    filled = ((number, cells) for number, cells in rows if any(cells))
    _, header = next(filled, (0, ()))
    columns, unit = _columns_of(path, header, notes)
    found: dict[str, SheetRow] = {}
    for number, cells in filled:
        where = f"{path}, line {number}"
        if any(cells[len(header) :]):
            raise UsageError(
                f"{where}: {len(cells)} cells under {len(header)} columns; put quotes around a "
                "cell that holds a comma"
            )
        row = {name: cells[i] if i < len(cells) else "" for name, i in columns.items()}
        file_name = _composed(re.split(r"[\\/]", row["file"])[-1])
        if not file_name:
            continue
        if file_name in found:
            raise UsageError(f"{where}: {file_name} stands in the sheet twice; keep one line")
        found[file_name] = SheetRow(
            row.get("pellet") or None, _kelvin(row.get("temperature", ""), unit, where)
        )
    return ConditionSheet(path, found, notes)


def sheet_to_fill_in(files: Sequence[tuple[str, str | None]]) -> str:
    """Write a sheet whose temperatures are still to be filled in.

    Parameters
    ----------
    files : sequence of (str, str or None)
        Names of files, and of their pellets where known.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((name, pellet or "", "") for name, pellet in files)
    return text.getvalue()


def _columns_of(
    path: Path, header: Sequence[str], notes: list[str]
) -> tuple[dict[str, int], str | None]:
    """Say in which column what stands, and the unit that the header gives the temperature."""
    columns: dict[str, int] = {}
    unit = None
    unknown = []
    for i, written in enumerate(header):
        name, unit_here = _column(written)
        if name not in _COLUMNS:
            unknown += [written] if written else []
        elif name in columns:
            raise UsageError(f"{path}: two columns {name!r}; keep one")
        else:
            columns[name] = i
            unit = unit_here or unit
    if unit is not None:
        _check_unit(path, unit)
    if "file" not in columns:
        raise UsageError(
            f"{path}: no column 'file'; the first line must be like file,pellet,temperature"
        )
    if unknown:
        named = ", ".join(map(repr, unknown))
        notes.append(
            f"{path}: {'column' if len(unknown) == 1 else 'columns'} {named} not known; "
            f"known are {', '.join(_COLUMNS)}"
        )
    return columns, unit


def _column(written: str) -> tuple[str, str | None]:
    """Return which column a header names, and the unit that it gives a temperature."""
    name = written.lower()
    parts = _WITH_UNIT.match(written)
    if parts and parts["name"].lower() in _TEMPERATURE:
        return "temperature", next(filter(None, parts.group("a", "b", "c")), None)
    return _OTHER_NAMES.get(name, name), None


def _check_unit(path: Path, unit: str) -> None:
    try:
        parse_temperature(f"25 {unit}")
    except GeometryError:
        raise UsageError(
            f"{path}: {unit!r} over the temperatures is no unit of temperature; "
            "write Temperature (°C)"
        ) from None


def _kelvin(written: str, unit: str | None, where: str) -> float | None:
    if not written:
        return None
    bare = re.fullmatch(r"[-+−–]?\d+(?:[.,]\d+)?", written) is not None
    try:
        return parse_temperature(f"{written} {unit}" if unit and bare else written)
    except GeometryError as error:
        raise UsageError(f"{where}: {error}") from None


def _csv_rows(path: Path, content: bytes) -> Iterator[_Row]:
    text = decode_text(content)
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise UsageError(f"{path}: not readable as a table ({error}); save it as CSV") from None


def _excel_rows(path: Path, content: bytes, notes: list[str]) -> Sequence[_Row]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        first, *others = book.worksheets
        rows = [
            (number, [_written(cell) for cell in cells])
            for number, cells in enumerate(first.iter_rows(values_only=True), start=1)
        ]
    except Exception as error:  # openpyxl raises many kinds on a damaged file
        line = " ".join(str(error).split())
        raise UsageError(f"{path}: not readable as Excel ({line}); save it as CSV") from None
    if others:
        notes.append(f"{path}: only its first sheet, {first.title!r}, is read")
    return rows


def _written(cell: Any) -> str:
    """Write a cell as a person sees it: 25, not 25.0."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())
