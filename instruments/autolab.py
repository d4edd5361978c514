"""Eco Chemie / Metrohm Autolab FRA files: .dfr and .P00."""

from __future__ import annotations

import re

import numpy as np

from instruments.column_names import recognise
from instruments.delimited_text import decode_text, numeric_table, split_line
from instruments.errors import MalformedFileError, TruncatedFileError
from instruments.impedance_table import needed_columns, spectra_of_table
from instruments.reader import Parsed, Source, register
from instruments.sweeps import complex_z, spectra_of_points
from instruments.timestamps import from_text

__all__ = ["read_dfr", "read_p00"]

_VALUES_PER_POINT = 9
_MOST_POINTS = 1_000_000
_DFR = re.compile(rb"^\s*VERSION\s*\d+(?:\.\d+)?\s*$", re.MULTILINE)


def _sniff_dfr(source: Source) -> bool:
    first = source.content[:100].lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0]
    return bool(_DFR.match(first))


@register("autolab-dfr", suffixes=(".dfr",), sniff=_sniff_dfr, version="1")
def read_dfr(source: Source) -> Parsed:
    """Autolab FRA data file: one number to a line, nine to a point.

    Raises
    ------
    MalformedFileError
        When the number of points or a value cannot be read.
    TruncatedFileError
        When there are fewer values than the file announces.
    """
    lines = [line.strip() for line in decode_text(source.content).splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) < 3 or not lines[1].isdigit():
        raise MalformedFileError("does not say how many points it holds", line=2)
    n_points = int(lines[1])
    if not 0 < n_points <= _MOST_POINTS:
        raise MalformedFileError(f"says that it holds {n_points} points", line=2)
    wanted = n_points * _VALUES_PER_POINT
    values = lines[3 : 3 + wanted]
    if len(values) < wanted:
        raise TruncatedFileError(
            f"announces {n_points} points and holds {len(values) // _VALUES_PER_POINT}; copy it "
            "again"
        )
    try:
        table = np.array(values, dtype=np.float64).reshape(n_points, _VALUES_PER_POINT)
    except ValueError as error:
        raise MalformedFileError(f"holds a value that is no number: {error}") from error
    # Z'' is stored with its sign turned over.
    spectra, notes = spectra_of_points(
        table[:, 0],
        complex_z(table[:, 1], -table[:, 2]),
        instrument="Autolab",
        software="FRA",
        metadata={"version": lines[0]},
    )
    return Parsed(spectra, {"points": n_points}, notes)


def _sniff_p00(source: Source) -> bool:
    head = source.content[:2000]
    return head.lstrip(b"\xef\xbb\xbf").startswith(b"Procedure :") and b"f/Hz" in head


@register("autolab-p00", suffixes=(".p00",), sniff=_sniff_p00, version="1")
def read_p00(source: Source) -> Parsed:
    """Autolab FRA text file (.P00).

    Raises
    ------
    MalformedFileError
        When the line of column names is missing.
    TruncatedFileError
        When there are fewer points than the file announces.
    """
    lines = decode_text(source.content).splitlines()
    at = next((i for i, line in enumerate(lines[:50]) if "f/Hz" in line), None)
    columns = recognise(split_line(lines[at], "\t")) if at is not None else None
    if at is None or columns is None:
        raise MalformedFileError("has no line 'f/Hz Z'/Ohm -Z''/Ohm ...'")
    names = split_line(lines[at], "\t")
    announced = lines[at + 1].strip() if at + 1 < len(lines) else ""
    needed = needed_columns(columns)
    table, warnings = numeric_table(
        lines[at + 2 :], "\t", needed=needed, n_columns=len(names), first_line=at + 3
    )
    if not announced.isdigit():
        raise MalformedFileError("does not say how many points it holds", line=at + 2)
    if table.shape[0] < int(announced):
        raise TruncatedFileError(
            f"announces {announced} points and holds {table.shape[0]}; copy it again"
        )
    spectra, notes = spectra_of_table(
        table,
        columns,
        instrument="Autolab",
        software="FRA",
        started_at=from_text(lines[1], month_first=False) if len(lines) > 1 else None,
        metadata={"procedure": lines[0].partition(":")[2].strip()},
    )
    return Parsed(spectra, {"points": int(announced)}, (*warnings, *notes))
