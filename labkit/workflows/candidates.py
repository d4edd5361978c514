"""The published rule for candidates, and what each step of it leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlmodel import col

from db.tables import Structure
from labkit.errors import UsageError
from labkit.workflows.barriers import BarrierRequest
from labkit.workflows.describing import PoolTree
from labkit.workflows.lab import Lab
from labkit.workflows.machines import HERE, Machines
from labkit.workflows.pool_barriers import PoolBarriers, barriers_of_pool, read_barrier_table
from labkit.workflows.representations import parse_representation, trees_of
from labkit.workflows.screening_labels import labels_of, labels_on_structures
from screening.candidate_funnel import Funnel, FunnelLimits, candidate_funnel
from screening.rank import Ranking, distance_to_labelled, rank_by_cluster_rule

__all__ = ["CandidateRule", "propose_candidates"]

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

_ROLES = {2: "holds a high label", 1: "next to one that does", 0: "not selected"}


@dataclass(frozen=True)
class CandidateRule:
    """Every choice of the rule; those of Laskowski et al. (2023) by default.

    Attributes
    ----------
    depth : int
        Clusters.
    threshold_S_per_cm : float
        A label above this marks its cluster.
    adjacency : {"centroid", "sibling", "none"}
        Which neighbours are selected too.
    limits : FunnelLimits
        Energy above the hull, band gap, barrier.
    dimension : {1, 2, 3}
        Directions in which paths must connect.
    barriers : BarrierRequest
        How barriers are computed.
    barrier_table : Path, optional
        Take them from this CSV file instead.
    whole_pool : bool
        Compute barriers also outside the selected clusters, to tell how many would pass there.
    """

    depth: int = 241
    threshold_S_per_cm: float = 1e-5
    adjacency: str = "centroid"
    limits: FunnelLimits = field(default_factory=FunnelLimits)
    dimension: int = 3
    barriers: BarrierRequest = field(default_factory=BarrierRequest)
    barrier_table: Path | None = None
    whole_pool: bool = True


def propose_candidates(
    lab: Lab,
    name: str = "soap:CAN",
    rule: CandidateRule | None = None,
    *,
    top: int = 20,
    where: Sequence[str] = (),
    machines: Machines = HERE,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Select candidates by cluster, stability, band gap and barrier, counted at every step.

    The rule of Laskowski et al. (2023): clusters at depth 241 that hold a label above 1e-5 S/cm,
    with the cluster nearest to each; then an energy above the hull of at most 0.07 eV per atom, a
    band gap of at least 1 eV, and a migration barrier below 0.6 eV, by which they are ranked. The
    same filters without the clusters stand beside it.

    Parameters
    ----------
    lab : Lab
    name : str
        A representation such as ``soap:CAN``.
    rule : CandidateRule, optional
    top : int
        How many candidates to return.
    where : sequence of str
        Structures to follow through the funnel.
    machines : Machines
        Where barriers are computed.
    progress : callable, optional
        Called with (done, total) while structures are described and barriers computed.

    Returns
    -------
    dict
        ``funnel`` (structures, with and without clustering), ``candidates``, those that carry no
        label themselves, lowest barrier first, and ``followed``.

    Raises
    ------
    UsageError
        When no structure carries a label, or the table of barriers cannot be read.
    """
    chosen = rule or CandidateRule()
    one = parse_representation(name)
    table = None if chosen.barrier_table is None else read_barrier_table(chosen.barrier_table)
    pool = trees_of(lab, [one], progress=progress)[one]
    found = labels_on_structures(lab, pool.rows)
    if not found:
        raise UsageError(
            "no accepted label belongs to a structure of this lab; "
            "load published ones with 'labkit label import obelix'"
        )
    labels = labels_of(found, pool.rows)
    ties = distance_to_labelled(pool.tree, labels, pool.features, depth=chosen.depth)
    ranking = rank_by_cluster_rule(
        pool.tree,
        labels,
        depth=chosen.depth,
        threshold_S_per_cm=chosen.threshold_S_per_cm,
        adjacency=chosen.adjacency,
        tie_break=ties,
    )
    energies = _energies(lab, pool)
    barriers = _barriers(lab, pool, ranking, energies, chosen, where, table, machines, progress)
    values = np.array([barriers.barrier_eV.get(name, np.nan) for name in pool.ids])
    funnel = candidate_funnel(ranking.selected, *energies, values, chosen.limits)
    labelled = np.zeros(len(pool.ids), dtype=np.bool_)
    labelled[labels.index] = True
    listing = _Listing(pool, ranking, energies, values, funnel, labelled, ties)
    fresh = funnel.candidates[~labelled[funnel.candidates]]
    outside = chosen.whole_pool or table is not None
    return {
        "representation": one.text,
        "depth": min(chosen.depth, pool.tree.max_k),
        "labels": len(labels),
        "high_labels": int(
            np.count_nonzero(
                (labels.log_sigma > np.log10(chosen.threshold_S_per_cm)) & ~labels.is_upper_bound
            )
        ),
        "clusters_selected": len(set(ranking.cluster[ranking.selected].tolist())),
        "funnel": [
            {
                "step": step.name,
                "without_clustering": (
                    step.without_clustering if outside or step != funnel.steps[-1] else None
                ),
                "with_clustering": step.passed,
                "unknown": step.unknown,
            }
            for step in funnel.steps
        ],
        "barriers_from": "computed" if table is None else str(chosen.barrier_table),
        "barriers_missing": barriers.missing,
        "labelled_ones_that_pass": int(np.count_nonzero(labelled[funnel.candidates])),
        "candidates_in_all": len(fresh),
        "candidates": [listing.row(int(row)) for row in fresh[:top]],
        "followed": [listing.followed(name) for name in where],
    }


