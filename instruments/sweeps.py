"""From columns of points to sweeps of frequency; shared by all impedance readers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from instruments.errors import EmptyFileError
from instruments.records import ImpedanceSpectrum, Metadata, Timestamp

__all__ = ["complex_z", "spectra_of_points", "sweep_starts"]


def complex_z(real: NDArray[np.float64], imag: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Join real and imaginary parts; an infinite part does not spoil the other one."""
    z = np.empty(real.shape, dtype=np.complex128)
    z.real, z.imag = real, imag
    return z


def sweep_starts(
    frequency_hz: NDArray[np.float64], counters: Mapping[str, NDArray[Any]] | None = None
) -> NDArray[np.intp]:
    """Find the first point of each sweep.

    A sweep begins where a counter of the instrument changes, and where the frequency goes back
    over more than half of the decades that were covered.

    Parameters
    ----------
    frequency_hz : ndarray of float, shape (n,)
        Positive frequencies in the order of measurement.
    counters : mapping of str to ndarray, shape (n,), optional
        Cycle numbers and the like.

    Returns
    -------
    ndarray of int
        Indices, the first one 0; empty without points.
    """
    if frequency_hz.size < 2:
        return np.arange(min(frequency_hz.size, 1))
    jump = np.zeros(frequency_hz.size - 1, dtype=bool)
    for values in (counters or {}).values():
        jump |= values[1:] != values[:-1]
    log_f = np.log(frequency_hz)
    step = log_f[1:] - log_f[:-1]
    upwards = 2 * np.count_nonzero(step > 0) > np.count_nonzero(step)
    direction = 1.0 if upwards else -1.0
    span = float(log_f.max() - log_f.min())
    jump |= (step * direction < -0.5 * span) & (span > 0)
    return np.concatenate(([0], np.flatnonzero(jump) + 1))


def spectra_of_points(
    frequency_hz: ArrayLike,
    z_ohm: ArrayLike,
    *,
    time_s: ArrayLike | None = None,
    columns: Mapping[str, NDArray[np.float64]] | None = None,
    technique: str = "EIS",
    instrument: str | None = None,
    software: str | None = None,
    started_at: Timestamp | None = None,
    amplitude: str | None = None,
    metadata: Metadata | None = None,
) -> tuple[tuple[ImpedanceSpectrum, ...], tuple[str, ...]]:
    """Make one spectrum per sweep of a list of points.

    Parameters
    ----------
    frequency_hz : array_like, shape (n,)
        Rows without a positive frequency are no impedance points and are counted.
    z_ohm : array_like of complex, shape (n,)
        Physics sign.
    time_s, columns, technique, instrument, software, started_at, amplitude, metadata
        As in `ImpedanceSpectrum`.

    Returns
    -------
    tuple of ImpedanceSpectrum, tuple of str
        Spectra, and what was left out.

    Raises
    ------
    EmptyFileError
        When no usable point is left.
    """
    frequency = np.asarray(frequency_hz, dtype=np.float64)
    z = np.asarray(z_ohm, dtype=np.complex128)
    measured = np.isfinite(frequency) & (frequency > 0)
    usable = measured & np.isfinite(z)
    warnings = []
    if n_other := int(np.count_nonzero(~measured)):
        warnings.append(
            f"{n_other} of {frequency.size} rows have no frequency and are no impedance points"
        )
    if n_broken := int(np.count_nonzero(measured & ~usable)):
        warnings.append(f"{n_broken} rows hold an impedance that is no number; left out")
    if not usable.any():
        raise EmptyFileError("holds no impedance point; was the run stopped before its first one?")
    rows = np.flatnonzero(usable)
    edges = [*sweep_starts(frequency[rows]).tolist(), rows.size]
    time = None if time_s is None else np.asarray(time_s, dtype=np.float64)
    spectra = []
    for number, (start, stop) in enumerate(itertools.pairwise(edges), start=1):
        part = rows[start:stop]
        spectra.append(
            ImpedanceSpectrum(
                frequency_hz=frequency[part],
                z_ohm=z[part],
                time_s=None if time is None else time[part],
                sweep=number,
                technique=technique,
                instrument=instrument,
                software=software,
                started_at=started_at,
                amplitude=amplitude,
                columns={name: values[part] for name, values in (columns or {}).items()},
                metadata=metadata or {},
            )
        )
    return tuple(spectra), tuple(warnings)
