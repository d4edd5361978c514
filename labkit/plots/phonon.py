"""Clusters of phonon densities of states: silhouettes, trees, planes, and what they know.

After the poster of Hu, Krenzer, Onwuli and Walsh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.plots.style import GREY, INK, ORANGE, SERIES, VERMILION, legend, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "plot_best_counts",
    "plot_cluster_plane",
    "plot_cluster_values",
    "plot_mean_densities",
    "plot_phonon_tree",
    "plot_silhouette_curve",
    "plot_silhouettes",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def _colour(cluster: int) -> str:
    return SERIES[cluster % len(SERIES)]


def plot_silhouette_curve(
    axes: Axes, curves: Mapping[str, Mapping[int, float]], *, title: str = ""
) -> Axes:
    """Draw the mean silhouette against the number of clusters, one line per method.

    Parameters
    ----------
    axes : Axes
    curves : mapping of str to mapping of int to float
    title : str
    """
    for name, curve in curves.items():
        ks = sorted(curve)
        axes.plot(ks, [curve[k] for k in ks], "o-", markersize=4, label=name)
    axes.set_xlabel("number of clusters")
    axes.set_ylabel("mean silhouette")
    axes.set_title(title, fontsize="medium")
    axes.set_ylim(bottom=0.0)
    legend(axes)
    return tidy(axes)


def plot_best_counts(
    axes: Axes, names: Sequence[str], best: Mapping[str, Sequence[int]], silhouette: Any
) -> Axes:
    """Draw the best number of clusters of every feature set as a table coloured by silhouette.

    Parameters
    ----------
    axes : Axes
    names : sequence of str
        Feature sets, in rows.
    best : mapping of str to sequence of int
        Best number of each feature set, by method, in columns.
    silhouette : array_like, shape (features, methods)
    """
    values = np.asarray(silhouette, dtype=np.float64)
    image = axes.imshow(values, aspect="auto", cmap="viridis", vmin=0.0, vmax=0.8)
    for column, counts in enumerate(best.values()):
        for row, count in enumerate(counts):
            light = values[row, column] < 0.5
            axes.text(
                column, row, str(count), ha="center", va="center",
                color="white" if light else INK, fontsize="small",
            )  # fmt: skip
    axes.set_xticks(range(len(best)), list(best))
    axes.set_yticks(range(len(names)), list(names), fontsize="small")
    axes.figure.colorbar(image, ax=axes, label="mean silhouette")
    axes.set_title("number of clusters with the largest silhouette", fontsize="medium")
    return axes


def plot_silhouettes(
    axes: Axes, silhouettes: ArrayLike, labels: IntArray, *, title: str = ""
) -> Axes:
    """Draw the silhouette of every material, sorted inside its cluster.

    Parameters
    ----------
    axes : Axes
    silhouettes : array_like, shape (m,)
    labels : ndarray of int, shape (m,)
    title : str
    """
    values = np.asarray(silhouettes, dtype=np.float64)
    bottom = 0
    for cluster in range(int(labels.max()) + 1):
        own = np.sort(values[labels == cluster])
        at = np.arange(bottom, bottom + own.size)
        axes.fill_betweenx(at, 0.0, own, color=_colour(cluster), alpha=0.7, linewidth=0)
        axes.text(0.98, bottom + 0.5 * own.size, f"{own.size}", ha="right", va="center",
                  transform=axes.get_yaxis_transform(), color=_colour(cluster))  # fmt: skip
        bottom += own.size + max(1, values.size // 60)
    axes.axvline(float(values.mean()), color=INK, linestyle="--", linewidth=1.0)
    axes.set_xlim(-0.4, 1.0)
    axes.set_yticks([])
    axes.set_xlabel(f"silhouette (mean {values.mean():.2f})")
    axes.set_title(title, fontsize="medium")
    return tidy(axes)


def plot_cluster_plane(
    axes: Axes,
    plane: FloatArray,
    labels: IntArray,
    *,
    labelled_rows: IntArray,
    conducts: NDArray[np.bool_],
    axis_names: tuple[str, str] = ("component 1", "component 2"),
    title: str = "",
) -> Axes:
    """Draw materials in a plane, coloured by cluster, those with a known conductivity marked.

    Parameters
    ----------
    axes : Axes
    plane : ndarray, shape (m, 2)
    labels : ndarray of int, shape (m,)
    labelled_rows : ndarray of int
    conducts : ndarray of bool
        Of each labelled row.
    axis_names : tuple of str
    title : str
    """
    for cluster in range(int(labels.max()) + 1):
        own = labels == cluster
        axes.scatter(
            plane[own, 0], plane[own, 1], s=9, color=_colour(cluster), alpha=0.45, linewidths=0,
            label=f"cluster {cluster + 1} ({int(own.sum())})",
        )  # fmt: skip
    good, poor = labelled_rows[conducts], labelled_rows[~conducts]
    axes.scatter(
        plane[poor, 0], plane[poor, 1], s=22, marker="x", color=INK, label="poor conductor"
    )
    axes.scatter(
        plane[good, 0], plane[good, 1], s=120, marker="*", color=ORANGE, edgecolors=INK,
        linewidths=0.8, label="conductor", zorder=4,
    )  # fmt: skip
    axes.set_xlabel(axis_names[0])
    axes.set_ylabel(axis_names[1])
    axes.set_title(title, fontsize="medium")
    legend(axes)
    return tidy(axes)


def plot_phonon_tree(
    figure: Figure,
    linkage: FloatArray,
    labels: IntArray,
    *,
    labelled_rows: IntArray,
    log_sigma: FloatArray,
) -> Figure:
    """Draw the dendrogram, its branches coloured by cluster, and the conductivities below.

    Parameters
    ----------
    figure : Figure
    linkage : ndarray, shape (m - 1, 4)
    labels : ndarray of int, shape (m,)
    labelled_rows, log_sigma : ndarray
    """
    from scipy.cluster.hierarchy import dendrogram

    m = len(labels)
    k = int(labels.max()) + 1
    cluster_of = np.full(2 * m - 1, -1, dtype=np.int64)
    cluster_of[:m] = labels
    for step in range(m - k):
        cluster_of[m + step] = cluster_of[int(linkage[step, 0])]
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[2.4, 1])
    drawn: Any = dendrogram(
        linkage,
        ax=top,
        no_labels=True,
        link_color_func=lambda node: GREY if cluster_of[node] < 0 else _colour(cluster_of[node]),
    )
    place = np.empty(m)
    place[np.array(drawn["leaves"], dtype=np.int64)] = 10.0 * np.arange(m) + 5.0
    top.set_ylabel("Ward distance")
    bottom.scatter(
        place[labelled_rows],
        log_sigma,
        s=22,
        color=[_colour(int(labels[row])) for row in labelled_rows],
        edgecolors=INK,
        linewidths=0.4,
        zorder=3,
    )
    bottom.axhline(-6.0, color=VERMILION, linestyle="--", linewidth=0.8)
    bottom.set_ylabel(r"$\log_{10}(\sigma$ / S cm$^{-1})$")
    bottom.set_xlabel(f"{m} materials in the order of the tree, {k} clusters")
    for axes in (top, bottom):
        tidy(axes)
        axes.set_xticks([])
    return figure


def plot_mean_densities(
    axes: Axes, frequency_THz: FloatArray, densities: FloatArray, labels: IntArray, *, name: str
) -> Axes:
    """Draw the mean density of states of each cluster and the band of its middle half.

    Parameters
    ----------
    axes : Axes
    frequency_THz : ndarray, shape (n,)
    densities : ndarray, shape (m, n)
    labels : ndarray of int, shape (m,)
    name : str
        Whose density: all atoms, or an element.
    """
    for cluster in range(int(labels.max()) + 1):
        own = densities[labels == cluster]
        low, high = np.percentile(own, [25, 75], axis=0)
        axes.fill_between(frequency_THz, low, high, color=_colour(cluster), alpha=0.2, linewidth=0)
        axes.plot(frequency_THz, own.mean(axis=0), color=_colour(cluster),
                  label=f"cluster {cluster + 1} ({len(own)})")  # fmt: skip
    axes.set_xlim(0.0, float(frequency_THz[-1]))
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("frequency (THz)")
    axes.set_ylabel(f"density of states, {name} (1/THz)")
    legend(axes)
    return tidy(axes)


def plot_cluster_values(
    axes: Axes, labels: IntArray, values: FloatArray, *, name: str, note: str = ""
) -> Axes:
    """Draw the values of materials by cluster as points, with the median of each.

    Parameters
    ----------
    axes : Axes
    labels : ndarray of int, shape (m,)
    values : ndarray, shape (m,)
    name : str
        Of the ordinate.
    note : str
        Title, such as the result of a test.
    """
    clusters = sorted({int(label) for label in labels})
    jitter = np.random.default_rng(0).uniform(-0.28, 0.28, values.size)
    for cluster in clusters:
        own = labels == cluster
        axes.scatter(cluster + 1 + jitter[own], values[own], s=9, alpha=0.55, linewidths=0,
                     color=_colour(cluster))  # fmt: skip
        median = float(np.median(values[own]))
        axes.plot([cluster + 0.65, cluster + 1.35], [median, median], color=INK, linewidth=1.6)
    axes.set_xticks([cluster + 1 for cluster in clusters])
    axes.set_xlim(0.4, max(clusters) + 1.6)
    axes.set_xlabel("cluster")
    axes.set_ylabel(name)
    axes.set_title(note, fontsize="medium")
    return tidy(axes)
