"""The review list: cells that wait for a person, and what was decided about them.

A decision never touches the verbatim cell. An applied one is read in its place and fills the
parsed columns of the row.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from sqlmodel import col, select

from db.columns import utc_now
from db.errors import InvalidValueError, LabelStateError, UnknownReviewItemError
from db.literature import interpret
from db.rereading import reread_evidence
from db.tables import EvidenceRow, LiteratureEntry, ReviewItem


def open_items(session: sqlmodel.Session, *, limit: int | None = None) -> list[ReviewItem]:
    """Return the items that wait for a decision, oldest first."""
    statement = select(ReviewItem).where(ReviewItem.status == "open").order_by(col(ReviewItem.id))
    return list(session.exec(statement.limit(limit) if limit is not None else statement))


def decide_item(
    session: sqlmodel.Session,
    item_id: int,
    *,
    by: str,
    reason: str,
    value: str | None = None,
    dismiss: bool = False,
) -> ReviewItem:
    """Decide about one item.

    Parameters
    ----------
    value : str, optional
        The text to read instead of the printed cell; the item's suggestion by default.
    dismiss : bool
        Leave the cell unread for good.

    Raises
    ------
    UnknownReviewItemError
        If there is no such item.
    LabelStateError
        If somebody has decided already; says who and when.
    InvalidValueError
        If there is no value to apply, or it cannot be read either.
    """
    item = session.get(ReviewItem, item_id)
    if item is None:
        raise UnknownReviewItemError(f"there is no review item number {item_id} in this lab")
    if item.status != "open":
        raise LabelStateError(
            f"review item {item_id} was {item.status} by {item.decided_by} on "
            f"{item.decided_at:%Y-%m-%d %H:%M} UTC"
        )
    if not by.strip():
        raise InvalidValueError("a decision needs the name of a person")
    chosen = None if dismiss else (value if value is not None else item.suggestion)
    if not dismiss and chosen is None:
        raise InvalidValueError(
            f"review item {item_id} ({item.cell!r}) has no suggestion: give the value to read"
        )
    item.status = "dismissed" if dismiss else "applied"
    item.decided_value, item.decided_by = chosen, by
    item.decided_at, item.decision_reason = utc_now(), reason
    session.add(item)
    session.flush()
    if not dismiss:
        _reread(session, item)
    return item


def _reread(session: sqlmodel.Session, item: ReviewItem) -> None:
    """Read the item's row again with all that was decided about it."""
    entry = session.get(LiteratureEntry, item.literature_entry_id or 0)
    row = session.get(EvidenceRow, item.evidence_row_id or 0)
    if entry is not None:
        decided = _decided(session, col(ReviewItem.literature_entry_id) == entry.id)
        left = interpret(entry, decided)
        session.add(entry)
    elif row is not None:
        decided = _decided(session, col(ReviewItem.evidence_row_id) == row.id)
        by, reason = item.decided_by or "", item.decision_reason or ""
        left = reread_evidence(session, row, decided, by=by, reason=reason)
    else:
        return
    for column, doubt in left:
        if column.removesuffix("_text") == item.field:
            raise InvalidValueError(
                f"{item.decided_value!r} cannot be read as {item.field} either: {doubt.message}"
            )
    session.flush()


def _decided(session: sqlmodel.Session, of_row: sa.ColumnElement[bool]) -> dict[str, str]:
    """Return the texts that were decided for a row, by field."""
    applied = session.exec(select(ReviewItem).where(of_row, ReviewItem.status == "applied"))
    return {
        "polymorph" if item.reason == "polymorph-misread" else item.field: item.decided_value or ""
        for item in applied
    }
