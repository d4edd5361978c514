"""Elchemea Analytical .i2b: comment lines, the number of points, then f, Re Z, Im Z."""

from __future__ import annotations

import re

from instruments.delimited_text import decode_text, numeric_table
from instruments.errors import MalformedFileError, TruncatedFileError
from instruments.reader import Parsed, Source, register
from instruments.sweeps import complex_z, spectra_of_points

__all__ = ["read_i2b"]

_THREE_NUMBERS = re.compile(r"^\s*[-+\d.eE]+\s+[-+\d.eE]+\s+[-+\d.eE]+\s*$")


def _count_line(lines: list[str]) -> int | None:
    for index, line in enumerate(lines[:200]):
        follows = lines[index + 1] if index + 1 < len(lines) else ""
        if line.strip().isdigit() and _THREE_NUMBERS.match(follows):
            return index
    return None


def _sniff(source: Source) -> bool:
    return source.suffix == ".i2b" and b"\x00" not in source.content[:2000]


@register("elchemea-i2b", suffixes=(".i2b",), sniff=_sniff, version="1")
def read_i2b(source: Source) -> Parsed:
    """Elchemea Analytical file.

    Raises
    ------
    MalformedFileError
        When no line says how many points follow.
    TruncatedFileError
        When fewer points follow than announced.
    """
    lines = decode_text(source.content).splitlines()
    at = _count_line(lines)
    if at is None:
        raise MalformedFileError("has no line with the number of points above three columns")
    announced = int(lines[at])
    table, warnings = numeric_table(
        lines[at + 1 :], None, needed=(0, 1, 2), n_columns=3, first_line=at + 2
    )
    if table.shape[0] < announced:
        raise TruncatedFileError(
            f"announces {announced} points and holds {table.shape[0]}; copy it again"
        )
    comment = "\n".join(line.strip() for line in lines[:at] if line.strip())
    spectra, notes = spectra_of_points(
        table[:, 0],
        complex_z(table[:, 1], table[:, 2]),
        software="Elchemea",
        metadata={"comments": comment} if comment else {},
    )
    return Parsed(spectra, {"points": announced}, (*warnings, *notes))
