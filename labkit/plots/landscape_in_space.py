"""The landscape of a mobile ion in three dimensions: isosurfaces, the framework, and the path."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.plots.landscape import wrapped_path
from labkit.plots.style import BLUE, GREEN, GREY, INK, ORANGE, VERMILION

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from mpl_toolkits.mplot3d.axes3d import Axes3D

__all__ = ["AtomsInCell", "Surface", "landscape_page", "plot_surface"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# one colour a level, from the first that connects to the last
SURFACE_COLOURS = (BLUE, GREEN, ORANGE)
_ELEVATION_DEG, _AZIMUTH_DEG = 16.0, -68.0


@dataclass(frozen=True, slots=True, eq=False)
class AtomsInCell:
    """Atoms of a cell as they are drawn; those on a face are repeated on the other.

    Attributes
    ----------
    symbols : sequence of str
    positions_angstrom : ndarray, shape (n, 3)
    radii_angstrom : ndarray, shape (n,)
    colours : sequence of str
        ``#rrggbb``.
    bonds : ndarray of int, shape (m, 2)
        Pairs of atoms that touch.
    lattice_angstrom : ndarray, shape (3, 3)
    """

    symbols: Sequence[str]
    positions_angstrom: FloatArray
    radii_angstrom: FloatArray
    colours: Sequence[str]
    bonds: IntArray
    lattice_angstrom: FloatArray

    @property
    def edges_angstrom(self) -> FloatArray:
        """Both ends of the twelve edges of the cell, shape (12, 2, 3)."""
        ends = []
        for axis in range(3):
            first, second = (n for n in range(3) if n != axis)
            for i in (0, 1):
                for j in (0, 1):
                    start = np.zeros(3)
                    start[[first, second]] = i, j
                    end = start.copy()
                    end[axis] = 1
                    ends.append((start, end))
        return np.array(ends) @ self.lattice_angstrom

    def without(self, symbol: str) -> AtomsInCell:
        """Return the atoms of all other elements: the framework that the ion moves through."""
        kept = np.array([s != symbol for s in self.symbols], dtype=np.bool_)
        number = np.cumsum(kept) - 1
        bonds = self.bonds[kept[self.bonds].all(axis=1)] if len(self.bonds) else self.bonds
        return AtomsInCell(
            [s for s, keep in zip(self.symbols, kept, strict=True) if keep],
            self.positions_angstrom[kept],
            self.radii_angstrom[kept],
            [c for c, keep in zip(self.colours, kept, strict=True) if keep],
            number[bonds],
            self.lattice_angstrom,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """An isosurface with the words that name it.

    Attributes
    ----------
    name : str
        Such as ``2-D and 3-D above 0.310 eV (drawn at 0.330)``.
    points_angstrom : ndarray, shape (n, 3)
    triangles : ndarray of int, shape (m, 3)
    """

    name: str
    points_angstrom: FloatArray
    triangles: IntArray


def plot_surface(
    axes: Axes3D,
    atoms: AtomsInCell,
    surface: Surface,
    *,
    colour: str = BLUE,
    path: ArrayLike | None = None,
) -> Axes3D:
    """Draw one isosurface with the framework, the cell and the path on three-dimensional Axes.

    Parameters
    ----------
    axes : Axes3D
    atoms : AtomsInCell
        The framework, without the mobile ion.
    surface : Surface
    colour : str
    path : array_like, shape (n, 3), optional
        Fractional coordinates of a path, not wrapped.

    Returns
    -------
    Axes3D
    """
    from matplotlib.colors import LightSource, to_rgba
    from matplotlib.patheffects import withStroke
    from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection

    # drawn in the order given: what lies inside shows through the surface
    axes.computed_zorder = False
    axes.set_proj_type("ortho")
    axes.add_collection3d(
        Line3DCollection(atoms.edges_angstrom, colors=GREY, linewidths=0.8, zorder=1)
    )
    if len(atoms.bonds):
        axes.add_collection3d(
            Line3DCollection(atoms.positions_angstrom[atoms.bonds], colors="#B8B8B8",
                             linewidths=2.0, zorder=2)
        )  # fmt: skip
    for symbol in dict.fromkeys(atoms.symbols):
        mine = [n for n, s in enumerate(atoms.symbols) if s == symbol]
        axes.scatter(
            *atoms.positions_angstrom[mine].T, s=20.0 + 55.0 * atoms.radii_angstrom[mine[0]],
            color=atoms.colours[mine[0]], edgecolors=INK, linewidths=0.4, depthshade=False,
            label=symbol, zorder=3,
        )  # fmt: skip
    if len(surface.triangles):
        axes.add_collection3d(
            Poly3DCollection(
                surface.points_angstrom[surface.triangles],
                facecolors=np.tile(to_rgba(colour, 0.55), (len(surface.triangles), 1)),
                shade=True,
                rasterized=True, zorder=4,
                lightsource=LightSource(azdeg=225, altdeg=45),
            )
        )  # fmt: skip
    if path is not None:
        line = wrapped_path(np.asarray(path, float)) @ atoms.lattice_angstrom
        axes.plot(
            *line.T, color=VERMILION, linewidth=2.4, zorder=5, label="path",
            path_effects=[withStroke(linewidth=4.0, foreground="white")],
        )  # fmt: skip
    corners = atoms.edges_angstrom.reshape(-1, 3)
    low, high = corners.min(axis=0), corners.max(axis=0)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect(high - low, zoom=_zoom(corners, low, high))
    axes.view_init(elev=_ELEVATION_DEG, azim=_AZIMUTH_DEG)
    axes.set_axis_off()
    axes.set_title(surface.name)
    return axes


def landscape_page(
    atoms: AtomsInCell,
    surfaces: Sequence[Surface],
    *,
    ion: str,
    title: str,
    path: ArrayLike | None = None,
    length_angstrom: ArrayLike = (),
    energy_eV: ArrayLike = (),
) -> go.Figure:
    """Return the isosurfaces, all atoms, the path and its profile as an interactive figure.

    Parameters
    ----------
    atoms : AtomsInCell
        With the mobile ion.
    surfaces : sequence of Surface
        The first is shown, the others by a click on their names.
    ion : str
        Element of the mobile ion, named apart.
    title : str
    path : array_like, shape (n, 3), optional
        Fractional coordinates of a path, not wrapped.
    length_angstrom, energy_eV : array_like, shape (n,)
        Profile along the path.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=1, cols=2, column_widths=[0.72, 0.28], specs=[[{"type": "scene"}, {"type": "xy"}]]
    )
    for number, surface in enumerate(surfaces):
        x, y, z = surface.points_angstrom.astype(np.float32).T
        i, j, k = surface.triangles.astype(np.int32).T
        figure.add_trace(
            go.Mesh3d(
                x=x, y=y, z=z, i=i, j=j, k=k, name=surface.name, showlegend=True, opacity=0.55,
                color=SURFACE_COLOURS[number % len(SURFACE_COLOURS)], hoverinfo="name",
                visible=True if number == 0 else "legendonly",
                lighting={"ambient": 0.75, "diffuse": 0.6, "specular": 0.2},
            ),
            row=1, col=1,
        )  # fmt: skip
    place = {"row": 1, "col": 1}
    for lines, style, name in (
        (atoms.edges_angstrom, {"color": GREY, "width": 2}, "cell"),
        (atoms.positions_angstrom[atoms.bonds], {"color": "#B8B8B8", "width": 6}, "bonds"),
    ):
        if len(lines):
            figure.add_trace(_lines(_joined(lines), style, name), **place)
    for symbol in dict.fromkeys(atoms.symbols):
        mine = [n for n, s in enumerate(atoms.symbols) if s == symbol]
        x, y, z = atoms.positions_angstrom[mine].T
        marker = {
            "size": 5 + 5 * float(atoms.radii_angstrom[mine[0]]),
            "color": atoms.colours[mine[0]],
            "line": {"color": INK, "width": 1},
        }
        figure.add_trace(
            go.Scatter3d(x=x, y=y, z=z, mode="markers", name=symbol, marker=marker,
                         hovertemplate=f"{symbol} (%{{x:.2f}}, %{{y:.2f}}, %{{z:.2f}}) Å"
                         "<extra></extra>",
                         visible="legendonly" if symbol == ion else True),
            **place,
        )  # fmt: skip
    if path is not None:
        line = wrapped_path(np.asarray(path, float)) @ atoms.lattice_angstrom
        figure.add_trace(_lines(line, {"color": VERMILION, "width": 7}, "path", True), **place)
        figure.add_trace(
            go.Scatter(x=np.asarray(length_angstrom), y=np.asarray(energy_eV), mode="lines",
                       line={"color": VERMILION}, showlegend=False,
                       hovertemplate="%{x:.1f} Å: %{y:.3f} eV<extra></extra>"),
            row=1, col=2,
        )  # fmt: skip
    hidden = {"visible": False, "showspikes": False}
    figure.update_layout(
        title=title, template="plotly_white", legend={"x": 0.0, "y": 0.98},
        scene={"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data",
               "camera": {"projection": {"type": "orthographic"},
                          "eye": {"x": 0.55, "y": -1.35, "z": 0.42}}},
    )  # fmt: skip
    figure.update_xaxes(title="distance along the path (Å)")
    figure.update_yaxes(title="energy above the crystal's lowest site (eV)", rangemode="tozero")
    return figure


def _zoom(corners: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Enlargement that lets an oblique cell fill the picture, not the box around it."""
    up, around = np.radians([_ELEVATION_DEG, _AZIMUTH_DEG])
    plane = np.array(
        [
            [-np.sin(around), np.cos(around), 0.0],
            [-np.sin(up) * np.cos(around), -np.sin(up) * np.sin(around), np.cos(up)],
        ]
    )
    box = np.array(list(itertools.product(*zip(low, high, strict=True))))
    return 1.08 * float(
        np.ptp(box @ plane.T, axis=0).max() / np.ptp(corners @ plane.T, axis=0).max()
    )


def _joined(lines: FloatArray) -> FloatArray:
    """Line pieces, shape (n, 2, 3), as one line with gaps."""
    gap = np.full((len(lines), 1, 3), np.nan)
    return np.concatenate([lines, gap], axis=1).reshape(-1, 3)


def _lines(line: FloatArray, style: dict[str, Any], name: str, named: bool = False) -> Any:
    import plotly.graph_objects as go

    x, y, z = line.T
    return go.Scatter3d(x=x, y=y, z=z, mode="lines", line=style, name=name, showlegend=named,
                        hoverinfo="skip", connectgaps=False)  # fmt: skip
