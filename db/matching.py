"""Which structure a label belongs to: how that was found, how sure it is, and who confirmed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import sqlmodel
from sqlmodel import col, select

from db.columns import utc_now
from db.errors import InvalidValueError, UnknownRecordError
from db.formulas import composition_distance
from db.tables import Label, LabelStructure, Structure
from db.tables_labels import MATCH_KINDS

# How far each way of finding a structure is trusted before a person has looked. An id names one
# structure; an ICSD number may name a disordered parent of it; a formula and a space group leave
# open which of several cells was measured.
CONFIDENCE = {
    "by-hand": 1.0,
    "material-id": 0.95,
    "structure-comparison": 0.9,
    "icsd": 0.85,
    "formula-space-group": 0.6,
}
# Share of atoms: refined occupancies are rounded, and authors print the weighed composition. An
# ICSD number that leads further away is a slip in one of the tables, or the parent of a solid
# solution.
SAME_COMPOSITION = 0.02


@dataclass(frozen=True, slots=True)
class LabelledStructure:
    """An accepted label at a structure, as a ranking needs it."""

    label_id: int
    material_id: str
    formula: str
    sigma_S_per_cm: float
    qualifier: str
    kind: str
    confidence: float
    ambiguous: bool
    content_hash: str


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """How many labels found a structure, by kind; how many found several; how many none."""

    by_kind: dict[str, int]
    ambiguous: int
    unmatched: int


def add_match(
    session: sqlmodel.Session,
    *,
    label_id: int,
    material_id: str,
    kind: str,
    confidence: float | None = None,
    ambiguous: bool = False,
    note: str | None = None,
    by: str | None = None,
) -> LabelStructure:
    """Tie a label to a structure; a match of that kind that is there already is returned.

    Raises
    ------
    InvalidValueError
        If `kind` is unknown.
    UnknownRecordError
        If the label or the structure is not in this lab.
    """
    if kind not in MATCH_KINDS:
        raise InvalidValueError(f"a match is one of {', '.join(MATCH_KINDS)}, not {kind!r}")
    structure_id = session.exec(
        select(Structure.id).where(Structure.material_id == material_id)
    ).first()
    if structure_id is None:
        raise UnknownRecordError(f"there is no structure {material_id!r} in this lab")
    if session.get(Label, label_id) is None:
        raise UnknownRecordError(f"there is no label L{label_id} in this lab")
    found = session.exec(
        select(LabelStructure).where(
            LabelStructure.label_id == label_id,
            LabelStructure.structure_id == structure_id,
            LabelStructure.kind == kind,
        )
    ).first()
    if found is not None:
        return found
    match = LabelStructure(
        label_id=label_id,
        structure_id=structure_id,
        kind=kind,
        confidence=CONFIDENCE[kind] if confidence is None else confidence,
        ambiguous=ambiguous,
        note=note,
    )
    if by is not None:
        match.status, match.decided_by, match.decided_at = "confirmed", by, utc_now()
    session.add(match)
    session.flush()
    return match


def match_labels(session: sqlmodel.Session, label_ids: Iterable[int] | None = None) -> MatchCounts:
    """Tie labels to structures by material id, else by ICSD number, else by formula and group.

    The first way that finds anything is taken. Several structures found are all tied and marked
    ambiguous; so is a structure found by its ICSD number that has another composition. Matches
    broken by hand stay broken.

    Parameters
    ----------
    label_ids : iterable of int, optional
        Only these labels; all that are not rejected or superseded by default.
    """
    index = _StructureIndex.of(session)
    statement = select(Label).where(col(Label.state).in_(("proposed", "accepted")))
    labels = list(session.exec(statement.order_by(col(Label.id))))
    if label_ids is not None:
        wanted = set(label_ids)
        labels = [label for label in labels if label.id in wanted]
    present = {
        (label_id, structure_id, kind)
        for label_id, structure_id, kind in session.exec(
            select(LabelStructure.label_id, LabelStructure.structure_id, LabelStructure.kind)
        )
    }
    by_kind: dict[str, int] = defaultdict(int)
    ambiguous = unmatched = 0
    for label in labels:
        assert label.id is not None
        kind, structure_ids = index.find(label)
        if not structure_ids:
            unmatched += 1
            continue
        by_kind[kind] += 1
        several = len(structure_ids) > 1
        doubtful = several
        for structure_id in structure_ids:
            note = index.disagreement(label, structure_id) if kind == "icsd" else None
            doubtful = doubtful or note is not None
            if (label.id, structure_id, kind) not in present:
                share = (len(structure_ids) if several else 1) * (1 if note is None else 2)
                session.add(
                    LabelStructure(
                        label_id=label.id,
                        structure_id=structure_id,
                        kind=kind,
                        confidence=CONFIDENCE[kind] / share,
                        ambiguous=several or note is not None,
                        note=note,
                    )
                )
        ambiguous += doubtful
    session.flush()
    return MatchCounts(dict(by_kind), ambiguous, unmatched)


@dataclass(frozen=True, slots=True)
class _StructureIndex:
    """Everything a label may be found by, read once for many labels."""

    by_material: dict[str, int]
    by_icsd: dict[int, list[int]]
    by_formula: dict[tuple[str, int], list[int]]
    formulas: dict[int, str]

    @classmethod
    def of(cls, session: sqlmodel.Session) -> _StructureIndex:
        index = cls({}, defaultdict(list), defaultdict(list), {})
        statement = select(
            Structure.id,
            Structure.material_id,
            Structure.reduced_formula,
            Structure.space_group_number,
        ).order_by(col(Structure.id))
        for key, material_id, formula, group in session.exec(statement):
            assert key is not None
            index.by_material[material_id] = key
            index.formulas[key] = formula
            if group is not None:
                index.by_formula[formula, group].append(key)
        for key, numbers in session.exec(select(Structure.id, Structure.icsd_ids)):
            assert key is not None
            for number in numbers or ():
                index.by_icsd[number].append(key)
        return index

    def find(self, label: Label) -> tuple[str, list[int]]:
        if label.material_id is not None and label.material_id in self.by_material:
            return "material-id", [self.by_material[label.material_id]]
        if label.icsd_id is not None and label.icsd_id in self.by_icsd:
            return "icsd", self.by_icsd[label.icsd_id]
        if label.reduced_formula is not None and label.space_group_number is not None:
            key = (label.reduced_formula, label.space_group_number)
            return "formula-space-group", self.by_formula.get(key, [])
        return "", []

    def disagreement(self, label: Label, structure_id: int) -> str | None:
        """Say how far the structure's composition is from the label's, where it is far."""
        formula = self.formulas[structure_id]
        if formula == label.reduced_formula:
            return None
        apart = composition_distance(formula, label.formula)
        if apart is None or apart <= SAME_COMPOSITION:
            return None
        return f"the structure is {formula}: {apart:.0%} of the atoms differ"


def matches_of_label(session: sqlmodel.Session, label_id: int) -> list[tuple[LabelStructure, str]]:
    """Return a label's matches with the material id of each, the surest first."""
    statement = (
        select(LabelStructure, Structure.material_id)
        .join(Structure, col(Structure.id) == col(LabelStructure.structure_id))
        .where(LabelStructure.label_id == label_id)
        .order_by(col(LabelStructure.confidence).desc(), col(LabelStructure.id))
    )
    return [(match, material_id) for match, material_id in session.exec(statement)]


