"""The window of the blocking tail: where a straight line may be fitted.

A pellet between blocking electrodes ends, towards low frequency, in a straight line of the Nyquist
plane, Z = R + 1/(Q (jw)^n). Only points near the foot of that line know R: further down |Z| is
large against R, and the slow drift of n with frequency turns into a huge error. So a window starts
next to the foot of the arc and goes on while the residuals stay at the noise.

Every contiguous window is fitted at once (a few array operations for some hundred windows).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.eis.spectrum import FloatArray, Points

MINIMUM_WINDOW_POINTS = 6
MINIMUM_WINDOW_DECADES = 0.7
TOP_WITHIN_DECADES = 1.0
"""How far below the foot of the arc a window may begin."""
RISE_ABOVE_FOOT = 1.5
"""-Z'' at the top of a window over -Z'' at the foot: below this the arc is still half of it."""
TOLERANCES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Multiples of the noise that the residuals may reach, tried in turn."""
RIVAL_TOLERANCE = 4.0
"""Rivals of the best window, for the systematic error, may have residuals this much larger."""
NOISE_SHARE = 2.0
"""What noise explains of the spread, counted twice: its mean and its own scatter."""
MAXIMUM_WINDOW_POINTS = 60
MAXIMUM_WINDOW_ENDS = 32
"""Low ends of windows that are tried; those of a longer tail are thinned."""


@dataclass(frozen=True, slots=True)
class Branch:
    """The part of a spectrum where -Z'' rises towards low frequency.

    `start` and `stop` are positions among the points (high to low frequency, stop excluded);
    `has_arc` says that an arc lies above the start, `turns_back` that -Z'' falls again below it.
    """

    start: int
    stop: int
    has_arc: bool
    turns_back: bool


@dataclass(frozen=True, slots=True, eq=False)
class LineFits:
    """Straight lines Z' = a + b (-Z'') in many windows; every array has shape (windows,).

    `unit_variance` times the squared relative noise is the variance of the intercept;
    `foot_bias` is what the rest of the arc under the tail adds to it (see `arc_under_tail`).
    `curvature_t` is the size of an x ln x term in its standard errors (per unit relative noise),
    `runs_z` the score of the runs test (negative: too few changes of sign).
    """

    first: NDArray[np.intp]
    last: NDArray[np.intp]
    intercept: FloatArray
    slope: FloatArray
    unit_variance: FloatArray
    slope_unit_variance: FloatArray
    chi2: FloatArray
    count: FloatArray
    curvature: FloatArray
    curvature_unit_se: FloatArray
    runs_z: FloatArray
    foot_bias: FloatArray


def turning_points(points: Points) -> list[tuple[str, int]]:
    """Return the minima and maxima of -Z'' that exceed the noise, from high to low frequency."""
    height = -points.smooth_ohm.imag
    step = 2.0 * points.noise * np.abs(points.smooth_ohm)  # smoothing leaves 0.7 of the noise
    turns: list[tuple[str, int]] = []
    low = high = 0
    direction = ""
    for i in range(1, height.size):
        if direction != "down" and height[i] > height[high]:
            high = i
        if direction != "up" and height[i] < height[low]:
            low = i
        rise, fall = height[i] - height[low], height[high] - height[i]
        if direction != "down" and fall > max(step[i] + step[high], 0.03 * abs(height[high])):
            turns.append(("maximum", high))
            direction, low = "down", i
        elif direction != "up" and rise > max(step[i] + step[low], 0.03 * abs(height[low])):
            turns.append(("minimum", low))
            direction, high = "up", i
    return turns


