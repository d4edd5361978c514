"""Where a refinement starts: does a phase resemble the pattern, and at which size of its cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.model import lorentz_polarisation
from labkit.xrd.phase import Phase
from labkit.xrd.radiation import ANODES, KALPHA2_WEIGHT, Radiation

__all__ = ["Resemblance", "best_anode", "resemblance"]

FloatArray: TypeAlias = NDArray[np.float64]

_BROADENING_DEG = 0.12
_SCALES = 1 + np.arange(-50, 51) * 4e-4


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How well phases explain a pattern before any refinement.

    `cosine` is that between the square roots of the observed and of the calculated intensity, both
    broadened; `scales` are the factors on the cell edges at which it is largest.
    """

    cosine: float
    scales: tuple[float, ...]


def resemblance(
    two_theta: FloatArray,
    above_background: FloatArray,
    phases: Sequence[Phase],
    radiation: Radiation,
    *,
    search: bool = True,
) -> Resemblance:
    """Compare a pattern with the patterns of its phases.

    Parameters
    ----------
    two_theta, above_background : ndarray, shape (n,)
    search : bool
        Try cells up to 2 % smaller and larger; else only the cells given.
    """
    from scipy.ndimage import gaussian_filter1d
    from scipy.optimize import nnls

    step = 0.02
    grid = np.arange(two_theta[0], two_theta[-1], step)
    observed = np.interp(grid, two_theta, np.maximum(above_background, 0.0))
    width = _BROADENING_DEG / step
    target = gaussian_filter1d(np.sqrt(observed), width)
    target = target - _floor(target)
    columns, scales = [], []
    for phase in phases:
        sticks = _sticks(phase, radiation, grid)
        trials = _SCALES if search else np.array([1.0])
        rows = np.stack([_drawn(sticks, scale, grid, width) for scale in trials])
        norms = np.linalg.norm(rows, axis=1)
        overlap = rows @ target / np.where(norms > 0, norms, 1.0)
        # a cell as given wins over one that is hardly better
        preferred = overlap * (1 - 0.5 * np.abs(trials - 1))
        best = int(preferred.argmax())
        columns.append(rows[best] / (norms[best] or 1.0))
        scales.append(float(trials[best]))
    _, rest = nnls(np.stack(columns, axis=1), target)
    total = float(np.linalg.norm(target)) or 1.0
    return Resemblance(float(np.sqrt(max(0.0, 1 - (rest / total) ** 2))), tuple(scales))


def _floor(smooth: FloatArray) -> float:
    return float(np.percentile(smooth, 20))


def _sticks(
    phase: Phase, radiation: Radiation, grid: FloatArray
) -> tuple[FloatArray, FloatArray, Radiation]:
    low, high = max(float(grid[0]) - 2, 1.0), min(float(grid[-1]) + 4, 178.0)
    half = radiation.wavelength_angstrom / 2
    d_max = half / np.sin(np.radians(low / 2)) * 1.03
    d_min = max(half / np.sin(np.radians(high / 2)) / 1.03, half * 1.0005)
    found = phase.reflections(float(d_min), float(d_max), radiation.energy_eV)
    inverse_d = np.sqrt(found.metric @ phase.free_parameters())
    strength = found.multiplicity if found.intensity is None else found.intensity
    return inverse_d, strength, radiation


def _drawn(
    sticks: tuple[FloatArray, FloatArray, Radiation], scale: float, grid: FloatArray, width: float
) -> FloatArray:
    from scipy.ndimage import gaussian_filter1d

    inverse_d, strength, radiation = sticks
    # one line for the doublet, at its centre of gravity
    shares = sum(share for _, share in radiation.lines)
    wavelength = sum(length * share for length, share in radiation.lines) / shares
    sine = wavelength / 2 * inverse_d / scale
    seen = sine < 0.9999
    angle = np.degrees(2 * np.arcsin(sine[seen]))
    height = strength[seen] * lorentz_polarisation(angle)
    step = grid[1] - grid[0]
    place = np.round((angle - grid[0]) / step).astype(int)
    inside = (place >= 0) & (place < grid.size)
    drawn = np.bincount(place[inside], height[inside], grid.size)
    return np.asarray(gaussian_filter1d(np.sqrt(gaussian_filter1d(drawn, 3.0)), width))


def best_anode(
    two_theta: FloatArray,
    above_background: FloatArray,
    phases: Sequence[Phase],
    radiation: Radiation,
) -> tuple[str, float] | None:
    """Return the anode whose wavelength explains the pattern best, and its cosine.

    None where it is the one given, within 1 %.
    """
    results = []
    for name, (first, second) in ANODES.items():
        trial = Radiation(((first, 1.0), (second, KALPHA2_WEIGHT)), name)
        found = resemblance(two_theta, above_background, phases, trial, search=True)
        results.append((found.cosine, name, first))
    cosine, name, first = max(results)
    if abs(first / radiation.wavelength_angstrom - 1) < 0.01:
        return None
    return name, cosine
