"""Find an impedance table in lines of text, and make spectra and transients of its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.column_names import ImpedanceColumns, recognise
from instruments.delimited_text import DELIMITERS, split_line
from instruments.records import Chronoamperometry, ImpedanceSpectrum
from instruments.sweeps import spectra_of_points

__all__ = [
    "HEADER_WITHIN_LINES",
    "find_header",
    "needed_columns",
    "spectra_of_table",
    "transient_of_table",
]

HEADER_WITHIN_LINES = 200

_AMPERE = {"A": 1.0, "mA": 1e-3, "µA": 1e-6, "uA": 1e-6}
_VOLT = {"V": 1.0, "mV": 1e-3}
_CURRENT = re.compile(r"(?:[Cc]urrent|I|Idc)\s*[(\[/]\s*([mµu]?A)\s*[)\]]?")
_POTENTIAL = re.compile(r"(?:[Pp]otential|[Vv]oltage|E|Ewe|Vdc|Vf)\s*[(\[/]\s*(m?V)\s*[)\]]?")


def find_header(lines: Sequence[str]) -> tuple[int, str | None, ImpedanceColumns, list[str]] | None:
    """Find the line that names the columns of an impedance table.

    Parameters
    ----------
    lines : sequence of str
        The first lines of a file.

    Returns
    -------
    tuple of (line index, delimiter, columns, names), or None
        None when no line names a whole impedance.
    """
    for index, line in enumerate(lines[:HEADER_WITHIN_LINES]):
        for delimiter in DELIMITERS:
            names = split_line(line, delimiter)
            if len(names) < 3:
                continue
            columns = recognise(names)
            if columns is not None:
                return index, delimiter, columns, names
    return None


def spectra_of_table(
    table: NDArray[np.float64], columns: ImpedanceColumns, **about: object
) -> tuple[tuple[ImpedanceSpectrum, ...], tuple[str, ...]]:
    """Make spectra of a table; keyword arguments go to `spectra_of_points`."""
    time = None
    if columns.time is not None:
        time = table[:, columns.time.index] * columns.time.factor
        if not np.isfinite(time).all():
            time = None
    return spectra_of_points(
        table[:, columns.frequency.index] * columns.frequency.factor,
        columns.z_ohm(table),
        time_s=time,
        **about,  # type: ignore[arg-type]
    )


def transient_of_table(
    table: NDArray[np.float64], columns: ImpedanceColumns, names: Sequence[str]
) -> tuple[Chronoamperometry, ...]:
    """Return the rows that have time and no frequency, where a current or a potential is named.

    Programs that log a hold before each sweep (PowerSuite of Parstat) write 0 as its frequency.

    Parameters
    ----------
    table : ndarray of float, shape (n, n_columns)
        All rows.
    columns : ImpedanceColumns
        Roles of the columns.
    names : sequence of str
        Their names, with units.

    Returns
    -------
    tuple of Chronoamperometry
        One, or none.
    """
    if columns.time is None:
        return ()
    time = table[:, columns.time.index] * columns.time.factor
    held = (table[:, columns.frequency.index] == 0) & np.isfinite(time)
    current = _first_named(names, _CURRENT, _AMPERE)
    potential = _first_named(names, _POTENTIAL, _VOLT)
    if np.count_nonzero(held) < 2 or (current is None and potential is None):
        return ()
    return (
        Chronoamperometry(
            time_s=time[held],
            current_A=None if current is None else table[held, current[0]] * current[1],
            potential_V=None if potential is None else table[held, potential[0]] * potential[1],
            technique="DC",
        ),
    )


def _first_named(
    names: Sequence[str], pattern: re.Pattern[str], units: Mapping[str, float]
) -> tuple[int, float] | None:
    for index, name in enumerate(names):
        if match := pattern.fullmatch(name.strip()):
            return index, units[match[1]]
    return None


def needed_columns(columns: ImpedanceColumns) -> list[int]:
    """Return the indices of the columns that must hold numbers."""
    pair = (columns.real, columns.imag) if columns.real else (columns.modulus, columns.phase)
    return [columns.frequency.index, *(role.index for role in pair if role is not None)]
