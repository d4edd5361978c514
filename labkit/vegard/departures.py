"""The straight line of Vegard's law and the two ways of leaving it: bowing and a plateau."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Departures",
    "EsdsFrom",
    "StraightLine",
    "departure_statistics",
    "examine_departures",
    "fit_line",
    "line_probability",
    "scale_of_esds",
    "solubility_limit",
]

FloatArray: TypeAlias = NDArray[np.float64]
EsdsFrom: TypeAlias = Literal["refinement", "scatter"]

_SIMULATIONS = 4000
_BREAKS = 41


@dataclass(frozen=True, slots=True)
class StraightLine:
    """A weighted line about its centre, with the variances that the weights alone give."""

    centre: float
    value: float
    slope: float
    var_value: float
    var_slope: float
    chi2: float
    free: int

    def at(self, x: float) -> tuple[float, float]:
        """Return the value at `x` and its unscaled variance."""
        offset = x - self.centre
        return self.value + self.slope * offset, self.var_value + offset**2 * self.var_slope


@dataclass(frozen=True, slots=True)
class Departures:
    """How far the points leave the line, with p values; None where the points cannot tell."""

    curvature: float | None
    curvature_se: float | None
    p_curvature: float | None
    p_plateau: float | None
    p_linear: float | None
    larger: Literal["curvature", "plateau"]


def fit_line(x: FloatArray, y: FloatArray, sigma: FloatArray) -> StraightLine:
    """Fit y = value + slope (x - centre) with weights 1/sigma^2; arrays of shape (n,)."""
    weight = sigma**-2
    centre = float(np.average(x, weights=weight))
    value = float(np.average(y, weights=weight))
    offset = x - centre
    spread = float(weight @ offset**2)
    slope = float(weight @ (offset * (y - value))) / spread
    chi2 = float(weight @ (y - value - slope * offset) ** 2)
    return StraightLine(centre, value, slope, 1 / float(weight.sum()), 1 / spread, chi2, x.size - 2)


def scale_of_esds(line: StraightLine, esds_from: EsdsFrom) -> float:
    """Return what standard errors are multiplied by: sqrt(chi2 / free), at least 1 with esds."""
    if line.free == 0:
        return 1.0 if esds_from == "refinement" else math.inf
    ratio = math.sqrt(line.chi2 / line.free)
    return max(1.0, ratio) if esds_from == "refinement" else ratio


def line_probability(line: StraightLine) -> float:
    """Return the probability of a chi2 at least this large when line and esds are right."""
    from scipy.stats import chi2

    return float(chi2.sf(line.chi2, line.free)) if line.free else 1.0


def examine_departures(
    x: FloatArray, y: FloatArray, sigma: FloatArray, esds_from: EsdsFrom
) -> Departures:
    """Test the line against a parabola and against a plateau.

    Parameters
    ----------
    x, y, sigma : ndarray, shape (n,)
        In the order of x.
    esds_from : {"refinement", "scatter"}
        With ``"scatter"`` only the ratios of sigma mean something.

    Returns
    -------
    Departures
        The p values come from `_SIMULATIONS` straight lines with the same x and sigma and a fixed
        seed; `p_linear` belongs to the larger of the two statistics, so that looking twice is
        paid for.
    """
    needed = 3 if esds_from == "refinement" else 4
    if np.unique(x).size < 3 or x.size < needed:
        return Departures(None, None, None, None, None, "curvature")
    line = fit_line(x, y, sigma)
    # the fitted line carries the noise: how far a plateau can bend to noise depends on the slope
    straight = (line.value + line.slope * (x - line.centre)) / sigma
    noise = straight + np.random.default_rng(20).standard_normal((_SIMULATIONS, x.size)) * (
        1.0 if esds_from == "refinement" else scale_of_esds(line, esds_from)
    )
    curved, flat = departure_statistics(x, (y / sigma)[None, :], sigma, esds_from)
    null_curved, null_flat = departure_statistics(x, noise, sigma, esds_from)
    curvature, curvature_se = _curvature(x, y, sigma, esds_from)
    return Departures(
        curvature=curvature,
        curvature_se=curvature_se,
        p_curvature=_p_value(curved[0], null_curved),
        p_plateau=_p_value(flat[0], null_flat),
        p_linear=_p_value(max(curved[0], flat[0]), np.maximum(null_curved, null_flat)),
        larger="plateau" if flat[0] >= curved[0] else "curvature",
    )


def departure_statistics(
    x: FloatArray, whitened: FloatArray, sigma: FloatArray, esds_from: EsdsFrom
) -> tuple[FloatArray, FloatArray]:
    """Return how much chi2 falls with a parabola and with a plateau.

    Parameters
    ----------
    x, sigma : ndarray, shape (n,)
    whitened : ndarray, shape (m, n)
        Values divided by sigma, one series per row.

    Returns
    -------
    tuple of ndarray, shape (m,)
        Fall of chi2 in units of the scatter that the larger model leaves, or of the esds where
        those are larger.
    """
    line = _chi2(whitened, _design(x, sigma))
    square = (x - x.mean()) ** 2
    parabola = _chi2(whitened, _design(x, sigma, square))
    bent = np.minimum(x[None, :], breaks(x)[:, None])
    ones = np.ones_like(bent)
    plateau = _chi2(whitened, np.stack([ones, bent], axis=2) / sigma[None, :, None]).min(axis=0)
    free = x.size - 3
    return (
        _fall(line[0], parabola[0], free, esds_from),
        _fall(line[0], plateau, free, esds_from),
    )


def breaks(x: FloatArray) -> FloatArray:
    """Return where a plateau may start: from the second composition up to the last."""
    distinct = np.unique(x)
    return np.linspace(distinct[1], distinct[-1], _BREAKS)


def _fall(line: FloatArray, larger: FloatArray, free: int, esds_from: EsdsFrom) -> FloatArray:
    fall = np.maximum(line - larger, 0.0)
    if free == 0:
        return fall
    scatter = larger / free
    return fall / (np.maximum(scatter, 1.0) if esds_from == "refinement" else scatter + 1e-300)


def _design(x: FloatArray, sigma: FloatArray, *more: FloatArray) -> FloatArray:
    """Return whitened columns 1, x and more as (1, n, p)."""
    columns = np.stack([np.ones_like(x), x - x.mean(), *more], axis=1)
    return np.asarray((columns / sigma[:, None])[None])


def _chi2(whitened: FloatArray, designs: FloatArray) -> FloatArray:
    """Return the least squares of every series (m, n) under every design (k, n, p) as (k, m)."""
    basis, _ = np.linalg.qr(designs)
    projection = basis @ np.swapaxes(basis, 1, 2)
    residual = whitened[None] - whitened[None] @ projection
    return np.asarray((residual**2).sum(axis=2))


def _p_value(statistic: float, null: FloatArray) -> float:
    return float((1 + np.count_nonzero(null >= statistic)) / (1 + null.size))


def _curvature(
    x: FloatArray, y: FloatArray, sigma: FloatArray, esds_from: EsdsFrom
) -> tuple[float, float | None]:
    design = _design(x, sigma, (x - x.mean()) ** 2)[0]
    whitened = (y - y.mean()) / sigma
    solution, *_ = np.linalg.lstsq(design, whitened)
    variance = np.linalg.inv(design.T @ design)[2, 2]
    free = x.size - 3
    chi2 = float(((whitened - design @ solution) ** 2).sum())
    if free == 0:
        return float(solution[2]), math.sqrt(variance) if esds_from == "refinement" else None
    ratio = chi2 / free
    factor = max(1.0, ratio) if esds_from == "refinement" else ratio
    return float(solution[2]), math.sqrt(variance * factor)


def solubility_limit(
    x: FloatArray, y: FloatArray, sigma: FloatArray, esds_from: EsdsFrom
) -> tuple[float, tuple[float | None, float | None]]:
    """Return where the plateau starts and its 95 % profile-likelihood interval.

    Returns
    -------
    limit : float
    interval : tuple
        A side is None where the points leave it open.
    """
    from scipy.stats import chi2 as chi2_law
    from scipy.stats import t

    distinct = np.unique(x)
    candidates = np.linspace(distinct[1], distinct[-1], 50 * _BREAKS)
    bent = np.minimum(x[None, :], candidates[:, None])
    design = np.stack([np.ones_like(bent), bent], axis=2) / sigma[None, :, None]
    chi2 = _chi2((y / sigma)[None, :], design)[:, 0]
    best = int(chi2.argmin())
    free = x.size - 3
    ratio = chi2[best] / free if free else 1.0
    esds_hold = esds_from == "refinement" and (
        free == 0 or float(chi2_law.sf(chi2[best], free)) > 0.05
    )
    factor = 1.0 if esds_hold else ratio
    quantile = 1.959964 if esds_hold else float(t.ppf(0.975, free))
    inside = np.flatnonzero(chi2 - chi2[best] <= factor * quantile**2)
    low = None if inside[0] == 0 else float(candidates[inside[0]])
    high = None if inside[-1] == candidates.size - 1 else float(candidates[inside[-1]])
    return float(candidates[best]), (low, high)
