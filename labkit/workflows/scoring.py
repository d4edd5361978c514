"""How much a cluster tree knows of conductivities or barriers, beside random assignments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from labkit.errors import UsageError
from labkit.workflows.analysing import save_figure
from labkit.workflows.describing import MAX_DEPTH, PoolTree, tree_of_pool
from labkit.workflows.lab import Lab
from labkit.workflows.published_labels import published_barriers
from labkit.workflows.screening_labels import labels_on_structures
from screening.nulltest import random_assignment_control
from screening.variance import w_sigma_curve

__all__ = ["LABELS", "draw_w_sigma", "score_tree"]

LABELS = ("conductivity", "barrier")
_QUANTITIES = {"conductivity": "W_sigma", "barrier": "W_Ea"}
_SHOWN_DEPTHS = (1, 2, 10, 20, 50, 100, 150, 200, 241, 300)
_REPEATS = 100


def score_tree(
    lab: Lab,
    *,
    descriptor: str = "soap",
    mode: str = "CAN",
    labels: str = "conductivity",
    progress: Callable[[int, int], None] | None = None,
    plot: Path | None = None,
) -> dict[str, Any]:
    """Score the cluster tree of the pool with the accepted labels, or with published barriers.

    W_sigma (Laskowski et al. 2023) takes one label per structure, the newest, and keeps the last
    deviation of a label that is alone in its cluster. W_Ea is the same sum over migration barriers
    in eV, for the published ones of the Materials Project.

    Parameters
    ----------
    lab : Lab
    descriptor, mode : str
    labels : {"conductivity", "barrier"}
    progress : callable, optional
    plot : Path, optional
        Where to draw the curve.

    Returns
    -------
    dict
        ``table`` at some depths, ``curve`` at all, and the counts.

    Raises
    ------
    UsageError
        When fewer than two structures are labelled, or there are no such labels.
    DataUnavailableError
        When the published barriers are not at hand.
    """
    if labels not in LABELS:
        raise UsageError(f"no labels {labels!r}: choose {' or '.join(LABELS)}")
    pool = tree_of_pool(lab, descriptor=descriptor, mode=mode, progress=progress)
    known = _values(lab, pool, labels)
    if len(known) < 2:
        raise UsageError("fewer than two structures carry such a label; import some first")
    depth = min(MAX_DEPTH, pool.tree.max_k)
    rows, values = np.array(list(known)), np.array(list(known.values()))
    curve = w_sigma_curve(pool.tree.membership_, rows, values, k_max=depth)
    control = random_assignment_control(values, k_max=depth, repeats=_REPEATS)
    z = control.z_score(curve)
    result = {
        "descriptor": descriptor,
        "mode": mode,
        "structures": len(pool.ids),
        "labels": len(known),
        "quantity": _QUANTITIES[labels],
        "table": [
            {
                "k": k,
                "w_sigma": float(curve[k - 1]),
                "random_mean": float(control.mean[k - 1]),
                "random_sd": float(control.standard_deviation[k - 1]),
                "z": float(z[k - 1]),
            }
            for k in _SHOWN_DEPTHS
            if k <= depth
        ],
        "curve": {
            "k": list(range(1, depth + 1)),
            "w_sigma": curve.tolist(),
            "random_mean": control.mean.tolist(),
            "random_sd": control.standard_deviation.tolist(),
        },
    }
    if plot is not None:
        save_figure(plot, lambda axes: draw_w_sigma(axes, result))
    return result


def _values(lab: Lab, pool: PoolTree, labels: str) -> dict[int, float]:
    """Label of each labelled row."""
    if labels == "barrier":
        barriers = published_barriers()
        return {pool.rows[name]: value for name, value in barriers.items() if name in pool.rows}
    return {
        pool.rows[label.material_id]: label.log_sigma
        for label in labels_on_structures(lab, pool.rows)
    }


def draw_w_sigma(axes: Any, score: dict[str, Any]) -> Any:
    """Draw the W_sigma curve of a scored tree on Axes."""
    from labkit.plots.w_sigma import plot_w_sigma

    curve = score["curve"]
    drawn = plot_w_sigma(
        axes,
        curve["k"],
        curve["w_sigma"],
        random_mean=curve["random_mean"],
        random_sd=curve["random_sd"],
        label=f"{score['descriptor'].upper()} {score['mode']}",
    )
    if score["quantity"] == "W_Ea":
        drawn.set_ylabel(r"$W_{E_\mathrm{a}}$ (eV$^2$)")
    return drawn
