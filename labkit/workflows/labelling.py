"""Labels: proposed from evidence, decided by a person, listed with what they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

import db.labels
from db.formulas import reduced_formula_or_none
from db.identifiers import RecordKind, parse_identifier
from db.label_content import LabelFields
from db.measurements import get_analysis, get_measurement, latest_analysis
from db.tables import Analysis, Label, Measurement, Pellet
from labkit.errors import UsageError
from labkit.grammar import with_article
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.hand_work import hand_work_behind
from labkit.workflows.lab import Lab
from labkit.workflows.matching import (
    match_by_composition,
    match_by_hand,
    nearest_structures,
    structures_of,
)
from labkit.workflows.outdated import label_outdated_because, outdated_because
from labkit.workflows.pellets import UNKNOWN_FORMULA
from labkit.workflows.signing import OF_LABELS, signer_of
from labkit.workflows.temperature_series import ARRHENIUS

__all__ = [
    "decide_label",
    "describe_labels",
    "evidence_of_label",
    "list_labels",
    "propose_label",
    "show_label",
]


def propose_label(
    lab: Lab,
    evidence: str,
    *,
    structure_ids: Sequence[str] = (),
    polymorph: str | None = None,
    space_group_number: int | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """Propose a label from a measurement or an Arrhenius fit.

    Parameters
    ----------
    lab : Lab
    evidence : str
        ``M1``: sigma at the temperature of that measurement. ``A3``: that analysis; for an
        Arrhenius fit sigma at 25 C, with Ea.
    structure_ids : sequence of str
        Structures it belongs to; found by composition where none is named.
    polymorph, space_group_number : optional
        What is known of the phase.
    actor : str, optional
        Who proposes it.

    Returns
    -------
    dict
        The label, with notes on what a reviewer should see.

    Raises
    ------
    UsageError
        When no conductivity follows from the evidence, or it was proposed before.
    """
    by = signer_of(lab, actor, OF_LABELS)
    with lab.database.session() as session:
        analysis, fields = evidence_of_label(session, evidence)
        fields["polymorph"] = polymorph
        fields["space_group_number"] = space_group_number
        earlier = session.exec(
            select(Label).where(
                Label.analysis_id == analysis.id, col(Label.state).in_(("proposed", "accepted"))
            )
        ).first()
        if earlier is not None:
            raise UsageError(
                f"{evidence} is already label L{earlier.id} ({earlier.state}); "
                "reject or revise that one"
            )
        label = db.labels.propose(session, by=by, reason=f"from A{analysis.id}", **fields)
        notes = []
        if analysis.verdict != "accepted":
            notes.append(
                f"the verdict of A{analysis.id} is {analysis.verdict} "
                f"({', '.join(analysis.reasons)}); accepting needs --because"
            )
        notes += [f"by hand in {work['sentence']}" for work in hand_work_behind(session, analysis)]
        if structure_ids:
            match_by_hand(session, label, structure_ids, by)
        else:
            notes += _note_matches(session, label, match_by_composition(session, label))
        return describe_labels(session, [label])[0] | {"notes": notes}


def _note_matches(session: Session, label: Label, found: list[str]) -> list[str]:
    if not found:
        notes = [
            f"no structure of composition {label.formula} in this lab; "
            "the label will not count in a ranking until it is tied to one"
        ]
        notes += [
            f"{near.formula} differs in {100 * near.distance:.2g} % of the atoms: "
            f"'labkit label match L{label.id} {near.material_id}'"
            for near in nearest_structures(session, label.formula)
        ]
        return notes
    if len(found) > 1:
        return [
            f"{len(found)} structures have this composition ({', '.join(found[:4])}"
            f"{', ...' if len(found) > 4 else ''}): choose with "
            f"'labkit label match L{label.id} {found[0]}'"
        ]
    return []


def evidence_of_label(session: Session, evidence: str) -> tuple[Analysis, LabelFields]:
    """Return the analysis that is named, and the fields of the label that follows from it.

    Raises
    ------
    UsageError
        When no conductivity follows, or it rests on what was corrected since.
    """
    analysis = _evidence(session, evidence)
    why = outdated_because(session, analysis)
    if why is not None:
        newer = "the newest result of a measurement (M3) or a new fit does"
        raise UsageError(f"A{analysis.id} makes no label: {why}; {newer}")
    return analysis, _fields(session, analysis)


def _evidence(session: Session, evidence: str) -> Analysis:
    identifier = parse_identifier(evidence)
    if identifier.kind is RecordKind.ANALYSIS:
        return get_analysis(session, evidence)
    if identifier.kind is not RecordKind.MEASUREMENT:
        raise UsageError(f"{evidence}: a label comes from a measurement (M1) or an analysis (A3)")
    measurement = get_measurement(session, evidence)
    if measurement.set_aside_because is not None:
        raise UsageError(
            f"{evidence} is set aside ({measurement.set_aside_because}); 'labkit measurement "
            f"take-back {evidence} --because WHY' uses it again"
        )
    analysis = latest_analysis(session, TAIL, measurement_id=measurement.id)
    if analysis is None:
        raise UsageError(
            f"{evidence} has no conductivity: it is {with_article(measurement.kind)} measurement"
        )
    return analysis


def _fields(session: Session, analysis: Analysis) -> LabelFields:
    pellet = session.get(Pellet, analysis.pellet_id) if analysis.pellet_id else None
    if pellet is None:
        raise UsageError(
            f"A{analysis.id} belongs to no pellet, so it has no conductivity; "
            "import the file again with --pellet NAME"
        )
    if pellet.formula == UNKNOWN_FORMULA:
        raise UsageError(f"the composition of pellet {pellet.name} is unknown; it makes no label")
    fields: LabelFields = {
        "formula": pellet.formula,
        "source_kind": "measurement",
        "analysis_id": analysis.id,
        "pellet_id": pellet.id,
        "contribution": "total",
        "method": "AC",
        "electrode": pellet.electrode,
        "pressure_Pa": pellet.stack_pressure_Pa,
        "relative_density": pellet.relative_density,
    }
    if analysis.kind == TAIL:
        return fields | _fields_of_sweep(session, analysis)
    if analysis.kind == ARRHENIUS:
        return fields | _fields_of_series(analysis)
    raise UsageError(
        f"A{analysis.id} is {with_article(analysis.kind)} result; a label needs a conductivity"
    )


def _fields_of_sweep(session: Session, analysis: Analysis) -> LabelFields:
    if analysis.sigma_S_per_cm is None:
        raise UsageError(f"A{analysis.id} has no conductivity ({', '.join(analysis.reasons)})")
    measurement = session.get(Measurement, analysis.measurement_id)
    assert measurement is not None
    if measurement.temperature_K is None:
        raise UsageError(
            f"the temperature of M{measurement.id} is unknown; "
            "import its file again with --temperature 25C"
        )
    return {
        "sigma_S_per_cm": analysis.sigma_S_per_cm,
        "sigma_random_S_per_cm": analysis.sigma_random_S_per_cm,
        "sigma_systematic_S_per_cm": analysis.sigma_systematic_S_per_cm,
        "temperature_K": measurement.temperature_K,
        "n_replicates": 1,
    }


def _fields_of_series(analysis: Analysis) -> LabelFields:
    result = analysis.result
    return {
        "sigma_S_per_cm": result["sigma25_S_per_cm"],
        "sigma_random_S_per_cm": result["sigma25_random_S_per_cm"],
        "sigma_systematic_S_per_cm": result["sigma25_systematic_S_per_cm"],
        "temperature_K": 298.15,
        "extrapolated": result["sigma25_extrapolated"],
        "ea_eV": result["ea_eV"],
        "ea_se_eV": result["ea_se_eV"],
        "ea_convention": result["convention"],
        "n_replicates": 1,
    }


def decide_label(
    lab: Lab,
    label_id: str,
    action: str,
    *,
    reason: str,
    because: str | None = None,
    actor: str | None = None,
    seen: int | None = None,
) -> dict[str, Any]:
    """Accept or reject a label.

    Parameters
    ----------
    lab : Lab
    label_id : str
    action : {"accept", "reject"}
    reason : str
        Kept with the label forever.
    because : str, optional
        Why evidence whose verdict is not ``accepted`` is trusted all the same.
    actor : str, optional
        Who decides.
    seen : int, optional
        ``change_count`` of the label as that person saw it; where it has grown nothing happens.

    Raises
    ------
    LabelStateError
        When the label is not waiting; the line says who decided it and when.
    LabelChangedError
        When somebody else changed it since it was seen.
    """
    reviewer = signer_of(lab, actor, OF_LABELS)
    if not reason.strip():
        raise UsageError("a decision needs a reason; give --reason 'why'")
    with lab.database.session() as session:
        if action == "accept":
            reason = _reason_if_outdated(session, label_id, reason, because)
            label = db.labels.accept(
                session,
                label_id,
                reviewer=reviewer,
                reason=reason,
                because=because,
                expected_change_count=seen,
            )
        else:
            label = db.labels.reject(
                session, label_id, reviewer=reviewer, reason=reason, expected_change_count=seen
            )
        return describe_labels(session, [label])[0]


def _reason_if_outdated(session: Session, label_id: str, reason: str, because: str | None) -> str:
    """Refuse to accept a label whose evidence was corrected since, unless it is said why."""
    label = db.labels.get_label(session, label_id)
    why = label_outdated_because(session, label)
    if why is None or label.state != "proposed":
        return reason
    if not (because and because.strip()):
        raise UsageError(
            f"L{label.id} rests on A{label.analysis_id}, but {why}: revise it with --evidence, or "
            "say why it is trusted all the same (--because)"
        )
    return f"{reason}; accepted although {why}: {because.strip()}"


def list_labels(
    lab: Lab, *, state: str | None = None, formula: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """List labels, the newest first, of one state or one composition."""
    statement = select(Label).order_by(col(Label.id).desc()).limit(limit)
    if state is not None:
        statement = statement.where(Label.state == state)
    if formula is not None:
        reduced = reduced_formula_or_none(formula)
        if reduced is None:
            raise UsageError(f"formula {formula!r} cannot be read; write for example Li6PS5Cl")
        statement = statement.where(Label.reduced_formula == reduced)
    with lab.database.reading() as session:
        return describe_labels(session, list(session.exec(statement)))


def show_label(lab: Lab, label_id: str) -> dict[str, Any]:
    """Return one label with its whole history, and what was done by hand in its evidence."""
    with lab.database.reading() as session:
        label = db.labels.get_label(session, label_id)
        analysis = session.get(Analysis, label.analysis_id) if label.analysis_id else None
        events = db.labels.history(session, label_id)
        return describe_labels(session, [label])[0] | {
            "content": label.model_dump(mode="json", exclude={"id", "content_hash"}),
            "by_hand": [] if analysis is None else hand_work_behind(session, analysis),
            "outdated": label_outdated_because(session, label),
            "history": [
                {
                    "label": f"L{event.label_id}",
                    "at": event.at.isoformat(timespec="seconds"),
                    "action": event.action,
                    "actor": event.actor,
                    "reason": event.reason,
                }
                for event in events
            ],
        }


def describe_labels(session: Session, labels: list[Label]) -> list[dict[str, Any]]:
    """Return labels with their structures, as the command line prints them."""
    ties = structures_of(session, [label.id for label in labels if label.id is not None])
    verdicts = _verdicts(session, labels)
    return [
        {
            "label": f"L{label.id}",
            "state": label.state,
            "version": label.version,
            "change_count": label.change_count,
            "formula": label.formula,
            "qualifier": label.qualifier,
            "sigma_S_per_cm": label.sigma_S_per_cm,
            "sigma_random_S_per_cm": label.sigma_random_S_per_cm,
            "sigma_systematic_S_per_cm": label.sigma_systematic_S_per_cm,
            "temperature_K": label.temperature_K,
            "extrapolated": label.extrapolated,
            "ea_eV": label.ea_eV,
            "ea_convention": label.ea_convention,
            "source": _source(label),
            "evidence_verdict": verdicts.get(label.analysis_id),
            "reviewed_by": label.reviewed_by,
            "review_reason": label.review_reason,
            "structures": [tie["structure"] for tie in ties.get(label.id or 0, [])],
            "matches": ties.get(label.id or 0, []),
        }
        for label in labels
    ]


def _verdicts(session: Session, labels: list[Label]) -> dict[int | None, str]:
    """Return the verdict of each analysis that a label rests on."""
    numbers = {label.analysis_id for label in labels if label.analysis_id is not None}
    if not numbers:
        return {}
    statement = select(Analysis.id, Analysis.verdict).where(col(Analysis.id).in_(numbers))
    return dict(session.exec(statement).all())


def _source(label: Label) -> str:
    if label.analysis_id is not None:
        return f"A{label.analysis_id}"
    return label.doi or label.citation or label.source_kind
