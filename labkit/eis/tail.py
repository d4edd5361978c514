"""R_total of a pellet between blocking electrodes, by extrapolation of the blocking tail.

Z = R + 1/(Q (jw)^n) is a straight line of the Nyquist plane that meets the real axis at R. We fit
Z' on -Z'' with weights 1/|Z|^2: the intercept is R itself, with its own standard error. The usual
unweighted line of -Z'' on Z' is ruled by the lowest frequencies, where |Z| >> R, and is biased; it
is kept beside ours as a comparison. A complex CPE fit on the same window is the cross-check.

A "Warburg tail" is the case n = 1/2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from labkit.eis.arc_intercept import fit_arc_intercept
from labkit.eis.cpe import CpeFit, fit_cpe
from labkit.eis.spectrum import MaskedPoint, Points, SpectrumError, SpectrumLike, usable_points
from labkit.eis.tail_checks import TailState, tail_reasons
from labkit.eis.validity import KramersKronig, check_kramers_kronig
from labkit.eis.verdict import Reason, Verdict, conclude
from labkit.eis.window import (
    Branch,
    ChosenWindow,
    LineFits,
    admissible,
    choose_window,
    find_tail,
    fit_lines,
    spread,
)
from labkit.geometry import Measured
from labkit.json_ready import json_ready

__all__ = ["MaskedPoint", "SpectrumError", "TailFit", "fit_tail"]

NOISE_PRIOR_COUNT = 12
"""The noise of the whole spectrum counts as this many points beside those of the window."""


@dataclass(frozen=True, slots=True)
class TailFit:
    """R_total of one spectrum with its errors, its window and its verdict.

    Parameters
    ----------
    resistance_ohm, resistance_random_ohm, resistance_systematic_ohm
        Intercept, its standard error from the noise, and the spread over admissible windows, or
        where that hides in the noise what another estimator and the end points change.
    window_hz, n_points
        Lowest and highest frequency of the window, and its number of points.
    cpe_n, cpe_n_se, cpe_q
        CPE parameters on the window (1 = capacitor, 0.5 = Warburg); NaN without a tail.
    intercept_method
        ``"blocking-tail"`` or ``"arc-intercept"`` (no tail: low-frequency end of the arc).
    classical_resistance_ohm
        Unweighted line of -Z'' on Z' through the same points, a comparison only.
    cpe_resistance_ohm, cpe_resistance_se_ohm
        R of the complex CPE fit on the same window.
    window_source
        ``"automatic"`` or ``"set by hand"``.
    masked
        Points left out, with reasons, indices in the order of measurement.
    noise_relative, residual_relative
        Noise of the spectrum and root mean square residual of the window, relative to |Z|.
    slope
        dZ'/d(-Z'') of the line; the drawn line is Z' = R + slope (-Z'').
    kramers_kronig_rms, kramers_kronig_systematic
        Residual of the Kramers-Kronig fit relative to |Z|, and the part of it beyond the noise;
        NaN where the test was left out.
    verdict, reasons, messages
        ``accepted``, ``review`` or ``rejected``, codes, sentences.
    """

    resistance_ohm: float
    resistance_random_ohm: float
    resistance_systematic_ohm: float
    window_hz: tuple[float, float]
    n_points: int
    cpe_n: float
    cpe_n_se: float
    cpe_q: float
    intercept_method: Literal["blocking-tail", "arc-intercept"]
    classical_resistance_ohm: float
    cpe_resistance_ohm: float
    cpe_resistance_se_ohm: float
    window_source: Literal["automatic", "set by hand"]
    masked: tuple[MaskedPoint, ...]
    noise_relative: float
    residual_relative: float
    slope: float
    kramers_kronig_rms: float
    kramers_kronig_systematic: float
    verdict: Verdict
    reasons: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def resistance(self) -> Measured:
        """R_total with both standard errors, as `labkit.conductivity.conductivity` takes it."""
        return Measured(
            self.resistance_ohm, self.resistance_random_ohm, self.resistance_systematic_ohm
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values (NaN becomes None)."""
        result: dict[str, Any] = json_ready(self)
        return result