def find_tail(points: Points) -> Branch | None:
    """Find the rising branch of -Z'' that ends at, or nearest to, the lowest frequency.

    Returns
    -------
    Branch or None
        None where -Z'' does not rise over at least six points and 0.7 decade at the low end, or
        where what rises is one limb of an arc that closes again.
    """
    height = -points.smooth_ohm.imag
    step = 2.0 * points.noise * np.abs(points.smooth_ohm)
    turns = turning_points(points)
    for k in reversed(range(len(turns))):
        kind, start = turns[k]
        if kind != "minimum":
            continue
        turned = k + 1 < len(turns)
        stop = turns[k + 1][1] + 1 if turned else height.size
        has_arc = bool(start and height[:start].max() - height[start] > 1.5 * step[start])
        if not has_arc:
            start = 0  # the plateau Z' = R above the tail belongs to it
        decades = np.log10(points.frequency_hz[start] / points.frequency_hz[stop - 1])
        long_enough = (
            stop - start >= MINIMUM_WINDOW_POINTS and decades >= MINIMUM_WINDOW_DECADES - 1e-9
        )
        if not long_enough or height[stop - 1] < 1.5 * max(height[start], 0.0):
            continue
        if turned and not has_arc and height[-1] < 0.7 * height[stop - 1]:
            continue  # the rising limb of an arc that closes again
        return Branch(start, stop, has_arc, turned)
    return None


def window_grid(points: Points, branch: Branch) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """List the windows (first, last position, inclusive) that the rules of place and size allow."""
    log_f = np.log10(points.frequency_hz)
    height = -points.smooth_ohm.imag
    first_allowed = branch.start
    if branch.has_arc:
        higher = np.flatnonzero(
            height[branch.start : branch.stop] >= RISE_ABOVE_FOOT * height[branch.start]
        )
        first_allowed = branch.start + (int(higher[0]) if higher.size else 0)
    last_allowed = min(branch.stop - 1, first_allowed + MAXIMUM_WINDOW_POINTS - 1)
    candidates = np.arange(first_allowed, last_allowed + 1)
    # Without an arc the plateau Z' = R belongs to the tail: the foot is where the tail leaves it.
    foot = log_f[first_allowed]
    if not branch.has_arc:
        leaves = np.flatnonzero(height[candidates] > 0.1 * np.abs(points.smooth_ohm[candidates]))
        foot = log_f[candidates[leaves[0]]] if leaves.size else foot
    tops = candidates[log_f[candidates] >= foot - TOP_WITHIN_DECADES - 1e-9]
    first, last = (g.ravel() for g in np.meshgrid(tops, _thinned(candidates), indexing="ij"))
    allowed = (last - first + 1 >= MINIMUM_WINDOW_POINTS) & (
        log_f[first] - log_f[last] >= MINIMUM_WINDOW_DECADES - 1e-9
    )
    return first[allowed], last[allowed]


def _thinned(candidates: NDArray[np.intp]) -> NDArray[np.intp]:
    """Keep every end near the foot, and fewer towards the low end, where they matter less."""
    if candidates.size <= MAXIMUM_WINDOW_ENDS:
        return candidates
    dense = MAXIMUM_WINDOW_ENDS * 2 // 3
    rest = np.linspace(dense, candidates.size - 1, MAXIMUM_WINDOW_ENDS - dense)
    kept = np.concatenate([np.arange(dense), np.round(rest).astype(np.intp)])
    return np.asarray(candidates[kept], dtype=np.intp)


def arc_under_tail(points: Points, branch: Branch) -> tuple[FloatArray, float, float] | None:
    """Estimate what is left of the arc under the tail.

    Far below its apex an arc leaves R - Z_arc = B (jw)^m: it adds x(f) = B' f^m to -Z'' and takes
    x cot(m pi/2) from Z'. At the foot the falling arc and the rising tail have equal slopes, so
    m x = n x_tail there; m is the steepest slope of -Z'' between apex and foot.

    Returns
    -------
    tuple or None
        -Z'' at the foot times (f / f_foot)^m, shape (n,); m; cot(m pi/2). None without an arc.
    """
    if not branch.has_arc or branch.start < 3:
        return None
    height = -points.smooth_ohm.imag
    log_f = np.log(points.frequency_hz)
    apex = int(np.argmax(height[: branch.start]))
    limb = np.log(np.maximum(height[apex : branch.start + 1], 1e-12 * np.abs(height).max()))
    steepest = 0.9
    if limb.size > 4:
        span = log_f[apex : branch.start + 1]
        steepest = float(np.max((limb[:-3] - limb[3:]) / (span[:-3] - span[3:])))
    m = float(np.clip(steepest, 0.4, 1.0))
    shape = height[branch.start] * np.exp(m * (log_f - log_f[branch.start]))
    return np.asarray(shape, dtype=np.float64), m, 1 / float(np.tan(m * np.pi / 2))


