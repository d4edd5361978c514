"""A file that was imported before: say so, and fill in what was missing then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

from sqlmodel import Session, col, select

from db.measurements import (
    data_hash_of,
    find_raw_file,
    latest_analysis,
    measurements_of_file,
)
from db.pellets import get_pellet
from db.tables import Analysis, Measurement, Pellet
from labkit.geometry_verdict import judge_geometry
from labkit.wording import celsius
from labkit.workflows.circuits import CIRCUIT, store_circuit_once
from labkit.workflows.conductivity_of_sweep import (
    TAIL,
    analyse_stored_sweep,
    choices_in_force,
    sweep_summary,
)
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import geometry_of
from labkit.workflows.recording import Treatment
from labkit.workflows.sample_conditions import SampleConditions

__all__ = ["complete_known_file", "describe_sweep"]


def describe_sweep(
    measurement: Measurement,
    analysis: Analysis | None,
    data_hash: str,
    circuit: Analysis | None = None,
) -> dict[str, Any]:
    """Return one stored record with its latest result, as ``import --json`` prints it."""
    described: dict[str, Any] = {
        "kind": measurement.kind,
        "measurement": f"M{measurement.id}",
        "sweep": measurement.sweep,
        "data_hash": data_hash,
        "technique": measurement.technique,
        "temperature_source": measurement.temperature_source,
        "set_aside_because": measurement.set_aside_because,
    }
    if analysis is None:
        return described | {"temperature_K": measurement.temperature_K}
    if circuit is not None:
        described["circuit"] = {
            "analysis": f"A{circuit.id}",
            "circuit": circuit.result.get("circuit"),
            "resistance_ohm": circuit.result.get("resistance_ohm"),
            "verdict": circuit.verdict,
            "reasons": circuit.reasons,
        }
    return described | {
        "analysis": f"A{analysis.id}",
        **sweep_summary(
            analysis.result,
            verdict=analysis.verdict,
            reasons=analysis.reasons,
            temperature_K=measurement.temperature_K,
        ),
    }


def complete_known_file(
    lab: Lab,
    path: Path,
    sha256: str,
    conditions: SampleConditions,
    treatment: Treatment = Treatment(),  # noqa: B008  (frozen)
    actor: str | None = None,
) -> dict[str, Any]:
    """Say what is stored of these bytes; fill in a pellet or temperature that was missing.

    A pellet or temperature that is stored already is never replaced: a warning says so. A
    correction for leads or a circuit that was not there yet adds a result beside the old one,
    signed by `actor`.
    """
    with lab.database.session() as session:
        raw_file = find_raw_file(session, sha256)
        assert raw_file is not None
        measurements = measurements_of_file(session, raw_file)
        filled, warnings = _fill_in(lab, session, measurements, conditions)
        added = _treat(session, measurements, treatment, bool(filled), actor)
        filled = " and ".join(part for part in (filled, added) if part)
        sweeps = []
        for measurement in measurements:
            assert measurement.id is not None
            data_hash = data_hash_of(session, measurement.id)
            analysis = latest_analysis(session, TAIL, measurement_id=measurement.id)
            circuit = latest_analysis(session, CIRCUIT, measurement_id=measurement.id)
            described = describe_sweep(measurement, analysis, data_hash, circuit)
            sweeps.append(described | {"same_data_as": []})
        pellet = _pellet_name(session, measurements)
    first, last = measurements[0].id, measurements[-1].id
    ids = f"M{first}" if first == last else f"M{first} to M{last}"
    said = f"already imported as {ids}; " + (
        f"{filled} filled in" if filled else "nothing was added"
    )
    return {
        "file": str(path),
        "name": path.name,
        "status": "completed" if filled else "known",
        "sha256": sha256,
        "format": raw_file.format,
        "pellet": pellet,
        "warnings": [said, *warnings],
        "sweeps": [row for row in sweeps if row["kind"] == "impedance"],
        "transients": [row for row in sweeps if row["kind"] == "dc"],
    }


def _treat(
    session: Session,
    measurements: Sequence[Measurement],
    treatment: Treatment,
    again: bool,
    actor: str | None,
) -> str:
    """Analyse again where conditions or leads are new, and fit the circuit asked for."""
    added: list[str] = []
    for measurement in measurements:
        if measurement.kind != "impedance":
            continue
        choices = choices_in_force(session, measurement)
        before = choices.leads
        leads = treatment.leads or before
        corrected = leads is not None and (before is None or before.sha256 != leads.sha256)
        if again or corrected:
            # a window and points chosen by hand stay as they are
            again_with = replace(choices, leads=leads)
            analyse_stored_sweep(session, measurement, choices=again_with, actor=actor)
        if corrected:
            added.append("correction for the leads")
        if treatment.circuit and store_circuit_once(
            session, measurement, treatment.circuit, replace(choices, leads=leads)
        ):
            added.append("circuit")
    return " and ".join(dict.fromkeys(added))


def _fill_in(
    lab: Lab,
    session: Session,
    measurements: Sequence[Measurement],
    conditions: SampleConditions,
) -> tuple[str, list[str]]:
    filled: list[str] = []
    warnings: list[str] = []
    if conditions.pellet is not None:
        pellet = get_pellet(session, conditions.pellet)
        if all(measurement.pellet_id is None for measurement in measurements):
            for measurement in measurements:
                measurement.pellet_id = pellet.id
            filled.append("pellet")
            warnings += [reason.message for reason in judge_geometry(geometry_of(pellet))]
        elif any(measurement.pellet_id != pellet.id for measurement in measurements):
            stored = _pellet_name(session, measurements)
            warnings.append(
                f"it stays with pellet {stored}, not {pellet.name}; "
                f"{_correct(measurements, f'--pellet {quote(pellet.name)}')} moves it"
            )
    kelvin = conditions.temperature_K
    if kelvin is not None:
        if all(measurement.temperature_K is None for measurement in measurements):
            for measurement in measurements:
                measurement.temperature_K = kelvin
                measurement.temperature_se_K = lab.settings.temperature_se_K
                measurement.temperature_source = conditions.temperature_source
            filled.append("temperature")
            warnings += conditions.notes
        elif any(abs((m.temperature_K or kelvin) - kelvin) > 1e-6 for m in measurements):
            warnings.append(
                f"it keeps its stored temperature, not {celsius(kelvin)}; "
                f"{_correct(measurements, f'--temperature={kelvin - 273.15:.6g}C')} corrects it"
            )
    elif any(m.temperature_K is None and m.kind == "impedance" for m in measurements):
        warnings += conditions.warnings()
    session.add_all(measurements)
    session.flush()
    return " and ".join(filled), warnings


def _correct(measurements: Sequence[Measurement], option: str) -> str:
    """Return the command that corrects all measurements of a file."""
    ids = " ".join(f"M{measurement.id}" for measurement in measurements)
    return f"'labkit measurement set {ids} {option} --because WHY'"


def _pellet_name(session: Session, measurements: Sequence[Measurement]) -> str | None:
    ids = {measurement.pellet_id for measurement in measurements if measurement.pellet_id}
    names = session.exec(select(Pellet.name).where(col(Pellet.id).in_(ids))).all()
    return ", ".join(names) or None
