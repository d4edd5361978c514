"""The history of labels: events that are only ever added, each tied to the one before it."""

from __future__ import annotations

from datetime import datetime

import sqlmodel
from sqlmodel import col, select

from db.columns import utc_now
from db.errors import InvalidValueError
from db.label_content import chained_hash, content_of
from db.tables import Label, LabelEvent


def check_person(name: str) -> None:
    """Refuse a decision without a name."""
    if not name.strip():
        raise InvalidValueError("a decision about a label needs the name of a person")


def record_event(
    session: sqlmodel.Session,
    label: Label,
    action: str,
    actor: str,
    reason: str,
    *,
    state_before: str | None,
    at: datetime | None = None,
) -> None:
    """Add one step to a label's history."""
    last = session.exec(
        select(LabelEvent)
        .where(LabelEvent.label_id == label.id)
        .order_by(col(LabelEvent.sequence).desc())
        .limit(1)
    ).first()
    session.add(
        new_event(
            label,
            1 if last is None else last.sequence + 1,
            at or utc_now(),
            action,
            actor,
            reason,
            state_before,
            label.state,
            None if last is None else last.event_hash,
        )
    )
    session.flush()


def new_event(
    label: Label,
    sequence: int,
    at: datetime,
    action: str,
    actor: str,
    reason: str,
    state_before: str | None,
    state_after: str,
    previous_hash: str | None,
) -> LabelEvent:
    """Build an event that carries the label's content and the hash of the event before it."""
    assert label.id is not None
    return LabelEvent(
        label_id=label.id,
        sequence=sequence,
        at=at,
        action=action,
        actor=actor,
        reason=reason,
        state_before=state_before,
        state_after=state_after,
        content=content_of(label),
        content_hash=label.content_hash,
        previous_hash=previous_hash,
        event_hash=chained_hash(
            label_id=label.id,
            sequence=sequence,
            at=at,
            action=action,
            actor=actor,
            reason=reason,
            state_after=state_after,
            content_hash=label.content_hash,
            previous_hash=previous_hash,
        ),
    )