def fit_lines(
    points: Points,
    first: NDArray[np.intp],
    last: NDArray[np.intp],
    branch: Branch | None = None,
) -> LineFits:
    """Fit Z' = a + b (-Z'') in every window, weighted 1/|Z|^2, both coordinates uncertain.

    Both coordinates carry the same noise, proportional to |Z|. The weighted orthogonal line
    (Deming regression with equal errors) is then the maximum-likelihood line; ordinary regression
    of Z' on -Z'' would be pulled flat by the noise of -Z'' near the foot.

    Parameters
    ----------
    points
        The spectrum, n points.
    first, last
        Positions of the ends of each window, shape (m,), inclusive.
    branch
        The tail and its arc, to estimate what the arc leaves under the tail.

    Returns
    -------
    LineFits
        Arrays of shape (m,).
    """
    weight = 1.0 / np.abs(points.smooth_ohm) ** 2
    y, x = points.z_ohm.real, -points.z_ohm.imag
    position = np.arange(x.size)
    inside = (position >= first[:, None]) & (position <= last[:, None])
    w = inside * weight
    total = w.sum(axis=1)
    mean_x, mean_y = w @ x / total, w @ y / total
    dx, dy = x - mean_x[:, None], y - mean_y[:, None]
    sxx, sxy, syy = (np.einsum("mn,mn,mn->m", w, a, b) for a, b in ((dx, dx), (dx, dy), (dy, dy)))
    slope = np.tan(0.5 * np.arctan2(2 * sxy, sxx - syy))
    scale = 1 + slope**2
    intercept = mean_y - slope * mean_x
    perpendicular = (dy - slope[:, None] * dx) / np.sqrt(scale)[:, None]
    residual = perpendicular * np.sqrt(w)
    # The points projected on the line: what -Z'' would be without its noise.
    projected = x + slope[:, None] * (y - intercept[:, None] - slope[:, None] * x) / scale[:, None]
    dp = projected - mean_x[:, None]
    spp = np.einsum("mn,mn,mn->m", w, dp, dp)
    influence = w * (1 / total - mean_x / spp * dp.T).T
    # An inductance takes omega L from -Z'' and so adds slope * omega L to the intercept.
    foot_bias = (influence @ (2 * np.pi * points.frequency_hz)) * points.inductance_H * slope
    remains = arc_under_tail(points, branch) if branch is not None else None
    if remains is not None:
        shape, m, cotangent = remains
        n = np.clip(2 / np.pi * np.arctan2(1.0, slope), 0.3, 1.0)
        foot_bias = foot_bias - (influence @ shape) * n / (n + m) * (cotangent + slope)
    curvature, curvature_se = _curvature(projected, w, residual, inside)
    return LineFits(
        first=first,
        last=last,
        intercept=intercept,
        slope=slope,
        unit_variance=scale * (1 / total + mean_x**2 / spp),
        slope_unit_variance=scale / spp,
        chi2=np.einsum("mn,mn->m", residual, residual),
        count=inside.sum(axis=1).astype(float),
        curvature=curvature,
        curvature_unit_se=curvature_se,
        runs_z=_runs_score(residual, inside),
        foot_bias=foot_bias,
    )


