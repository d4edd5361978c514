"""Peaks that no phase explains, kept from pulling the cell of the phases that are there.

An unmodelled line of an impurity moves a neighbouring reflection, and free intensities let that
pass unseen. Two steps keep it away from the lattice: every unexplained peak becomes a line of its
own with a free position, and reflections that then still lie off the common lattice - an impurity
has weaker lines, hidden under them - are left out of the fit. What lies too close to be noticed
widens the errors of the lattice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.least_squares import Fit, refine
from labkit.xrd.model import Model
from labkit.xrd.peaks import Peak
from labkit.xrd.reflection_scatter import jackknife_ratios
from labkit.xrd.residuals import residual_peaks, unexplained_share
from labkit.xrd.single_peaks import SinglePeaks

__all__ = [
    "SettingAside",
    "contaminated_ranges",
    "lattice_ratios",
    "place_single_peaks",
    "set_aside",
]

FloatArray: TypeAlias = NDArray[np.float64]

_MOST_PEAKS = 20
_TOO_LITTLE_EXPLAINED = 0.35
_OFF_LATTICE = 4.0
"""A reflection is off the lattice beyond so many standard errors of its position."""
_MOST_OFF = 0.34
"""Part of the reflections that may be off; more than that are no exceptions."""
_ROUNDS = 4
_STRONG_IMPURITY = 0.02
"""Height over the strongest peak's below which an impurity moves no cell by much."""


@dataclass(frozen=True, slots=True, eq=False)
class SettingAside:
    """The refinement with the unexplained `peaks` set aside; fields as in `BuiltinFit`."""

    model: Model
    fit: Fit
    free: tuple[str, ...]
    weight: FloatArray
    calculated: FloatArray
    left_out: tuple[tuple[float, float], ...]
    peaks: tuple[Peak, ...]


