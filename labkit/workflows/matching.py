"""Which structure a label belongs to: found by id or composition, named or confirmed by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from db.labels import get_label
from db.matching import CONFIDENCE, add_match
from db.tables import Label, LabelStructure, Structure
from labkit.workflows.lab import Lab

__all__ = [
    "NearStructure",
    "confirm_structures",
    "match_by_composition",
    "match_by_hand",
    "nearest_structures",
    "structures_of",
]

# beyond this share of different atoms a composition is not called the parent of another
_FARTHEST_PARENT = 0.1

# a composition alone leaves the polymorph open
_FORMULA_ALONE_CONFIDENCE = 0.4


def match_by_hand(session: Session, label: Label, material_ids: Sequence[str], by: str) -> None:
    """Tie a label to structures that a person names.

    Raises
    ------
    UnknownRecordError
        When the lab has no structure of this id.
    """
    assert label.id is not None
    for material_id in dict.fromkeys(material_ids):
        add_match(session, label_id=label.id, material_id=material_id, kind="by-hand", by=by)


def match_by_composition(session: Session, label: Label) -> list[str]:
    """Tie a label to structures of its composition, and space group where it has one.

    Several structures of one composition make the tie ambiguous: it is kept for a person to
    confirm and does not count in a ranking until then.

    Returns
    -------
    list of str
        Material ids found, the most stable first.
    """
    assert label.id is not None
    if label.reduced_formula is None:
        return []
    statement = select(Structure).where(Structure.reduced_formula == label.reduced_formula)
    found = list(session.exec(statement))
    how = "formula"
    if label.space_group_number is not None:
        same_group = [s for s in found if s.space_group_number == label.space_group_number]
        if same_group:
            found, how = same_group, "formula and space group"
    found.sort(key=lambda s: (s.e_above_hull_eV is None, s.e_above_hull_eV or 0.0, s.material_id))
    for structure in found:
        add_match(
            session,
            label_id=label.id,
            material_id=structure.material_id,
            kind="formula-space-group",
            confidence=CONFIDENCE["formula-space-group"]
            if how == "formula and space group"
            else _FORMULA_ALONE_CONFIDENCE,
            ambiguous=len(found) > 1,
            note=f"same {how}",
        )
    return [structure.material_id for structure in found]


def nearest_structures(session: Session, formula: str, count: int = 3) -> list[NearStructure]:
    """Find the structures whose composition comes closest: the parents of a doped sample.

    Parameters
    ----------
    session : Session
    formula : str
    count : int

    Returns
    -------
    list of NearStructure
        The closest first, the more stable first among equals; none further than a tenth of the
        atoms, or where the formula is in doubt.
    """
    fractions = _atomic_fractions(formula)
    if not fractions:
        return []
    rows = session.exec(
        select(Structure.material_id, Structure.formula, Structure.e_above_hull_eV)
    ).all()
    apart: dict[str, float] = {}
    for _, written, _ in rows:
        if written not in apart:
            apart[written] = _distance(fractions, _atomic_fractions(written))
    near = [
        (apart[written], hull is None, hull or 0.0, material_id, written)
        for material_id, written, hull in rows
        if apart[written] <= _FARTHEST_PARENT
    ]
    return [
        NearStructure(material_id, written, distance)
        for distance, _, _, material_id, written in sorted(near)[:count]
    ]


@dataclass(frozen=True)
class NearStructure:
    """A structure of nearly the composition asked for; `distance` is a share of the atoms."""

    material_id: str
    formula: str
    distance: float


_TERM = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)")


def _atomic_fractions(formula: str) -> dict[str, float]:
    """Atomic fractions of a flat formula; empty for one with brackets or several parts."""
    compact = formula.replace(" ", "")
    terms = _TERM.findall(compact)
    if "".join(element + amount for element, amount in terms) != compact:
        return {}
    amounts: dict[str, float] = {}
    for element, amount in terms:
        amounts[element] = amounts.get(element, 0.0) + (float(amount) if amount else 1.0)
    total = sum(amounts.values())
    return {element: amount / total for element, amount in amounts.items()} if total else {}


def _distance(one: dict[str, float], other: dict[str, float]) -> float:
    if not other:
        return 1.0
    elements = one.keys() | other.keys()
    return sum(abs(one.get(e, 0.0) - other.get(e, 0.0)) for e in elements) / 2


def structures_of(session: Session, label_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the ties of labels, the surest first."""
    ties = session.exec(
        select(LabelStructure, Structure.material_id)
        .join(Structure, col(Structure.id) == col(LabelStructure.structure_id))
        .where(col(LabelStructure.label_id).in_(label_ids), LabelStructure.status != "broken")
        .order_by(col(LabelStructure.confidence).desc(), col(Structure.id))
    ).all()
    by_label: dict[int, list[dict[str, Any]]] = {}
    for tie, material_id in ties:
        by_label.setdefault(tie.label_id, []).append(
            {
                "structure": material_id,
                "kind": tie.kind,
                "confidence": tie.confidence,
                "counts": not tie.ambiguous or tie.status == "confirmed",
            }
        )
    return by_label


def confirm_structures(
    lab: Lab, label_id: str, material_ids: Sequence[str], by: str
) -> list[dict[str, Any]]:
    """Tie a stored label to structures by hand; the earlier ties of lower confidence step back."""
    with lab.database.session() as session:
        label = get_label(session, label_id)
        match_by_hand(session, label, material_ids, by)
        assert label.id is not None
        return structures_of(session, [label.id])[label.id]
