"""What a refinement leaves over: unexplained peaks and unexplained intensity."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.background import estimate_background
from labkit.xrd.peaks import Peak, find_peaks

__all__ = ["residual_peaks", "unexplained_share"]

FloatArray: TypeAlias = NDArray[np.float64]

_MISFIT_SHARE = 0.08
"""Part of a calculated peak that a difference below it may be, before it is a peak of its own."""

_RESIDUAL_SHARE = 0.006


def _smooth(values: FloatArray) -> FloatArray:
    return np.convolve(values, np.ones(5) / 5, mode="same")


def unexplained_share(angle: FloatArray, observed: FloatArray, calculated: FloatArray) -> float:
    """Return the sum of |observed - calculated| over that of the peaks, at most 1.

    Both are averaged over five points, so that counting noise is not taken for misfit.
    """
    above = np.maximum(_smooth(observed - estimate_background(angle, observed)), 0.0)
    misfit = np.abs(_smooth(observed - calculated)).sum()
    return float(min(1.0, misfit / max(float(above.sum()), 1e-300)))


def residual_peaks(
    angle: FloatArray,
    observed: FloatArray,
    calculated: FloatArray,
    background: FloatArray,
    sigma: FloatArray,
) -> tuple[Peak, ...]:
    """Return the peaks of the difference curve that are not misfit of a calculated peak.

    Parameters
    ----------
    angle, observed, calculated, background, sigma : ndarray, shape (n,)

    Notes
    -----
    A difference under a strong peak is judged against `_MISFIT_SHARE` of that peak besides the
    counting error, because no profile is exact; elsewhere only the counting error counts.
    """
    from scipy.ndimage import maximum_filter1d

    bragg = np.maximum(calculated - background, 0.0)
    step = float(np.median(np.diff(angle)))
    reach = max(1, round(0.35 / step))

    nearby = maximum_filter1d(bragg, 2 * reach + 1)
    error = np.sqrt(sigma**2 + (_MISFIT_SHARE * nearby) ** 2)
    floor = _RESIDUAL_SHARE * float(max(bragg.max(), (observed - background).max()))
    return find_peaks(angle, observed - calculated, error, min_height=floor)
