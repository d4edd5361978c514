"""The plane of materials: target, families, predicted surface, axes, losses, reconstructions.

After the figures of Yamaguchi et al., Sci. Rep. 2023, 13, 16799.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labkit.plots.style import BLUE, GREEN, GREY, INK, PURPLE, VERMILION, legend, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "plot_axis_meaning",
    "plot_decoded_profile",
    "plot_families",
    "plot_losses_over_weight",
    "plot_map",
    "plot_places",
    "plot_predicted_surface",
    "plot_reconstruction",
    "plot_sparse_region",
    "plot_training",
]

FloatArray = NDArray[np.float64]

_FAMILY_STYLES = {"garnet": ("s", VERMILION), "NASICON": ("^", BLUE), "perovskite": ("D", GREEN)}


def _subscripts(formula: str) -> str:
    return re.sub(r"(?<=[A-Za-z)])(\d+\.?\d*)", r"$_{\1}$", formula)


def _axes_names(axes: Axes) -> None:
    axes.set_xlabel(r"$x$ (composition)")
    axes.set_ylabel(r"$y$ (structure)")


def plot_map(
    axes: Axes, plane: FloatArray, target: FloatArray, *, name: str, title: str = ""
) -> Axes:
    """Draw the materials coloured by the target; those without one are grey.

    Parameters
    ----------
    axes : Axes
    plane : ndarray, shape (n, 2)
    target : ndarray, shape (n,)
    name : str
        Of the target, with its unit.
    title : str
    """
    known = np.isfinite(target)
    axes.scatter(plane[~known, 0], plane[~known, 1], s=9, color="0.8", linewidths=0)
    low, high = np.percentile(target[known], [2, 95])
    order = np.flatnonzero(known)[np.argsort(-target[known])]
    drawn = axes.scatter(
        plane[order, 0], plane[order, 1], c=target[order], s=12, cmap="viridis_r",
        vmin=float(low), vmax=float(high), linewidths=0,
    )  # fmt: skip
    axes.figure.colorbar(drawn, ax=axes, label=name, extend="max")
    axes.set_title(title, fontsize="medium")
    _axes_names(axes)
    return tidy(axes)


def plot_families(
    axes: Axes, plane: FloatArray, families: Sequence[str | None], *, title: str = ""
) -> Axes:
    """Draw the families of structures over all materials.

    Parameters
    ----------
    axes : Axes
    plane : ndarray, shape (n, 2)
    families : sequence of str or None
    title : str
    """
    axes.scatter(plane[:, 0], plane[:, 1], s=7, color="0.82", linewidths=0)
    for family, (marker, colour) in _FAMILY_STYLES.items():
        own = np.array([one == family for one in families], dtype=np.bool_)
        if own.any():
            axes.scatter(
                plane[own, 0], plane[own, 1], s=30, marker=marker, color=colour, alpha=0.8,
                edgecolors="white", linewidths=0.4, label=f"{family} ({int(own.sum())})",
            )  # fmt: skip
    axes.set_title(title, fontsize="medium")
    _axes_names(axes)
    legend(axes)
    return tidy(axes)


def plot_predicted_surface(
    axes: Axes,
    x: FloatArray,
    y: FloatArray,
    surface: FloatArray,
    plane: FloatArray,
    *,
    name: str,
    box: tuple[float, float, float, float] | None = None,
    limits: tuple[float, float] | None = None,
) -> Axes:
    """Draw the predicted target over the plane, and the materials.

    Parameters
    ----------
    axes : Axes
    x, y : ndarray, shape (k,), (l,)
    surface : ndarray, shape (l, k)
    plane : ndarray, shape (n, 2)
    name : str
    box : tuple, optional
        x from, x to, y from, y to of an enlarged region.
    limits : tuple, optional
        Of the colours; all of the surface by default, extrapolations included.
    """
    low, high = limits or (float(surface.min()), float(surface.max()))
    drawn = axes.pcolormesh(
        x, y, surface, cmap="viridis_r", shading="nearest", rasterized=True, vmin=low, vmax=high
    )
    axes.figure.colorbar(drawn, ax=axes, label=f"predicted {name}", extend="both")
    axes.scatter(plane[:, 0], plane[:, 1], s=4, color="white", edgecolors=INK, linewidths=0.25)
    if box is not None:
        x0, x1, y0, y1 = box
        # white below, so that it stands out on every colour of the surface
        for colour, width in (("white", 3.6), (VERMILION, 1.8)):
            axes.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=colour, linewidth=width)
    axes.set_xlim(float(x[0]), float(x[-1]))
    axes.set_ylim(float(y[0]), float(y[-1]))
    _axes_names(axes)
    return axes


def plot_sparse_region(
    axes: Axes,
    plane: FloatArray,
    formulas: Sequence[str],
    target: FloatArray,
    box: tuple[float, float, float, float],
    *,
    name: str,
    most: int = 28,
) -> Axes:
    """Draw the materials of a region with their formulas.

    Parameters
    ----------
    axes : Axes
    plane : ndarray, shape (n, 2)
    formulas : sequence of str
    target : ndarray, shape (n,)
    box : tuple
        x from, x to, y from, y to.
    name : str
    most : int
        Labels at most; those with the lowest target.
    """
    x0, x1, y0, y1 = box
    inside = np.flatnonzero(
        (plane[:, 0] >= x0) & (plane[:, 0] <= x1) & (plane[:, 1] >= y0) & (plane[:, 1] <= y1)
    )
    drawn = axes.scatter(
        plane[inside, 0], plane[inside, 1], c=target[inside], s=30, cmap="viridis_r", linewidths=0
    )
    axes.figure.colorbar(drawn, ax=axes, label=name)
    labelled = inside[np.argsort(np.nan_to_num(target[inside], nan=np.inf))][:most]
    taken: list[FloatArray] = []
    span = np.array([x1 - x0, y1 - y0])
    for row in labelled:
        at = plane[row] / span
        if any(abs(at[0] - o[0]) < 0.25 and abs(at[1] - o[1]) < 0.05 for o in taken):
            continue  # its label would lie over another
        taken.append(at)
        # names near the right or upper edge stand on the inner side of their dots
        side = -1 if plane[row, 0] > x1 - 0.2 * span[0] else 1
        low = plane[row, 1] > y1 - 0.05 * span[1]
        axes.annotate(
            _subscripts(formulas[row]), plane[row], xytext=(4 * side, -4 if low else 3),
            textcoords="offset points", fontsize="x-small",
            ha="left" if side > 0 else "right", va="top" if low else "bottom",
        )  # fmt: skip
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)
    axes.locator_params(axis="x", nbins=5)
    axes.set_title("the box, enlarged", fontsize="medium")
    _axes_names(axes)
    return tidy(axes)


def plot_axis_meaning(
    axes: Axes, coordinate: FloatArray, fractions: Mapping[str, FloatArray], *, name: str
) -> Axes:
    """Draw atomic fractions of elements against one axis of the map.

    Parameters
    ----------
    axes : Axes
    coordinate : ndarray, shape (n,)
    fractions : mapping of str to ndarray
    name : str
    """
    for (element, values), colour in zip(fractions.items(), (BLUE, VERMILION, GREEN), strict=False):
        axes.scatter(coordinate, values, s=7, alpha=0.5, linewidths=0, color=colour, label=element)
    axes.set_xlabel(name)
    axes.set_ylabel("atomic fraction")
    axes.set_ylim(0.0, 1.0)
    legend(axes)
    return tidy(axes)


def plot_losses_over_weight(
    axes: Axes, weights: Sequence[float], losses: Mapping[str, Sequence[float]]
) -> Axes:
    """Draw the held-out losses against W; W = 0 stands at the left end.

    Parameters
    ----------
    axes : Axes
    weights : sequence of float
        Rising.
    losses : mapping of str to sequence of float
    """
    at = np.arange(len(weights))
    for (name, values), colour in zip(losses.items(), (BLUE, GREEN, VERMILION), strict=False):
        axes.semilogy(at, values, "o-", color=colour, label=name, markersize=5)
    axes.set_xticks(at, [f"{weight:g}" for weight in weights])
    axes.set_xlabel("W")
    axes.set_ylabel("mean squared error, held out")
    legend(axes)
    return tidy(axes)


def plot_training(axes: Axes, history: Mapping[str, Sequence[float]], *, best: int) -> Axes:
    """Draw the losses over the epochs of one training.

    Parameters
    ----------
    axes : Axes
    history : mapping of str to sequence of float
    best : int
        Epoch that was kept.
    """
    names = {"fit": "whole, trained on", "watched": "whole, watched",
             "composition": "composition, watched", "structure": "structure, watched",
             "target": "target, watched, not times W"}  # fmt: skip
    for (key, name), colour in zip(names.items(), (GREY, INK, BLUE, GREEN, VERMILION), strict=True):
        axes.semilogy(history[key], color=colour, label=name, linewidth=1.2)
    axes.axvline(best, color=PURPLE, linestyle="--", linewidth=1.0, label=f"kept: epoch {best}")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss (mean squared error)")
    legend(axes)
    return tidy(axes)


def plot_reconstruction(
    axes: Axes, values: FloatArray, decoded: FloatArray, *, name: str, r2: float
) -> Axes:
    """Draw decoded against true descriptor values as a density of points.

    Parameters
    ----------
    axes : Axes
    values, decoded : ndarray, same shape
        Scaled to 0 ... 1.
    name : str
    r2 : float
    """
    drawn = axes.hexbin(
        values.ravel(), decoded.ravel(), gridsize=60, bins="log", cmap="Blues", mincnt=1,
        extent=(0.0, 1.0, -0.1, 1.1),
    )  # fmt: skip
    axes.figure.colorbar(drawn, ax=axes, label="how many values")
    axes.plot([0, 1], [0, 1], color=VERMILION, linewidth=1.0)
    axes.set_xlabel(f"{name}, true (scaled)")
    axes.set_ylabel("decoded from one number")
    axes.set_title(f"{name}: $R^2$ = {r2:.2f} about the mean of all values", fontsize="medium")
    return tidy(axes)


def plot_decoded_profile(
    axes: Axes, at: FloatArray, true: FloatArray | None, decoded: FloatArray, *, name: str
) -> Axes:
    """Draw one decoded distribution, over the true one if there is one.

    Parameters
    ----------
    axes : Axes
    at : ndarray, shape (k,)
    true : ndarray or None
    decoded : ndarray, shape (k,)
    name : str
        Of the abscissa.
    """
    if true is not None:
        axes.plot(at, true, color=INK, linewidth=1.2, label="true")
    axes.plot(at, decoded, color=VERMILION, linewidth=1.2, label="decoded")
    axes.set_xlabel(name)
    axes.set_ylabel("g(r)")
    legend(axes)
    return tidy(axes)


def plot_places(axes: Axes, places: Sequence[Mapping[str, Any]]) -> Axes:
    """Mark places on a map that is drawn, each with its name.

    Parameters
    ----------
    axes : Axes
    places : sequence of mapping
        With ``x``, ``y``, ``structure`` and perhaps ``formula``.
    """
    if not places:
        return axes
    at = np.array([[place["x"], place["y"]] for place in places], dtype=np.float64)
    axes.plot(
        at[:, 0], at[:, 1], marker="*", color=PURPLE, markersize=12, markeredgecolor=INK,
        linestyle="none", label="placed",
    )  # fmt: skip
    # the names stand in a column beside the places, so that near places keep theirs apart
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    on_the_right = at[:, 0].max() < left + 0.7 * (right - left)
    gap = 0.08 * (right - left)
    column = at[:, 0].max() + gap if on_the_right else at[:, 0].min() - gap
    step = 0.05 * (top - bottom)
    for rank, row in enumerate(np.argsort(at[:, 1])):
        height = at[:, 1].mean() + step * (rank - 0.5 * (len(places) - 1))
        axes.annotate(
            places[int(row)]["structure"], at[row], xytext=(column, height), fontsize="small",
            va="center", ha="left" if on_the_right else "right",
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.7},
        )  # fmt: skip
    legend(axes)
    return axes
