"""Reasons to accept, review or reject an extrapolated tail."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labkit.eis.arc_intercept import ELECTRODE_CAPACITANCE_F
from labkit.eis.cpe import CpeFit
from labkit.eis.spectrum import Points
from labkit.eis.verdict import Reason
from labkit.eis.window import MINIMUM_WINDOW_DECADES, MINIMUM_WINDOW_POINTS, Branch

SHALLOW_N = 0.45
NOT_BLOCKING_N = 0.4
STRAIGHT_N = 0.6
N_CHANGE = 0.06
"""Change of the CPE exponent along the tail that is more than the slow drift of real electrodes."""


@dataclass(frozen=True, slots=True, eq=False)
class TailState:
    """All that the checks look at."""

    points: Points
    branch: Branch
    first: int
    last: int
    resistance_ohm: float
    random_ohm: float
    systematic_ohm: float
    slope: float
    residual: float
    tolerance: float
    straight: bool
    cpe: CpeFit
    z_limit_ohm: float | None
    lead_resistance_ohm: float | None


@dataclass(frozen=True, slots=True)
class LowEnd:
    """The CPE exponent at the lowest frequencies, from phase and from modulus, with errors.

    For a spectrum that obeys Kramers-Kronig both are the same (up to slow changes of n); drift
    moves the modulus and not the phase.
    """

    n_phase: float
    n_phase_se: float
    n_modulus: float
    n_modulus_se: float


def tail_reasons(state: TailState) -> Iterator[Reason]:
    """Yield every finding about an extrapolated tail."""
    yield from _about_the_resistance(state)
    yield from _about_the_window(state)
    yield from _about_the_low_end(state)
    yield from _about_the_arc(state)
    yield from _about_the_instrument(state)


def _about_the_resistance(state: TailState) -> Iterator[Reason]:
    resistance = state.resistance_ohm
    if not (math.isfinite(resistance) and resistance > 0):
        yield Reason("rejected", "no-resistance", "the tail meets the real axis at or below zero")
        return
    total = math.hypot(state.random_ohm, state.systematic_ohm) / resistance
    if total > 0.1:
        yield Reason(
            "rejected" if total > 0.3 else "review",
            "resistance-uncertain",
            f"R is uncertain by {total:.0%}",
        )
    apart = abs(state.cpe.resistance_ohm - resistance)
    sigma = math.hypot(state.random_ohm, state.cpe.resistance_se_ohm, state.systematic_ohm)
    if state.cpe.converged and apart > 2 * sigma + 0.002 * resistance:
        yield Reason(
            "review",
            "estimators-disagree",
            f"line and CPE fit differ by {apart / resistance:.1%} of R, {apart / sigma:.1f} sigma",
        )


def _about_the_window(state: TailState) -> Iterator[Reason]:
    frequency = state.points.frequency_hz[state.first : state.last + 1]
    decades = math.log10(frequency[0] / frequency[-1])
    if frequency.size < MINIMUM_WINDOW_POINTS or decades < MINIMUM_WINDOW_DECADES - 1e-9:
        yield Reason("review", "short-window", f"{frequency.size} points over {decades:.1f} decade")
    n, n_se = state.cpe.n, state.cpe.n_se
    if not state.straight or (state.tolerance > 4 and state.residual > 0.005):
        yield Reason(
            "rejected" if state.residual > 0.05 else "review",
            "tail-bends",
            f"the residuals of the line, {state.residual:.1%}, exceed the noise, "
            f"{state.points.noise:.1%}, or bend",
        )
    if n < SHALLOW_N - 2 * n_se:
        yield Reason(
            "rejected" if n < NOT_BLOCKING_N else "review",
            "tail-shallow",
            f"n = {n:.2f} is not that of a blocking electrode: a reaction or an arc lies under it",
        )
    elif n < STRAIGHT_N:
        yield Reason("note", "warburg-like", f"n = {n:.2f}, near a Warburg tail (n = 0.5)")
    elif n > 1.05 + 3 * n_se:
        yield Reason("review", "n-above-one", f"n = {n:.2f} is above that of a capacitor")


def low_end(state: TailState) -> LowEnd | None:
    """Measure the exponent over the last half decade (at least five points) of the tail."""
    points = state.points
    frequency = points.frequency_hz
    n_points = frequency.size
    reach = int(np.searchsorted(-frequency, -3.2 * frequency[-1]))
    start = max(state.first, min(reach, n_points - 5))
    rest = points.z_ohm[start:] - state.resistance_ohm
    if rest.size < 4 or np.median(np.abs(rest)) < 0.3 * state.resistance_ohm:
        return None  # the tail is still hidden behind R
    relative = points.noise * np.abs(points.z_ohm[start:]) / np.abs(rest)
    log_f = np.log(frequency[start:])
    centred = log_f - log_f.mean()
    phase = -np.angle(rest) * 2 / np.pi
    slope = -float(centred @ np.log(np.abs(rest))) / float(centred @ centred)
    # R itself is uncertain and shifts all of these together.
    shift = math.hypot(state.random_ohm, state.systematic_ohm) / float(np.median(np.abs(rest)))
    mean_noise = float(np.sqrt(np.mean(relative**2)))
    return LowEnd(
        n_phase=float(phase.mean()),
        n_phase_se=2 / np.pi * math.hypot(mean_noise / math.sqrt(rest.size), shift),
        n_modulus=slope,
        n_modulus_se=math.hypot(mean_noise / math.sqrt(float(centred @ centred)), 0.2 * shift),
    )


def _about_the_low_end(state: TailState) -> Iterator[Reason]:
    if state.branch.turns_back:
        yield Reason(
            "review",
            "leakage",
            "-Z'' falls again below the tail: leakage or a reaction at the electrodes",
        )
    falling = _real_part_falls(state)
    if falling:
        yield Reason(
            "review", "drift", f"Z' falls towards low frequency near {falling:.3g} Hz: drift"
        )
    end = low_end(state)
    if end is None:
        return
    change = end.n_phase - state.cpe.n
    limit = N_CHANGE + 3 * math.hypot(end.n_phase_se, state.cpe.n_se)
    if change < -limit and not state.branch.turns_back:
        yield Reason(
            "review",
            "leakage",
            f"n falls from {state.cpe.n:.2f} to {end.n_phase:.2f} at the lowest frequencies: "
            "the tail bends towards the real axis",
        )
    elif change > limit:
        yield Reason(
            "note" if change < 2 * limit else "review",
            "tail-steepens",
            f"n rises from {state.cpe.n:.2f} to {end.n_phase:.2f} towards low frequency: "
            "the foot of the arc reaches into the window",
        )
    mismatch = end.n_modulus - end.n_phase
    if abs(mismatch) > N_CHANGE + 3 * math.hypot(end.n_modulus_se, end.n_phase_se):
        yield Reason(
            "review",
            "drift",
            f"modulus and phase disagree at the lowest frequencies (n {end.n_modulus:.2f} against "
            f"{end.n_phase:.2f}): the sample changed during the sweep",
        )


def _real_part_falls(state: TailState) -> float:
    """Return the frequency where Z' falls beyond the noise on the way down, or 0."""
    real = state.points.smooth_ohm.real[state.first :]
    noise = state.points.noise * np.abs(state.points.smooth_ohm[state.first :])
    highest = np.maximum.accumulate(real)
    drop = highest - real > np.maximum(5 * noise, 0.03 * highest)
    where = np.flatnonzero(drop)
    return float(state.points.frequency_hz[state.first + where[0]]) if where.size else 0.0


def _about_the_arc(state: TailState) -> Iterator[Reason]:
    if not state.branch.has_arc:
        return
    above = -state.points.smooth_ohm.imag[: state.branch.start]
    apex = int(np.argmax(above))
    width = 2 * float(above[apex])
    capacitance = 1 / (2 * np.pi * float(state.points.frequency_hz[apex]) * width)
    if capacitance > ELECTRODE_CAPACITANCE_F and width > 0.05 * state.resistance_ohm:
        yield Reason(
            "rejected",
            "electrode-arc",
            f"the arc above the tail has about {capacitance:.1e} F, the capacitance of an "
            "electrode: the intercept is not the resistance of the pellet",
        )


def _about_the_instrument(state: TailState) -> Iterator[Reason]:
    window = np.abs(state.points.z_ohm[state.first : state.last + 1])
    if state.z_limit_ohm and float(np.median(window)) > 0.3 * state.z_limit_ohm:
        yield Reason(
            "review", "instrument-limit", "|Z| in the window is near the limit of the instrument"
        )
    if state.lead_resistance_ohm and state.resistance_ohm < 10 * state.lead_resistance_ohm:
        yield Reason(
            "review", "lead-resistance", "R is below ten times the resistance of the leads"
        )
