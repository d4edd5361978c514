"""Rows written to a file that a spreadsheet or a script opens: CSV, JSON or Excel.

Nothing in a cell is ever run as a formula, and a file is written whole or not at all.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from labkit.errors import UsageError
from labkit.whole_files import whole_file

__all__ = ["TABLE_SUFFIXES", "Row", "check_table_path", "write_sheets", "write_table"]

Row: TypeAlias = dict[str, Any]
"""One row; every row of a table has the same keys."""

TABLE_SUFFIXES = (".csv", ".json", ".xlsx")


def check_table_path(path: Path) -> None:
    """Refuse a path that no table can be written to.

    Raises
    ------
    UsageError
        When the suffix is neither .csv nor .json nor .xlsx, or the folder is missing.
    """
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise UsageError(f"{path}: the file's name must end in .csv, .json or .xlsx")
    if path.is_dir():
        raise UsageError(f"{path}: that is a folder")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")


def write_table(path: Path, rows: Sequence[Row], *, sheet: str = "table") -> None:
    """Write rows to a file; its suffix chooses the format.

    Parameters
    ----------
    path : Path
        Ends in ``.csv``, ``.json`` or ``.xlsx``.
    rows : sequence of dict
        The keys of the first are the columns.
    sheet : str
        Name of the sheet in an Excel file.

    Raises
    ------
    UsageError
        As `check_table_path`.
    """
    check_table_path(path)
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        write_sheets(path, {sheet: rows})
        return
    text = _csv(rows) if suffix == ".csv" else _json(rows)
    _replace(path, text.encode())


def write_sheets(path: Path, sheets: Mapping[str, Sequence[Row]]) -> None:
    """Write tables to one Excel file, a sheet each.

    Parameters
    ----------
    path : Path
        Ends in ``.xlsx``.
    sheets : mapping of str to sequence of dict
        Rows by the name of their sheet, of at most 31 characters.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        head = []
        for column in rows[0] if rows else ():
            cell = WriteOnlyCell(sheet, _excel(column))
            cell.data_type, cell.font = "s", Font(bold=True)
            head.append(cell)
        sheet.append(head)
        for row in rows:
            cells = []
            for value in map(_excel, row.values()):
                cell = WriteOnlyCell(sheet, value)
                if isinstance(value, str):
                    cell.data_type = "s"  # openpyxl would take "=1+1" for a formula
                cells.append(cell)
            sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    _replace(path, stream.getvalue())


def _replace(path: Path, content: bytes) -> None:
    with whole_file(path) as part:
        part.write_bytes(content)


def _csv(rows: Sequence[Row]) -> str:
    stream = io.StringIO()
    if rows:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow([_cell(value) for value in row.values()])
    return "\ufeff" + stream.getvalue()


def _cell(value: Any) -> Any:
    """Make a cell that a spreadsheet shows and never runs as a formula."""
    value = _flat(value)
    # a lone sign, such as the qualifier "=", is no formula
    if isinstance(value, str) and len(value) > 1 and value[0] in "=+-@\t\r":
        return "'" + value
    return value


def _excel(value: Any) -> Any:
    """Make a cell that an Excel file can hold: no control characters, no infinity."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    value = _flat(value)
    if isinstance(value, str):
        return ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _flat(value: Any) -> Any:
    if isinstance(value, dict | list):
        import orjson

        return orjson.dumps(value).decode()
    return value


def _json(rows: Sequence[Row]) -> str:
    import orjson

    return orjson.dumps(list(rows), option=orjson.OPT_INDENT_2, default=str).decode() + "\n"