def decide_match(
    session: sqlmodel.Session, match_id: int, *, keep: bool, by: str, note: str | None = None
) -> LabelStructure:
    """Confirm a match by hand (`keep`), or break it so that nothing uses it."""
    match = session.get(LabelStructure, match_id)
    if match is None:
        raise UnknownRecordError(f"there is no match number {match_id} in this lab")
    match.status = "confirmed" if keep else "broken"
    match.decided_by, match.decided_at, match.note = by, utc_now(), note
    session.add(match)
    session.flush()
    return match


def labelled_structures(
    session: sqlmodel.Session, *, minimum_confidence: float = 0.0
) -> list[LabelledStructure]:
    """Return every accepted label at its structures, broken matches left out, by label number."""
    statement = (
        select(Label, LabelStructure, Structure.material_id)
        .join(LabelStructure, col(LabelStructure.label_id) == col(Label.id))
        .join(Structure, col(Structure.id) == col(LabelStructure.structure_id))
        .where(
            Label.state == "accepted",
            LabelStructure.status != "broken",
            LabelStructure.confidence >= minimum_confidence,
        )
        .order_by(col(Label.id), col(LabelStructure.confidence).desc(), col(Structure.id))
    )
    return [
        LabelledStructure(
            label_id=label.id or 0,
            material_id=material_id,
            formula=label.formula,
            sigma_S_per_cm=label.sigma_S_per_cm,
            qualifier=label.qualifier,
            kind=match.kind,
            confidence=match.confidence,
            ambiguous=match.ambiguous,
            content_hash=label.content_hash,
        )
        for label, match, material_id in session.exec(statement)
    ]
