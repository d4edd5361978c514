"""Values that disagree: one composition and one polymorph, further apart than they should be.

Identical samples measured in eight laboratories spread by a third to a half of their value
(S. Ohno et al., ACS Energy Lett. 2020, 5, 910, doi:10.1021/acsenergylett.9b02764); half a decade
is well outside that. Bounds conflict only where they exclude each other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import sqlmodel
from sqlmodel import col, select

from db.columns import sha256_of_json
from db.errors import InvalidValueError
from db.tables import (
    ConflictDecision,
    EvidenceRow,
    Label,
    LiteratureEntry,
    SourceDataset,
)

DEFAULT_DECADES = 0.5
_ROOM_K = (288.0, 308.0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One value in a conflict: where it stands, and all that may explain the difference."""

    reference: str
    source: str
    formula: str
    sigma_S_per_cm: float
    qualifier: str
    temperature_K: float | None
    space_group_number: int | None
    polymorph: str | None
    contribution: str | None
    ea_eV: float | None
    icsd_id: int | None
    doi: str | None
    state: str | None = None


_Key: TypeAlias = tuple[str, int | None, str | None]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Values of one composition and polymorph that lie `decades` apart."""

    reduced_formula: str
    space_group_number: int | None
    polymorph: str | None
    decades: float
    values: tuple[Evidence, ...]
    differs_in: tuple[str, ...]
    decision: str | None = None
    decided_by: str | None = None

    @property
    def members_hash(self) -> str:
        """Names the very set of values: a decision holds until a value joins or leaves."""
        return sha256_of_json(sorted(value.reference for value in self.values))


def find_conflicts(
    session: sqlmodel.Session,
    *,
    decades: float = DEFAULT_DECADES,
    reduced_formula: str | None = None,
    include_decided: bool = True,
) -> list[Conflict]:
    """Return conflicts across all sources and inside each, widest first.

    Parameters
    ----------
    decades : float
        How far apart, in powers of ten, values must lie to be shown.
    reduced_formula : str, optional
        Only this composition.
    include_decided : bool
        Also those about which a decision is recorded.

    Notes
    -----
    Rows without a space group form groups of their own: a missing entry is not taken for a
    polymorph. Values of one ICSD number are compared too, whatever composition or space group
    their tables print beside it. Values measured away from room temperature are left out.
    """
    if not decades > 0:
        raise InvalidValueError("conflicts are sought beyond a positive number of decades")
    groups: dict[_Key, list[Evidence]] = defaultdict(list)
    by_icsd: dict[int, list[tuple[str, Evidence]]] = defaultdict(list)
    for formula, value in _all_values(session, reduced_formula):
        if value.temperature_K is None or _ROOM_K[0] <= value.temperature_K <= _ROOM_K[1]:
            groups[formula, value.space_group_number, value.polymorph].append(value)
            if value.icsd_id is not None:
                by_icsd[value.icsd_id].append((formula, value))
    decisions = {row.members_hash: row for row in _decisions(session)}
    found = [_conflict(key, values, decades, decisions) for key, values in groups.items()]
    conflicts = [conflict for conflict in found if conflict is not None]
    shown = [{value.reference for value in conflict.values} for conflict in conflicts]
    for entries in by_icsd.values():
        formula, first = entries[0]
        values = [value for _, value in entries]
        key = (formula, first.space_group_number, first.polymorph)
        conflict = _conflict(key, values, decades, decisions)
        if conflict is not None and not any(
            {value.reference for value in values} <= references for references in shown
        ):
            conflicts.append(conflict)
    if not include_decided:
        conflicts = [conflict for conflict in conflicts if conflict.decision is None]
    return sorted(conflicts, key=lambda conflict: (-conflict.decades, conflict.reduced_formula))


def _conflict(
    key: _Key, values: list[Evidence], decades: float, decisions: dict[str, ConflictDecision]
) -> Conflict | None:
    """Return the conflict of a group of values with what was decided about it, if it is one."""
    distance = spread_in_decades(values)
    if distance <= decades:
        return None
    conflict = Conflict(*key, distance, tuple(values), _what_differs(values))
    decided = decisions.get(conflict.members_hash)
    if decided is None:
        return conflict
    return replace(conflict, decision=decided.decision, decided_by=decided.decided_by)


def spread_in_decades(values: list[Evidence]) -> float:
    """Return how many decades the values contradict each other by.

    A value is an interval in log10: ``=`` a point, ``<`` everything below, ``>`` everything
    above. The spread is the largest gap between two intervals that do not meet.
    """
    lows = [-math.inf if v.qualifier == "<" else math.log10(v.sigma_S_per_cm) for v in values]
    highs = [math.inf if v.qualifier == ">" else math.log10(v.sigma_S_per_cm) for v in values]
    gap = max(lows) - min(highs)
    return gap if gap > 0 and math.isfinite(gap) else 0.0


def decide_conflict(
    session: sqlmodel.Session, conflict: Conflict, *, decision: str, reason: str, by: str
) -> ConflictDecision:
    """Record what was decided about a conflict; the values themselves stay as they are."""
    if not by.strip() or not decision.strip():
        raise InvalidValueError("a decision needs the name of a person and what was decided")
    row = ConflictDecision(
        members_hash=conflict.members_hash,
        members=sorted(value.reference for value in conflict.values),
        reduced_formula=conflict.reduced_formula,
        space_group_number=conflict.space_group_number,
        polymorph=conflict.polymorph,
        decision=decision,
        reason=reason,
        decided_by=by,
    )
    session.add(row)
    session.flush()
    return row


def _decisions(session: sqlmodel.Session) -> list[ConflictDecision]:
    return list(session.exec(select(ConflictDecision).order_by(col(ConflictDecision.id))))


def _what_differs(values: list[Evidence]) -> tuple[str, ...]:
    names = (
        "source", "space_group_number", "polymorph", "qualifier", "temperature_K", "contribution",
        "ea_eV", "icsd_id", "doi",
    )  # fmt: skip
    return tuple(name for name in names if len({getattr(value, name) for value in values}) > 1)


def _all_values(
    session: sqlmodel.Session, reduced_formula: str | None
) -> list[tuple[str, Evidence]]:
    """Return every readable value: literature rows, evidence rows, and labels of neither.

    Labels that repeat a row are left out: the row is there already.
    """
    found: list[tuple[str, Evidence]] = []
    names = dict(session.exec(select(SourceDataset.id, SourceDataset.name)).all())
    for table in (LiteratureEntry, EvidenceRow):
        statement: Any = select(table).where(
            col(table.withdrawn_in_dataset_id).is_(None),
            col(table.reduced_formula).is_not(None),
            col(table.sigma_S_per_cm).is_not(None),
        )
        if reduced_formula is not None:
            statement = statement.where(table.reduced_formula == reduced_formula)
        found += [
            (row.reduced_formula, _evidence_of_row(row, names[row.dataset_id]))
            for row in session.exec(statement.order_by(col(table.id)))
        ]
    labels = select(Label).where(
        col(Label.state).in_(("proposed", "accepted")),
        col(Label.evidence_row_id).is_(None),
        col(Label.literature_entry_id).is_(None),
        col(Label.reduced_formula).is_not(None),
    )
    if reduced_formula is not None:
        labels = labels.where(Label.reduced_formula == reduced_formula)
    found += [
        (label.reduced_formula or "", _evidence_of_label(label))
        for label in session.exec(labels.order_by(col(Label.id)))
    ]
    return found


def _evidence_of_row(row: LiteratureEntry | EvidenceRow, source: str) -> Evidence:
    assert row.sigma_S_per_cm is not None and row.qualifier is not None
    return Evidence(
        reference=f"{source}:{row.row_number}",
        source=source,
        formula=row.formula or "",
        sigma_S_per_cm=row.sigma_S_per_cm,
        qualifier=row.qualifier,
        temperature_K=row.temperature_K if isinstance(row, EvidenceRow) else None,
        space_group_number=row.space_group_number,
        polymorph=row.polymorph,
        contribution=row.contribution if isinstance(row, EvidenceRow) else None,
        ea_eV=row.ea_eV,
        icsd_id=row.icsd_id,
        doi=row.doi if isinstance(row, EvidenceRow) else None,
    )


def _evidence_of_label(label: Label) -> Evidence:
    return Evidence(
        reference=f"L{label.id}",
        source=label.source_kind,
        formula=label.formula,
        sigma_S_per_cm=label.sigma_S_per_cm,
        qualifier=label.qualifier if label.qualifier != "between" else "=",
        temperature_K=label.temperature_K,
        space_group_number=label.space_group_number,
        polymorph=label.polymorph,
        contribution=label.contribution,
        ea_eV=label.ea_eV,
        icsd_id=label.icsd_id,
        doi=label.doi,
        state=label.state,
    )