@dataclass(frozen=True)
class _Listing:
    """The columns of the answer."""

    pool: PoolTree
    ranking: Ranking
    energies: tuple[FloatArray, FloatArray]
    barrier_eV: FloatArray
    funnel: Funnel
    labelled: npt.NDArray[np.bool_]
    ties: FloatArray

    def row(self, row: int) -> dict[str, Any]:
        hull, gap = self.energies
        return {
            "structure": self.pool.ids[row],
            "formula": self.pool.formulas[row],
            "cluster": int(self.ranking.cluster[row]),
            "why": _ROLES[round(float(self.ranking.score[row]))],
            "e_above_hull_eV": _number(hull[row]),
            "band_gap_eV": _number(gap[row]),
            "barrier_eV": _number(self.barrier_eV[row]),
            "distance_to_labelled": _number(self.ties[row]),
        }

    def followed(self, name: str) -> dict[str, Any]:
        """Tell how far one structure comes, and its place in the list."""
        row = self.pool.rows.get(name)
        if row is None:
            return {"structure": name, "falls_at": "not in the pool", "place": None}
        stopped = [step.name for step in self.funnel.steps if not step.passes[row]]
        return self.row(row) | {
            "labelled": bool(self.labelled[row]),
            "falls_at": stopped[0] if stopped else None,
            "place": self.funnel.place(row),
            "passes_without_clustering": bool(self.funnel.passes_without_clustering[row]),
        }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _barriers(
    lab: Lab,
    pool: PoolTree,
    ranking: Ranking,
    energies: tuple[FloatArray, FloatArray],
    rule: CandidateRule,
    where: Sequence[str],
    table: dict[str, float] | None,
    machines: Machines,
    progress: Progress | None,
) -> PoolBarriers:
    """Barriers of the structures that come as far as the last step, and of those followed."""
    hull, gap = energies
    with np.errstate(invalid="ignore"):
        comes_far = (hull <= rule.limits.e_above_hull_eV) & (gap >= rule.limits.band_gap_eV)
    if not rule.whole_pool:
        comes_far &= ranking.selected
    wanted = {pool.ids[row] for row in np.flatnonzero(comes_far)} | set(where)
    if table is not None:
        listed = {name: table[name] for name in wanted if name in table}
        absent = len(wanted) - len(listed)
        return PoolBarriers(listed, {"not in the table": absent} if absent else {})
    return barriers_of_pool(
        lab,
        wanted,
        rule.barriers,
        dimension=rule.dimension,
        machines=machines,
        progress=progress,
    )


def _energies(lab: Lab, pool: PoolTree) -> tuple[FloatArray, FloatArray]:
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
