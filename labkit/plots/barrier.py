"""Energy of a mobile ion along its path through a crystal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.plots.style import BLUE, INK, VERMILION, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NOTABLE_EV", "plot_barrier"]

FloatArray = NDArray[np.float64]

NOTABLE_EV = 0.005
"""Energies nearer than this are not told apart."""


def plot_barrier(
    axes: Axes,
    length_angstrom: ArrayLike,
    energy_eV: ArrayLike,
    *,
    passes: ArrayLike = (),
    title: str = "",
    label: str = "minimum-energy path",
    zero: str = "",
) -> Axes:
    """Draw the energy profile of a migration path and mark its highest point.

    Parameters
    ----------
    axes : Axes
    length_angstrom, energy_eV : array_like, shape (n,)
        Distance gone and energy.
    passes : array_like of int, optional
        Positions of the passes along the path.
    title, label : str
    zero : str, optional
        What energies are counted from, such as "the lowest site of the crystal". A path that
        never comes down to it gets its own rise written beside.

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
    axes.set_ylabel(f"energy above {zero} (eV)" if zero else "energy (eV)")
    axes.set_ylim(top=max(float(energy[top]) * 1.18, 0.05))
    if zero:
        axes.set_ylim(bottom=min(0.0, float(energy.min())) - 0.02 * float(energy[top]))
        _own_rise(axes, length, energy)
    if title:
        axes.set_title(title)
    return tidy(axes)


def _own_rise(axes: Axes, length: FloatArray, energy: FloatArray) -> None:
    """Mark where a path lies lowest and how far it rises from there, if that is not zero."""
    low = int(np.argmin(energy))
    if energy[low] < NOTABLE_EV:
        return
    axes.axhline(energy[low], color=BLUE, linewidth=0.8, linestyle=":")
    axes.annotate(
        f"the path's lowest site: {energy[low]:.3f} eV;\n"
        f"it rises {np.ptp(energy):.3f} eV from there",
        (float(length[-1]) / 2, energy[low]),
        textcoords="offset points",
        xytext=(0, -4),
        ha="center",
        va="top",
        color=INK,
        fontsize=8,
    )
