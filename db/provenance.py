"""Where a stored thing comes from, down to the bytes: the chain behind ``labkit why``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlmodel
from sqlmodel import col, select

from db.columns import plain_json
from db.corrections import corrections_of
from db.errors import IdentifierError, UnknownPelletError, UnknownStructureError
from db.identifiers import Identifier, RecordKind, format_identifier, parse_identifier
from db.labels import get_label, history
from db.matching import matches_of_label
from db.measurements import data_hash_of, get_analysis, get_measurement
from db.pellets import close_pellet_names, get_pellet
from db.rankings import get_ranking
from db.structures import get_structure
from db.tables import (
    AnalysisInput,
    EvidenceRow,
    LiteratureEntry,
    Measurement,
    Pellet,
    RawFile,
    SourceDataset,
)

# A ranking rests on hundreds of labels: they are listed, not followed, beyond this depth.
_DEEPEST = 8


@dataclass(slots=True)
class Link:
    """One thing in the chain: what it is, its facts, and what it was made from."""

    kind: str
    identifier: str | None
    title: str
    facts: dict[str, Any] = field(default_factory=dict)
    sources: list[Link] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the chain from here down in plain JSON types."""
        return {
            "kind": self.kind,
            "id": self.identifier,
            "title": self.title,
            "facts": plain_json(self.facts),
            "sources": [source.as_json() for source in self.sources],
        }


def chain(session: sqlmodel.Session, identifier: str | Identifier) -> Link:
    """Return the chain behind a label, analysis, measurement, ranking, pellet or structure.

    Raises
    ------
    IdentifierError, UnknownRecordError
        If the text is no identifier, or nothing in this lab has it.
    """
    if isinstance(identifier, str):
        try:
            found = parse_identifier(identifier)
        except IdentifierError as error:
            # A pellet goes by its name as well, a structure by any id that its source gave it.
            try:
                return _pellet(session, get_pellet(session, identifier).id or 0)
            except UnknownPelletError:
                try:
                    return _structure(session, identifier)
                except UnknownStructureError:
                    close = close_pellet_names(session, identifier)
                    meant = f"; did you mean {' or '.join(close)}?" if close else ""
                    raise IdentifierError(
                        f"{error}; no pellet and no structure is called so either{meant}"
                    ) from error
    else:
        found = identifier
    if found.kind is RecordKind.STRUCTURE:
        return _structure(session, found.text or "")
    if found.number is None:
        return _pellet(session, get_pellet(session, found.text or "").id or 0)
    builders: dict[RecordKind, Callable[[sqlmodel.Session, int], Link]] = {
        RecordKind.MEASUREMENT: _measurement,
        RecordKind.ANALYSIS: _analysis,
        RecordKind.LABEL: _label,
        RecordKind.RANKING: _ranking,
        RecordKind.PELLET: _pellet,
    }
    return builders[found.kind](session, found.number)


def _measurement(session: sqlmodel.Session, number: int) -> Link:
    row = get_measurement(session, number)
    raw = session.get(RawFile, row.raw_file_id)
    assert raw is not None
    file = Link(
        "raw file",
        None,
        raw.file_name,
        {
            "sha256": raw.sha256,
            "size_bytes": raw.size_bytes,
            "stored_path": raw.stored_path,
            "original_path": raw.original_path,
            "format": raw.format,
            "reader_version": raw.reader_version,
            "labkit_version": raw.labkit_version,
            "imported_at": raw.imported_at,
            "imported_by": raw.imported_by,
            "warnings": raw.warnings,
        },
    )
    link = Link(
        "measurement",
        format_identifier(RecordKind.MEASUREMENT, row.id),
        f"{row.technique or row.kind}, sweep {row.sweep} of {raw.file_name}",
        {
            "data_hash": data_hash_of(session, number),
            "started_at": row.started_at,
            "instrument": row.instrument,
            "software": row.software,
            "temperature_K": row.temperature_K,
            "temperature_source": row.temperature_source,
            "set_aside_because": row.set_aside_because,
            "warnings": row.warnings,
            "corrections": _corrections(session, row),
        },
        [file],
    )
    if row.pellet_id is not None:
        link.sources.append(_pellet(session, row.pellet_id))
    return link


def _analysis(session: sqlmodel.Session, number: int, depth: int = 0) -> Link:
    row = get_analysis(session, number)
    link = Link(
        "analysis",
        format_identifier(RecordKind.ANALYSIS, row.id),
        f"{row.kind}, verdict {row.verdict}",
        {
            "parameters": row.parameters,
            "result": row.result,
            "reasons": row.reasons,
            "input_hash": row.input_hash,
            "labkit_version": row.labkit_version,
            "created_at": row.created_at,
            "created_by": row.created_by,
        },
    )
    inputs = session.exec(
        select(AnalysisInput)
        .where(AnalysisInput.analysis_id == row.id)
        .order_by(col(AnalysisInput.position))
    ).all()
    for entry in inputs if depth < _DEEPEST else []:
        if entry.measurement_id is not None:
            link.sources.append(_measurement(session, entry.measurement_id))
        elif entry.input_analysis_id is not None:
            link.sources.append(_analysis(session, entry.input_analysis_id, depth + 1))
    if row.pellet_id is not None and not inputs:
        link.sources.append(_pellet(session, row.pellet_id))
    return link


