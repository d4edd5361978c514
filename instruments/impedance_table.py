"""Find an impedance table in lines of text, and make spectra of its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.column_names import ImpedanceColumns, recognise
from instruments.delimited_text import DELIMITERS, split_line
from instruments.records import ImpedanceSpectrum
from instruments.sweeps import spectra_of_points

__all__ = ["HEADER_WITHIN_LINES", "find_header", "needed_columns", "spectra_of_table"]

HEADER_WITHIN_LINES = 200


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


def needed_columns(columns: ImpedanceColumns) -> list[int]:
    """Return the indices of the columns that must hold numbers."""
    pair = (columns.real, columns.imag) if columns.real else (columns.modulus, columns.phase)
    return [columns.frequency.index, *(role.index for role in pair if role is not None)]
