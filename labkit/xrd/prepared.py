"""A pattern made ready to be refined: its usable points, its noise, its lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from instruments.records import DiffractionPattern
from labkit.xrd.background import estimate_background, sigma_of, usable_points
from labkit.xrd.errors import RefinementError
from labkit.xrd.peaks import Crystallinity, crystallinity, find_peaks
from labkit.xrd.phase import Phase
from labkit.xrd.radiation import Radiation, radiation_of, wavelength_notes

__all__ = ["PreparedPattern", "check_reflections", "prepare"]

FloatArray: TypeAlias = NDArray[np.float64]

_MOST_REFLECTIONS = 4000
_NO_ANGLES_BELOW = 15.0
"""A pattern that ends at fewer degrees probably holds d spacings, Q or radians."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPattern:
    """What every engine starts from.

    Attributes
    ----------
    two_theta, observed, sigma, net : ndarray, shape (n,)
        Degrees; intensity, its standard error, and what lies above the estimated background.
    lines : Radiation
    fwhm_deg : float
        Width of the strongest peaks.
    crystallinity : Crystallinity
    warnings : tuple of str
        Of the file.
    """

    two_theta: FloatArray
    observed: FloatArray
    sigma: FloatArray
    net: FloatArray
    lines: Radiation
    fwhm_deg: float
    crystallinity: Crystallinity
    warnings: tuple[str, ...]


def prepare(
    pattern: DiffractionPattern,
    radiation: Radiation | None,
    two_theta_range: tuple[float, float] | None,
) -> PreparedPattern:
    """Make a pattern ready.

    Raises
    ------
    PatternError, WavelengthError
        When the pattern holds nothing, or the wavelength is unknown.
    """
    used = usable_points(pattern, two_theta_range)
    lines = radiation_of(pattern, radiation)
    notes = [*wavelength_notes(pattern, lines), *_gap_notes(used)]
    if pattern.radiation == "neutron" and lines.kind != "neutron":
        lines = replace(lines, kind="neutron")
    angle, observed = pattern.two_theta_deg[used], pattern.intensity_counts[used]
    sigma = sigma_of(pattern)[used]
    net = observed - estimate_background(angle, observed)
    return PreparedPattern(
        two_theta=angle,
        observed=observed,
        sigma=sigma,
        net=net,
        lines=lines,
        fwhm_deg=_typical_width(angle, net, sigma),
        crystallinity=crystallinity(pattern, two_theta_range=two_theta_range),
        warnings=(*pattern.warnings, *notes),
    )


def _gap_notes(used: NDArray[np.bool_]) -> list[str]:
    places = np.flatnonzero(used)
    missing = int((~used[places[0] : places[-1] + 1]).sum())
    if not missing:
        return []
    return [f"{missing} points of zero counts amid others left out (gaps of the detector?)"]


def check_reflections(phases: Sequence[Phase], two_theta: FloatArray, lines: Radiation) -> None:
    """Refuse a phase that has no reflection in the range, or more than can be told apart.

    Raises
    ------
    RefinementError
        With what is likely wrong.
    """
    first, last = float(two_theta[0]), float(two_theta[-1])
    half = lines.wavelength_angstrom / 2
    d_max, d_min = (half / math.sin(math.radians(min(a, 179.0) / 2)) for a in (first, last))
    where = f"between {first:.1f} and {last:.1f} deg"
    for phase in phases:
        number = phase.n_reflections(d_min, d_max)
        if number > _MOST_REFLECTIONS:
            raise RefinementError(
                f"{phase.name} has about {number:.0f} reflections {where}, more than a powder "
                f"pattern tells apart ({_MOST_REFLECTIONS}); check its cell (angstrom), or narrow "
                "--range"
            )
        if phase.reflections(d_min, d_max, None).hkl.shape[0] == 0:
            hint = "check the wavelength and the cell"
            if last < _NO_ANGLES_BELOW:
                hint = "is the first column 2-theta in degrees, or d, Q or radians?"
            raise RefinementError(f"{phase.name} has no reflection {where}; {hint}")


def _typical_width(angle: FloatArray, net: FloatArray, sigma: FloatArray) -> float:
    """Return the width of the strongest peaks in degrees, the smoothing taken off."""
    smoothing = max(5 * float(np.median(np.diff(angle))), 0.06)
    peaks = find_peaks(angle, net, sigma)
    strong = sorted(peaks, key=lambda peak: -peak.height_counts)[:8]
    if not strong:
        return 0.2
    seen = float(np.median([peak.fwhm_deg for peak in strong]))
    return float(np.clip(math.sqrt(max(seen**2 - smoothing**2, 0.0)), 0.04, 1.5))
