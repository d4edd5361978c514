"""Background and noise of a powder pattern, before any phase is known."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from instruments.records import DiffractionPattern
from labkit.xrd.errors import PatternError

__all__ = ["chebyshev_design", "estimate_background", "sigma_of", "usable_points"]

FloatArray: TypeAlias = NDArray[np.float64]


def sigma_of(pattern: DiffractionPattern) -> FloatArray:
    """Return the standard error of each intensity, positive at every point, shape (n,).

    The file's own where it has them; square roots of counts; for counts per second the counting
    time makes them counts; where the unit is arbitrary, square roots scaled to the scatter from
    point to point (second differences).
    """
    intensity = pattern.intensity_counts
    if pattern.sigma_counts is not None and (pattern.sigma_counts > 0).any():
        given = pattern.sigma_counts
        return np.where(given > 0, given, given[given > 0].min())
    if pattern.intensity_unit == "counts":
        return np.sqrt(np.maximum(intensity, 1.0))
    floor = max(float(np.percentile(intensity, 1)), 1e-9 * float(intensity.max()), 1e-300)
    root = np.sqrt(np.maximum(intensity, floor))
    if pattern.intensity_unit == "counts/s" and pattern.counting_time_s:
        return np.asarray(root / np.sqrt(pattern.counting_time_s))
    second = (intensity[2:] - 2 * intensity[1:-1] + intensity[:-2]) / root[1:-1]
    scatter = float(np.median(np.abs(second))) / (0.6745 * np.sqrt(6.0))
    return np.asarray(root * max(scatter, 1e-9))


def usable_points(
    pattern: DiffractionPattern, two_theta_range: tuple[float, float] | None
) -> NDArray[np.bool_]:
    """Return which points can be refined: in range, no zeros padded to the ends, no gaps.

    Raises
    ------
    PatternError
        When the pattern is empty, all zero, or too short.
    """
    angle, intensity = pattern.two_theta_deg, pattern.intensity_counts
    if intensity.size == 0 or not (intensity > 0).any():
        raise PatternError(
            "the pattern holds no intensity: every count is zero; was the shutter open?"
        )
    inside = np.ones(angle.size, dtype=bool)
    if two_theta_range is not None:
        inside &= (angle >= two_theta_range[0]) & (angle <= two_theta_range[1])
    positive = np.flatnonzero(intensity > 0)
    inside[: positive[0]] = False
    inside[positive[-1] + 1 :] = False
    inside &= ~_gaps(intensity)
    if inside.sum() < 50:
        ends = f"{angle.min():.1f} to {angle.max():.1f}"
        place = "" if two_theta_range is None else f" in the range asked for (the file has {ends})"
        raise PatternError(f"{int(inside.sum())} points{place}; a refinement needs at least 50")
    return inside


def _gaps(intensity: FloatArray) -> NDArray[np.bool_]:
    """Return which points hold zero although counts around them make that impossible.

    Detectors write zero where they do not look; counting noise gives zero beside 20 counts once
    in 5e8 points.
    """
    from scipy.ndimage import percentile_filter

    around = percentile_filter(intensity, 80, size=min(41, intensity.size), mode="nearest")
    return np.asarray((intensity <= 0) & (around > 20))


def estimate_background(
    two_theta: FloatArray, intensity: FloatArray, *, width_deg: float = 2.0
) -> FloatArray:
    """Return a smooth background by peak clipping (SNIP), shape (n,).

    Ryan et al., Nucl. Instrum. Methods B 34 (1988) 396: on the double logarithm, each point is
    clipped at the mean of its neighbours at a shrinking distance.

    Parameters
    ----------
    width_deg : float
        Largest distance of the neighbours: wider features are background.
    """
    step = float(np.median(np.diff(two_theta)))
    kernel = np.ones(5) / 5
    padded = np.pad(np.maximum(intensity, 0.0), 2, mode="edge")
    smooth = np.convolve(padded, kernel, mode="valid")
    level = np.log(np.log(np.sqrt(smooth + 1) + 1) + 1)
    reach = min(max(3, round(width_deg / step)), (intensity.size - 1) // 2)
    distances = np.unique(np.geomspace(reach, 1, 40).astype(int))[::-1]
    for distance in distances:
        mean = (level[2 * distance :] + level[: -2 * distance]) / 2
        level[distance:-distance] = np.minimum(level[distance:-distance], mean)
    return np.asarray((np.exp(np.exp(level) - 1) - 1) ** 2 - 1)


def chebyshev_design(two_theta: FloatArray, terms: int) -> FloatArray:
    """Return Chebyshev polynomials of the first kind over the range, shape (n, terms)."""
    low, high = two_theta[0], two_theta[-1]
    return np.asarray(chebyshev.chebvander(2 * (two_theta - low) / (high - low) - 1, terms - 1))
