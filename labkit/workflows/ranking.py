"""The candidate list: ranked with the labels as they stand, kept, and compared with the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sqlmodel import select

import db.rankings
import labkit
from db.columns import plain_json
from db.labels import label_set_hash
from db.tables import LabelSnapshot
from db.tables import Ranking as StoredRanking
from labkit.errors import UsageError
from labkit.workflows.describing import PoolTree
from labkit.workflows.describing_rankings import describe_ranking, ranked_by
from labkit.workflows.lab import Lab
from labkit.workflows.placing import tree_with_new_structures
from labkit.workflows.screening_labels import LabelOnStructure, labels_of, labels_on_structures
from screening.candidate_funnel import FunnelLimits
from screening.rank import Ranking

__all__ = ["rank_candidates", "why_not_comparable"]


def rank_candidates(
    lab: Lab,
    *,
    top: int = 20,
    listed: int | None = None,
    since: str = "last",
    method: str = "tree-mean",
    depth: int = 241,
    descriptor: str = "soap",
    mode: str = "CAN",
    propose: int = 0,
    target_S_per_cm: float = 1e-4,
    limits: FunnelLimits | None = None,
    keep: bool = True,
    actor: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Rank the structures of the lab and say what moved since an earlier ranking.

    Parameters
    ----------
    lab : Lab
    top : int
        How many candidates people look at: entering or leaving these is always told.
    listed : int, optional
        How many to return; `top` where not given.
    since : str
        ``"last"`` or the id of a ranking.
    method : {"tree-mean", "cluster-rule"}
        Shrunken tree mean, or the paper's rule.
    depth : int
        Number of clusters.
    descriptor, mode : str
        Representation whose tree is used.
    propose : int
        How many next measurements to propose.
    target_S_per_cm : float
        Conductivity that proposals should beat.
    limits : FunnelLimits, optional
        Largest energy above the hull and smallest band gap of what is proposed.
    keep : bool
        Store the ranking where labels or structures changed; otherwise nothing is written.
    actor : str, optional
        Who asks for it; kept with a new ranking.
    progress : callable, optional
        Called with (done, total) while structures are described, if any must be.

    Returns
    -------
    dict
        The ranking's id, its top, and the movements with the label that caused each; with
        `propose`, the next measurements and how they changed.

    Raises
    ------
    UsageError
        When there is no label on any structure, or the earlier ranking was made differently.
    """
    if keep:
        lab.database.require_writable()  # before the pool is described, which may take minutes
    pool = tree_with_new_structures(
        lab, descriptor=descriptor, mode=mode, depth=depth, progress=progress
    )
    found = labels_on_structures(lab, pool.rows)
    if not found:
        raise UsageError(
            "no accepted label belongs to a structure of this lab; "
            "load published ones with 'labkit label import obelix'"
        )
    parameters = {"depth": depth, "descriptor": descriptor, "mode": mode}
    ranking = ranked_by(pool, labels_of(found, pool.rows), method, depth)
    with lab.database.reading() as session:
        latest = db.rankings.latest_ranking(session, method=method)
        previous = latest if since == "last" else db.rankings.get_ranking(session, since)
    if previous is not None:
        line = why_not_comparable(previous, method, parameters)
        if line is not None:
            raise UsageError(line)
    identifier = _keep(lab, pool, ranking, found, parameters, latest, keep, actor)
    result = describe_ranking(
        lab,
        pool,
        ranking,
        found,
        previous=previous,
        depth=depth,
        top=top,
        listed=listed or top,
        propose=propose,
        target_S_per_cm=target_S_per_cm,
        limits=limits,
    )
    return {"ranking": identifier, **result}


def why_not_comparable(
    previous: StoredRanking, method: str, parameters: Mapping[str, Any]
) -> str | None:
    """Say why an earlier ranking cannot be compared with one of this method and parameters."""
    if previous.method != method:
        return (
            f"R{previous.id} was made by {previous.method}, not {method}; "
            f"compare with --method {previous.method}"
        )
    different = [
        name
        for name in ("depth", "descriptor", "mode")
        if previous.parameters.get(name) != parameters.get(name)
    ]
    if different:
        return (
            f"R{previous.id} was made with another {' and '.join(different)}; "
            "rank with the same, or give --since the id of one that was"
        )
    return None


def _keep(
    lab: Lab,
    pool: PoolTree,
    ranking: Ranking,
    found: list[LabelOnStructure],
    parameters: dict[str, Any],
    latest: StoredRanking | None,
    keep: bool,
    actor: str | None,
) -> str | None:
    """Store the ranking, unless the last one was made from the very same labels and pool.

    None is returned where it is a new one and may not be stored.
    """
    labels = [label.to_dict() for label in found]
    stored_parameters = plain_json({**ranking.parameters, **parameters, "pool": pool.pool_hash})
    if latest is not None and latest.labels == labels and latest.parameters == stored_parameters:
        return f"R{latest.id}"
    if not keep:
        return None
    with lab.database.session() as session:
        set_hash = label_set_hash(session)
        snapshot_id = session.exec(
            select(LabelSnapshot.id).where(LabelSnapshot.label_set_hash == set_hash)
        ).first()
        stored = db.rankings.store_ranking(
            session,
            snapshot_id=snapshot_id,
            method=ranking.method,
            parameters=stored_parameters,
            label_set_hash=set_hash,
            labels=labels,
            arrays={
                "score": ranking.score.astype(np.float32),
                "uncertainty": ranking.uncertainty.astype(np.float32),
                "place": ranking.place.astype(np.int32),
                "cluster": ranking.cluster,
            },
            previous_ranking_id=None if latest is None else latest.id,
            labkit_version=labkit.__version__,
            created_by=actor,
        )
        return f"R{stored.id}"
