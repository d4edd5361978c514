"""The points of a spectrum, ordered, masked with reasons, smoothed, and their noise.

Errors raised here::

    LabkitError
    └── SpectrumError     points from which nothing can be computed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.errors import LabkitError

FloatArray: TypeAlias = NDArray[np.float64]
ComplexArray: TypeAlias = NDArray[np.complex128]
IntArray: TypeAlias = NDArray[np.intp]

MINIMUM_POINTS = 5
SMOOTHING_POINTS = 5
MAXIMUM_OUTLIERS = 3


class SpectrumError(LabkitError):
    """A spectrum from which nothing can be computed; the text says why."""


@runtime_checkable
class HasImpedance(Protocol):
    """Anything that carries frequencies in Hz and complex impedances in ohm."""

    @property
    def frequency_hz(self) -> FloatArray:
        """Frequencies in Hz, shape (n,)."""

    @property
    def z_ohm(self) -> ComplexArray:
        """Impedances in ohm, shape (n,), capacitive points with Im Z < 0."""


SpectrumLike: TypeAlias = HasImpedance | tuple[ArrayLike, ArrayLike]


@dataclass(frozen=True, slots=True)
class MaskedPoint:
    """A point left out of a fit: its index in the order of measurement, and the reason."""

    index: int
    frequency_hz: float
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The usable points of a spectrum, from high to low frequency.

    Parameters
    ----------
    frequency_hz, z_ohm
        Shape (n,), frequency falling.
    smooth_ohm
        Complex, shape (n,): local quadratic of ln Z in ln f, for weights and for finding the foot
        of an arc; never fitted.
    noise
        Relative standard deviation of the real and of the imaginary part, each in units of |Z|.
    noise_count
        Number of independent differences that the noise estimate rests on.
    index
        Position of each point in the order of measurement.
    masked
        Points left out, with reasons.
    inductance_H
        Im Z / omega of the points masked as inductive (median), 0 where there are none.
    """

    frequency_hz: FloatArray
    z_ohm: ComplexArray
    smooth_ohm: ComplexArray
    noise: float
    noise_count: int
    index: IntArray
    masked: tuple[MaskedPoint, ...]
    inductance_H: float = 0.0


def arrays_of(spectrum: SpectrumLike) -> tuple[FloatArray, ComplexArray]:
    """Return frequency and impedance of a record or of a pair, checked for shape.

    Raises
    ------
    SpectrumError
        If the two differ in length or do not hold numbers.
    """
    first: Any
    second: Any
    if isinstance(spectrum, tuple):
        first, second = spectrum
    else:
        first, second = spectrum.frequency_hz, spectrum.z_ohm
    try:
        frequency = np.asarray(first, dtype=np.float64).ravel()
        impedance = np.asarray(second, dtype=np.complex128).ravel()
    except (TypeError, ValueError) as error:
        raise SpectrumError(f"the spectrum does not hold numbers: {error}") from error
    if frequency.size != impedance.size:
        raise SpectrumError(
            f"{frequency.size} frequencies and {impedance.size} impedances: one of each is needed"
        )
    return frequency, impedance


