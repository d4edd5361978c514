"""What in the label set a person must look at, and what they decide about it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlmodel import Session, col, select

import db.conflicts
import db.labels
import db.review
import db.snapshots
from db.conflicts import Conflict
from db.formulas import reduced_formula_or_none
from db.label_content import LabelFields
from db.matching import add_match, decide_match, matches_of_label
from db.tables import EvidenceRow, Label, LabelSnapshot, LiteratureEntry, SourceDataset
from labkit.errors import NotFoundError, UsageError
from labkit.json_ready import json_ready
from labkit.workflows.lab import Lab
from labkit.workflows.labelling import describe_labels, evidence_of_label
from labkit.workflows.matching import structures_of
from labkit.workflows.signing import OF_LABELS, signer_of

__all__ = [
    "break_match",
    "decide_conflict",
    "decide_review_item",
    "list_conflicts",
    "list_snapshots",
    "revise_label",
    "second_read",
    "take_snapshot",
]

_ERRORS = ("sigma_random_S_per_cm", "sigma_systematic_S_per_cm")
_REVISABLE = ("sigma_S_per_cm", *_ERRORS, "qualifier", "temperature_K", "polymorph",
              "space_group_number", "contribution", "note", "formula")  # fmt: skip


def list_conflicts(lab: Lab, *, decades: float = 1.0, formula: str | None = None) -> dict[str, Any]:
    """List cells that a person must read, and compositions whose values disagree.

    Parameters
    ----------
    lab : Lab
    decades : float
        Values of one composition and polymorph further apart than this are shown.
    formula : str, optional
        Only this composition.

    Returns
    -------
    dict
        ``review`` and ``disagreements``, the widest first.
    """
    with lab.database.reading() as session:
        found = db.conflicts.find_conflicts(
            session, decades=decades, reduced_formula=_reduced(formula)
        )
        return {
            "review": _review_items(session) if formula is None else [],
            "disagreements": [_describe_conflict(conflict) for conflict in found],
            "decades": decades,
        }


def _reduced(formula: str | None) -> str | None:
    if formula is None:
        return None
    reduced = reduced_formula_or_none(formula)
    if reduced is None:
        raise UsageError(f"formula {formula!r} cannot be read; write for example Li6PS5Cl")
    return reduced


def _review_items(session: Session) -> list[dict[str, Any]]:
    rows = dict(session.exec(select(LiteratureEntry.id, LiteratureEntry.row_number)).all())
    evidence = {
        key: f"{name} {number}"
        for key, name, number in session.exec(
            select(EvidenceRow.id, SourceDataset.name, EvidenceRow.row_number).join(
                SourceDataset, col(SourceDataset.id) == col(EvidenceRow.dataset_id)
            )
        )
    }
    return [
        {
            "item": item.id,
            "row": rows.get(item.literature_entry_id) or evidence.get(item.evidence_row_id),
            "field": item.field,
            "cell": item.cell,
            "reason": item.reason,
            "message": item.message,
            "suggestion": item.suggestion,
        }
        for item in db.review.open_items(session)
    ]


def _describe_conflict(conflict: Conflict) -> dict[str, Any]:
    written = Counter(value.formula for value in conflict.values)
    return {
        "formula": written.most_common(1)[0][0],
        "space_group_number": conflict.space_group_number,
        "polymorph": conflict.polymorph,
        "decades": conflict.decades,
        "differs_in": list(conflict.differs_in),
        "decision": conflict.decision,
        "decided_by": conflict.decided_by,
        "values": json_ready(conflict.values),
        "values_text": ", ".join(
            f"{'' if value.qualifier == '=' else value.qualifier}{value.sigma_S_per_cm:.1e} "
            f"({value.reference})"
            for value in sorted(conflict.values, key=lambda value: value.sigma_S_per_cm)
        ),
    }


def decide_conflict(
    lab: Lab, formula: str, *, decision: str, reason: str, actor: str | None = None
) -> list[dict[str, Any]]:
    """Record what was decided about the conflicting values of a composition.

    The values themselves stay; the decision holds until a value joins or leaves.

    Raises
    ------
    NotFoundError
        When the values of this composition do not disagree.
    """
    by = signer_of(lab, actor, OF_LABELS)
    with lab.database.session() as session:
        found = db.conflicts.find_conflicts(session, reduced_formula=_reduced(formula))
        if not found:
            raise NotFoundError(f"the values of {formula} do not disagree: nothing to decide")
        for conflict in found:
            db.conflicts.decide_conflict(session, conflict, decision=decision, reason=reason, by=by)
        decided = db.conflicts.find_conflicts(session, reduced_formula=_reduced(formula))
        return [_describe_conflict(conflict) for conflict in decided]


def decide_review_item(
    lab: Lab,
    item: int,
    *,
    reason: str,
    value: str | None = None,
    dismiss: bool = False,
    actor: str | None = None,
) -> dict[str, Any]:
    """Say how a cell is to be read, or leave it unread for good.

    Raises
    ------
    UnknownReviewItemError, LabelStateError, InvalidValueError
        When there is no such item, it was decided before, or the value cannot be read.
    """
    by = signer_of(lab, actor, OF_LABELS)
    with lab.database.session() as session:
        decided = db.review.decide_item(
            session, item, by=by, reason=reason, value=value, dismiss=dismiss
        )
        return {
            "item": decided.id,
            "field": decided.field,
            "cell": decided.cell,
            "status": decided.status,
            "value": decided.decided_value,
            "by": decided.decided_by,
        }


def revise_label(
    lab: Lab,
    label_id: str,
    changes: dict[str, Any],
    *,
    evidence: str | None = None,
    reason: str,
    actor: str | None = None,
) -> dict[str, Any]:
    """Propose a new version of a label; the old one stays until the new one is accepted.

    The errors of a value do not outlive it: a new conductivity without errors of its own has
    none, and a note says so.

    Parameters
    ----------
    lab : Lab
    label_id : str
    changes : dict
        Fields and their new values.
    evidence : str, optional
        ``M3`` or ``A9``: everything that follows from another measurement or fit; `changes` win.
    reason : str
    actor : str, optional

    Returns
    -------
    dict
        The new version, with notes on what a reviewer should see.

    Raises
    ------
    UsageError
        When nothing is changed, or no label follows from the evidence.
    LabelStateError
        When the label is superseded or a revision is waiting already.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    if not given and evidence is None:
        raise UsageError(f"name what changes: {', '.join(_REVISABLE)}, or evidence")
    by = signer_of(lab, actor, OF_LABELS)
    with lab.database.session() as session:
        old = db.labels.get_label(session, label_id)
        fields: LabelFields = {}
        if evidence is not None:
            fields |= evidence_of_label(session, evidence)[1]
        dropped, notes = _errors_of_new_value(old, given)
        fields |= dropped | given  # type: ignore[typeddict-item]  # names come from the options
        new = db.labels.revise(session, label_id, by=by, reason=reason, **fields)
        if new.reduced_formula == old.reduced_formula and new.formula == old.formula:
            _carry_matches(session, label_id, new)
        elif "formula" not in given:
            notes.append(f"its composition is {new.formula} now: tie it with 'labkit label match'")
        return describe_labels(session, [new])[0] | {"notes": notes}


