"""Plain tables: .csv, .txt, .tsv and .xlsx with named columns.

Covers the exports of Parstat, PowerSuite, Novocontrol, NOVA and CH Instruments programs, whose
files are a table below a few lines of text, and any table whose columns the caller names.
"""

from __future__ import annotations

import io
import warnings as warnings_of_python
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.column_names import ImpedanceColumns, named_columns, recognise
from instruments.delimited_text import DELIMITERS, decode_text, numeric_table, split_line
from instruments.errors import (
    EmptyFileError,
    InstrumentFileError,
    MalformedFileError,
    MissingColumnError,
    UnknownFormatError,
)
from instruments.impedance_table import (
    HEADER_WITHIN_LINES,
    find_header,
    needed_columns,
    spectra_of_table,
    transient_of_table,
)
from instruments.reader import Parsed, Source, register
from instruments.records import ImpedanceSpectrum

__all__ = ["read_table_file", "read_workbook"]

_TEXT_SUFFIXES = (".csv", ".txt", ".tsv", ".dat", ".asc", ".prn", ".eis")
_XLSX_MAGIC = b"PK\x03\x04"


def _is_text(content: bytes) -> bool:
    head = content[:4096]
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" not in head


def _sniff(source: Source) -> bool:
    if not _is_text(source.content):
        return False
    if source.options.columns:
        return True
    if source.suffix in (".xy", ".xye"):
        return False
    try:
        return find_header(decode_text(source.content[:40_000]).splitlines()) is not None
    except MalformedFileError:
        return source.suffix in _TEXT_SUFFIXES


@register("table", suffixes=_TEXT_SUFFIXES[:3], sniff=_sniff, version="1")
def read_table_file(source: Source) -> Parsed:
    """Text table with column names for frequency and impedance.

    Raises
    ------
    UnknownFormatError
        When the text has no such column names and the caller named none.
    EmptyFileError
        When the table holds no point.
    """
    if not _is_text(source.content):
        raise UnknownFormatError("is no text, although its suffix says so")
    lines = decode_text(source.content).splitlines()
    if source.options.columns:
        index, delimiter, columns, names = _named_header(lines, source)
    else:
        found = find_header(lines)
        if found is None:
            raise UnknownFormatError(
                "is text without column names for a frequency and an impedance; name its columns "
                "(f=1, re=2, im=3; im=-3 where the column holds -Im Z)"
            )
        index, delimiter, columns, names = found
    table, warnings = numeric_table(
        lines[index + 1 :], delimiter, needed=needed_columns(columns), n_columns=max(
            len(names), max(needed_columns(columns)) + 1), first_line=index + 2,
    )  # fmt: skip
    if not table.shape[0]:
        raise EmptyFileError("names its columns and holds no number below them", line=index + 1)
    about = _text_above(lines[:index])
    spectra, notes = spectra_of_table(table, columns, metadata=about)
    return Parsed(
        (*spectra, *transient_of_table(table, columns, names)), about, (*warnings, *notes)
    )


def _text_above(lines: Sequence[str]) -> dict[str, str]:
    text = "\n".join(line.strip() for line in lines if line.strip())
    return {"text_above_table": text[:2000]} if text else {}


def _named_header(
    lines: Sequence[str], source: Source
) -> tuple[int, str | None, ImpedanceColumns, list[str]]:
    """Find the line that holds the names that the caller gave, or take numbers."""
    mapping = source.options.columns or {}
    by_number = all(v.lstrip("-−").isdigit() for v in mapping.values())
    problem: InstrumentFileError | None = None
    for index, line in enumerate(lines[:HEADER_WITHIN_LINES]):
        for delimiter in DELIMITERS:
            cells = split_line(line, delimiter)
            if len(cells) < 2:
                continue
            try:
                columns = named_columns([] if by_number else cells, mapping)
            except MissingColumnError as error:
                problem = problem or error
                continue
            needed = needed_columns(columns)
            at = index if by_number else index + 1
            table, _ = numeric_table(
                lines[at : at + 25], delimiter, needed=needed, n_columns=max(needed) + 1
            )
            if table.shape[0]:
                return at - 1, delimiter, columns, [] if by_number else cells
    raise problem or MissingColumnError(
        f"no line has numbers in the columns {', '.join(mapping.values())}"
    )


def _sniff_workbook(source: Source) -> bool:
    return source.content.startswith(_XLSX_MAGIC) and b"xl/workbook" in source.content


@register("workbook", suffixes=(".xlsx",), sniff=_sniff_workbook, version="1")
def read_workbook(source: Source) -> Parsed:
    """Excel workbook; every sheet with an impedance table becomes spectra.

    Raises
    ------
    UnknownFormatError
        When no sheet holds an impedance table.
    """
    import openpyxl

    try:
        with warnings_of_python.catch_warnings():  # openpyxl's, about styles and relations
            warnings_of_python.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(source.content), read_only=True, data_only=True
            )
            sheets = [(s.title, [list(row) for row in s.iter_rows(values_only=True)]) for s in book]
    except Exception as error:
        raise MalformedFileError(f"cannot be opened as an Excel workbook: {error}") from error
    records: list[ImpedanceSpectrum] = []
    warnings: list[str] = []
    for title, rows in sheets:
        found = _sheet_table(rows, source)
        if found is None:
            warnings.append(f"sheet {title!r} holds no impedance table; left out")
            continue
        columns, table = found
        spectra, notes = spectra_of_table(table, columns, metadata={"sheet": title})
        records.extend(spectra)
        warnings.extend(f"sheet {title!r}: {note}" for note in notes)
    if not records:
        raise UnknownFormatError(
            "no sheet has column names for a frequency and an impedance; name its columns "
            "(f=..., re=..., im=...)"
        )
    return Parsed(tuple(_renumbered(records)), {"sheets": len(sheets)}, tuple(warnings))


def _sheet_table(
    rows: list[list[object]], source: Source
) -> tuple[ImpedanceColumns, NDArray[np.float64]] | None:
    for index, row in enumerate(rows[:HEADER_WITHIN_LINES]):
        names = ["" if cell is None else str(cell) for cell in row]
        if source.options.columns:
            try:
                columns = named_columns(names, source.options.columns)
            except MissingColumnError:
                continue
        else:
            recognised = recognise(names)
            if recognised is None:
                continue
            columns = recognised
        width = max(len(names), max(needed_columns(columns)) + 1)
        numbers = [_cells_as_numbers(cells, width) for cells in rows[index + 1 :]]
        table = np.array(numbers, dtype=np.float64).reshape(-1, width)
        whole = np.isfinite(table[:, needed_columns(columns)]).all(axis=1)
        if whole.any():
            return columns, table[whole]
    return None


def _cells_as_numbers(cells: list[object], width: int) -> list[float]:
    row = [float(c) if isinstance(c, (int, float)) else float("nan") for c in cells[:width]]
    return row + [float("nan")] * (width - len(row))


def _renumbered(spectra: list[ImpedanceSpectrum]) -> list[ImpedanceSpectrum]:
    import dataclasses

    return [dataclasses.replace(s, sweep=i) for i, s in enumerate(spectra, start=1)]