def usable_points(
    spectrum: SpectrumLike,
    *,
    mask: Mapping[int, str] | None = None,
    minimum: int = MINIMUM_POINTS,
    keep_inductive: bool = False,
) -> Points:
    """Order the points, mask what cannot be used, and estimate the noise.

    Masked, each with its reason: ``"not-finite"``, ``"zero"``, ``"frequency-not-positive"``,
    ``"repeated-frequency"`` (the later one is kept), ``"inductive"`` (Im Z above zero at the high
    end, beyond the noise), ``"outlier"`` (a lone spike), and the points of `mask`.

    Parameters
    ----------
    spectrum
        A record with `frequency_hz` and `z_ohm`, or the pair of arrays.
    mask
        Reasons by index in the order of measurement: points that a person leaves out.
    minimum
        Fewest usable points.
    keep_inductive
        Keep inductive points, for models that have an inductance.

    Raises
    ------
    SpectrumError
        If fewer than `minimum` points can be used.
    """
    frequency, impedance = arrays_of(spectrum)
    reasons: dict[int, str] = {}
    for test, reason in (
        (~(np.isfinite(frequency) & np.isfinite(impedance)), "not-finite"),
        (~(frequency > 0), "frequency-not-positive"),
        (impedance == 0, "zero"),
    ):
        for position in np.flatnonzero(test).tolist():
            reasons.setdefault(position, reason)
    for i, by_hand in (mask or {}).items():
        if not 0 <= i < frequency.size:
            raise SpectrumError(f"the mask names point {i}; the spectrum has {frequency.size}")
        reasons[int(i)] = by_hand
    keep = np.array([i for i in range(frequency.size) if i not in reasons], dtype=np.intp)
    keep = keep[np.argsort(-frequency[keep], kind="stable")]
    if keep.size > 1:
        repeated = np.append(frequency[keep][:-1] == frequency[keep][1:], False)
        reasons.update({int(i): "repeated-frequency" for i in keep[repeated]})
        keep = keep[~repeated]
    if keep.size < minimum:
        raise SpectrumError(
            f"{keep.size} usable points of {frequency.size}; at least {minimum} are needed"
        )
    noise, count = relative_noise(frequency[keep], impedance[keep])
    first = 0 if keep_inductive else _first_without_inductance(impedance[keep], noise)
    upside_down = np.mean(impedance.imag[keep] > 3 * noise * np.abs(impedance[keep])) > 0.6
    if upside_down or keep.size - first < minimum:
        first = int(np.sum(impedance.imag[keep] > 0))
        raise SpectrumError(
            f"{first} of {keep.size} points are inductive (Im Z > 0): nothing is left to fit; "
            "check the sign of the imaginary column"
        )
    reasons.update({int(i): "inductive" for i in keep[:first]})
    inductance = 0.0
    if first:
        inductive = keep[:first]
        omega = 2 * np.pi * frequency[inductive]
        inductance = max(float(np.median(impedance.imag[inductive] / omega)), 0.0)
    keep = keep[first:]
    spikes = outliers(frequency[keep], impedance[keep], noise)
    if spikes.size and keep.size - spikes.size >= minimum:
        reasons.update({int(i): "outlier" for i in keep[spikes]})
        keep = np.delete(keep, spikes)
    if first or spikes.size:
        noise, count = relative_noise(frequency[keep], impedance[keep])
    return Points(
        frequency_hz=frequency[keep],
        z_ohm=impedance[keep],
        smooth_ohm=smoothed(frequency[keep], impedance[keep]),
        noise=noise,
        noise_count=count,
        index=keep,
        masked=tuple(MaskedPoint(i, float(frequency[i]), reasons[i]) for i in sorted(reasons)),
        inductance_H=inductance,
    )


