"""The Bode plot: modulus and phase against frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from labkit.eis.spectrum import arrays_of
from labkit.eis.tail import TailFit
from labkit.plots.style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    hertz,
    legend,
    ohm_scale,
    tidy,
    with_error,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_bode(
    axes: Axes,
    frequency_hz: ArrayLike,
    z_ohm: ArrayLike,
    *,
    fit: TailFit | None = None,
    model_ohm: ArrayLike | None = None,
) -> Axes:
    """Draw |Z| on `axes` and the phase on a second scale at its right.

    Parameters
    ----------
    axes
        Where to draw; both its axes become logarithmic.
    frequency_hz, z_ohm
        The spectrum, shape (n,).
    fit
        Tail fit: the window is shaded, masked points are crossed out, R is a line.
    model_ohm
        Impedance of a fitted circuit at the same frequencies, drawn as lines.

    Returns
    -------
    matplotlib.axes.Axes
        The `axes` given, with the modulus.
    """
    frequency, z = arrays_of((frequency_hz, z_ohm))
    usable = np.isfinite(z) & (frequency > 0) & (z != 0)
    masked = np.zeros(z.size, dtype=bool)
    if fit is not None:
        masked[[point.index for point in fit.masked if point.index < z.size]] = True
    phase_axes = axes.twinx()
    for target, values, colour, marker in (
        (axes, np.abs(z), BLUE, "o"),
        (phase_axes, -np.degrees(np.angle(z)), VERMILION, "s"),
    ):
        shown, crossed = usable & ~masked, usable & masked
        target.plot(
            frequency[shown], values[shown], marker, ms=4.5, mfc="white", mec=colour, mew=1.1
        )
        target.plot(frequency[crossed], values[crossed], "x", ms=4.5, color=GREY)
    if model_ohm is not None:
        model = np.asarray(model_ohm, dtype=complex)
        order = np.argsort(frequency)
        phase = -np.degrees(np.angle(model))[order]
        axes.plot(frequency[order], np.abs(model)[order], color=INK, lw=1, label="circuit")
        phase_axes.plot(frequency[order], phase, color=INK, lw=1)
        legend(axes, loc="upper right")
    if fit is not None:
        low, high = fit.window_hz
        axes.axvspan(low, high, color="#F3E3D3", zorder=0, lw=0)
        axes.annotate(
            f"window\n{hertz(low)} to {hertz(high)}",
            ((low * high) ** 0.5, 0.98),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            fontsize="x-small",
            color=INK,
        )
        if fit.resistance_ohm > 0:
            scale, unit = ohm_scale(fit.resistance_ohm / 10)
            error = fit.resistance.total
            axes.axhline(fit.resistance_ohm, color=INK, lw=0.9, ls="--", zorder=2)
            axes.annotate(
                f"R = {with_error(fit.resistance_ohm / scale, error / scale)} {unit}",
                (0.01, fit.resistance_ohm),
                xycoords=("axes fraction", "data"),
                xytext=(0, 2),
                textcoords="offset points",
                ha="left",
                va="bottom",
                fontsize="small",
                color=INK,
            )
    tidy(axes)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("frequency (Hz)")
    axes.set_ylabel("|Z| (Ω)", color=BLUE)
    axes.tick_params(right=False, which="both")
    phase_axes.set_ylabel("−phase (degrees)", color=VERMILION)
    phase_axes.set_ylim(min(-5.0, phase_axes.get_ylim()[0]), max(95.0, phase_axes.get_ylim()[1]))
    phase_axes.tick_params(direction="in", color=GREY)
    for spine in phase_axes.spines.values():
        spine.set_visible(False)
    return axes
