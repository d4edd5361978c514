"""Powder patterns in columns: .xy, .xye, .dat."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from instruments.delimited_text import decode_text, numeric_table, split_line
from instruments.errors import EmptyFileError, MalformedFileError, UnknownFormatError
from instruments.reader import Parsed, Source, register
from instruments.records import DiffractionPattern
from instruments.timestamps import from_text
from instruments.xml_text import number

__all__ = ["read_xy"]

_SUFFIXES = (".xy", ".xye", ".dat", ".xyd")
_COMMENT = ("#", "/*", "*/", "'", "!", ";", "//")
_SEARCHED_LINES = 400
_WAVELENGTH = re.compile(r"wavelength\W*[=:]\s*\"?([\d.]+)", re.IGNORECASE)
_ANODE = re.compile(r"anode\W*[=:]?\s*\"?([A-Z][a-z]?)\b", re.IGNORECASE)
_STEP_TIME = re.compile(r"time\s*per\s*step[^=:\"]*[=:]\s*\"?([\d.]+)", re.IGNORECASE)
_SCAN_TIME = re.compile(r"scan time\s*=\s*(.+)", re.IGNORECASE)


def _is_comment(line: str) -> bool:
    return line.strip().startswith(_COMMENT)


def _sniff(source: Source) -> bool:
    return source.suffix in _SUFFIXES and b"\x00" not in source.content[:4000]


def _delimiter(line: str) -> str | None:
    return "\t" if "\t" in line else ";" if ";" in line else "," if "," in line else None


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
    _check_angles(table[:, 0], body_at)
    return Parsed((_pattern(table, header, lines[:body_at]),), {}, warnings)


def _is_numbers(line: str) -> bool:
    if _is_comment(line):
        return False
    cells = split_line(line, _delimiter(line))
    if len(cells) < 2:
        return False
    try:
        [float(cell) for cell in cells[:2]]
    except ValueError:
        return False
    return True


def _check_angles(angle: NDArray[np.float64], body_at: int) -> None:
    if not np.isfinite(angle).all() or (np.abs(angle) > 180).any():
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
