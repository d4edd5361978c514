"""Powder patterns in columns: .xy, .xye, .dat."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from instruments.delimited_text import decode_text, numeric_table, split_line
from instruments.errors import EmptyFileError, MalformedFileError, UnknownFormatError
from instruments.numeric_text import parse_cell
from instruments.reader import Parsed, Source, register
from instruments.records import DiffractionPattern
from instruments.timestamps import from_text
from instruments.xml_text import number

__all__ = ["read_xy"]

_SUFFIXES = (".xy", ".xye", ".dat", ".xyd")
_TABLE_SUFFIXES = (".csv", ".txt", ".asc")
"""Read as a pattern where a line begins with the name of the angle."""
_COMMENT = ("#", "/*", "*/", "'", "!", ";", "//")
_SEARCHED_LINES = 400
_WAVELENGTH = re.compile(r"wavelength\W*[=:]\s*\"?([\d.]+)", re.IGNORECASE)
_ANODE = re.compile(r"anode\W*[=:]?\s*\"?([A-Z][a-z]?)\b", re.IGNORECASE)
_STEP_TIME = re.compile(r"time\s*per\s*step[^=:\"]*[=:]\s*\"?([\d.]+)", re.IGNORECASE)
_SCAN_TIME = re.compile(r"scan time\s*=\s*(.+)", re.IGNORECASE)


def _is_comment(line: str) -> bool:
    return line.strip().startswith(_COMMENT)


_TWO_THETA = re.compile(rb"^\W*(2[-_ ]?theta|two[-_ ]?theta|2\xce\xb8)", re.IGNORECASE | re.M)
_OTHER_AXIS = re.compile(r"\W*(d|d[-_ ]?(spacing|value)|q)\b", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(e[-+]?\d+)?", re.IGNORECASE)


def _sniff(source: Source) -> bool:
    start = source.content[:4000]
    named = source.suffix in _SUFFIXES
    return b"\x00" not in start and (
        named or (source.suffix in _TABLE_SUFFIXES and _TWO_THETA.search(start) is not None)
    )


def _delimiter(line: str) -> str | None:
    """Return what parts the cells; blanks (None) where every comma is a decimal sign."""
    for mark in "\t;":
        if mark in line:
            return mark
    words = line.split()
    decimals = len(words) > 1 and all(_DECIMAL_COMMA.fullmatch(word) for word in words[:2])
    return "," if "," in line and not decimals else None


@register("xy", suffixes=_SUFFIXES, sniff=_sniff, version="1")
def read_xy(source: Source) -> Parsed:
    """Powder pattern in two or three columns: angle, intensity, standard error.

    Raises
    ------
    UnknownFormatError
        When no two columns of numbers are there.
    EmptyFileError
        When only comments are there.
    MalformedFileError
        When the first column does not increase, or is no angle.
    """
    lines = decode_text(source.content).splitlines()
    body_at = next((i for i, line in enumerate(lines[:_SEARCHED_LINES]) if _is_numbers(line)), None)
    if body_at is None:
        if all(_is_comment(line) or not line.strip() for line in lines):
            raise EmptyFileError("holds comments and no point")
        raise UnknownFormatError("holds no columns of angle and intensity")
    delimiter = _delimiter(lines[body_at])
    width = min(len(split_line(lines[body_at], delimiter)), 3)
    table, warnings = numeric_table(
        lines[body_at:], delimiter, needed=(0, 1), n_columns=width, first_line=body_at + 1
    )
    header = "\n".join(lines[:body_at])
    names = lines[body_at - 1] if body_at else ""
    if _OTHER_AXIS.match(names):
        raise MalformedFileError(
            f"has {names.split()[0][:20]!r} as its first column; export it over 2-theta in degrees",
            line=body_at,
        )
    if (np.diff(table[:, 0]) < 0).all():
        table = table[::-1]
        warnings = (*warnings, "the angles run downwards; turned round")
    _check_angles(table[:, 0], body_at)
    return Parsed((_pattern(table, header, lines[:body_at]),), {}, warnings)


def _is_numbers(line: str) -> bool:
    if _is_comment(line):
        return False
    cells = split_line(line, _delimiter(line))
    if len(cells) < 2:
        return False
    read = float if _delimiter(line) == "," else parse_cell
    try:
        return all(read(cell) == read(cell) or cell.lower() == "nan" for cell in cells[:2])
    except ValueError:
        return False


def _check_angles(angle: NDArray[np.float64], body_at: int) -> None:
    nowhere = np.flatnonzero(~np.isfinite(angle))
    if nowhere.size:
        raise MalformedFileError("has no angle in this line", line=body_at + 1 + int(nowhere[0]))
    if (np.abs(angle) > 180).any():
        raise MalformedFileError(
            "has a first column outside -180 to 180, so it is no angle in degrees",
            line=body_at + 1,
        )
    bad = np.flatnonzero(np.diff(angle) <= 0)
    if bad.size:
        raise MalformedFileError(
            "has angles that do not increase: are several scans in it?",
            line=body_at + 2 + int(bad[0]),
        )


def _pattern(table: NDArray[np.float64], header: str, lines: list[str]) -> DiffractionPattern:
    intensity = table[:, 1]
    sigma = table[:, 2] if table.shape[1] > 2 and np.isfinite(table[:, 2]).all() else None
    warnings = []
    names = split_line(lines[-1].lower(), _delimiter(lines[-1])) if lines else []
    if names and names[0] == "theta":
        warnings.append("the first column is named theta; it is taken as 2-theta")
    wave, anode = _WAVELENGTH.search(header), _ANODE.search(header)
    step, when = _STEP_TIME.search(header), _SCAN_TIME.search(header)
    wavelength = number(wave[1]) if wave else None
    return DiffractionPattern(
        two_theta_deg=table[:, 0],
        intensity_counts=intensity,
        sigma_counts=sigma,
        wavelength_angstrom=((wavelength, 1.0),) if wavelength else None,
        anode=anode[1] if anode else None,
        counting_time_s=number(step[1]) if step else None,
        intensity_unit="counts" if (intensity == np.rint(intensity)).all() else "arbitrary",
        started_at=from_text(when[1]) if when else None,
        metadata={"header": header[:2000]} if header.strip() else {},
        warnings=tuple(warnings),
    )
