"""A powder pattern with its calculated one, reflections, difference and unexplained peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.style import GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILION, legend, plain, tidy
from labkit.xrd.result import RefinementResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TICKS = (GREEN, PURPLE, SKY, ORANGE)


def plot_pattern(axes: Axes, result: RefinementResult, *, label: str | None = None) -> Axes:
    """Draw observed points, calculated line, reflections of every phase and the difference.

    Parameters
    ----------
    axes
        Where to draw.
    result
        Of `labkit.xrd.engine.refine_pattern`, with its curves.
    label
        Title.

    Returns
    -------
    matplotlib.axes.Axes
        The `axes` given.
    """
    curves = result.curves
    angle = curves.two_theta_deg
    top = float(curves.observed.max())
    axes.plot(angle, curves.observed, ".", ms=2.2, color=INK, label="observed", zorder=3)
    axes.plot(angle, curves.calculated, "-", lw=1.1, color=VERMILION, label="calculated", zorder=4)
    axes.plot(angle, curves.background, "-", lw=0.8, color=GREY, label="background", zorder=2)
    difference = curves.observed - curves.calculated
    row = 0.045 * top
    first = -0.06 * top
    for number, (phase, places) in enumerate(
        zip(result.phases, curves.reflections_deg, strict=True)
    ):
        inside = places[(places >= angle[0]) & (places <= angle[-1])]
        axes.vlines(
            inside,
            first - number * row - 0.8 * row,
            first - number * row,
            color=_TICKS[number % len(_TICKS)],
            lw=0.8,
            label=plain(f"{phase.name} ({phase.space_group})"),
        )
    base = first - len(result.phases) * row - max(float(difference.max()), 0.0) - 0.03 * top
    axes.plot(angle, difference + base, "-", lw=0.7, color="#0072B2", label="difference")
    axes.axhline(base, color=GREY, lw=0.5)
    _mark_unexplained(axes, result, top)
    axes.set_xlim(float(angle[0]), float(angle[-1]))
    axes.set_ylim(base + min(float(difference.min()), 0.0) - 0.04 * top, 1.12 * top)
    # below zero stand reflections and difference, no intensities
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= 1.12 * top])
    axes.set_xlabel(r"2$\theta$ (°)")
    axes.set_ylabel("intensity (counts)")
    name = f"{plain(label)}: " if label else ""
    axes.set_title(
        f"{name}$R_{{wp}}$ = {100 * result.r_wp:.1f} %, GOF {result.gof:.2f}, {result.verdict}",
        fontsize="medium",
        loc="left",
    )
    tidy(axes)
    axes.grid(False)
    legend(axes, loc="upper right")
    return axes


def _mark_unexplained(axes: Axes, result: RefinementResult, top: float) -> None:
    curves = result.curves
    shown = sorted(result.residual_peaks, key=lambda peak: -peak.height_counts)[:8]
    for number, peak in enumerate(shown):
        height = float(np.interp(peak.two_theta_deg, curves.two_theta_deg, curves.observed))
        axes.annotate(
            "impurity?" if number == 0 else "?",
            (peak.two_theta_deg, height),
            xytext=(peak.two_theta_deg, height + 0.10 * top),
            ha="center",
            fontsize="small",
            color=ORANGE,
            arrowprops={"arrowstyle": "->", "color": ORANGE, "lw": 1.0},
        )
