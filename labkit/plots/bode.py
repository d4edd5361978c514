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
    ohm_scale,
    tidy,
    with_error,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes


def plot_bode(
    axes: Axes,
    frequency_hz: ArrayLike,
    z_ohm: ArrayLike,
    *,
    fit: TailFit | None = None,
    model: tuple[ArrayLike, ArrayLike] | None = None,
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
    model
        Frequencies and impedances along a fitted circuit, drawn as lines.

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
    named: list[Artist] = []
    for target, values, colour, marker, name in (
        (axes, np.abs(z), BLUE, "o", "|Z|"),
        (phase_axes, -np.degrees(np.angle(z)), VERMILION, "s", "−phase"),
    ):
        shown, crossed = usable & ~masked, usable & masked
        named += target.plot(
            frequency[shown],
            values[shown],
            marker,
            ms=4.5,
            mfc="white",
            mec=colour,
            mew=1.1,
            label=name,
        )
        target.plot(frequency[crossed], values[crossed], "x", ms=4.5, color=GREY)
    if model is not None:
        along, fitted = np.asarray(model[0], dtype=float), np.asarray(model[1], dtype=complex)
        named += axes.plot(along, np.abs(fitted), color=INK, lw=1, label="circuit")
        phase_axes.plot(along, -np.degrees(np.angle(fitted)), color=INK, lw=1)
    if fit is not None:
        low, high = fit.window_hz
        words = f"window {hertz(low)} to {hertz(high)}"
        named.append(axes.axvspan(low, high, color="#F3E3D3", zorder=0, lw=0, label=words))
        if fit.resistance_ohm > 0:
            scale, unit = ohm_scale(fit.resistance_ohm / 10)
            error = fit.resistance.total
            words = f"R = {with_error(fit.resistance_ohm / scale, error / scale)} {unit}"
            resistance = axes.axhline(
                fit.resistance_ohm, color=INK, lw=0.9, ls="--", zorder=2, label=words
            )
            named.append(resistance)
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
    # above the axes: points, lines and window fill all of the frame
    axes.legend(
        handles=named,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=3,
        frameon=False,
        fontsize="small",
    )
    return axes
