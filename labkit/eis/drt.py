"""Distribution of relaxation times, for looking at a spectrum, not for labels.

Z = R_inf + jwL + 1/(Q (jw)^n) + integral gamma(ln tau)/(1 + jw tau) d ln tau with gamma >= 0,
solved by regularised non-negative least squares (Lawson and Hanson 1974; Tikhonov on the second
derivative). The blocking tail is a CPE term of the model, its exponent taken from the tail, so that
it does not fill the long time constants. The regularisation comes from the data: the largest that
leaves the residuals near their smallest value (discrepancy principle).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labkit.eis.spectrum import (
    ComplexArray,
    FloatArray,
    Points,
    SpectrumError,
    SpectrumLike,
    usable_points,
)
from labkit.eis.window import choose_window, find_tail
from labkit.json_ready import json_ready

POINTS_PER_DECADE = 12
GROWTH = 1.15
"""The residual may grow by this factor over the smallest before smoothing stops."""


@dataclass(frozen=True, slots=True)
class DrtPeak:
    """A maximum of gamma: its time constant, the resistance under it, and C = tau / R."""

    tau_s: float
    frequency_hz: float
    resistance_ohm: float
    capacitance_F: float


@dataclass(frozen=True, slots=True, eq=False)
class Drt:
    """A distribution of relaxation times.

    `gamma_ohm` belongs to d ln tau, shape of `tau_s`; `series_ohm`, `inductance_H` and the CPE
    (`tail_q`, `tail_n`; zero and NaN without a tail) complete the model.
    """

    tau_s: FloatArray
    gamma_ohm: FloatArray
    series_ohm: float
    inductance_H: float
    tail_q: float
    tail_n: float
    regularisation: float
    rms: float
    frequency_hz: FloatArray
    model_ohm: ComplexArray
    peaks: tuple[DrtPeak, ...]

    @property
    def polarisation_ohm(self) -> float:
        """Resistance under the whole distribution."""
        step = float(np.log(self.tau_s[1] / self.tau_s[0]))
        return float(self.gamma_ohm.sum() * step)

    @property
    def resistance_ohm(self) -> float:
        """Series resistance plus the resistance under the distribution."""
        return self.series_ohm + self.polarisation_ohm

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


def distribution_of_relaxation_times(
    spectrum: SpectrumLike,
    *,
    tail_n: float | None = None,
    regularisation: float | None = None,
) -> Drt:
    """Compute the distribution of relaxation times.

    Parameters
    ----------
    spectrum
        A record with `frequency_hz` and `z_ohm`, or the pair of arrays.
    tail_n
        Exponent of the blocking tail; None: from the tail, if there is one.
    regularisation
        Weight of the smoothness; None: chosen from the data.

    Returns
    -------
    Drt

    Raises
    ------
    SpectrumError
        If fewer than eight points can be used, or numbers are out of range.
    """
    if regularisation is not None and not regularisation > 0:
        raise SpectrumError(f"the regularisation must be above zero, not {regularisation:g}")
    if tail_n is not None and not 0 < tail_n <= 1:
        raise SpectrumError(f"the exponent of a tail lies between 0 and 1, not at {tail_n:g}")
    points = usable_points(spectrum, minimum=8, keep_inductive=True)
    exponent, lowest_hz = _tail(points)
    exponent = tail_n if tail_n is not None else exponent
    points = _above(points, lowest_hz)
    matrix, right, tau, smooth, scale = _system(points, exponent)
    if regularisation is not None:
        solution, _ = _solve(matrix, right, smooth, regularisation)
    else:
        regularisation, solution = _choose(matrix, right, smooth, points.noise)
    values = solution * scale
    fitted = matrix @ solution
    n = points.z_ohm.size
    model = (fitted[:n] + 1j * fitted[n:]) * np.abs(points.smooth_ohm)
    step = math.log(float(tau[1] / tau[0]))
    gamma = values[3:] / step
    return Drt(
        tau_s=tau,
        gamma_ohm=gamma,
        series_ohm=float(values[0]),
        inductance_H=float(values[1]),
        tail_q=1 / float(values[2]) if values[2] > 0 else 0.0,
        tail_n=exponent if exponent is not None and values[2] > 0 else math.nan,
        regularisation=regularisation,
        rms=float(np.sqrt(np.mean((right - fitted) ** 2))),
        frequency_hz=points.frequency_hz,
        model_ohm=model,
        peaks=_peaks(tau, gamma, step),
    )


def _tail(points: Points) -> tuple[float | None, float]:
    """Return the exponent of the tail from the slope of its line, and where its window ends.

    Below its window the slow drift of n would appear as relaxation times that do not exist.
    """
    branch = find_tail(points)
    chosen = choose_window(points, branch) if branch is not None else None
    if chosen is None:
        return None, 0.0
    slope = float(chosen.fits.slope[chosen.best])
    exponent = float(np.clip(2 / np.pi * math.atan2(1.0, slope), 0.3, 1.0))
    return exponent, float(points.frequency_hz[chosen.last])


def _above(points: Points, lowest_hz: float) -> Points:
    """Return the points from the top down to `lowest_hz`."""
    keep = points.frequency_hz >= lowest_hz
    return replace(
        points,
        frequency_hz=points.frequency_hz[keep],
        z_ohm=points.z_ohm[keep],
        smooth_ohm=points.smooth_ohm[keep],
        index=points.index[keep],
    )


def _system(
    points: Points, exponent: float | None
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return weighted matrix and data, tau, smoothness rows, and the scale of each unknown."""
    omega = 2 * np.pi * points.frequency_hz
    low, high = 1 / (omega.max() * 3), 1 / omega.min()
    if exponent is None:
        high *= 10
    count = max(20, round(math.log10(high / low) * POINTS_PER_DECADE))
    tau = np.geomspace(low, high, count)
    jw = 1j * omega[:, None]
    modulus = np.abs(points.smooth_ohm)
    tail = np.zeros_like(jw) if exponent is None else jw**-exponent
    columns = np.concatenate([np.ones_like(jw), jw, tail, 1 / (1 + jw * tau)], axis=1)
    weighted = columns / modulus[:, None]
    matrix = np.concatenate([weighted.real, weighted.imag])
    # R, L and the tail in units of their own column; gamma in ohm of the typical |Z| near the foot.
    unit = float(np.exp(np.median(np.log(np.maximum(points.smooth_ohm.real, 1e-3 * modulus)))))
    scale = np.full(matrix.shape[1], unit)
    for k in (1, 2):
        size = float(np.linalg.norm(matrix[:, k]))
        scale[k] = 1 / size if size > 0 else 1.0
    matrix = matrix * scale
    right = np.concatenate([points.z_ohm.real / modulus, points.z_ohm.imag / modulus])
    smooth = np.zeros((count, matrix.shape[1]))
    smooth[:, 3:] = (
        np.diag(np.full(count, -2.0))
        + np.diag(np.ones(count - 1), 1)
        + np.diag(np.ones(count - 1), -1)
    )
    return matrix, right, tau, smooth, scale


