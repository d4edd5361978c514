"""Lattice parameter against composition: points with esds, line, band, limit, end members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.style import GREY, ORANGE, VERMILION, legend, next_colour, tidy, with_error
from labkit.vegard import VegardFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_vegard(axes: Axes, fit: VegardFit, *, x_label: str = "x") -> Axes:
    """Draw one lattice parameter of a substitution series.

    The line is that of the points which obey the law; beyond a solubility limit the plateau is
    drawn, with the interval of the limit shaded.

    Parameters
    ----------
    axes
        Where to draw.
    fit
        Result of `labkit.vegard.fit_vegard`, which carries its points.
    x_label
        What x is.

    Returns
    -------
    matplotlib.axes.Axes
        The `axes` given.
    """
    colour = next_colour(axes)
    x, value = np.array(fit.x), np.array(fit.value_angstrom)
    esd = np.array([np.nan if e is None else e for e in fit.esd_angstrom])
    known = np.isfinite(esd)
    slope, intercept = fit.slope_within_limit, fit.intercept_within_limit
    assert slope.value is not None
    assert intercept.value is not None
    text = "slope " + with_error(slope.value, slope.se or 0.0) + " Å per unit x"
    span = float(np.ptp(x)) or 1.0
    right = float(x.max()) + 0.04 * span
    limit = fit.solubility_limit
    line_x = np.linspace(float(x.min()) - 0.04 * span, right if limit is None else limit, 100)
    line = intercept.value + slope.value * line_x
    name = fit.quantity.replace("(V/Z)^(1/3)", "$(V/Z)^{1/3}$")
    axes.plot(line_x, line, "-", lw=1.5, color=colour, label=f"{name}: {text}", zorder=3)
    if limit is None:
        middle, se = fit.line_at(line_x)
        half = fit.t_quantile * se
        if np.isfinite(half).all():
            axes.fill_between(line_x, middle - half, middle + half, color=colour, alpha=0.15, lw=0)
    else:
        beyond = np.array([limit, right])
        plateau = np.full(2, intercept.value + slope.value * limit)
        axes.plot(beyond, plateau, "-", lw=1.5, color=colour, zorder=3)
        dotted = intercept.value + slope.value * beyond
        axes.plot(beyond, dotted, ":", lw=1.2, color=colour, zorder=2)
        low, high = fit.solubility_interval95 or (None, None)
        axes.axvspan(
            float(x.min()) if low is None else low,
            right if high is None else high,
            color=ORANGE,
            alpha=0.18,
            lw=0,
            label=f"solubility limit {limit:.3g} (95 % interval)",
        )
    obeys = x <= (fit.law_holds_up_to_x if fit.law_holds_up_to_x is not None else x.max())
    for chosen, edge in ((obeys, colour), (~obeys, VERMILION)):
        axes.errorbar(
            x[chosen],
            value[chosen],
            yerr=np.where(known, esd, 0.0)[chosen],
            fmt="o",
            ms=6,
            mfc="white",
            mec=edge,
            mew=1.3,
            ecolor=edge,
            capsize=3,
            zorder=4,
        )
    for end in fit.end_members:
        axes.errorbar(
            [end.x], [end.value], yerr=[end.esd or 0.0], fmt="s", ms=6, color=GREY, capsize=3,
            label=f"{end.name}, known", zorder=4,
        )  # fmt: skip
    axes.set_xlabel(x_label)
    axes.set_ylabel(f"{name} (Å)")
    axes.ticklabel_format(axis="y", useOffset=False)
    p = fit.linearity_p_value
    tested = "" if p is None else ", linearity p " + (f"= {p:.2g}" if p >= 0.001 else "< 0.001")
    axes.set_title(f"{fit.verdict}{tested}", fontsize="medium", loc="left")
    tidy(axes)
    legend(axes, loc="best")
    return axes