def fit_tail(
    spectrum: SpectrumLike,
    *,
    window_hz: tuple[float, float] | None = None,
    mask: Mapping[int, str] | None = None,
    z_limit_ohm: float | None = None,
    lead_resistance_ohm: float | None = None,
    kramers_kronig: bool = True,
) -> TailFit:
    """Extrapolate the blocking tail to R_total.

    Parameters
    ----------
    spectrum
        A record with `frequency_hz` and `z_ohm`, or the pair of arrays, shape (n,) each.
    window_hz
        Window set by hand, (low, high); None: chosen automatically.
    mask
        Points to leave out: reason by index in the order of measurement.
    z_limit_ohm
        Largest |Z| the instrument measures reliably; a window near it is for review.
    lead_resistance_ohm
        Resistance of leads and contacts where the spectrum is not corrected for it; R below ten
        times that is for review.
    kramers_kronig
        Test the whole spectrum for Kramers-Kronig consistency (about 2 ms) and weigh the result
        into the verdict.

    Returns
    -------
    TailFit
        Ugly data never raise: the verdict is ``rejected`` with reasons.

    Raises
    ------
    SpectrumError
        If fewer than five points can be used, or a window set by hand holds fewer than three.
    """
    points = usable_points(spectrum, mask=mask)
    context = Context(
        points=points,
        branch=find_tail(points),
        valid=check_kramers_kronig(points)
        if kramers_kronig and points.frequency_hz.size >= 6
        else None,
        z_limit_ohm=z_limit_ohm,
        lead_resistance_ohm=lead_resistance_ohm,
    )
    if window_hz is not None:
        return _fit_by_hand(context, window_hz)
    chosen = choose_window(points, context.branch) if context.branch is not None else None
    return _from_arc(context) if chosen is None else _finish(context, chosen, "automatic")


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What every way to a result needs to know."""

    points: Points
    branch: Branch | None
    valid: KramersKronig | None
    z_limit_ohm: float | None
    lead_resistance_ohm: float | None

    @property
    def kramers_kronig(self) -> tuple[float, float]:
        """Residual and systematic part, NaN where not tested."""
        return (
            (math.nan, math.nan) if self.valid is None else (self.valid.rms, self.valid.systematic)
        )

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Findings of the Kramers-Kronig test."""
        return () if self.valid is None else self.valid.reasons