def _solve(
    matrix: FloatArray, right: FloatArray, smooth: FloatArray, weight: float
) -> tuple[FloatArray, float]:
    from scipy.optimize import nnls

    stacked = np.concatenate([matrix, weight * smooth])
    target = np.concatenate([right, np.zeros(smooth.shape[0])])
    solution, _ = nnls(stacked, target, maxiter=10 * stacked.shape[1])
    return solution, float(np.sqrt(np.mean((right - matrix @ solution) ** 2)))


def _choose(
    matrix: FloatArray, right: FloatArray, smooth: FloatArray, noise: float
) -> tuple[float, FloatArray]:
    """Take the largest regularisation whose residual stays near the smallest, or at the noise."""
    weights = np.geomspace(1e-4, 10.0, 16)
    solved = [_solve(matrix, right, smooth, float(weight)) for weight in weights]
    limit = max(GROWTH * min(rms for _, rms in solved), noise)
    best = max(k for k, (_, rms) in enumerate(solved) if rms <= limit)
    return float(weights[best]), solved[best][0]


def _peaks(tau: FloatArray, gamma: FloatArray, step: float) -> tuple[DrtPeak, ...]:
    """Return the maxima of gamma with the resistance between the minima beside them."""
    padded = np.concatenate([[0.0], gamma, [0.0]])
    top = np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))
    peaks: list[DrtPeak] = []
    for i in top:
        left = int(i)
        while left > 0 and gamma[left - 1] <= gamma[left]:
            left -= 1
        right = int(i)
        while right < gamma.size - 1 and gamma[right + 1] <= gamma[right]:
            right += 1
        resistance = float(gamma[left : right + 1].sum() * step)
        if resistance < 0.005 * float(gamma.sum() * step):
            continue
        constant = float(tau[i])
        peaks.append(
            DrtPeak(constant, 1 / (2 * math.pi * constant), resistance, constant / resistance)
        )
    return tuple(peaks)
