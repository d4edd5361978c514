"""Energy of a mobile ion along its path through a crystal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from labkit.plots.style import BLUE, INK, VERMILION, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_barrier"]


def plot_barrier(
    axes: Axes,
    length_angstrom: ArrayLike,
    energy_eV: ArrayLike,
    *,
    passes: ArrayLike = (),
    title: str = "",
    label: str = "minimum-energy path",
) -> Axes:
    """Draw the energy profile of a migration path and mark its highest point.

    Parameters
    ----------
    axes : Axes
    length_angstrom, energy_eV : array_like, shape (n,)
        Distance gone and energy above the lowest point.
    passes : array_like of int, optional
        Positions of the passes along the path.
    title, label : str

    Returns
    -------
    Axes
    """
    length, energy = np.asarray(length_angstrom, float), np.asarray(energy_eV, float)
    axes.plot(length, energy, color=BLUE, linewidth=1.8, label=label)
    where = np.asarray(passes, dtype=np.int64)
    if where.size:
        axes.plot(length[where], energy[where], "o", color=VERMILION, markersize=4)
    top = int(np.argmax(energy))
    axes.axhline(energy[top], color=VERMILION, linewidth=0.8, linestyle=":")
    # a pass next to an end keeps its label inside the axes
    room = 0.08 * float(np.ptp(length))
    axes.annotate(
        f"{energy[top]:.3f} eV",
        (float(np.clip(length[top], length.min() + room, length.max() - room)), energy[top]),
        textcoords="offset points",
        xytext=(0, 5),
        ha="center",
        color=INK,
    )
    axes.set_xlabel("distance along the path (Å)")
    axes.set_ylabel("energy (eV)")
    axes.set_ylim(top=max(float(energy[top]) * 1.18, 0.05))
    if title:
        axes.set_title(title)
    return tidy(axes)