def _fit_by_hand(context: Context, window_hz: tuple[float, float]) -> TailFit:
    """Fit the window a person chose; its spread comes from trimming its ends."""
    points, branch = context.points, context.branch
    low, high = sorted(window_hz)
    inside = np.flatnonzero(
        (points.frequency_hz >= low * (1 - 1e-9)) & (points.frequency_hz <= high * (1 + 1e-9))
    )
    if inside.size < 3:
        raise SpectrumError(
            f"the window {low:g} Hz to {high:g} Hz holds {inside.size} usable points; "
            "at least 3 are needed"
        )
    top, bottom = int(inside[0]), int(inside[-1])
    trim = min(2, (inside.size - 3) // 2)
    ends = [(top + i, bottom - j) for i in range(trim + 1) for j in range(trim + 1)]
    fits = fit_lines(points, np.array([e[0] for e in ends]), np.array([e[1] for e in ends]), branch)
    free = fits.count[0] - 2
    tolerance = max(1.0, math.sqrt(float(fits.chi2[0]) / max(free, 1)) / points.noise)
    systematic, rivals = spread(fits, np.arange(len(ends)), 0, points.noise * tolerance)
    chosen = ChosenWindow(
        top, bottom, tolerance, fits, 0, systematic, float(fits.foot_bias[0]), rivals
    )
    if branch is None:
        context = replace(context, branch=Branch(top, bottom + 1, False, False))
    return _finish(context, chosen, "set by hand")


def _finish(
    context: Context, chosen: ChosenWindow, source: Literal["automatic", "set by hand"]
) -> TailFit:
    """Put errors, cross-checks and verdict to the chosen window."""
    points, branch = context.points, context.branch
    assert branch is not None
    fits, best = chosen.fits, chosen.best
    window = slice(chosen.first, chosen.last + 1)
    frequency, z = points.frequency_hz[window], points.z_ohm[window]
    noise = _noise_of_line(points, fits, best, chosen.tolerance)
    resistance = float(fits.intercept[best])
    random = noise * math.sqrt(float(fits.unit_variance[best]))
    cpe = fit_cpe(frequency, z, noise)
    systematic = max(chosen.systematic, _least_systematic(context, chosen, resistance, cpe))
    state = TailState(
        points=points,
        branch=branch,
        first=chosen.first,
        last=chosen.last,
        resistance_ohm=resistance,
        random_ohm=random,
        systematic_ohm=systematic,
        slope=float(fits.slope[best]),
        residual=math.sqrt(float(fits.chi2[best]) / max(float(fits.count[best]) - 2, 1)),
        tolerance=chosen.tolerance,
        straight=bool(admissible(fits, points, max(chosen.tolerance, 2.0))[best]),
        cpe=cpe,
        z_limit_ohm=context.z_limit_ohm,
        lead_resistance_ohm=context.lead_resistance_ohm,
    )
    verdict, codes, messages = conclude([*tail_reasons(state), *context.reasons])
    kk_rms, kk_systematic = context.kramers_kronig
    return TailFit(
        resistance_ohm=resistance,
        resistance_random_ohm=random,
        resistance_systematic_ohm=systematic,
        window_hz=(float(frequency[-1]), float(frequency[0])),
        n_points=int(frequency.size),
        cpe_n=cpe.n,
        cpe_n_se=cpe.n_se,
        cpe_q=cpe.q,
        intercept_method="blocking-tail",
        classical_resistance_ohm=classical_intercept(z),
        cpe_resistance_ohm=cpe.resistance_ohm,
        cpe_resistance_se_ohm=cpe.resistance_se_ohm,
        window_source=source,
        masked=points.masked,
        noise_relative=points.noise,
        residual_relative=state.residual,
        slope=state.slope,
        kramers_kronig_rms=kk_rms,
        kramers_kronig_systematic=kk_systematic,
        verdict=verdict,
        reasons=codes,
        messages=messages,
    )


def _least_systematic(
    context: Context, chosen: ChosenWindow, resistance_ohm: float, cpe: CpeFit
) -> float:
    """Return what the choice of estimator and of the window's ends changes at least.

    Where the spread over admissible windows hides in the noise, or one window alone is admissible,
    the systematic error is not zero but unknown. Two estimators of the same R on the same points,
    and the same estimator without either end point, share most of the noise; the root mean square
    of their changes is the least that is known of it.
    """
    points = context.points
    changes = [cpe.resistance_ohm - resistance_ohm] if cpe.converged else []
    if chosen.last - chosen.first >= 4:
        first = np.array([chosen.first + 1, chosen.first])
        last = np.array([chosen.last, chosen.last - 1])
        shorter = fit_lines(points, first, last, context.branch)
        changes += (shorter.intercept - resistance_ohm).tolist()
    known = [change for change in changes if math.isfinite(change)]
    return math.sqrt(sum(change**2 for change in known) / len(known)) if known else 0.0


def _noise_of_line(points: Points, fits: LineFits, best: int, tolerance: float) -> float:
    """Pool the residuals of the window with the noise of the whole spectrum.

    A window of six points estimates its own noise badly; where the residuals exceed the noise
    (structure), they rule alone.
    """
    free = max(float(fits.count[best]) - 2, 1.0)
    chi2 = float(fits.chi2[best])
    prior = min(points.noise_count, NOISE_PRIOR_COUNT)
    pooled = (chi2 + prior * points.noise**2) / (free + prior)
    return math.sqrt(max(pooled, chi2 / free) if tolerance > 1 else pooled)


def classical_intercept(z_ohm: Any) -> float:
    """Return where the unweighted line of -Z'' on Z' meets the real axis; NaN if it does not."""
    z = np.asarray(z_ohm, dtype=complex)
    centred = z.real - z.real.mean()
    spread_of_real = float(centred @ centred)
    if spread_of_real <= 0:
        return math.nan
    slope = float(centred @ -z.imag) / spread_of_real
    return float(z.real.mean() + z.imag.mean() / slope) if slope else math.nan


def _from_arc(context: Context) -> TailFit:
    """Without a tail, R is where the arc meets the real axis at low frequency."""
    points = context.points
    arc = fit_arc_intercept(points, tail_but_not_straight=context.branch is not None)
    reasons = [*arc.reasons, *context.reasons]
    lead = context.lead_resistance_ohm
    if lead and arc.resistance_ohm < 10 * lead:
        reasons.append(
            Reason("review", "lead-resistance", "R is below ten times the resistance of the leads")
        )
    verdict, codes, messages = conclude(reasons)
    kk_rms, kk_systematic = context.kramers_kronig
    return TailFit(
        resistance_ohm=arc.resistance_ohm,
        resistance_random_ohm=arc.random_ohm,
        resistance_systematic_ohm=arc.systematic_ohm,
        window_hz=arc.window_hz,
        n_points=arc.n_points,
        cpe_n=math.nan,
        cpe_n_se=math.nan,
        cpe_q=math.nan,
        intercept_method="arc-intercept",
        classical_resistance_ohm=math.nan,
        cpe_resistance_ohm=math.nan,
        cpe_resistance_se_ohm=math.nan,
        window_source="automatic",
        masked=points.masked,
        noise_relative=points.noise,
        residual_relative=arc.residual,
        slope=math.nan,
        kramers_kronig_rms=kk_rms,
        kramers_kronig_systematic=kk_systematic,
        verdict=verdict,
        reasons=codes,
        messages=messages,
    )