def _errors_of_new_value(old: Label, given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the errors to be dropped with the value that they belonged to, and a note on it."""
    if "sigma_S_per_cm" not in given:
        return {}, []
    missing = [name for name in _ERRORS if name not in given]
    notes = []
    if len(missing) == len(_ERRORS):
        notes.append(
            f"the errors of the new value are unknown: those of L{old.id} belonged to "
            f"{old.sigma_S_per_cm:.3g} S/cm; give --sigma-random and --sigma-systematic"
        )
    return dict.fromkeys(missing), notes


def _carry_matches(session: Session, old_id: str, new: Label) -> None:
    """Tie a new version to the structures of the old one; what was broken stays broken."""
    old = db.labels.get_label(session, old_id)
    assert old.id is not None and new.id is not None
    for match, material_id in matches_of_label(session, old.id):
        if match.status != "broken":
            add_match(
                session,
                label_id=new.id,
                material_id=material_id,
                kind=match.kind,
                confidence=match.confidence,
                ambiguous=match.ambiguous,
                note=match.note,
                by=match.decided_by,
            )


def second_read(
    lab: Lab, label_id: str, *, reason: str, actor: str | None = None
) -> dict[str, Any]:
    """Record that a second person has read an accepted label and agrees.

    Raises
    ------
    LabelStateError
        When the label is not accepted, or the same person accepted it.
    """
    with lab.database.session() as session:
        label = db.labels.second_read(
            session, label_id, reader=signer_of(lab, actor, OF_LABELS), reason=reason
        )
        return describe_labels(session, [label])[0]


def break_match(
    lab: Lab, label_id: str, material_id: str, *, reason: str, actor: str | None = None
) -> list[dict[str, Any]]:
    """Say that a label does not belong to a structure; the tie stays on record, broken.

    Raises
    ------
    NotFoundError
        When the label is not tied to that structure.
    """
    by = signer_of(lab, actor, OF_LABELS)
    with lab.database.session() as session:
        label = db.labels.get_label(session, label_id)
        assert label.id is not None
        ties = [match for match, name in matches_of_label(session, label.id) if name == material_id]
        if not ties:
            raise NotFoundError(f"{label_id} is not tied to {material_id}; see label show")
        for tie in ties:
            assert tie.id is not None
            decide_match(session, tie.id, keep=False, by=by, note=reason)
        return structures_of(session, [label.id]).get(label.id, [])


def take_snapshot(
    lab: Lab, name: str, *, note: str | None = None, actor: str | None = None
) -> dict[str, Any]:
    """Freeze the accepted label set under a name.

    Raises
    ------
    DuplicateError
        When the name is taken.
    """
    with lab.database.session() as session:
        snapshot = db.snapshots.take_snapshot(
            session, name, by=signer_of(lab, actor, OF_LABELS), note=note
        )
        return _describe_snapshot(snapshot)


def list_snapshots(lab: Lab) -> list[dict[str, Any]]:
    """List the frozen label sets."""
    with lab.database.reading() as session:
        rows = session.exec(select(LabelSnapshot).order_by(col(LabelSnapshot.id)))
        return [_describe_snapshot(snapshot) for snapshot in rows]


def _describe_snapshot(snapshot: LabelSnapshot) -> dict[str, Any]:
    return {
        "name": snapshot.name,
        "labels": snapshot.n_labels,
        "label_set_hash": snapshot.label_set_hash,
        "by": snapshot.created_by,
        "at": snapshot.created_at.isoformat(timespec="seconds"),
        "note": snapshot.note,
    }