def _label(session: sqlmodel.Session, number: int, *, deep: bool = True) -> Link:
    row = get_label(session, number)
    sign = "" if row.qualifier == "=" else f"{row.qualifier} "
    link = Link(
        "label",
        format_identifier(RecordKind.LABEL, row.id),
        f"{row.formula}: {sign}{row.sigma_S_per_cm:.3g} S/cm, {row.state}",
        {
            "state": row.state,
            "version": row.version,
            "sigma_S_per_cm": row.sigma_S_per_cm,
            "sigma_random_S_per_cm": row.sigma_random_S_per_cm,
            "sigma_systematic_S_per_cm": row.sigma_systematic_S_per_cm,
            "qualifier": row.qualifier,
            "temperature_K": row.temperature_K,
            "contribution": row.contribution,
            "content_hash": row.content_hash,
        },
    )
    if not deep:
        return link
    link.facts["history"] = [
        {
            "label": format_identifier(RecordKind.LABEL, event.label_id),
            "at": event.at,
            "action": event.action,
            "by": event.actor,
            "reason": event.reason,
        }
        for event in history(session, number)
    ]
    if row.analysis_id is not None:
        link.sources.append(_analysis(session, row.analysis_id))
    if row.literature_entry_id is not None:
        link.sources.append(_literature(session, row.literature_entry_id))
    if row.evidence_row_id is not None:
        link.sources.append(_evidence(session, row.evidence_row_id))
    for match, material_id in matches_of_label(session, number):
        link.facts.setdefault("structures", []).append(
            {
                "material_id": material_id,
                "found_by": match.kind,
                "confidence": match.confidence,
                "status": match.status,
                "ambiguous": match.ambiguous,
            }
        )
    return link


def _literature(session: sqlmodel.Session, key: int) -> Link:
    row = session.get(LiteratureEntry, key)
    assert row is not None
    cells = {
        "formula": row.formula_text,
        "sigma": row.sigma_text,
        "ea": row.ea_text,
        "space group": row.space_group_text,
        "ICSD": row.icsd_text,
    }
    facts = {"cells": cells, "rules": row.formula_rules, "notes": row.notes}
    title = f"row {row.row_number}: {row.formula_text}"
    return Link("literature", None, title, facts, [_dataset(session, row.dataset_id)])


def _evidence(session: sqlmodel.Session, key: int) -> Link:
    row = session.get(EvidenceRow, key)
    assert row is not None
    facts = {"cells": row.cells, "rules": row.formula_rules, "notes": row.notes, "doi": row.doi}
    title = f"row {row.row_number}: {row.formula}"
    return Link("evidence", None, title, facts, [_dataset(session, row.dataset_id)])


def _dataset(session: sqlmodel.Session, key: int) -> Link:
    row = session.get(SourceDataset, key)
    assert row is not None
    facts = {
        "file_name": row.file_name,
        "sha256": row.sha256,
        "origin": row.origin,
        "licence": row.licence,
        "citation": row.citation,
        "loaded_at": row.loaded_at,
        "loaded_by": row.loaded_by,
    }
    return Link("data set", None, row.name, facts)


def _ranking(session: sqlmodel.Session, number: int) -> Link:
    row = get_ranking(session, number)
    link = Link(
        "ranking",
        format_identifier(RecordKind.RANKING, row.id),
        f"{row.method}, {row.n_candidates} candidates from {len(row.labels)} labels",
        {
            "parameters": row.parameters,
            "label_set_hash": row.label_set_hash,
            "labkit_version": row.labkit_version,
            "created_at": row.created_at,
            "created_by": row.created_by,
            "previous": None
            if row.previous_ranking_id is None
            else format_identifier(RecordKind.RANKING, row.previous_ranking_id),
        },
    )
    for label in row.labels:
        number_of_label = label.get("label_id")
        if isinstance(number_of_label, int):
            link.sources.append(_label(session, number_of_label, deep=False))
    return link


def _pellet(session: sqlmodel.Session, number: int) -> Link:
    row: Pellet = get_pellet(session, number)
    return Link(
        "pellet",
        format_identifier(RecordKind.PELLET, row.id),
        f"{row.name} ({row.formula})",
        {
            "thickness_m": row.thickness_m,
            "thickness_se_m": row.thickness_se_m,
            "diameter_m": row.diameter_m,
            "diameter_se_m": row.diameter_se_m,
            "batch": row.batch,
            "created_at": row.created_at,
            "created_by": row.created_by,
            "corrections": _corrections(session, row),
        },
    )


def _corrections(session: sqlmodel.Session, row: Pellet | Measurement) -> list[dict[str, Any]]:
    return [
        {
            "at": one.at,
            "action": one.action,
            "by": one.actor,
            "reason": one.reason,
            "changed": [
                f"{name} {_short(one.values_before.get(name))} -> {_short(value)}"
                for name, value in one.values_after.items()
            ],
        }
        for one in corrections_of(session, row)
    ]


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _structure(session: sqlmodel.Session, material_id: str) -> Link:
    row = get_structure(session, material_id)
    facts = {
        "source": row.source,
        "reduced_formula": row.reduced_formula,
        "n_sites": row.n_sites,
        "space_group_number": row.space_group_number,
        "band_gap_eV": row.band_gap_eV,
        "e_above_hull_eV": row.e_above_hull_eV,
        "icsd_ids": list(row.icsd_ids),
        "content_hash": row.content_hash,
    }
    return Link("structure", material_id, f"{material_id} ({row.formula})", facts)
