"""Tables in text files: encoding, delimiter, decimal sign, rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.errors import MalformedFileError
from instruments.numeric_text import parse_cell

__all__ = ["DELIMITERS", "decode_text", "numeric_table", "split_line"]

# None is a run of blanks.
DELIMITERS: tuple[str | None, ...] = ("\t", ";", ",", None)
_BLANKS = re.compile(r"\s+")


def decode_text(content: bytes) -> str:
    """Decode UTF-16 and UTF-8 by their marks, UTF-8 where it is valid, else cp1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def split_line(line: str, delimiter: str | None) -> list[str]:
    """Split a line into stripped cells; quotes around a cell are taken away."""
    if delimiter is None:
        return line.split()
    cells = [cell.strip() for cell in line.rstrip("\r\n").split(delimiter)]
    cells = [c[1:-1].strip() if len(c) > 1 and c[0] == c[-1] == '"' else c for c in cells]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def numeric_table(
    lines: Sequence[str],
    delimiter: str | None,
    *,
    needed: Sequence[int],
    n_columns: int,
    first_line: int = 1,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Read rows until a line no longer holds numbers in the needed columns.

    Parameters
    ----------
    lines : sequence of str
        Lines below the column names; lines of units before the first numbers are passed over.
    delimiter : str or None
        One of `DELIMITERS`.
    needed : sequence of int
        Columns that must be numbers.
    n_columns : int
        Width of the table; other cells that are no numbers become NaN.
    first_line : int
        1-based number of the first line, for messages.

    Returns
    -------
    table : ndarray of float, shape (n_rows, n_columns)
        NaN where a cell is empty or no number.
    warnings : tuple of str
        Lines that were left out.

    Raises
    ------
    MalformedFileError
        When a line between numbers cannot be read.
    """
    decimal_comma = delimiter != ","
    rows: list[list[float]] = []
    left_out: list[int] = []
    for number, line in enumerate(lines, start=first_line):
        if not line.strip():
            continue
        cells = split_line(line, delimiter)
        row = _row(cells, needed, n_columns, decimal_comma)
        if row is None:
            if rows:
                left_out.append(number)
            elif number - first_line > 20:
                break
        elif left_out:
            raise MalformedFileError(
                "has a line between its numbers that cannot be read", line=left_out[0]
            )
        else:
            rows.append(row)
    table = np.array(rows, dtype=np.float64).reshape(-1, n_columns)
    if not left_out:
        return table, ()
    note = f"{len(left_out)} lines from line {left_out[0]} on are no numbers; left out"
    return table, (note,)


def _row(
    cells: list[str], needed: Sequence[int], n_columns: int, decimal_comma: bool
) -> list[float] | None:
    if len(cells) <= max(needed):
        return None
    cells = cells[:n_columns]
    try:
        row = [float(cell) for cell in cells]
    except ValueError:
        row = [parse_cell(cell) if decimal_comma else _plain(cell) for cell in cells]
        if any(row[i] != row[i] and not _says_nan(cells[i]) for i in needed):
            return None
    return row + [float("nan")] * (n_columns - len(row))


def _says_nan(cell: str) -> bool:
    return cell.lower() in ("nan", "-nan", "inf", "-inf", "n/a", "na", "1.#ind", "-1.#ind")


def _plain(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
