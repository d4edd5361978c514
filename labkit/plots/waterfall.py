"""The patterns of a series above each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labkit.plots.style import GREY, ORANGE, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_waterfall(
    axes: Axes,
    patterns: Sequence[tuple[str, NDArray[Any], NDArray[Any]]],
    *,
    marks_deg: Sequence[Sequence[float]] | None = None,
) -> Axes:
    """Draw each pattern on its own level, the square root of its intensity scaled to 1.

    Parameters
    ----------
    axes
        Where to draw.
    patterns
        (label, two_theta_deg, intensity), the first at the bottom.
    marks_deg
        For each pattern the angles to mark as unexplained.

    Returns
    -------
    matplotlib.axes.Axes
        The `axes` given.
    """
    from matplotlib import colormaps

    colours = colormaps["viridis"](np.linspace(0.05, 0.8, max(len(patterns), 2)))
    for number, (label, angle, intensity) in enumerate(patterns):
        root = np.sqrt(np.maximum(intensity, 0.0))
        low, high = float(root.min()), float(root.max())
        level = (root - low) / ((high - low) or 1.0) + 0.75 * number
        axes.plot(angle, level, "-", lw=0.8, color=colours[number], zorder=len(patterns) - number)
        axes.text(
            float(angle[-1]),
            0.75 * number + 0.22,
            f"{label} ",
            ha="right",
            va="bottom",
            fontsize="small",
            color=colours[number],
        )
        for place in marks_deg[number] if marks_deg else ():
            height = float(np.interp(place, angle, level))
            axes.annotate(
                "?",
                (place, height),
                xytext=(place, height + 0.16),
                ha="center",
                color=ORANGE,
                fontsize="small",
                arrowprops={"arrowstyle": "->", "color": ORANGE, "lw": 0.8},
                zorder=20,
            )
    axes.set_yticks([])
    axes.set_xlabel(r"2$\theta$ (°)")
    axes.set_ylabel(r"$\sqrt{\mathrm{intensity}}$, scaled")
    axes.set_xlim(
        min(float(a[0]) for _, a, _ in patterns), max(float(a[-1]) for _, a, _ in patterns)
    )
    tidy(axes)
    axes.grid(False)
    axes.spines["left"].set_color(GREY)
    return axes
