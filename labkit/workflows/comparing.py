"""Representations compared on one pool: how much their clusters know of the conductivities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.errors import UsageError
from labkit.workflows.analysing import save_figure, save_whole_figure
from labkit.workflows.describing import MAX_DEPTH, PoolTree
from labkit.workflows.lab import Lab
from labkit.workflows.published_labels import published_labels
from labkit.workflows.representations import (
    CONTROLS,
    DEFAULT_REPRESENTATIONS,
    CommonLabels,
    Representation,
    common_labels,
    parse_representation,
    trees_of,
)
from screening.nulltest import (
    NullCurves,
    adjusted_p_values,
    analytic_null,
    permutation_null,
    random_assignment_control,
)
from screening.published import PUBLISHED_CURVES, published_z_scores
from screening.variance import w_sigma_curve

__all__ = ["compare_representations", "compare_with_nulls", "draw_cluster_tree"]

Progress = Callable[[int, int], None]
FloatArray = npt.NDArray[np.float64]

_SHOWN_DEPTHS = (2, 10, 50, 100, 241)
_JUDGED_FROM, _JUDGED_TO = 2, 50
_REPEATS, _CONTROL_REPEATS = 500, 100
_DRAWN_DEPTH, _VIOLINS = 241, 9


def compare_representations(
    lab: Lab,
    names: Sequence[str] = DEFAULT_REPRESENTATIONS,
    *,
    repeats: int = _REPEATS,
    controls: bool = True,
    plot: Path | None = None,
    curves_plot: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score the cluster trees of several representations on the same labels.

    W_sigma (Laskowski et al. 2023) at every depth, beside labels in random clusters and beside
    labels permuted in blocks of one formula on the same tree. The p of a representation is
    corrected for having looked at all of them (max-T, Westfall & Young 1993) over depths 2 to 50.

    Parameters
    ----------
    lab : Lab
    names : sequence of str
        Representations such as ``soap:CAN``.
    repeats : int
        Permutations.
    controls : bool
        Whether the trivial controls are compared too.
    plot : Path, optional
        Where to draw the distribution of W over depths 2 to 50 for each.
    curves_plot : Path, optional
        Where to draw W over all depths for each.
    progress : callable, optional

    Returns
    -------
    dict
        ``table`` (best first), ``curves`` and the counts.

    Raises
    ------
    UsageError
        When there are too few labels or structures.
    """
    chosen = [parse_representation(name) for name in names]
    wanted = [*chosen, *(CONTROLS if controls else ())]
    pools = trees_of(lab, wanted, progress=progress)
    labels = common_labels(lab, list(pools.values()))
    depth = min(MAX_DEPTH, *(pool.tree.max_k for pool in pools.values()))
    judged = list(range(_JUDGED_FROM, min(_JUDGED_TO, depth) + 1))
    random = random_assignment_control(labels.log_sigma, k_max=depth, repeats=_CONTROL_REPEATS)
    curves = {one: _curve(pool, labels, depth) for one, pool in pools.items()}
    nulls = {one: _permuted(pool, labels, depth, repeats) for one, pool in pools.items()}
    p = adjusted_p_values(list(curves.values()), list(nulls.values()), depths=judged)
    rows = [
        _row(one, curves[one], nulls[one], random, judged, float(corrected))
        for one, corrected in zip(curves, p, strict=True)
    ]
    rows.sort(key=lambda row: float(row["mean_w"]))
    _add_published(rows)
    best_control = min((row["mean_w"] for row in rows if row["control"]), default=None)
    for row in rows:
        better = best_control is not None and row["mean_w"] < best_control
        row["beats_controls"] = None if row["control"] or best_control is None else better
    result = {
        "labels": len(labels.material_ids),
        "labels_left_out": labels.dropped,
        "formulas": len(set(labels.formulas)),
        "permutations": repeats,
        "depths_judged": [judged[0], judged[-1]] if judged else [],
        "random_mean": float(random.mean[[k - 1 for k in judged]].mean()) if judged else None,
        "table": rows,
        "summary": _sentence(rows),
        "curves": {
            "k": list(range(1, depth + 1)),
            "random_mean": random.mean.tolist(),
            "random_sd": random.standard_deviation.tolist(),
            "w_sigma": {one.text: curve.tolist() for one, curve in curves.items()},
        },
    }
    if plot is not None:
        height = 1.2 + 0.22 * len(rows)
        save_figure(plot, lambda axes: _draw_violins(axes, rows, result), size_inch=(7.2, height))
    if curves_plot is not None:
        save_figure(curves_plot, lambda axes: _draw_curves(axes, rows, result))
    return result


