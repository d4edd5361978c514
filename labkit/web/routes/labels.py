"""Labels: the review queue and the decisions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from labkit.geometry import parse_temperature
from labkit.web.bench import Actor, TheLab
from labkit.web.label_models import (
    Decision,
    LabelList,
    LabelRow,
    LabelView,
    Proposal,
    Revision,
    Tie,
)
from labkit.web.routes.identifiers import LabelId, Limit, Offset
from labkit.workflows.curation import revise_label
from labkit.workflows.label_evidence import list_label_page, view_label
from labkit.workflows.labelling import decide_label, propose_label
from labkit.workflows.matching import confirm_structures

router = APIRouter(prefix="/labels", tags=["labels"])

State = Literal["proposed", "accepted", "rejected", "superseded"]


@router.get("")
def labels(
    lab: TheLab,
    state: State | None = None,
    formula: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> LabelList:
    """List labels, the newest first."""
    return LabelList.model_validate(
        list_label_page(lab, state=state, formula=formula or None, limit=limit, offset=offset)
    )


@router.post("", status_code=201)
def propose(given: Proposal, lab: TheLab, person: Actor) -> LabelRow:
    """Propose a label from a measurement or an Arrhenius fit."""
    return LabelRow.model_validate(
        propose_label(
            lab,
            given.evidence,
            structure_ids=given.structures,
            polymorph=given.polymorph,
            space_group_number=given.space_group_number,
            actor=person.name,
        )
    )


@router.get("/{label}")
def label(label: LabelId, lab: TheLab) -> LabelView:
    """Return a label with its history, its evidence and what others published."""
    return LabelView.model_validate(view_label(lab, label))


def _decide(
    lab: Any, label: str, action: Literal["accept", "reject"], given: Decision, name: str
) -> LabelRow:
    return LabelRow.model_validate(
        decide_label(
            lab,
            label,
            action,
            reason=given.reason,
            because=given.because,
            actor=name,
            seen=given.seen,
        )
    )


@router.post("/{label}/accept")
def accept(label: LabelId, given: Decision, lab: TheLab, person: Actor) -> LabelRow:
    """Accept a proposed label. 409 says that somebody else decided first, and who."""
    return _decide(lab, label, "accept", given, person.name)


@router.post("/{label}/reject")
def reject(label: LabelId, given: Decision, lab: TheLab, person: Actor) -> LabelRow:
    """Reject a label, or take an accepted one out of the set. 409 as for accept."""
    return _decide(lab, label, "reject", given, person.name)


@router.post("/{label}/revise", status_code=201)
def revise(label: LabelId, given: Revision, lab: TheLab, person: Actor) -> LabelRow:
    """Propose a new version; the old one counts until the new one is accepted."""
    changes = given.model_dump(exclude={"reason", "temperature", "evidence"})
    changes["temperature_K"] = parse_temperature(given.temperature) if given.temperature else None
    return LabelRow.model_validate(
        revise_label(
            lab,
            label,
            changes,
            evidence=given.evidence,
            reason=given.reason,
            actor=person.name,
        )
    )


@router.post("/{label}/structures")
def tie(label: LabelId, given: Tie, lab: TheLab, person: Actor) -> LabelView:
    """Say by hand which structures a label belongs to."""
    confirm_structures(lab, label, given.structures, person.name)
    return LabelView.model_validate(view_label(lab, label))
