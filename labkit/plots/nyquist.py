"""The Nyquist plot: spectrum, window of the tail, extrapolation, masked points."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from labkit.eis.spectrum import ComplexArray, FloatArray, MaskedPoint, arrays_of
from labkit.eis.tail import TailFit
from labkit.plots.style import (
    BLUE,
    GREEN,
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

LONGEST_LEGEND = 48
"""Characters of the reasons in the legend."""


def plot_nyquist(
    axes: Axes,
    frequency_hz: ArrayLike,
    z_ohm: ArrayLike,
    *,
    fit: TailFit | None = None,
    model: tuple[ArrayLike, ArrayLike] | None = None,
    view: Literal["foot", "all"] = "foot",
    equal_axes: bool = True,
    label: str | None = None,
    decades: bool = True,
) -> Axes:
    """Draw -Z'' against Z'.

    Parameters
    ----------
    axes
        Where to draw.
    frequency_hz, z_ohm
        The spectrum, shape (n,), capacitive points with Im Z < 0.
    fit
        Result of `labkit.eis.tail.fit_tail`: its window, line and intercept are drawn and its
        masked points are crossed out.
    model
        Frequencies and impedances along a fitted circuit, drawn as a line.
    view
        ``"foot"``: the arc and the foot of the tail, where R is read (without a resistance above
        zero: the points from the window up); ``"all"``: every point.
    equal_axes
        Both axes to the same scale (the shape of an arc is then true).
    label
        Name in the legend.
    decades
        Write the frequency beside one point per decade.

    Returns
    -------
    matplotlib.axes.Axes
        The `axes` given.
    """
    frequency, z = arrays_of((frequency_hz, z_ohm))
    masked = np.zeros(z.size, dtype=bool)
    if fit is not None:
        masked[[point.index for point in fit.masked if point.index < z.size]] = True
    masked |= ~np.isfinite(z)
    limits = _limits(frequency[~masked], z[~masked], fit, view)
    if equal_axes:
        limits = _not_too_narrow(limits)
    divisor, unit = ohm_scale(limits[1])
    shown = ~masked
    axes.plot(
        z.real[shown] / divisor,
        -z.imag[shown] / divisor,
        "o",
        ms=5,
        mfc="white",
        mec=BLUE,
        mew=1.1,
        label=label or "measured",
        zorder=3,
    )
    if masked.any():
        named = _named_reasons(fit.masked) if fit is not None else ""
        axes.plot(
            z.real[masked] / divisor,
            -z.imag[masked] / divisor,
            "x",
            ms=5,
            color=GREY,
            label=f"left out ({named})" if named else "left out",
            zorder=2,
        )
    if model is not None:
        curve = np.asarray(model[1], dtype=complex) / divisor
        axes.plot(curve.real, -curve.imag, "-", color=GREEN, lw=1.4, label="circuit", zorder=3.5)
    if fit is not None:
        _draw_fit(axes, frequency, z, shown, fit, divisor, limits)
    _set_limits(axes, limits, divisor, equal_axes)
    if decades:
        _write_decades(
            axes, frequency, z, shown, divisor, fit.resistance_ohm if fit is not None else None
        )
    _tell_of_points_outside(axes, frequency[shown], z[shown] / divisor)
    axes.axhline(0, color=GREY, lw=0.8, zorder=1)
    axes.set_xlabel(f"Z′ ({unit})")
    axes.set_ylabel(f"−Z″ ({unit})")
    legend(axes, loc="best")
    return tidy(axes)


_BELOW_WINDOW = 0.3
"""Without a resistance points are shown down to this part of the lower end of the window."""
_NARROWEST = 1.2
"""Width over height that axes of one scale have at least; about that of a figure."""


def _not_too_narrow(
    limits: tuple[float, float, float, float],
) -> tuple[float, float, float, float]:
    """Widen axes of one scale to the right: a steep tail would make a strip of them."""
    left, right, bottom, top = limits
    return left, max(right, left + _NARROWEST * (top - bottom)), bottom, top


def _tell_of_points_outside(axes: Axes, frequency: FloatArray, z: ComplexArray) -> None:
    """Say where the tail leaves the frame how far down it goes on."""
    right, top = axes.get_xlim()[1], axes.get_ylim()[1]
    outside = (z.real > right) | (-z.imag > top)
    if not outside.any():
        return
    inside = np.flatnonzero(~outside)
    if not inside.size:
        return
    last = inside[np.argmin(frequency[inside])]
    axes.annotate(
        f"goes on to {hertz(float(frequency[outside].min()))} ↗",
        (float(z.real[last]), float(-z.imag[last])),
        xytext=(-8, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize="x-small",
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
        zorder=7,
    )


def _named_reasons(masked: Sequence[MaskedPoint]) -> str:
    """Name the reasons in a legend; a person's may be long, and a dollar sign starts a formula."""
    named = ", ".join(sorted({point.reason for point in masked}))
    return textwrap.shorten(named, LONGEST_LEGEND, placeholder=" …").replace("$", r"\$")


