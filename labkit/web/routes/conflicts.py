"""Published values that disagree, and cells that a person must read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from labkit.web.bench import Actor, TheLab
from labkit.web.label_models import ConflictDecision, Conflicts, Reading
from labkit.workflows.curation import decide_conflict, decide_review_item, list_conflicts

router = APIRouter(tags=["labels"])


@router.get("/conflicts")
def conflicts(
    lab: TheLab,
    decades: Annotated[float, Query(gt=0, lt=30, allow_inf_nan=False)] = 1.0,
    formula: Annotated[str | None, Query(max_length=200)] = None,
) -> Conflicts:
    """List cells that a person must read, and compositions whose values disagree."""
    return Conflicts.model_validate(list_conflicts(lab, decades=decades, formula=formula or None))


@router.post("/conflicts", status_code=201)
def decide(given: ConflictDecision, lab: TheLab, person: Actor) -> list[dict[str, Any]]:
    """Record what was decided about the conflicting values of a composition."""
    return decide_conflict(
        lab, given.formula, decision=given.decision, reason=given.reason, actor=person.name
    )


@router.post("/review-items/{item}")
def read_cell(
    item: Annotated[int, Path(ge=1, lt=2**53)], given: Reading, lab: TheLab, person: Actor
) -> dict[str, Any]:
    """Say how a cell is to be read, or leave it unread for good."""
    return decide_review_item(
        lab,
        item,
        reason=given.reason,
        value=given.value,
        dismiss=given.dismiss,
        actor=person.name,
    )
