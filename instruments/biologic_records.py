"""From the columns of EC-Lab to records; shared by the binary and the text reader."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.biologic_columns import DERIVED_PREFIXES, column_key
from instruments.errors import MissingColumnError
from instruments.frozen_arrays import ColumnSlice
from instruments.identity import TIES_AWAY_FROM_ZERO
from instruments.records import (
    Chronoamperometry,
    ImpedanceSpectrum,
    Record,
    Timestamp,
    sweeps_of_one_file,
)
from instruments.sweeps import sweep_starts

__all__ = ["Run", "impedance_of", "records_of"]

FloatArray = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]

_SWEEP_COLUMNS = ("cycle number", "z cycle", "Ns", "half cycle")
_CURRENTS_mA = ("I/mA", "<I>/mA")
_POTENTIALS_V = ("Ewe/V", "<Ewe>/V", "<Ewe/V>", "Ecell/V", "<Ecell>/V", "Ewe-Ece/V")
_IMPEDANCE_COLUMNS = ("Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm", "Phase(Z)/deg")


@dataclass(frozen=True, slots=True)
class Run:
    """What a file says about the measurement, beside its numbers."""

    technique: str | None = None
    instrument: str | None = None
    software: str | None = None
    started_at: Timestamp | None = None
    amplitude: str | None = None
    metadata: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


_EXACT_POWER = 22
_POWERS_OF_TEN = np.array([float(f"1e{k}") for k in range(_EXACT_POWER + 1)])


def _double(values: NDArray[Any]) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _text_precision(values: NDArray[Any]) -> FloatArray:
    """Round to the eight significant digits that the text export prints."""
    nudged = _double(values) * TIES_AWAY_FROM_ZERO
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = 7.0 - np.floor(np.log10(np.abs(nudged)))
    digits[nudged == 0] = 0.0
    if (np.abs(digits) <= _EXACT_POWER).all():
        # Numbers of eight digits and powers of ten up to 22 are exact: one rounding, as in text.
        power = _POWERS_OF_TEN[np.abs(digits).astype(np.intp)]
        rounded: FloatArray = np.where(
            digits >= 0, np.rint(nudged * power) / power, np.rint(nudged / power) * power
        )
        return rounded
    printed = (("%.7e " * values.size) % tuple(nudged.tolist())).split()
    return np.array(list(map(float, printed)))


def impedance_of(columns: Columns) -> NDArray[np.complex128]:
    """Return Z with the physics sign from the first complete pair of columns.

    Techniques that store only modulus and phase (Modulo Bat) list them first in the text export
    too, and the Cartesian columns that follow are computed from them. Both readers therefore take
    the pair that stands first, and a stored polar pair at the precision of the text, so that they
    agree to the last bit.

    Raises
    ------
    MissingColumnError
        When there is no complete pair.
    """
    names = list(columns)
    cartesian = [n for n in ("Re(Z)/Ohm", "-Im(Z)/Ohm") if n in columns]
    polar = [n for n in ("|Z|/Ohm", "Phase(Z)/deg") if n in columns]
    if len(cartesian) < 2 and len(polar) < 2:
        missing = "-Im(Z)/Ohm" if "Re(Z)/Ohm" in columns else "Re(Z)/Ohm"
        raise MissingColumnError(
            f"has no column {missing}; export again with Re(Z) and -Im(Z), or |Z| and Phase(Z)"
        )
    first_polar = names.index(polar[0]) if len(polar) == 2 else len(names)
    first_cartesian = names.index(cartesian[0]) if len(cartesian) == 2 else len(names)
    z = np.empty(columns[names[0]].size, dtype=np.complex128)
    if first_cartesian < first_polar:
        z.real = columns["Re(Z)/Ohm"]
        z.imag = 0.0 - columns["-Im(Z)/Ohm"]
        return z
    modulus = _text_precision(columns["|Z|/Ohm"])
    phase = np.deg2rad(_text_precision(columns["Phase(Z)/deg"]))
    z.real = modulus * np.cos(phase)
    z.imag = modulus * np.sin(phase)
    return z


def _kept_columns(columns: Columns, left_out: tuple[str, ...]) -> list[str]:
    return [
        name
        for name in columns
        if name and name not in left_out and not name.startswith(DERIVED_PREFIXES)
    ]


def records_of(columns: Columns, run: Run) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """Make records of a table of named columns.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (n,)
        Under EC-Lab's names, in the order of the file.
    run : Run
        What the file says beside.

    Returns
    -------
    tuple of Record, tuple of str
        Sweeps, or a transient, and warnings of the whole file.

    Raises
    ------
    MissingColumnError
        When impedance has no frequency, or nothing usable is there.
    """
    has_impedance = any(name in columns for name in _IMPEDANCE_COLUMNS)
    if "freq/Hz" not in columns:
        if has_impedance:
            raise MissingColumnError(
                "holds impedance without a frequency: the column freq/Hz is missing; export the "
                "file again with it, or import the .mpr"
            )
        with np.errstate(invalid="ignore"):
            return _transient(columns, run), ()
    with np.errstate(invalid="ignore"):  # widening a signalling NaN of damaged rows
        return _impedance_records(columns, run)


def _impedance_records(columns: Columns, run: Run) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    frequency = _owned(columns["freq/Hz"])
    z = impedance_of(columns)
    measured = frequency > 0
    usable = measured & np.isfinite(frequency) & np.isfinite(z)
    warnings: list[str] = []
    n_zero = int(frequency.size - np.count_nonzero(measured))
    n_broken = int(np.count_nonzero(measured & ~usable))
    if n_zero:
        warnings.append(
            f"{n_zero} of {frequency.size} rows have no frequency (rest or bias before a sweep) "
            "and are no impedance points"
        )
    if n_broken:
        warnings.append(f"{n_broken} rows hold an impedance that is no number; left out")
    records: list[Record] = list(_sweeps(columns, frequency, z, usable, run))
    if run.technique == "MB" and n_zero:
        at_rest = np.flatnonzero(~measured)
        rest = {name: values[at_rest] for name, values in columns.items()}
        records.extend(_transient(rest, run, left_out=("freq/Hz", *_IMPEDANCE_COLUMNS)))
    return tuple(records), tuple(warnings)


def _sweeps(
    columns: Columns,
    frequency: FloatArray,
    z: NDArray[np.complex128],
    usable: NDArray[np.bool_],
    run: Run,
) -> list[ImpedanceSpectrum]:
    rows = np.flatnonzero(usable)
    if not rows.size:
        return []
    picked = slice(None) if rows.size == usable.size else rows
    counters = {name: columns[name][picked] for name in _SWEEP_COLUMNS if name in columns}
    starts = sweep_starts(frequency[picked], counters)
    kept = _kept_columns(columns, ("freq/Hz", "time/s", *_IMPEDANCE_COLUMNS[:2]))
    named = {column_key(name): columns[name] for name in kept}
    time = _frozen(_owned(columns["time/s"]), usable) if "time/s" in columns else None
    edges = [*starts.tolist(), rows.size]
    parts = _rows_of_sweeps(rows, edges)
    return sweeps_of_one_file(
        _frozen(frequency, usable),
        _frozen(z, usable),
        time,
        edges,
        [ColumnSlice(named, part, n) for part, n in parts],
        technique=run.technique or "EIS",
        instrument=run.instrument,
        software=run.software,
        started_at=run.started_at,
        amplitude=run.amplitude,
        metadata=run.metadata,
        warnings=run.warnings,
    )


def _owned(values: NDArray[Any]) -> FloatArray:
    """Return a copy in double precision: records outlive the table and cannot be written."""
    return np.array(values, dtype=np.float64)


def _rows_of_sweeps(
    rows: NDArray[np.intp], edges: list[int]
) -> list[tuple[slice | NDArray[np.intp], int]]:
    """Return rows of the file and their number per sweep: slices where they follow each other."""
    firsts = rows[edges[:-1]].tolist()
    lasts = rows[[edge - 1 for edge in edges[1:]]].tolist()
    return [
        (slice(first, last + 1) if last - first == n - 1 else rows[start : start + n], n)
        for first, last, start, n in zip(
            firsts, lasts, edges, (b - a for a, b in itertools.pairwise(edges)), strict=False
        )
    ]


def _frozen(values: NDArray[Any], usable: NDArray[np.bool_]) -> NDArray[Any]:
    """Return the usable rows, not to be written."""
    chosen = values if np.count_nonzero(usable) == usable.size else values[usable]
    chosen.flags.writeable = False
    return chosen


def _transient(columns: Columns, run: Run, left_out: tuple[str, ...] = ()) -> tuple[Record, ...]:
    current = next((n for n in _CURRENTS_mA if n in columns), None)
    potential = next((n for n in _POTENTIALS_V if n in columns), None)
    if "time/s" not in columns or (current is None and potential is None):
        raise MissingColumnError(
            "holds neither impedance (freq/Hz, Re(Z)/Ohm, -Im(Z)/Ohm) nor a transient (time/s with "
            f"I/mA or Ewe/V); its columns are {', '.join(columns) or 'none'}"[:400]
        )
    if not columns["time/s"].size:
        return ()
    kept = _kept_columns(columns, ("time/s", *left_out, current or "", potential or ""))
    return (
        Chronoamperometry(
            time_s=columns["time/s"],
            current_A=None if current is None else _double(columns[current]) * 1e-3,
            potential_V=None if potential is None else columns[potential],
            technique=run.technique or "DC",
            instrument=run.instrument,
            software=run.software,
            started_at=run.started_at,
            columns=ColumnSlice(
                {column_key(name): columns[name] for name in kept},
                slice(None),
                columns["time/s"].size,
            ),
            metadata=run.metadata,
            warnings=run.warnings,
        ),
    )
