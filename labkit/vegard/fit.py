"""Vegard's law: does a lattice parameter change linearly with composition, and up to where.

Three models are fitted by weighted least squares: a line, a parabola (bowing), and a line that
ends in a plateau at a solubility limit. The esds of a refinement are statistical and often too
small, so every standard error is scaled by sqrt(chi2 / (n - p)) where that exceeds 1 (the
weighted-scatter rule of Birge, Phys. Rev. 40 (1932) 207). The position of a break is no regular
parameter (Davies, Biometrika 74 (1987) 33), hence the p values of the two departures, and of
their larger one, come from simulation of the straight line with the same x and esds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.vegard.departures import (
    EsdsFrom,
    StraightLine,
    examine_departures,
    fit_line,
    line_probability,
    scale_of_esds,
    solubility_limit,
)
from labkit.vegard.errors import VegardError
from labkit.vegard.result import EndMember, Estimate, VegardFit
from labkit.vegard.verdict import LEVEL, judge

__all__ = ["fit_vegard", "pseudo_cubic"]

FloatArray: TypeAlias = NDArray[np.float64]


def pseudo_cubic(
    volume_angstrom3: float, volume_esd: float | None, z: int
) -> tuple[float, float | None]:
    """Return (V/Z)^(1/3) in angstrom and its esd, the length that compares different cells.

    Raises
    ------
    VegardError
        When the volume or the number of formula units is not positive.
    """
    if not (volume_angstrom3 > 0 and z > 0):
        raise VegardError(f"a cell of {volume_angstrom3:g} A^3 with Z = {z} has no edge")
    edge = (volume_angstrom3 / z) ** (1 / 3)
    return edge, None if not volume_esd else edge * volume_esd / (3 * volume_angstrom3)


def fit_vegard(
    x: Sequence[float],
    value_angstrom: Sequence[float],
    esd_angstrom: Sequence[float | None] | None = None,
    *,
    quantity: str = "a",
    x_se: float = 0.0,
    end_members: Mapping[str, tuple[float, float, float | None]] | None = None,
) -> VegardFit:
    """Fit the straight line and test it against bowing and against a solubility limit.

    Parameters
    ----------
    x : sequence of float, shape (n,)
        Composition, analysed where it was; n >= 2 with two different values.
    value_angstrom : sequence of float, shape (n,)
        Lattice parameter, or `pseudo_cubic`, in angstrom.
    esd_angstrom : sequence of (float or None), optional
        Standard errors; None and 0.0 mean unknown, never exact.
    quantity : str
        Name of the value, for the figure and the sentences.
    x_se : float
        Standard error of each x; enters through the slope.
    end_members : mapping of name to (x, value, esd or None), optional
        Known lattice parameters the extrapolated line is compared with; they are not fitted.

    Returns
    -------
    VegardFit

    Raises
    ------
    VegardError
        When the lengths differ, a number is not finite or positive, or all x are the same.
    """
    xs, values, esds = _checked(x, value_angstrom, esd_angstrom)
    sigma, esds_from, notes = _weights(esds, values)
    if x_se > 0 and esds_from == "refinement":
        sigma = np.hypot(sigma, fit_line(xs, values, sigma).slope * x_se)
    line = fit_line(xs, values, sigma)
    tests = examine_departures(xs, values, sigma, esds_from)
    straight = tests.p_linear is None or tests.p_linear >= LEVEL
    departure = "none" if straight else tests.larger
    limit, interval = None, None
    if departure == "plateau":
        limit, interval = solubility_limit(xs, values, sigma, esds_from)
    up_to = float(xs[-1]) if straight else _holds_up_to(xs, values, sigma, limit, esds_from)
    below = xs <= (xs[-1] if limit is None else limit)
    within = line if np.unique(xs[below]).size < 2 else _part(xs, values, sigma, below)
    ends = _end_members(end_members or {}, within, esds_from)
    scale = scale_of_esds(line, esds_from)
    slope = _slope(line, esds_from)
    slope_within = _slope(within, esds_from)
    shape = (departure, limit, interval, up_to)
    reasons, messages = judge(quantity, xs, esds, line, slope_within, tests, shape, ends, esds_from)
    return VegardFit(
        quantity=quantity,
        x=tuple(float(v) for v in xs),
        value_angstrom=tuple(float(v) for v in values),
        esd_angstrom=tuple(None if math.isnan(e) else float(e) for e in esds),
        slope=slope,
        intercept=_intercept(line, esds_from),
        curvature=Estimate(tests.curvature, tests.curvature_se, tests.p_curvature),
        x_centre=line.centre,
        value_centre=line.value,
        covariance=((scale**2 * line.var_value, 0.0), (0.0, scale**2 * line.var_slope)),
        chi2=line.chi2,
        chi2_reduced=line.chi2 / line.free if line.free and esds_from == "refinement" else None,
        scale=scale,
        t_quantile=_t_quantile(line, esds_from),
        linearity_p_value=tests.p_linear,
        curvature_p_value=tests.p_curvature,
        plateau_p_value=tests.p_plateau,
        departure=departure,
        solubility_limit=limit,
        solubility_interval95=interval,
        law_holds_up_to_x=up_to,
        slope_within_limit=slope_within,
        intercept_within_limit=_intercept(within, esds_from),
        end_members=ends,
        esds_from=esds_from,
        verdict="review" if reasons else "accepted",
        reasons=reasons,
        messages=(*notes, *messages),
    )


def _checked(
    x: Sequence[float],
    value_angstrom: Sequence[float],
    esd_angstrom: Sequence[float | None] | None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the series in the order of x; an unknown esd is NaN."""
    given = [None] * len(x) if esd_angstrom is None else list(esd_angstrom)
    if not len(x) == len(value_angstrom) == len(given):
        raise VegardError(
            f"{len(x)} compositions, {len(value_angstrom)} lattice parameters and {len(given)} "
            "esds: give one of each per sample"
        )
    xs = np.asarray(x, dtype=float)
    values = np.asarray(value_angstrom, dtype=float)
    esds = np.array([e if e is not None and e > 0 else math.nan for e in given], dtype=float)
    if not (np.isfinite(xs).all() and np.isfinite(values).all()):
        raise VegardError("a composition or a lattice parameter is not a number; mend that row")
    if not (values > 0).all():
        raise VegardError("a lattice parameter is not positive; lengths are in angstrom")
    if np.unique(xs).size < 2:
        raise VegardError(
            f"{xs.size} sample(s) at one composition: Vegard's law needs two compositions, "
            "and a test of it three"
        )
    order = np.argsort(xs, kind="stable")
    return xs[order], values[order], esds[order]