def _limits(
    frequency: FloatArray, z: ComplexArray, fit: TailFit | None, view: Literal["foot", "all"]
) -> tuple[float, float, float, float]:
    """Return (left, right, bottom, top) in ohm."""
    if view == "foot" and fit is not None and not fit.resistance_ohm > 0:
        # nothing to read R from but the window: what lies below it would hide it
        inside = frequency >= _BELOW_WINDOW * fit.window_hz[0]
        z = z[inside] if inside.any() else z
    real, height = z.real, -z.imag
    right, top = float(real.max(initial=0.0)), float(height.max(initial=0.0))
    if view == "foot" and fit is not None and fit.resistance_ohm > 0:
        # Enough of the tail to see that it is straight, without losing the arc.
        right = min(right, 1.8 * fit.resistance_ohm)
        inside = real <= right
        arc = float(height[inside & (real < fit.resistance_ohm)].max(initial=0.0))
        top = min(float(height[inside].max(initial=0.0)), max(0.8 * fit.resistance_ohm, 2.5 * arc))
        if inside.any():
            right = max(1.15 * fit.resistance_ohm, float(real[inside & (height <= top)].max()))
    left = min(0.0, float(real.min(initial=0.0)))
    if fit is not None and -2 * right < fit.resistance_ohm < 0:
        left = min(left, fit.resistance_ohm - fit.resistance.total)
    bottom = min(0.0, float(height.min(initial=0.0)))
    if view == "foot":
        reach = 0.1 if fit is None or fit.resistance_ohm > 0 else 2.0
        left, bottom = max(left, -reach * right), max(bottom, -0.25 * max(top, 0.2 * right))
    span = max(right - left, 1e-12)
    height_span = max(top - bottom, 0.25 * span)
    return (
        left - 0.04 * span,
        right + 0.06 * span,
        bottom - 0.06 * height_span,
        top + 0.3 * (height_span),
    )


def _set_limits(
    axes: Axes, limits: tuple[float, float, float, float], divisor: float, equal_axes: bool
) -> None:
    left, right, bottom, top = (value / divisor for value in limits)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    if equal_axes:
        axes.set_aspect("equal", adjustable="box")


def _draw_fit(
    axes: Axes,
    frequency: FloatArray,
    z: ComplexArray,
    shown: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    fit: TailFit,
    divisor: float,
    limits: tuple[float, float, float, float],
) -> None:
    low, high = fit.window_hz
    window = shown & (frequency >= low * (1 - 1e-9)) & (frequency <= high * (1 + 1e-9))
    origin = "" if fit.window_source == "automatic" else ", set by hand"
    axes.plot(
        z.real[window] / divisor,
        -z.imag[window] / divisor,
        "o",
        ms=5,
        color=VERMILION,
        label=f"window {hertz(low)} to {hertz(high)}{origin}",
        zorder=4,
    )
    resistance, error = fit.resistance_ohm, fit.resistance.total
    if fit.intercept_method == "blocking-tail" and math.isfinite(fit.slope):
        top = max(float(np.max(-z.imag[window], initial=0.0)), 0.0)
        y = np.array([0.0, min(1.15 * top, limits[3])])
        axes.plot((resistance + fit.slope * y) / divisor, y / divisor, "-", color=INK, lw=1.0)
    finer, unit = ohm_scale(resistance / 10)
    text = f"R = {with_error(resistance / finer, error / finer)} {unit}"
    if fit.verdict != "accepted":
        text += f" ({fit.verdict})"
    axes.errorbar(
        [resistance / divisor],
        [0.0],
        xerr=[error / divisor],
        fmt="D",
        ms=5.5,
        color=INK,
        capsize=3,
        label=text,
        zorder=6,
        clip_on=False,
    )


def _write_decades(
    axes: Axes,
    frequency: FloatArray,
    z: ComplexArray,
    shown: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    divisor: float,
    resistance_ohm: float | None,
) -> None:
    """Write the frequency beside the points nearest to each power of ten, where there is room."""
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    usable = np.flatnonzero(shown & (frequency > 0))
    if not usable.size:
        return
    log_f = np.log10(frequency[usable])
    from matplotlib.patheffects import withStroke

    taken: list[tuple[float, float]] = []
    for decade in range(math.floor(log_f.max()), math.ceil(log_f.min()) - 1, -1):
        i = int(usable[np.argmin(np.abs(log_f - decade))])
        x, y = float(z.real[i]) / divisor, float(-z.imag[i]) / divisor
        if abs(math.log10(frequency[i]) - decade) > 0.2 or not (
            left < x < right - 0.05 * (right - left) and bottom < y < top
        ):
            continue
        place = ((x - left) / (right - left), (y - bottom) / (top - bottom))
        if any(abs(place[0] - p[0]) < 0.09 and abs(place[1] - p[1]) < 0.06 for p in taken):
            continue
        taken.append(place)
        on_arc = resistance_ohm is not None and (
            resistance_ohm <= 0 or z.real[i] < 0.97 * resistance_ohm
        )
        # the points crowd at the foot of the arc: there the words stand below and to the left
        at_foot = resistance_ohm is not None and not on_arc and -z.imag[i] < 0.2 * resistance_ohm
        offset = (0, 6) if on_arc else (-5, -3) if at_foot else (7, -1)
        axes.annotate(
            hertz(10.0**decade),
            (x, y),
            xytext=offset,
            textcoords="offset points",
            ha="center" if on_arc else "right" if at_foot else "left",
            va="bottom" if on_arc else "top" if at_foot else "center",
            fontsize="x-small",
            color="#555555",
            path_effects=[withStroke(linewidth=2, foreground="white")],
            zorder=5,
        )