def set_aside(
    model: Model, fit: Fit, free: Sequence[str], observed: FloatArray, sigma: FloatArray
) -> SettingAside | None:
    """Refine again with single peaks where no phase explains the pattern.

    Parameters
    ----------
    model, fit, free
        The refinement of the phases alone.
    observed, sigma : ndarray, shape (n,)

    Returns
    -------
    SettingAside or None
        None where every strong peak is explained, or where so little is that the phase is in
        doubt.
    """
    angle, first = model.two_theta, fit.evaluation
    peaks = residual_peaks(angle, observed, first.total, first.background, sigma)
    if not peaks or len(peaks) > max(3, model.n_reflections // 2):
        return None
    if unexplained_share(angle, observed, first.total) > _TOO_LITTLE_EXPLAINED:
        return None
    strongest = max(peak.height_counts for peak in peaks)
    if strongest < _STRONG_IMPURITY * float((observed - first.background).max()):
        return None
    single = place_single_peaks(peaks, model, fit.values)
    larger = Model(
        angle,
        [*model.phases, single],
        model.radiation,
        [*model.modes, "free"],
        background_terms=model.chebyshev.shape[1],
        monochromator_deg=model.monochromator_deg,
    )
    values = np.zeros(len(larger.names))
    for name, value in zip(model.names, fit.values, strict=True):
        values[larger.index[name]] = value
    number = len(model.phases)
    values[larger.metric_of(number)] = single.free_parameters()
    values[larger.index[f"X {number}"]] = values[larger.index["X 0"]] + 0.02
    values[larger.index[f"Y {number}"]] = values[larger.index["Y 0"]]
    heights = np.interp(
        larger.evaluate(values, np.ones(larger.n_reflections)).centre_deg[larger.spans[-1]],
        angle,
        observed - first.total,
    )
    width = _typical_width(model, fit.values)
    intensity = np.concatenate([fit.intensity, np.maximum(heights, 1e-9) * width])
    own = [f"X {number}", *(larger.names[column] for column in larger.metric_of(number))]
    weight = 1 / sigma
    found = refine(larger, values, intensity, observed, weight, own, max_cycles=6, tolerance=1e-3)
    names = [*free, *own]
    found = refine(larger, found.values, found.intensity, observed, weight, names, max_cycles=20)
    left_out: list[tuple[float, float]] = []
    for _ in range(_ROUNDS):
        more = contaminated_ranges(larger, found, observed, weight, width)
        if not more:
            break
        left_out = _joined(sorted([*left_out, *more]))
        weight = _outside(angle, left_out) / sigma
        found = refine(
            larger, found.values, found.intensity, observed, weight, names, max_cycles=20
        )
    if left_out:  # intensities in the gaps follow the pattern again, at the cell found without them
        backgrounds = [name for name in names if name.startswith("background")]
        filled = refine(
            larger, found.values, found.intensity, observed, 1 / sigma, backgrounds, max_cycles=4
        )
        found = replace(filled, chi2=found.chi2, converged=found.converged)
    without = found.evaluation.total - found.evaluation.shapes @ np.where(
        np.arange(larger.n_reflections) >= larger.spans[-1].start, found.intensity, 0.0
    )
    return SettingAside(larger, found, tuple(names), weight, without, tuple(left_out), peaks)


def place_single_peaks(peaks: Sequence[Peak], model: Model, values: FloatArray) -> SinglePeaks:
    """Return the strongest unexplained peaks as lines of the first wavelength.

    Parameters
    ----------
    peaks : sequence of Peak
        Of the difference curve.
    model, values
        The refined model, whose shifts the positions are freed from.
    """
    strongest = sorted(peaks, key=lambda peak: -peak.height_counts)[:_MOST_PEAKS]
    seen = np.sort([peak.two_theta_deg for peak in strongest])
    zero, displacement = (values[model.index[name]] for name in ("zero", "displacement"))
    theta = np.radians(seen - zero - displacement * np.cos(np.radians(seen / 2))) / 2
    inverse_d2 = (2 * np.sin(theta) / model.radiation.wavelength_angstrom) ** 2
    return SinglePeaks(inverse_d2, np.zeros((6, seen.size)))


def contaminated_ranges(
    model: Model, fit: Fit, observed: FloatArray, weight: FloatArray, width_deg: float
) -> list[tuple[float, float]]:
    """Return the ranges of 2-theta whose reflections lie off the lattice of all others.

    The shift that each reflection would take if it were free is found in one linear step beside
    every intensity. Its standard error is scaled to the scatter of all shifts (median absolute
    deviation), so that an imperfect profile, which moves every reflection, sets none apart.

    Parameters
    ----------
    model : Model
        The last phase is that of the foreign peaks; it is not examined.
    observed, weight : ndarray, shape (n,)
        The weight is zero where reflections are left out already.
    width_deg : float
        Full width at half maximum of a reflection.

    Returns
    -------
    list of (first, last)
        Degrees; empty where nothing or too much stands out.
    """
    chosen = _judged_reflections(model, fit, weight)
    if chosen.size < 6:
        return []
    centre = fit.evaluation.centre_deg
    shift, error = _free_shifts(model, fit, observed, weight, chosen)
    pull = shift / error
    scatter = max(1.0, 1.4826 * float(np.median(np.abs(pull - np.median(pull)))))
    pull = np.abs(pull - np.median(pull)) / scatter
    if pull.max() < _OFF_LATTICE or (pull > _OFF_LATTICE).sum() > _MOST_OFF * chosen.size:
        return []
    # the worst ones drag the lattice, which makes good reflections look off: these go first
    off = pull > max(_OFF_LATTICE, 0.5 * float(pull.max()))
    return [_range_of(model, float(c), 2.5 * width_deg) for c in np.sort(centre[chosen[off]])]


def _judged_reflections(model: Model, fit: Fit, weight: FloatArray) -> NDArray[np.int64]:
    """Return the reflections of the host that count: strong, in range, not left out."""
    own = np.zeros(model.n_reflections, dtype=bool)
    for span in model.spans[:-1]:
        own[span] = True
    centre = fit.evaluation.centre_deg
    strong = fit.intensity > 1e-3 * fit.intensity.max()
    point = np.clip(np.searchsorted(model.two_theta, centre), 1, model.two_theta.size - 1)
    inside = (centre > model.two_theta[0]) & (centre < model.two_theta[-1])
    return np.flatnonzero(own & strong & inside & (weight[point] > 0))


def lattice_ratios(
    model: Model, fit: Fit, free: Sequence[str], observed: FloatArray, weight: FloatArray
) -> dict[str, float]:
    """Return by how much the errors of the lattice grow, because any reflection may hide a line.

    Parameters
    ----------
    model : Model
        The last phase is that of the foreign peaks.
    free : sequence of str
        Parameters that were refined.
    observed, weight : ndarray, shape (n,)

    Returns
    -------
    dict
        A factor of at least 1 for every refined parameter of the lattices; see
        `labkit.xrd.reflection_scatter`. Empty where there are too few reflections to tell.
    """
    foreign = f"metric {len(model.phases) - 1} "
    names = [
        name
        for name in free
        if name in ("zero", "displacement")
        or (name.startswith("metric") and not name.startswith(foreign))
    ]
    chosen = _judged_reflections(model, fit, weight)
    if chosen.size < 2 * len(names):
        return {}
    shift, error = _free_shifts(model, fit, observed, weight, chosen)
    columns = np.array([model.index[name] for name in names])
    design = model.centres_by(fit.values)[np.ix_(chosen, columns)]
    ratios = jackknife_ratios(shift, error, design)
    found = zip(names, ratios, strict=True)
    return {name: float(ratio) for name, ratio in found if name.startswith("metric")}


def _range_of(model: Model, centre_deg: float, reach_deg: float) -> tuple[float, float]:
    """Return the range of a reflection with all its lines (K-alpha2)."""
    sine = math.sin(math.radians(centre_deg / 2)) / model.radiation.wavelength_angstrom
    places = [
        2 * math.degrees(math.asin(min(sine * wavelength, 1.0)))
        for wavelength, _ in model.radiation.lines
    ]
    return min(places) - reach_deg, max(places) + reach_deg


def _free_shifts(
    model: Model, fit: Fit, observed: FloatArray, weight: FloatArray, chosen: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Return the shift of each chosen reflection in degrees and its standard error."""
    from scipy.sparse import csc_array, diags_array, hstack

    step = 1e-3
    moved = model.moved_shapes(fit.values, step)
    slopes: Any = csc_array((moved - fit.evaluation.shapes) / step)[:, chosen]
    slopes = slopes @ diags_array(fit.intensity[chosen])
    active = np.flatnonzero(fit.intensity > 0)
    columns = hstack([csc_array(fit.evaluation.shapes)[:, active], slopes])
    design = diags_array(weight) @ columns
    residual = (observed - fit.evaluation.total) * weight
    normal = (design.T @ design).toarray()
    root = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    scaled = normal / root[:, None] / root[None, :]
    scaled[np.diag_indices_from(scaled)] += 1e-6
    inverse = np.linalg.inv(scaled)
    solution = inverse @ (design.T @ residual / root) / root
    error = np.sqrt(np.diag(inverse)) / root
    first = active.size
    return solution[first:], error[first:]


def _joined(ranges: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for low, high in ranges:
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def _outside(two_theta: FloatArray, ranges: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Return which points lie in none of the ranges."""
    kept = np.ones(two_theta.size, dtype=bool)
    for low, high in ranges:
        kept &= (two_theta < low) | (two_theta > high)
    return kept


def _typical_width(model: Model, values: FloatArray) -> float:
    """Return the full width at half maximum of the first phase in the middle of the range."""
    middle = math.radians(float(model.two_theta.mean()) / 2)
    tangent, secant = math.tan(middle), 1 / math.cos(middle)
    u, v, w, x, y = (values[model.index[name]] for name in ("U", "V", "W", "X 0", "Y 0"))
    gauss = math.sqrt(max(u * tangent**2 + v * tangent + w, 1e-5))
    lorentz = x * secant + y * tangent
    return float((gauss**5 + lorentz**5) ** 0.2)