def _curvature(
    projected: FloatArray, w: FloatArray, residual: FloatArray, inside: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Fit an x ln x term to the residuals, orthogonal to the line.

    If n drifts with frequency, the tail bends as x ln x and not as x^2.
    """
    root = np.sqrt(w)
    top = np.where(inside, np.abs(projected), 0.0).max(axis=1, keepdims=True)
    x = np.where(inside, projected / top, 1.0)
    positive = np.maximum(x, 1e-12)
    basis = [root, root * x, root * positive * np.log(positive)]
    orthogonal: list[FloatArray] = []
    for column in basis:
        for earlier in orthogonal:
            share = np.einsum("mn,mn->m", column, earlier) / np.einsum("mn,mn->m", earlier, earlier)
            column = column - share[:, None] * earlier
        orthogonal.append(column)
    bend = orthogonal[2]
    norm = np.einsum("mn,mn->m", bend, bend)
    norm = np.where(norm > 0, norm, np.inf)
    return np.einsum("mn,mn->m", bend, residual) / norm, 1 / np.sqrt(norm)


def _runs_score(residual: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    """Score of the Wald-Wolfowitz runs test on the signs of the residuals."""
    positive = (residual > 0) & inside
    both = inside[:, 1:] & inside[:, :-1]
    runs = 1 + ((positive[:, 1:] != positive[:, :-1]) & both).sum(axis=1)
    n = inside.sum(axis=1).astype(float)
    plus = positive.sum(axis=1).astype(float)
    minus = n - plus
    mean = 2 * plus * minus / n + 1
    variance = (mean - 1) * (mean - 2) / np.maximum(n - 1, 1)
    score = (runs - mean) / np.sqrt(np.maximum(variance, 1e-9))
    return np.asarray(np.where((plus == 0) | (minus == 0), -3.0, score), dtype=np.float64)


def admissible(fits: LineFits, points: Points, tolerance: float) -> NDArray[np.bool_]:
    """Say which windows hold a straight line at `tolerance` times the noise.

    Residuals at the noise, no x ln x bend, no runs of one sign, -Z'' falling with frequency.
    """
    noise = points.noise * tolerance
    free = fits.count - 2
    quiet = fits.chi2 / free <= noise**2 * (1 + 3 * np.sqrt(2 / free))
    straight = np.abs(fits.curvature) <= 2.5 * fits.curvature_unit_se * noise
    # With large tolerance residuals are structure, not noise: runs of sign then say nothing new.
    mixed = (fits.runs_z > -2.4) | (tolerance > 2)
    drop = np.diff(-points.z_ohm.imag) + 4 * points.noise * np.abs(points.smooth_ohm[1:])
    falling = np.concatenate([[0], np.cumsum(drop < 0)])
    monotonic = falling[fits.last] - falling[fits.first] == 0
    sensible = (fits.intercept > 0) & (fits.slope > -0.3) & (fits.slope < 3.0)
    return np.asarray(quiet & straight & mixed & monotonic & sensible, dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class ChosenWindow:
    """The window with the most information on R, and the spread of R over its rivals."""

    first: int
    last: int
    tolerance: float
    fits: LineFits
    best: int
    systematic: float
    foot_bias: float
    rivals: int


def choose_window(points: Points, branch: Branch) -> ChosenWindow | None:
    """Choose the admissible window with the smallest expected error of the intercept.

    The expected error holds the standard error from the noise and what the arc leaves under the
    tail.

    Returns
    -------
    ChosenWindow or None
        None where no window holds a line within the largest of `TOLERANCES`.
    """
    first, last = window_grid(points, branch)
    if not first.size:
        return None
    fits = fit_lines(points, first, last, branch)
    for tolerance in TOLERANCES:
        good = np.flatnonzero(admissible(fits, points, tolerance))
        if not good.size:
            continue
        expected = (points.noise * tolerance) ** 2 * fits.unit_variance + fits.foot_bias**2
        best = int(good[np.argmin(expected[good])])
        rivals_at = np.flatnonzero(admissible(fits, points, RIVAL_TOLERANCE * tolerance))
        systematic, rivals = spread(fits, rivals_at, best, points.noise * tolerance)
        return ChosenWindow(
            first=int(fits.first[best]),
            last=int(fits.last[best]),
            tolerance=tolerance,
            fits=fits,
            best=best,
            systematic=systematic,
            foot_bias=float(fits.foot_bias[best]),
            rivals=rivals,
        )
    return None


def spread(fits: LineFits, good: NDArray[np.intp], best: int, noise: float) -> tuple[float, int]:
    """Return the spread of the intercept over admissible windows beyond what noise explains.

    Two estimates from overlapping data, one of them efficient, differ by the difference of their
    variances (Hausman, Econometrica 46 (1978) 1251); that part is noise, not systematic.
    """
    near = good[fits.unit_variance[good] <= 9 * fits.unit_variance[best]]
    if near.size < 2:
        return 0.0, int(near.size)
    shift2 = (fits.intercept[near] - fits.intercept[best]) ** 2
    by_noise = noise**2 * (fits.unit_variance[near] - fits.unit_variance[best])
    share = 1 / fits.unit_variance[near]
    excess = float(np.sum(share * (shift2 - NOISE_SHARE * by_noise)) / np.sum(share))
    return float(np.sqrt(max(excess, 0.0))), int(near.size)