def _weights(esds: FloatArray, values: FloatArray) -> tuple[FloatArray, EsdsFrom, tuple[str, ...]]:
    unknown = np.isnan(esds)
    if unknown.all():
        note = "no esd is known: every point has the same weight and the scatter sets the errors"
        return np.full(values.size, float(values.mean()) * 1e-4), "scatter", (note,)
    if unknown.any():
        largest = float(np.nanmax(esds))
        note = (
            f"the esd of {int(unknown.sum())} point(s) is unknown (0.0 means unknown, not exact): "
            f"the largest known, {largest:.2g} A, is taken"
        )
        return np.where(unknown, largest, esds), "refinement", (note,)
    return esds, "refinement", ()


def _part(xs: FloatArray, values: FloatArray, sigma: FloatArray, taken: Any) -> StraightLine:
    return fit_line(xs[taken], values[taken], sigma[taken])


def _holds_up_to(
    xs: FloatArray,
    values: FloatArray,
    sigma: FloatArray,
    limit: float | None,
    esds_from: EsdsFrom,
) -> float | None:
    """Largest measured x below which at least three points lie on a line, else the limit's x."""
    if esds_from == "refinement":
        for last in np.unique(xs)[:1:-1]:
            taken = xs <= last
            if line_probability(_part(xs, values, sigma, taken)) >= LEVEL and last < xs[-1]:
                return float(last)
    if limit is None:
        return None
    return float(xs[xs <= limit][-1])


def _t_quantile(line: StraightLine, esds_from: EsdsFrom) -> float:
    """Half width of a 95 % interval in standard errors: normal where the esds set the scale."""
    from scipy.stats import norm, t

    if esds_from == "refinement" and scale_of_esds(line, esds_from) == 1.0:
        return float(norm.ppf(0.975))
    return float(t.ppf(0.975, line.free)) if line.free else math.inf


def _p_of(value: float, se: float, line: StraightLine, esds_from: EsdsFrom) -> float | None:
    from scipy.stats import norm, t

    if not (math.isfinite(se) and se > 0):
        return None
    if esds_from == "refinement" and scale_of_esds(line, esds_from) == 1.0:
        return float(2 * norm.sf(abs(value / se)))
    return float(2 * t.sf(abs(value / se), line.free)) if line.free else None


def _slope(line: StraightLine, esds_from: EsdsFrom) -> Estimate:
    se = scale_of_esds(line, esds_from) * math.sqrt(line.var_slope)
    known = se if math.isfinite(se) else None
    return Estimate(line.slope, known, _p_of(line.slope, se, line, esds_from))


def _intercept(line: StraightLine, esds_from: EsdsFrom) -> Estimate:
    value, variance = line.at(0.0)
    se = scale_of_esds(line, esds_from) * math.sqrt(variance)
    known = se if math.isfinite(se) else None
    return Estimate(value, known, _p_of(value, se, line, esds_from))


def _end_members(
    known: Mapping[str, tuple[float, float, float | None]],
    line: StraightLine,
    esds_from: EsdsFrom,
) -> tuple[EndMember, ...]:
    members = []
    for name, (x, value, esd) in known.items():
        predicted, variance = line.at(x)
        se = math.hypot(scale_of_esds(line, esds_from) * math.sqrt(variance), esd or 0.0)
        difference = predicted - value
        members.append(
            EndMember(
                name=name,
                x=x,
                value=value,
                esd=esd or None,
                difference=difference,
                difference_se=se if math.isfinite(se) else None,
                p_value=_p_of(difference, se, line, esds_from),
            )
        )
    return tuple(members)
