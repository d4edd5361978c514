"""Colours, units and small habits that all figures share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's set, told apart by colour-blind readers (https://jfly.uni-koeln.de/color/).
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
)
GREY, INK = "#8A8A8A", "#222222"
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)


def plain(text: str) -> str:
    """Return text that matplotlib draws as it stands: a dollar sign starts no formula."""
    return text.replace("$", r"\$")


def tidy(axes: Axes) -> Axes:
    """Give `axes` light spines, inward ticks and a faint grid; return it."""
    axes.tick_params(direction="in", which="both", top=True, right=True, color=GREY)
    for spine in axes.spines.values():
        spine.set_color(GREY)
        spine.set_linewidth(0.8)
    axes.grid(True, color="#E6E6E6", linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)
    return axes


def ohm_scale(largest_ohm: float) -> tuple[float, str]:
    """Return a divisor and a unit so that `largest_ohm` reads between about 1 and 1000."""
    for divisor, unit in ((1e9, "GΩ"), (1e6, "MΩ"), (1e3, "kΩ"), (1.0, "Ω")):
        if largest_ohm >= divisor:
            return divisor, unit
    return (1e-3, "mΩ") if largest_ohm > 0 else (1.0, "Ω")


def hertz(frequency_hz: float) -> str:
    """Write a frequency as people say it: 20 kHz, 0.1 Hz."""
    for divisor, unit in ((1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz"), (1e-3, "mHz")):
        if frequency_hz >= 0.9995 * divisor:
            return f"{frequency_hz / divisor:.3g} {unit}"
    return f"{frequency_hz:.3g} Hz"


def with_error(value: float, error: float) -> str:
    """Write value and standard error to the digits that the error supports: 1426.2 ± 3.6."""
    if not (math.isfinite(error) and error > 0):
        return f"{value:.4g}"
    decimals = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def power_of_ten(value: float, error: float) -> str:
    """Write a small number with its error for a figure: (1.43 ± 0.02) × 10⁻⁵ as mathtext."""
    if not value > 0:
        return f"{value:g}"
    exponent = math.floor(math.log10(value))
    scaled = with_error(value / 10**exponent, error / 10**exponent)
    return rf"({scaled}) × $10^{{{exponent}}}$"


def next_colour(axes: Axes) -> str:
    """Return the next colour of the series for these axes."""
    used = getattr(axes, "_labkit_series", 0)
    setattr(axes, "_labkit_series", used + 1)  # noqa: B010  (matplotlib's class does not declare it)
    return SERIES[used % len(SERIES)]


def legend(axes: Axes, **options: Any) -> None:
    """Draw a legend with a light frame if there is anything to name."""
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(frameon=True, framealpha=0.9, edgecolor="#DDDDDD", fontsize="small", **options)
