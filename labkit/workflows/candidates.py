"""The published rule for candidates, and what each step of it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlmodel import col

from db.tables import Structure
from labkit.errors import UsageError
from labkit.workflows.describing import PoolTree
from labkit.workflows.lab import Lab
from labkit.workflows.representations import labels_of, parse_representation, trees_of
from labkit.workflows.screening_labels import labels_on_structures
from screening.rank import distance_to_labelled, rank_by_cluster_rule

__all__ = ["propose_candidates"]

Progress = Callable[[int, int], None]

_ROLES = {2: "holds a high label", 1: "next to one that does"}


def propose_candidates(
    lab: Lab,
    name: str = "soap:CAN",
    *,
    depth: int = 241,
    threshold_S_per_cm: float = 1e-5,
    adjacency: str = "centroid",
    e_above_hull_eV: float = 0.07,
    band_gap_eV: float = 1.0,
    top: int = 20,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Select candidates by cluster and by stability and band gap, and count them at every step.

    The rule of Laskowski et al. (2023): clusters at depth 241 that hold a label above 1e-5 S/cm,
    with the cluster nearest to each; then an energy above the hull of at most 0.07 eV per atom
    and a band gap of at least 1 eV. The same filters without the clusters stand beside it.

    Parameters
    ----------
    lab : Lab
    name : str
        A representation such as ``soap:CAN``.
    depth : int
        Clusters.
    threshold_S_per_cm : float
        A label above this marks its cluster.
    adjacency : {"centroid", "sibling", "none"}
        Which neighbours are selected too.
    e_above_hull_eV, band_gap_eV : float
        Filters; a structure whose value is not known does not pass.
    top : int
        How many candidates to return.
    progress : callable, optional

    Returns
    -------
    dict
        ``funnel`` (structures, with and without clustering) and ``candidates``, those that carry
        no label themselves, best first.

    Raises
    ------
    UsageError
        When no structure carries a label.
    """
    one = parse_representation(name)
    pool = trees_of(lab, [one], progress=progress)[one]
    found = labels_on_structures(lab, pool.rows)
    if not found:
        raise UsageError(
            "no accepted label belongs to a structure of this lab; "
            "load published ones with 'labkit label import obelix'"
        )
    labels = labels_of(found, pool)
    ties = distance_to_labelled(pool.tree, labels, pool.features, depth=depth)
    ranking = rank_by_cluster_rule(
        pool.tree,
        labels,
        depth=depth,
        threshold_S_per_cm=threshold_S_per_cm,
        adjacency=adjacency,
        tie_break=ties,
    )
    hull, gap = _energies(lab, pool)
    with np.errstate(invalid="ignore"):
        stable, wide = hull <= e_above_hull_eV, gap >= band_gap_eV
    everything = np.ones(len(pool.ids), dtype=np.bool_)
    steps = (
        ("all structures", everything),
        ("both values known", np.isfinite(hull) & np.isfinite(gap)),
        (f"energy above hull at most {e_above_hull_eV:g} eV", stable),
        (f"and band gap at least {band_gap_eV:g} eV", stable & wide),
    )
    chosen = ranking.selected
    order = ranking.order
    labelled = np.zeros(len(pool.ids), dtype=np.bool_)
    labelled[labels.index] = True
    passing = [int(row) for row in order if chosen[row] and stable[row] and wide[row]]
    fresh = [row for row in passing if not labelled[row]]
    return {
        "representation": one.text,
        "depth": min(depth, pool.tree.max_k),
        "labels": len(labels),
        "high_labels": int(
            np.count_nonzero(
                (labels.log_sigma > np.log10(threshold_S_per_cm)) & ~labels.is_upper_bound
            )
        ),
        "clusters_selected": len(set(ranking.cluster[chosen].tolist())),
        "funnel": [
            {
                "step": step,
                "without_clustering": int(np.count_nonzero(kept)),
                "with_clustering": int(np.count_nonzero(kept & chosen)),
            }
            for step, kept in steps
        ],
        "candidates_in_all": len(fresh),
        "candidates": [
            {
                "structure": pool.ids[row],
                "formula": pool.formulas[row],
                "cluster": int(ranking.cluster[row]),
                "why": _ROLES[round(float(ranking.score[row]))],
                "e_above_hull_eV": float(hull[row]),
                "band_gap_eV": float(gap[row]),
                "distance_to_labelled": None if np.isinf(ties[row]) else float(ties[row]),
            }
            for row in fresh[:top]
        ],
    }


def _energies(lab: Lab, pool: PoolTree) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Energy above the hull and band gap of each row, nan where not known."""
    statement = sa.select(
        col(Structure.material_id), col(Structure.e_above_hull_eV), col(Structure.band_gap_eV)
    )
    hull, gap = np.full(len(pool.ids), np.nan), np.full(len(pool.ids), np.nan)
    with lab.database.reading() as session:
        for material_id, energy, band_gap in session.connection().execute(statement):
            row = pool.rows.get(material_id)
            if row is not None:
                hull[row] = np.nan if energy is None else energy
                gap[row] = np.nan if band_gap is None else band_gap
    return hull, gap