def _curve(pool: PoolTree, labels: CommonLabels, depth: int) -> FloatArray:
    return w_sigma_curve(pool.tree.membership_, labels.rows(pool), labels.log_sigma, k_max=depth)


def _permuted(pool: PoolTree, labels: CommonLabels, depth: int, repeats: int) -> NullCurves:
    return permutation_null(
        pool.tree.membership_,
        labels.rows(pool),
        labels.log_sigma,
        blocks=labels.formulas,
        repeats=repeats,
        k_max=depth,
    )


def _row(
    one: Representation,
    curve: FloatArray,
    null: NullCurves,
    random: NullCurves,
    judged: list[int],
    p: float,
) -> dict[str, Any]:
    z_random, z_null = random.z_score(curve), null.z_score(curve)
    columns = [k - 1 for k in judged]
    return {
        "representation": one.text,
        "control": one.is_control,
        "mean_w": float(curve[columns].mean()),
        "w": {str(k): float(curve[k - 1]) for k in _SHOWN_DEPTHS if k <= curve.size},
        "z_random": {str(k): float(z_random[k - 1]) for k in _SHOWN_DEPTHS if k <= curve.size},
        "z_permuted": {str(k): float(z_null[k - 1]) for k in _SHOWN_DEPTHS if k <= curve.size},
        "p_corrected": p,
    }


def _add_published(rows: list[dict[str, Any]]) -> None:
    """Put what the paper found beside; where its labels are not at hand, without z-scores."""
    known = [row for row in rows if row["representation"] in PUBLISHED_CURVES]
    if not known:
        return
    labels = published_labels()
    for row in known:
        name = row["representation"]
        row["published"] = {
            "w": {str(k): w for k, w in PUBLISHED_CURVES[name].w.items()},
            "z_random": {
                str(k): z for k, z in (published_z_scores(name, labels) if labels else {}).items()
            },
        }


def _sentence(rows: list[dict[str, Any]]) -> str:
    if not any(row["control"] for row in rows):
        return "no trivial control was compared"
    better = [row["representation"] for row in rows if row["beats_controls"]]
    if not better:
        return "no representation has a lower W than all trivial controls"
    return f"lower W than all trivial controls: {', '.join(better)}"


def _draw_violins(axes: Any, rows: list[dict[str, Any]], result: dict[str, Any]) -> Any:
    from labkit.plots.comparison import plot_w_violins

    first, last = result["depths_judged"]
    judged = slice(first - 1, last)
    return plot_w_violins(
        axes,
        [row["representation"] for row in rows],
        [result["curves"]["w_sigma"][row["representation"]][judged] for row in rows],
        is_control=[row["control"] for row in rows],
        random_mean=result["curves"]["random_mean"][judged],
        random_sd=result["curves"]["random_sd"][judged],
    )


def _draw_curves(axes: Any, rows: list[dict[str, Any]], result: dict[str, Any]) -> Any:
    from labkit.plots.comparison import plot_w_curves

    curves = result["curves"]
    return plot_w_curves(
        axes,
        curves["k"],
        [row["representation"] for row in rows],
        [curves["w_sigma"][row["representation"]] for row in rows],
        is_control=[row["control"] for row in rows],
        random_mean=curves["random_mean"],
        random_sd=curves["random_sd"],
    )


