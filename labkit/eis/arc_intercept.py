"""Where a spectrum has no blocking tail: the low-frequency intercept of its arc."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labkit.eis.cpe import fit_arc
from labkit.eis.spectrum import Points
from labkit.eis.verdict import Reason
from labkit.eis.window import turning_points

ELECTRODE_CAPACITANCE_F = 5e-8
"""Above this an arc belongs to an electrode, not to the pellet (Irvine, Sinclair and West, Adv.
Mater. 2 (1990) 132: grain boundaries 1e-11 to 1e-8 F, electrodes 1e-7 to 1e-5 F)."""
SERIES_SHARE = 0.02
"""Without a tail, an arc on top of more resistance than this may be one of a leaking electrode."""


@dataclass(frozen=True, slots=True)
class ArcIntercept:
    """The intercept with errors, the window it rests on, and findings."""

    resistance_ohm: float
    random_ohm: float
    systematic_ohm: float
    window_hz: tuple[float, float]
    n_points: int
    residual: float
    reasons: tuple[Reason, ...]


def fit_arc_intercept(points: Points, *, tail_but_not_straight: bool) -> ArcIntercept:
    """Extrapolate the lowest arc to the real axis.

    Parameters
    ----------
    points
        The spectrum.
    tail_but_not_straight
        True where -Z'' does rise at the low end but no window of it holds a line.

    Returns
    -------
    ArcIntercept
    """
    height = -points.smooth_ohm.imag
    turns = turning_points(points)
    peaks = [position for kind, position in turns if kind == "maximum"]
    reasons: list[Reason] = []
    if tail_but_not_straight:
        reasons.append(
            Reason("rejected", "tail-not-straight", "no part of the tail is straight within reason")
        )
    if not peaks:
        return _without_arc(points, reasons)
    apex = peaks[-1]
    after = [position for kind, position in turns if kind == "minimum" and position > apex]
    stop = after[0] + 1 if after else height.size
    # From half an octave above the apex down: the high side may hold another arc.
    start = max(0, min(apex - 2, stop - 5))
    frequency, z = points.frequency_hz[start:stop], points.z_ohm[start:stop]
    fit = fit_arc(frequency, z, points.noise)
    last_real = float(points.smooth_ohm[stop - 1].real)
    closed = float(height[stop - 1]) <= 0.5 * float(height[apex])
    systematic = 0.5 * abs(fit.intercept_ohm - last_real)
    reasons.append(
        Reason("note", "no-tail", "no blocking tail: R is the low-frequency intercept of the arc")
    )
    if fit.capacitance_F > ELECTRODE_CAPACITANCE_F:
        reasons.append(
            Reason(
                "rejected",
                "electrode-arc",
                f"the arc has {fit.capacitance_F:.1e} F, the capacitance of an electrode: "
                "its intercept is not the resistance of the pellet",
            )
        )
    if fit.series_ohm > max(SERIES_SHARE * fit.intercept_ohm, 3 * fit.intercept_se_ohm):
        reasons.append(
            Reason(
                "review",
                "arc-origin-unclear",
                f"the arc begins at {fit.series_ohm:.3g} ohm and not at the origin: it may be a "
                "grain boundary, or an electrode that leaks",
            )
        )
    if after:
        reasons.append(
            Reason("review", "tail-too-short", "a tail begins but is too short to extrapolate")
        )
    if not closed:
        reasons.append(
            Reason("review", "arc-not-closed", "the arc is not closed at the lowest frequency")
        )
    if not fit.converged or fit.rms > 0.05 or not 0.4 < fit.n < 1.1:
        reasons.append(
            Reason("review", "arc-fit-poor", f"one arc leaves residuals of {fit.rms:.1%}")
        )
    resistance = fit.intercept_ohm
    if not (math.isfinite(resistance) and resistance > 0):
        reasons.append(Reason("rejected", "no-resistance", "the arc gives no positive resistance"))
    else:
        total = math.hypot(fit.intercept_se_ohm, systematic) / resistance
        if total > 0.1:
            reasons.append(
                Reason(
                    "rejected" if total > 0.3 else "review",
                    "resistance-uncertain",
                    f"R is uncertain by {total:.0%}",
                )
            )
    return ArcIntercept(
        resistance_ohm=resistance,
        random_ohm=fit.intercept_se_ohm,
        systematic_ohm=systematic,
        window_hz=(float(frequency[-1]), float(frequency[0])),
        n_points=int(frequency.size),
        residual=fit.rms,
        reasons=tuple(reasons),
    )


def _without_arc(points: Points, reasons: list[Reason]) -> ArcIntercept:
    """Neither tail nor arc: report the real part where the phase is smallest, for review."""
    phase = np.abs(np.angle(points.smooth_ohm))
    best = int(np.argmin(phase))
    near = slice(max(0, best - 2), best + 3)
    real = points.z_ohm.real[near]
    resistance = float(real.mean())
    height = abs(float(points.smooth_ohm[best].imag))
    reasons.append(
        Reason(
            "rejected" if float(phase[best]) > 0.2 else "review",
            "no-tail-no-arc",
            "neither a tail nor an arc: R is the real part where the phase is smallest",
        )
    )
    if resistance <= 0:
        reasons.append(Reason("rejected", "no-resistance", "the real part is not above zero"))
    return ArcIntercept(
        resistance_ohm=resistance,
        random_ohm=points.noise * abs(resistance) / math.sqrt(real.size),
        systematic_ohm=height,
        window_hz=(float(points.frequency_hz[near][-1]), float(points.frequency_hz[near][0])),
        n_points=int(real.size),
        residual=math.nan,
        reasons=tuple(reasons),
    )
