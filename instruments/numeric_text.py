"""Fast reading of large blocks of numbers in text."""

from __future__ import annotations

import re

import numpy as np
import orjson
from numpy.typing import NDArray

from instruments.errors import MalformedFileError

__all__ = ["parse_block", "parse_cell"]

_BLOCK_BYTES = 1 << 20
_TAB, _NEWLINE = 9, 10
_TO_JSON = bytes.maketrans(b"\t\n,", b",,.")
_LINE_END = re.compile(rb"\r\n?|\n")


def parse_cell(text: str) -> float:
    """Read one number, with a point or a comma as decimal sign; NaN when it is none."""
    try:
        return float(text)
    except ValueError:
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return float("nan")


def _from_words(body: bytes, n_lines: int, n_columns: int) -> NDArray[np.float64] | None:
    """Parse all numbers in a few calls; None when a line is not plain numbers, as many as columns.

    A block of lines becomes a JSON list by one translation (tab and line end to comma, decimal
    comma to point), which orjson reads several times faster than numpy reads text.
    """
    size = n_lines * n_columns
    values = np.empty(size, dtype=np.float64)
    at = filled = 0
    while at < len(body):
        end = len(body)
        if end - at > _BLOCK_BYTES:
            newline = body.find(b"\n", at + _BLOCK_BYTES)
            end = len(body) if newline < 0 else newline
        piece = body[at:end].replace(b"\t\r\n", b"\n").replace(b"\t\n", b"\n").strip()
        if not _lines_are_whole(piece, n_columns):
            return None
        try:
            numbers = orjson.loads(b"[%b]" % piece.translate(_TO_JSON, b"\r"))
            block = np.array(numbers, dtype=np.float64)
        except (ValueError, TypeError):
            return None
        if block.ndim != 1 or filled + block.size > size:
            return None
        values[filled : filled + block.size] = block
        filled += block.size
        at = end + 1
    return values if filled == size else None


def parse_block(
    block: bytes, n_columns: int, *, first_line: int = 1
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Read a table of tab-separated numbers.

    Parameters
    ----------
    block : bytes
        Lines of numbers; decimal commas are understood, since tabs part the columns.
    n_columns : int
        Cells that a whole line has.
    first_line : int
        1-based number of the first line in its file, for messages.

    Returns
    -------
    table : ndarray of float, shape (n_rows, n_columns)
        NaN where a cell is empty.
    warnings : tuple of str
        A last line that is not complete is left out, and said here.

    Raises
    ------
    MalformedFileError
        When a line has another number of cells, or a cell is no number.
    """
    body, notes = _without_cut_line(block)
    body = body.rstrip(b"\r\n\t \x00")
    if not body:
        return np.empty((0, n_columns)), notes
    n_lines = body.count(b"\n") + 1 if b"\n" in body else body.count(b"\r") + 1
    if b"\t\t" not in body and b"\n\t" not in body:
        values = _from_words(body, n_lines, n_columns)
        if values is not None:
            return values.reshape(n_lines, n_columns), notes
    table, more = _parse_lines(body, n_columns, first_line)
    return table, (*notes, *more)


def _without_cut_line(block: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Leave out a last line whose last number ends earlier than the one above it.

    A file that is being written, or that was cut off, may end inside a number: ``1.234E+0`` of
    ``1.234E+003`` would read as another value.
    """
    if block.endswith((b"\n", b"\r")):
        return block, ()
    last_at = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
    if last_at == 0:
        return block, ()
    above_at = block.rfind(b"\n", 0, max(last_at - 2, 0)) + 1
    above = block[above_at:last_at].rstrip().rpartition(b"\t")[2]
    last = block[last_at:].rstrip(b" \x00").rpartition(b"\t")[2]
    if b"E" in above and len(last.lstrip(b"+-")) < len(above.lstrip(b"+-")):
        return block[:last_at], (
            "the last line is not complete; left out (is the run still going?)",
        )
    return block, ()


def _lines_are_whole(piece: bytes, n_columns: int) -> bool:
    """Check that no line borrowed cells from its neighbour: tabs are where they should be."""
    characters = np.frombuffer(piece, dtype=np.uint8)
    line_ends = np.append(np.flatnonzero(characters == _NEWLINE), characters.size)
    tabs_before = np.searchsorted(np.flatnonzero(characters == _TAB), line_ends)
    return bool((np.diff(tabs_before, prepend=0) == n_columns - 1).all())


def _parse_lines(
    body: bytes, n_columns: int, first_line: int
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Read line by line: for empty cells, other words, and to name the line that is wrong."""
    lines = _LINE_END.split(body.replace(b",", b"."))
    rows: list[list[float]] = []
    warnings_: tuple[str, ...] = ()
    for number, line in enumerate(lines, start=first_line):
        if not line.strip():
            continue
        cells = line.split(b"\t")
        if len(cells) > n_columns and not b"".join(cells[n_columns:]).strip():
            cells = cells[:n_columns]
        last = number == first_line + len(lines) - 1
        if len(cells) != n_columns:
            if last and len(cells) < n_columns:
                warnings_ = ("the last line is not complete; left out (is the run still going?)",)
                break
            raise MalformedFileError(
                f"has {len(cells)} cells in a line where the column names are {n_columns}",
                line=number,
            )
        try:
            rows.append([float(cell) if cell.strip() else float("nan") for cell in cells])
        except ValueError:
            row = [_cell(cell) for cell in cells]
            if any(value is None for value in row):
                bad = next(c for c, v in zip(cells, row, strict=True) if v is None)
                text = bad[:40].decode("latin-1")
                raise MalformedFileError(f"{text!r} is no number", line=number) from None
            rows.append([value for value in row if value is not None])
    return np.array(rows, dtype=np.float64).reshape(-1, n_columns), warnings_


def _cell(cell: bytes) -> float | None:
    """Read a cell; words that say "no value" are NaN, other words are None."""
    text = cell.strip().decode("latin-1")
    if text.lower() in ("", "nan", "inf", "-inf", "+inf", "xxx", "n/a", "none", "-"):
        return float("nan")
    value = parse_cell(text)
    return None if np.isnan(value) else value