def _first_without_inductance(impedance: ComplexArray, noise: float) -> int:
    """Return how many points at the high end are inductive.

    Where a pellet shows no arc, Im Z is zero at high frequency and its noise has both signs: only
    what is above zero by more than three times the noise is inductance.
    """
    beyond = impedance.imag > np.maximum(3 * noise, 1e-3) * np.abs(impedance)
    if not beyond[: max(2, impedance.size // 2)].any():
        return 0
    last = int(np.flatnonzero(beyond[: max(2, impedance.size // 2)])[-1])
    positive = impedance.imag > 0
    # A lone outlier further down is not an inductive end: most points above it must agree.
    while last >= 0 and positive[: last + 1].mean() < 0.7:
        earlier = np.flatnonzero(beyond[:last])
        last = int(earlier[-1]) if earlier.size else -1
    if last < 0:
        return 0
    after = np.flatnonzero(~positive[last + 1 :])
    return int(last + 1 + (after[0] if after.size else 0))


def outliers(frequency_hz: FloatArray, z_ohm: ComplexArray, noise: float) -> NDArray[np.intp]:
    """Find lone points that their neighbours contradict, such as mains pick-up at 50 Hz.

    Each point is compared with the quadratic of ln Z in ln f through two neighbours on either
    side. A spike stands out by more than eight times the noise and 2 % at its own place, and by
    more than at the places beside it, whose neighbourhoods it spoils. More than three such points
    are structure, not spikes: none is then named.

    Returns
    -------
    ndarray of int
        Positions, at most three.
    """
    n = frequency_hz.size
    if n < 12:
        return np.zeros(0, dtype=np.intp)
    x, y = np.log(frequency_hz), _unwrapped_log(z_ohm)
    place = np.arange(2, n - 2)
    grid = place[:, None] + np.array([-2, -1, 1, 2])
    offset = x[grid] - x[place][:, None]
    design = np.stack([np.ones_like(offset), offset, offset**2], axis=2)
    normal = np.einsum("nki,nkj->nij", design, design)
    right = np.einsum("nki,nk->ni", design, y[grid])
    expected = np.linalg.solve(normal.astype(complex), right[:, :, None])[:, 0, 0]
    size = np.zeros(n)
    size[place] = np.abs(y[place] - expected)
    # A bend of the spectrum raises several neighbours alike; a spike stands above them.
    beside = np.maximum(np.append(size[1:], 0), np.append(0, size[:-1]))
    lone = (size > max(8 * noise, 0.02)) & (size > 1.3 * beside)
    found = np.flatnonzero(lone)
    return found if found.size <= MAXIMUM_OUTLIERS else found[:0]


def _unwrapped_log(impedance: ComplexArray) -> ComplexArray:
    return np.asarray(np.log(np.abs(impedance)) + 1j * np.unwrap(np.angle(impedance)), complex)


def relative_noise(frequency_hz: FloatArray, z_ohm: ComplexArray) -> tuple[float, int]:
    """Estimate the noise of each component relative to |Z| from fourth differences.

    ln|Z| and the phase are smooth in ln f, so that their fourth divided differences hold hardly
    anything but noise; the median of the absolute values leaves outliers aside.

    Returns
    -------
    tuple of float and int
        Relative standard deviation, and the number of independent differences behind it.
    """
    order = 4 if frequency_hz.size >= 8 else 3 if frequency_hz.size >= 5 else 0
    if not order:
        return 0.01, 1
    x = np.log(frequency_hz)
    y = _unwrapped_log(z_ohm)
    n = x.size - order
    grid = np.arange(n)[:, None] + np.arange(order + 1)
    local = x[grid]
    gaps = local[:, :, None] - local[:, None, :]
    gaps[:, np.arange(order + 1), np.arange(order + 1)] = 1.0
    coefficient = 1.0 / np.prod(gaps, axis=2)
    coefficient /= np.linalg.norm(coefficient, axis=1, keepdims=True)
    difference = np.sum(coefficient * y[grid], axis=1)
    size = np.concatenate([np.abs(difference.real), np.abs(difference.imag)])
    return max(float(np.median(size)) / 0.6745, 1e-7), max(1, 2 * n // 3)


def smoothed(frequency_hz: FloatArray, z_ohm: ComplexArray) -> ComplexArray:
    """Smooth a spectrum: local quadratics of ln Z in ln f over five neighbours.

    Returns
    -------
    ndarray of complex, shape (n,)
    """
    x = np.log(frequency_hz)
    y = _unwrapped_log(z_ohm)
    n = x.size
    if n < SMOOTHING_POINTS:
        return z_ohm.copy()
    start = np.clip(np.arange(n) - SMOOTHING_POINTS // 2, 0, n - SMOOTHING_POINTS)
    grid = start[:, None] + np.arange(SMOOTHING_POINTS)
    offset = x[grid] - x[:, None]
    design = np.stack([np.ones_like(offset), offset, offset**2], axis=2)
    normal = np.einsum("nki,nkj->nij", design, design)
    right = np.einsum("nki,nk->ni", design, y[grid])
    value = np.linalg.solve(normal.astype(complex), right[:, :, None])[:, 0, 0]
    return np.asarray(np.exp(value), dtype=np.complex128)
