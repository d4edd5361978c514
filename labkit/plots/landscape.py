"""Where a mobile ion can be in a crystal: its energy seen along each cell vector, with its path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.plots.style import INK, VERMILION, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_landscape", "wrapped_path"]

FloatArray = NDArray[np.float64]
_NAMES = "abc"


def plot_landscape(
    axes: Axes,
    lattice_angstrom: ArrayLike,
    energy_eV: ArrayLike,
    *,
    along: int = 2,
    levels_eV: Sequence[float] = (),
    ceiling_eV: float = 1.0,
    path: ArrayLike | None = None,
    sites: Mapping[str, ArrayLike] | None = None,
    colours: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the lowest energy along one cell vector over the plane of the two others.

    What a line of sight along the vector meets at its lowest point: connected dark regions are
    channels. Contours at the barriers are outlines of the isosurfaces at which paths connect.

    Parameters
    ----------
    axes : Axes
    lattice_angstrom : array_like, shape (3, 3)
    energy_eV : array_like, shape (n1, n2, n3)
        Above the lowest point, on a periodic grid without repeated faces.
    along : {0, 1, 2}
        Cell vector to look along.
    levels_eV : sequence of float
        Contours.
    ceiling_eV : float
        Energies above this are drawn alike.
    path : array_like, shape (n, 3), optional
        Fractional coordinates of a path, not wrapped.
    sites : mapping of str to array_like, shape (m, 3), optional
        Fractional coordinates of the ions by element.
    colours : mapping of str to str, optional
        Of the elements.

    Returns
    -------
    Axes
    """
    lattice = np.asarray(lattice_angstrom, float)
    first, second = ((1, 2), (2, 0), (0, 1))[along]
    lowest = np.asarray(energy_eV, float).min(axis=along)
    if along == 1:
        lowest = lowest.T
    lowest = np.minimum(np.pad(lowest, [(0, 1)] * 2, mode="wrap"), ceiling_eV)
    plane = _plane(lattice[first], lattice[second])
    u, v = np.meshgrid(*(np.linspace(0.0, 1.0, n) for n in lowest.shape), indexing="ij")
    x, y = np.moveaxis(np.stack([u, v], axis=-1) @ plane, -1, 0)
    shades = axes.pcolormesh(
        x, y, lowest, shading="gouraud", cmap="viridis", vmin=0.0, vmax=ceiling_eV, rasterized=True
    )
    drawn = sorted({level for level in levels_eV if 0.0 < level < ceiling_eV})
    if drawn:
        axes.contour(x, y, lowest, levels=drawn, colors="white", linewidths=0.9)
    for symbol, fractional in (sites or {}).items():
        flat = np.atleast_2d(np.asarray(fractional, float))[:, [first, second]] % 1.0 @ plane
        axes.plot(*flat.T, "o", markersize=3.5, markeredgecolor=INK, markeredgewidth=0.4,
                  color=(colours or {}).get(symbol), label=symbol)  # fmt: skip
    if path is not None:
        axes.plot(*(wrapped_path(np.asarray(path, float)[:, [first, second]]) @ plane).T,
                  color=VERMILION, linewidth=1.6, label="path")  # fmt: skip
    axes.set_aspect("equal")
    axes.set_xlabel(f"along {_NAMES[first]} (Å)")
    axes.set_ylabel(f"{_NAMES[second]}, across {_NAMES[first]} (Å)")
    axes.figure.colorbar(shades, ax=axes, shrink=0.8, label="lowest energy (eV)")
    return tidy(axes)


def _plane(first: FloatArray, second: FloatArray) -> FloatArray:
    """Two vectors in the plane they span: the first along x."""
    length = float(np.linalg.norm(first))
    along = float(first @ second) / length
    across = float(np.sqrt(max(float(second @ second) - along**2, 0.0)))
    return np.array([[length, 0.0], [along, across]])


def wrapped_path(points: FloatArray) -> FloatArray:
    """Bring a path into the cell; where it leaves through a face the line is interrupted."""
    cell = np.floor(points + 1e-9)
    jumps = np.flatnonzero((np.diff(cell, axis=0) != 0).any(axis=1)) + 1
    inside = points - cell
    # the step over the face is drawn up to the face's far side, then begun again
    ends = points[jumps] - cell[jumps - 1]
    gaps = np.full_like(ends, np.nan)
    return np.insert(
        inside, np.repeat(jumps, 2), np.stack([ends, gaps], 1).reshape(-1, points.shape[1]), axis=0
    )
