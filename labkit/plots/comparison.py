"""Representations beside each other, and a cluster tree with its labels.

After figures 2 and 3 of Laskowski et al., Energy Environ. Sci. 2023, 16, 1264.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.plots.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILION, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_cluster_tree", "plot_w_curves", "plot_w_violins"]


def plot_w_violins(
    axes: Axes,
    names: Sequence[str],
    w_sigma: Sequence[ArrayLike],
    *,
    is_control: Sequence[bool],
    random_mean: ArrayLike,
    random_sd: ArrayLike,
) -> Axes:
    """Draw the distribution of W_sigma over a range of depths as half-violins, one row each.

    Parameters
    ----------
    axes : Axes
    names : sequence of str
        Representations, best first.
    w_sigma : sequence of array_like
        W at the depths that count, per representation.
    is_control : sequence of bool
        Which are trivial controls.
    random_mean, random_sd : array_like
        Labels in random clusters at the same depths.

    Returns
    -------
    Axes
    """
    mean, spread = np.asarray(random_mean), np.asarray(random_sd)
    axes.axvspan(
        float((mean - spread).mean()), float((mean + spread).mean()), color="0.9", linewidth=0
    )
    axes.axvline(float(mean.mean()), color=GREY, linestyle="--", linewidth=1.2)
    positions = np.arange(len(names))[::-1].astype(float)
    for at, values, control in zip(positions, w_sigma, is_control, strict=True):
        row = np.asarray(values, dtype=np.float64)
        colour = ORANGE if control else BLUE
        if np.ptp(row) > 0:
            parts: Any = axes.violinplot(
                [row], positions=[at], orientation="horizontal", side="high", widths=1.5,
                showextrema=False,
            )  # fmt: skip
            for body in parts["bodies"]:
                body.set_facecolor(colour)
                body.set_alpha(0.55)
        axes.plot(row, np.full(row.size, at - 0.12), "|", color=colour, markersize=5, alpha=0.6)
        axes.plot([float(row.mean())], [at], "o", color=INK, markersize=4)
    shown = [_shown(name, control) for name, control in zip(names, is_control, strict=True)]
    axes.set_yticks(positions, shown)
    axes.set_ylim(-0.7, len(names) + 0.1)
    axes.set_xlabel(r"$W_\sigma$ (decades$^2$) over depths; dashed: random assignment")
    return tidy(axes)


def plot_w_curves(
    axes: Axes,
    k: ArrayLike,
    names: Sequence[str],
    w_sigma: Sequence[ArrayLike],
    *,
    is_control: Sequence[bool],
    random_mean: ArrayLike,
    random_sd: ArrayLike,
    named: int = 6,
) -> Axes:
    """Draw W_sigma over the number of clusters for several representations.

    Parameters
    ----------
    axes : Axes
    k : array_like
    names : sequence of str
        Representations, best first.
    w_sigma : sequence of array_like
        A curve each.
    is_control : sequence of bool
        Which are trivial controls.
    random_mean, random_sd : array_like
        Labels in random clusters.
    named : int
        How many representations are named in the legend; the others are grey.

    Returns
    -------
    Axes
    """
    depth, mean, spread = np.asarray(k), np.asarray(random_mean), np.asarray(random_sd)
    axes.fill_between(depth, mean - spread, mean + spread, color="0.88", linewidth=0)
    axes.plot(depth, mean, color=GREY, linestyle="--", linewidth=1.2, label="random clusters")
    colours = iter((BLUE, VERMILION, GREEN, PURPLE, SKY, INK)[:named])
    for name, curve, control in zip(names, w_sigma, is_control, strict=True):
        if control:
            axes.plot(depth, curve, color=ORANGE, linewidth=0.9, linestyle=":")
            continue
        colour = next(colours, None)
        if colour is None:
            axes.plot(depth, curve, color="0.75", linewidth=0.8, zorder=0)
        else:
            axes.plot(depth, curve, color=colour, linewidth=1.3, label=_shown(name, False))
    if any(is_control):
        axes.plot([], [], color=ORANGE, linewidth=0.9, linestyle=":", label="trivial controls")
    axes.set_xlim(float(depth[0]), float(depth[-1]))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("number of clusters $k$")
    axes.set_ylabel(r"$W_\sigma$ (decades$^2$)")
    axes.legend(frameon=False, fontsize="small", ncols=2)
    return tidy(axes)


def _shown(name: str, control: bool) -> str:
    """Return the name of a row: trivial controls say so."""
    if not control:
        return name.replace(":", " ").replace("_", " ")
    plain = name.removeprefix("control_").removesuffix(":structure").replace("_", " ")
    return f"{plain} (control)"


def plot_cluster_tree(
    figure: Figure,
    linkage: NDArray[np.float64],
    clusters: NDArray[Any],
    labelled_rows: NDArray[np.int64],
    log_sigma: NDArray[np.float64],
    *,
    large: Sequence[int],
) -> Figure:
    """Draw a dendrogram down to clusters, the labels in each, and violins of some.

    Parameters
    ----------
    figure : Figure
    linkage : ndarray, shape (n - 1, 4)
        SciPy's format, over all structures.
    clusters : ndarray of int, shape (n,)
        Cluster of each structure at the depth drawn.
    labelled_rows, log_sigma : ndarray, shape (m,)
    large : sequence of int
        Clusters whose labels are drawn as violins, in this order.

    Returns
    -------
    Figure
    """
    from scipy.cluster.hierarchy import dendrogram

    n_clusters = int(clusters.max()) + 1
    small = _tree_of_clusters(linkage, clusters)
    top, middle, bottom = figure.subplots(
        3, 1, gridspec_kw={"height_ratios": [3, 1.2, 2.2], "hspace": 0.03}
    )
    drawn: Any = dendrogram(
        small, ax=top, no_labels=True, color_threshold=0.0, above_threshold_color=GREY
    )
    leaves = [int(leaf) for leaf in drawn["leaves"]]
    top.set_ylabel("Ward distance")
    top.set_yscale("symlog", linthresh=float(np.median(small[:, 2])))
    top.set_xlim(0, 10 * n_clusters)
    own = clusters[labelled_rows]
    good = np.bincount(own[log_sigma > -5.0], minlength=n_clusters)[leaves]
    poor = np.bincount(own[log_sigma <= -5.0], minlength=n_clusters)[leaves]
    at = np.arange(n_clusters)
    middle.bar(at, good, width=0.9, color=VERMILION, label=r"above $10^{-5}$ S cm$^{-1}$")
    middle.bar(at, -poor, width=0.9, color=BLUE, label="not above")
    middle.axhline(0.0, color=INK, linewidth=0.6)
    middle.set_xlim(-0.5, n_clusters - 0.5)
    middle.set_ylabel("labels")
    middle.set_xlabel(f"{n_clusters} clusters in the order of the tree")
    middle.legend(
        frameon=False, fontsize="small", loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2
    )
    place = {cluster: position for position, cluster in enumerate(leaves)}
    _number(middle, [place[cluster] for cluster in large], good)
    _violins(bottom, [log_sigma[own == cluster] for cluster in large], clusters, large)
    for axes in (middle, bottom):
        tidy(axes)
    return figure


def _number(axes: Axes, places: Sequence[int], heights: NDArray[Any]) -> None:
    """Write 1, 2, ... above bars; a number that would touch its left neighbour goes higher."""
    too_close = 0.015 * heights.size
    step = 0.2 * max(float(heights.max()), 1.0)
    last, last_height = -np.inf, -np.inf
    for number, at in sorted(enumerate(places, 1), key=lambda pair: pair[1]):
        height = float(heights[at])
        if at - last < too_close and abs(height - last_height) < step:
            height = last_height + step
        last, last_height = at, height
        axes.annotate(
            f"{number}", (at, height), fontsize="small", ha="center", va="bottom", color=INK
        )
    axes.margins(y=0.15)


def _violins(
    axes: Axes, groups: Sequence[NDArray[np.float64]], clusters: NDArray[Any], large: Sequence[int]
) -> None:
    for number, values in enumerate(groups, 1):
        if values.size > 2 and np.ptp(values) > 0:
            parts: Any = axes.violinplot(
                [values], positions=[number], widths=0.8, showextrema=False
            )
            for body in parts["bodies"]:
                body.set_facecolor(BLUE)
                body.set_alpha(0.4)
        axes.plot(np.full(values.size, number), values, "_", color=INK, markersize=9, alpha=0.7)
    names = [
        f"{number}\n{values.size} labels\n{int(np.count_nonzero(clusters == cluster))} structures"
        for number, (cluster, values) in enumerate(zip(large, groups, strict=True), 1)
    ]
    axes.set_xticks(range(1, len(groups) + 1), names, fontsize="small")
    axes.axhline(-5.0, color=VERMILION, linewidth=0.8, linestyle="--")
    axes.set_ylabel(r"$\log_{10}(\sigma$ / S cm$^{-1})$")


def _tree_of_clusters(linkage: NDArray[np.float64], clusters: NDArray[Any]) -> NDArray[np.float64]:
    """Linkage over clusters alone: the merges above the cut, clusters as leaves."""
    n = int(linkage.shape[0]) + 1
    n_clusters = int(clusters.max()) + 1
    first = n - n_clusters
    # cluster of each node that is whole at the cut
    inside = np.full(2 * n - 1, -1, dtype=np.int64)
    inside[:n] = clusters
    for step in range(first):
        inside[n + step] = inside[int(linkage[step, 0])]
    small = np.zeros((n_clusters - 1, 4))
    node: dict[int, int] = {}
    for step in range(n_clusters - 1):
        merge = linkage[first + step]
        children = (int(merge[0]), int(merge[1]))
        pair = [node[child] if child in node else int(inside[child]) for child in children]
        size = sum(1.0 if one < n_clusters else small[one - n_clusters, 3] for one in pair)
        small[step] = [*pair, merge[2], size]
        node[n + first + step] = n_clusters + step
    return small
