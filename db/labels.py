"""Labels: proposed, accepted, rejected, superseded; and the history that is only added to.

A revision is a new label. While it waits for a decision the version before it stays as it is;
when it is accepted, the old one is superseded in the same transaction, so the accepted set never
has a hole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import sqlalchemy as sa
import sqlmodel
from sqlmodel import col, func, select

from db.columns import sha256_of_json, utc_now
from db.errors import (
    LabelChangedError,
    LabelStateError,
    UnknownLabelError,
)
from db.identifiers import RecordKind, parse_identifier
from db.label_content import (
    CONTENT_FIELDS,
    LabelFields,
    complete_fields,
    content_hash_of,
)
from db.label_events import check_person, new_event, record_event
from db.tables import Analysis, Label, LabelEvent


def propose(
    session: sqlmodel.Session, *, by: str, reason: str = "", **fields: Unpack[LabelFields]
) -> Label:
    """Store a new label in state ``proposed``.

    Parameters
    ----------
    by : str
        Who proposes it.
    reason : str
        Why, in a sentence.
    **fields
        See `LabelFields`.

    Raises
    ------
    InvalidValueError
        If a field is missing or says what a label cannot say.
    """
    return _insert(session, fields, by=by, reason=reason, version=1, revises_id=None)


def _insert(
    session: sqlmodel.Session,
    fields: Mapping[str, Any],
    *,
    by: str,
    reason: str,
    version: int,
    revises_id: int | None,
) -> Label:
    check_person(by)
    label = Label(
        **complete_fields(fields),
        version=version,
        revises_id=revises_id,
        content_hash="",
        proposed_by=by,
    )
    label.content_hash = content_hash_of(label)
    session.add(label)
    session.flush()
    record_event(session, label, "proposed", by, reason, state_before=None)
    return label


def propose_many(
    session: sqlmodel.Session,
    many_fields: Sequence[LabelFields],
    *,
    by: str,
    reason: str,
    accepted_by: str | None = None,
    acceptance_reason: str = "",
) -> list[int]:
    """Store many labels at once; each gets the same history as if proposed one by one.

    Parameters
    ----------
    accepted_by : str, optional
        Accept them all in this person's name, with `acceptance_reason`.

    Returns
    -------
    list of int
        The new labels' numbers, in the order given.
    """
    check_person(by)
    if not many_fields:
        return []
    now = utc_now()
    labels = [
        Label(**complete_fields(fields), content_hash="", proposed_by=by, proposed_at=now)
        for fields in many_fields
    ]
    for label in labels:
        label.content_hash = content_hash_of(label)
        if accepted_by is not None:
            label.state, label.change_count = "accepted", 2
            label.reviewed_by, label.reviewed_at = accepted_by, now
            label.review_reason = acceptance_reason
    session.add_all(labels)
    session.flush()
    for label in labels:
        first = new_event(label, 1, now, "proposed", by, reason, None, "proposed", None)
        session.add(first)
        if accepted_by is not None:
            session.add(
                new_event(
                    label,
                    2,
                    now,
                    "accepted",
                    accepted_by,
                    acceptance_reason,
                    "proposed",
                    "accepted",
                    first.event_hash,
                )
            )
    session.flush()
    return [label.id for label in labels if label.id is not None]


def accept(
    session: sqlmodel.Session,
    label_id: int | str,
    *,
    reviewer: str,
    reason: str,
    because: str | None = None,
    expected_change_count: int | None = None,
) -> Label:
    """Accept a proposed label; the version that it revises is superseded.

    Parameters
    ----------
    because : str, optional
        Needed where the label comes from an analysis whose verdict is not ``accepted``: why it
        is trusted all the same.
    expected_change_count : int, optional
        `Label.change_count` as the reviewer saw it; if it has grown, nothing is accepted.

    Raises
    ------
    LabelStateError
        If the label is not waiting for a decision; says who decided and when.
    LabelChangedError
        If somebody else changed it in between.
    """
    label = get_label(session, label_id)
    check_person(reviewer)
    verdict = _analysis_verdict(session, label)
    if verdict not in (None, "accepted") and label.state == "proposed":
        if not (because and because.strip()):
            raise LabelStateError(
                f"L{label.id} comes from A{label.analysis_id}, whose verdict is {verdict}; "
                "say why it is trusted all the same (because)"
            )
        reason = f"{reason}; accepted although the verdict is {verdict}: {because.strip()}"
    _decide(session, label, "accepted", reviewer, reason, expected_change_count)
    for other in _family(session, label):
        if other.state == "accepted" and other.id != label.id:
            _decide(
                session,
                other,
                "superseded",
                reviewer,
                f"L{label.id} takes its place",
                None,
                needed="accepted",
            )
    return label


def reject(
    session: sqlmodel.Session,
    label_id: int | str,
    *,
    reviewer: str,
    reason: str,
    expected_change_count: int | None = None,
) -> Label:
    """Reject a proposed label, or take an accepted one out of the set.

    Raises
    ------
    LabelStateError, LabelChangedError
        As for `accept`.
    """
    label = get_label(session, label_id)
    check_person(reviewer)
    needed = "accepted" if label.state == "accepted" else "proposed"
    _decide(session, label, "rejected", reviewer, reason, expected_change_count, needed=needed)
    return label


def second_read(
    session: sqlmodel.Session, label_id: int | str, *, reader: str, reason: str
) -> Label:
    """Record that a second person has read an accepted label and agrees."""
    label = get_label(session, label_id)
    check_person(reader)
    if label.state != "accepted":
        raise LabelStateError(f"{_standing(label)}; only an accepted label is read a second time")
    if reader == label.reviewed_by:
        raise LabelStateError(f"L{label.id} was accepted by {reader}: somebody else has to read it")
    record_event(session, label, "second-read", reader, reason, state_before="accepted")
    return label


def revise(
    session: sqlmodel.Session,
    label_id: int | str,
    *,
    by: str,
    reason: str,
    **changes: Unpack[LabelFields],
) -> Label:
    """Propose a new version of a label with some fields changed.

    Returns
    -------
    Label
        The new version, in state ``proposed``. A version that was only proposed is superseded
        at once; an accepted one when the new version is accepted.

    Raises
    ------
    LabelStateError
        If the label is superseded, or a revision of it is already waiting.
    """
    old = get_label(session, label_id)
    if old.state == "superseded":
        newest = max(other.id or 0 for other in _family(session, old))
        raise LabelStateError(f"L{old.id} is superseded; revise its newest version, L{newest}")
    for other in _family(session, old):
        if other.state == "proposed" and other.id != old.id:
            raise LabelStateError(f"a revision of L{old.id} is already waiting: L{other.id}")
    fields = {name: getattr(old, name) for name in CONTENT_FIELDS}
    if "formula" in changes and "reduced_formula" not in changes:
        fields["reduced_formula"] = None
    fields.update(changes)
    new = _insert(session, fields, by=by, reason=reason, version=old.version + 1, revises_id=old.id)
    record_event(session, old, "revised", by, f"L{new.id}: {reason}", state_before=old.state)
    if old.state == "proposed":
        _decide(session, old, "superseded", by, f"L{new.id} takes its place", None)
    return new


def get_label(session: sqlmodel.Session, label_id: int | str) -> Label:
    """Return a label by number or as ``L7``, or raise `UnknownLabelError`."""
    number = (
        label_id
        if isinstance(label_id, int)
        else parse_identifier(label_id, RecordKind.LABEL).number
    )
    found = session.get(Label, number)
    if found is None:
        raise UnknownLabelError(f"there is no label L{number} in this lab")
    return found


def history(session: sqlmodel.Session, label_id: int | str) -> list[LabelEvent]:
    """Return every event of a label and of the versions before it, oldest first."""
    label: Label | None = get_label(session, label_id)
    keys: list[int | None] = []
    while label is not None and label.id not in keys:
        keys.append(label.id)
        label = session.get(Label, label.revises_id) if label.revises_id else None
    statement = select(LabelEvent).where(col(LabelEvent.label_id).in_(keys))
    return list(session.exec(statement.order_by(col(LabelEvent.id))))


def _family(session: sqlmodel.Session, label: Label) -> list[Label]:
    """Return every version of a label, the first one at the front."""
    root = label
    while root.revises_id is not None:
        root = get_label(session, root.revises_id)
    family = [root]
    newest = [root.id]
    while newest:
        statement = select(Label).where(col(Label.revises_id).in_(newest))
        found = list(session.exec(statement.order_by(col(Label.id))))
        family += found
        newest = [version.id for version in found]
    return family


def list_labels(
    session: sqlmodel.Session,
    *,
    state: str | None = None,
    reduced_formula: str | None = None,
    source_kind: str | None = None,
    pellet_id: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Label]:
    """Return labels by number, optionally those in one state, of one composition or source."""
    statement = select(Label).order_by(col(Label.id))
    if state is not None:
        statement = statement.where(Label.state == state)
    if reduced_formula is not None:
        statement = statement.where(Label.reduced_formula == reduced_formula)
    if source_kind is not None:
        statement = statement.where(Label.source_kind == source_kind)
    if pellet_id is not None:
        statement = statement.where(Label.pellet_id == pellet_id)
    if limit is not None or offset:
        statement = statement.limit(limit).offset(offset)
    return list(session.exec(statement))


def count_labels(session: sqlmodel.Session) -> dict[str, int]:
    """Return how many labels are in each state."""
    counted = session.exec(select(Label.state, func.count()).group_by(col(Label.state)))
    return dict(counted.all())


def accepted_labels(session: sqlmodel.Session) -> list[Label]:
    """Return the label set as it stands: every accepted label, by number."""
    return list_labels(session, state="accepted")


def label_set_hash(session: sqlmodel.Session) -> str:
    """Return the SHA-256 that names the accepted set: over numbers and content hashes."""
    statement = select(Label.id, Label.content_hash).where(Label.state == "accepted")
    rows = session.exec(statement.order_by(col(Label.id)))
    return sha256_of_json([[number, content] for number, content in rows])


def _analysis_verdict(session: sqlmodel.Session, label: Label) -> str | None:
    if label.analysis_id is None:
        return None
    return session.exec(select(Analysis.verdict).where(Analysis.id == label.analysis_id)).first()


def _decide(
    session: sqlmodel.Session,
    label: Label,
    state: str,
    actor: str,
    reason: str,
    expected_change_count: int | None,
    *,
    needed: str = "proposed",
) -> None:
    """Change the state if, and only if, the stored row is still the one that was read."""
    if label.state != needed:
        raise LabelStateError(_standing(label))
    seen = label.change_count if expected_change_count is None else expected_change_count
    now = utc_now()
    changes: dict[str, Any] = {"state": state, "change_count": seen + 1}
    if state != "superseded":
        changes |= {"reviewed_by": actor, "reviewed_at": now, "review_reason": reason}
    changed = session.connection().execute(
        sa.update(Label)
        .where(
            col(Label.id) == label.id,
            col(Label.state) == needed,
            col(Label.change_count) == seen,
        )
        .values(**changes)
    )
    session.refresh(label)
    if changed.rowcount != 1:
        if label.state != needed:
            raise LabelStateError(_standing(label))
        raise LabelChangedError(
            f"L{label.id} was changed by somebody else since you read it; look at it again"
        )
    record_event(session, label, state, actor, reason, state_before=needed, at=now)


def _standing(label: Label) -> str:
    if label.state == "proposed" or label.reviewed_by is None:
        return f"L{label.id} is {label.state}"
    when = f" on {label.reviewed_at:%Y-%m-%d %H:%M} UTC" if label.reviewed_at else ""
    if label.state == "superseded":
        return f"L{label.id} is superseded; it was accepted by {label.reviewed_by}{when}"
    return f"L{label.id} is already {label.state}: by {label.reviewed_by}{when}"
