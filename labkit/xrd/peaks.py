"""Peak search, what no phase explains, and whether there are Bragg peaks at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from instruments.records import DiffractionPattern
from labkit.xrd.background import estimate_background, sigma_of, usable_points

__all__ = [
    "AMORPHOUS_CRITERION",
    "Crystallinity",
    "Peak",
    "crystallinity",
    "find_peaks",
    "pattern_peaks",
]

FloatArray: TypeAlias = NDArray[np.float64]

_SIGNIFICANCE = 6.0
_TROUGH = 3.0  # a noise maximum stands between noise minima: its prominence has both
_WIDEST_BRAGG_DEG = 2.5
_SHORTEST_RANGE_DEG = 10.0

AMORPHOUS_CRITERION = (
    f"no maximum narrower than {_WIDEST_BRAGG_DEG:g} deg stands more than {_SIGNIFICANCE:g} "
    "standard errors of its smoothed intensity above the local background"
)


@dataclass(frozen=True, slots=True)
class Peak:
    """A maximum: position and width in degrees 2-theta, height in counts, significance in esds."""

    two_theta_deg: float
    height_counts: float
    fwhm_deg: float
    area_counts_deg: float
    significance: float


@dataclass(frozen=True, slots=True)
class Crystallinity:
    """Whether a pattern has Bragg peaks, with the criterion that decided.

    `amorphous` is None where the range is too short to tell.
    """

    amorphous: bool | None
    n_peaks: int
    criterion: str
    halo_two_theta_deg: float | None


def find_peaks(
    two_theta: FloatArray,
    above_background: FloatArray,
    sigma: FloatArray,
    *,
    fwhm_deg: float | None = None,
    significance: float = _SIGNIFICANCE,
    min_height: float = 0.0,
    widest_deg: float = _WIDEST_BRAGG_DEG,
) -> tuple[Peak, ...]:
    """Find maxima of a pattern whose background is taken off, or of a difference curve.

    The data are smoothed over `fwhm_deg`; a maximum counts when its prominence exceeds
    `significance` standard errors of the smoothed data and it is narrower than `widest_deg`.

    Parameters
    ----------
    two_theta, above_background, sigma : ndarray, shape (n,)
    fwhm_deg : float, optional
        Width of the peaks looked for; by default five steps, at least 0.06 degrees.
    min_height : float
        In counts.

    Returns
    -------
    tuple of Peak
        In the order of angle.
    """
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks as local_maxima

    step = float(np.median(np.diff(two_theta)))
    width = (fwhm_deg or max(5 * step, 0.06)) / step / 2.3548
    smooth = gaussian_filter1d(above_background, width)
    # error of a Gaussian mean of independent points
    error = np.sqrt(gaussian_filter1d(sigma**2, width) / (2 * math.sqrt(math.pi) * width))
    scaled = smooth / error
    reach = max(3, round(4 * widest_deg / step))
    found, properties = local_maxima(
        scaled, prominence=significance + _TROUGH, wlen=2 * reach + 1, width=1
    )
    peaks = []
    for at, strength, span in zip(
        found, properties["prominences"], properties["widths"], strict=True
    ):
        fwhm = float(span) * step
        height = float(smooth[at])
        if fwhm <= widest_deg and height > min_height and scaled[at] > significance:
            centre = _vertex(two_theta, smooth, int(at))
            peaks.append(Peak(centre, height, fwhm, height * fwhm * 1.06, float(strength)))
    return tuple(peaks)


def _vertex(two_theta: FloatArray, smooth: FloatArray, at: int) -> float:
    if not 0 < at < smooth.size - 1:
        return float(two_theta[at])
    left, middle, right = (float(v) for v in smooth[at - 1 : at + 2])
    bend = left - 2 * middle + right
    shift = 0.0 if bend == 0 else 0.5 * (left - right) / bend
    step = float(two_theta[at + 1] - two_theta[at])
    return float(two_theta[at]) + step * float(np.clip(shift, -1, 1))


def pattern_peaks(
    pattern: DiffractionPattern, *, two_theta_range: tuple[float, float] | None = None
) -> tuple[Peak, ...]:
    """Find the Bragg peaks of a pattern; see `find_peaks`.

    Raises
    ------
    PatternError
        When the pattern holds no intensity.
    """
    used = usable_points(pattern, two_theta_range)
    angle, counts = pattern.two_theta_deg[used], pattern.intensity_counts[used]
    background = estimate_background(angle, counts)
    return find_peaks(angle, counts - background, sigma_of(pattern)[used])


def crystallinity(
    pattern: DiffractionPattern, *, two_theta_range: tuple[float, float] | None = None
) -> Crystallinity:
    """Say whether a pattern has Bragg peaks.

    Raises
    ------
    PatternError
        When the pattern holds no intensity.
    """
    from scipy.ndimage import gaussian_filter1d

    peaks = pattern_peaks(pattern, two_theta_range=two_theta_range)
    halo = None
    if not peaks:
        used = usable_points(pattern, two_theta_range)
        angle, counts = pattern.two_theta_deg[used], pattern.intensity_counts[used]
        step = float(np.median(np.diff(angle)))
        smooth = gaussian_filter1d(counts, 1.0 / step, mode="nearest")
        inner = smooth - np.interp(angle, angle[[0, -1]], smooth[[0, -1]])
        halo = float(angle[int(inner.argmax())])
    used_range = float(np.ptp(pattern.two_theta_deg))
    amorphous = None if not peaks and used_range < _SHORTEST_RANGE_DEG else not peaks
    return Crystallinity(amorphous, len(peaks), AMORPHOUS_CRITERION, halo)