def compare_with_nulls(
    lab: Lab,
    name: str = "soap:CAN",
    *,
    repeats: int = _REPEATS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Put the W_sigma curve of one representation beside four nulls.

    Labels in random clusters; the expectation over permutations without the frozen rule; labels
    permuted freely; labels permuted in blocks of one formula.

    Parameters
    ----------
    lab : Lab
    name : str
        A representation such as ``soap:CAN``.
    repeats : int
        Permutations.
    progress : callable, optional

    Returns
    -------
    dict
        ``table`` at some depths, ``p_over_depths`` (corrected for looking at all of 2 to 50), and
        the counts.

    Raises
    ------
    UsageError
        When there are too few labels or structures.
    """
    one = parse_representation(name)
    pool = trees_of(lab, [one], progress=progress)[one]
    labels = common_labels(lab, [pool])
    depth = min(MAX_DEPTH, pool.tree.max_k)
    rows = labels.rows(pool)
    membership = pool.tree.membership_
    curve = _curve(pool, labels, depth)
    loose = w_sigma_curve(membership, rows, labels.log_sigma, k_max=depth, frozen=False)
    random = random_assignment_control(labels.log_sigma, k_max=depth, repeats=_CONTROL_REPEATS)
    expected = analytic_null(membership, rows, labels.log_sigma, k_max=depth)
    free = permutation_null(membership, rows, labels.log_sigma, repeats=repeats, k_max=depth)
    blocked = _permuted(pool, labels, depth, repeats)
    judged = list(range(_JUDGED_FROM, min(_JUDGED_TO, depth) + 1))
    p_free, p_blocked = free.p_value(curve), blocked.p_value(curve)
    explained = blocked.reduction(curve)
    return {
        "representation": one.text,
        "structures": len(pool.ids),
        "labels": len(labels.material_ids),
        "formulas": len(set(labels.formulas)),
        "permutations": repeats,
        "table": [
            {
                "k": k,
                "w_sigma": float(curve[k - 1]),
                "random_mean": float(random.mean[k - 1]),
                "permuted_mean": float(free.mean[k - 1]),
                "blocked_mean": float(blocked.mean[k - 1]),
                "explained": float(explained[k - 1]),
                "p_permuted": float(p_free[k - 1]),
                "p_blocked": float(p_blocked[k - 1]),
                "w_not_frozen": float(loose[k - 1]),
                "expected_not_frozen": float(expected[k - 1]),
            }
            for k in _SHOWN_DEPTHS
            if k <= depth
        ],
        "p_over_depths": float(adjusted_p_values([curve], [blocked], depths=judged)[0]),
    }


def draw_cluster_tree(
    lab: Lab, path: Path, name: str = "soap:CAN", *, progress: Progress | None = None
) -> dict[str, Any]:
    """Draw the dendrogram down to 241 clusters with the labels in each, and the large clusters.

    Parameters
    ----------
    lab : Lab
    path : Path
    name : str
        A representation such as ``soap:CAN``.
    progress : callable, optional

    Returns
    -------
    dict
        The nine clusters with most labels: size, labels, mean log10(sigma).

    Raises
    ------
    UsageError
        When there are too few labels or structures.
    """
    from labkit.plots.comparison import plot_cluster_tree

    one = parse_representation(name)
    pool = trees_of(lab, [one], progress=progress)[one]
    labels = common_labels(lab, [pool])
    depth = min(_DRAWN_DEPTH, pool.tree.max_k)
    clusters = np.asarray(pool.tree.clusters_at(depth))
    if int(clusters.max()) < 1:
        raise UsageError(f"{one.text} puts all structures into one cluster: there is no tree")
    own = clusters[labels.rows(pool)]
    most = np.argsort(-np.bincount(own), kind="stable")[:_VIOLINS]
    large = [int(cluster) for cluster in most if np.count_nonzero(own == cluster)]
    save_whole_figure(
        path,
        lambda figure: plot_cluster_tree(
            figure,
            np.asarray(pool.tree.linkage_),
            clusters,
            labels.rows(pool),
            labels.log_sigma,
            large=large,
        ),
        size_inch=(10.0, 7.0),
    )
    return {
        "representation": one.text,
        "depth": depth,
        "large_clusters": [
            {
                "cluster": cluster,
                "structures": int(np.count_nonzero(clusters == cluster)),
                "labels": int(np.count_nonzero(own == cluster)),
                "mean_log_sigma": float(labels.log_sigma[own == cluster].mean()),
                "above_1e-5": int(np.count_nonzero(labels.log_sigma[own == cluster] > -5)),
            }
            for cluster in large
        ],
    }
