"""The ranking as it stands, what moved it, and a new one."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query

from labkit.web.bench import Actor, TheBench, TheLab
from labkit.web.routes.identifiers import StructureId
from labkit.web.screening_models import (
    ClusterOverview,
    LandscapeView,
    RankingView,
    StructureView,
)
from labkit.workflows.landscape_views import view_landscape
from labkit.workflows.standing import filter_candidates
from labkit.workflows.structure_views import view_structure

router = APIRouter(tags=["candidates"])

_RETURNED = 20
_ELEMENT = re.compile(r"[A-Z][a-z]?")


Elements = Annotated[str, Query(max_length=200, pattern="^[A-Za-z ,;]*$", examples=["Li, S"])]


@router.get("/candidates")
def candidates(
    bench: TheBench,
    count: Annotated[int, Query(ge=1, le=500)] = 50,
    since: Annotated[str | None, Query(pattern="^[Rr][1-9][0-9]{0,15}$")] = None,
    target_S_per_cm: Annotated[float, Query(gt=1e-30, lt=1e3, allow_inf_nan=False)] = 1e-4,
    text: Annotated[str | None, Query(max_length=100)] = None,
    elements: Elements = "",
    without: Elements = "",
    e_above_hull_eV: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    band_gap_eV: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    unlabelled: bool = False,
    cluster: Annotated[int | None, Query(ge=0, le=10_000)] = None,
) -> RankingView:
    """Rank with the labels as they stand and filter the list; nothing is stored."""
    ranking = bench.standing(since=since, target_S_per_cm=target_S_per_cm)
    rows = filter_candidates(
        ranking["top"],
        count=count,
        text=text,
        elements=_ELEMENT.findall(elements),
        without=_ELEMENT.findall(without),
        e_above_hull_eV=e_above_hull_eV,
        band_gap_eV=band_gap_eV,
        unlabelled=unlabelled,
        cluster=cluster,
    )
    return RankingView.model_validate({**ranking, "top": rows})


@router.post("/rankings", status_code=201)
def rank(bench: TheBench, person: Actor) -> RankingView:
    """Rank and keep the result, unless nothing has changed since the last one."""
    ranking = bench.keep_ranking(person.name)
    return RankingView.model_validate({**ranking, "top": ranking["top"][:_RETURNED]})


@router.get("/structures/{structure}")
def structure(structure: StructureId, lab: TheLab) -> StructureView:
    """Return a structure with its atoms in space."""
    return StructureView.model_validate(view_structure(lab, structure))


@router.get("/structures/{structure}/landscape")
def landscape(
    structure: StructureId,
    lab: TheLab,
    ion: Annotated[str, Query(pattern="^[A-Z][a-z]?$")] = "Li",
) -> LandscapeView:
    """Compute where an ion can go in a structure; nothing is stored."""
    return LandscapeView.model_validate(view_landscape(lab, structure, ion))


@router.get("/clusters")
def clusters(bench: TheBench) -> ClusterOverview:
    """Return the clusters on a map and as a tree, with what labels say of each."""
    return ClusterOverview.model_validate(bench.clusters())
