"""Tables of the lab written to CSV, JSON or Excel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from db.tables import (
    Analysis,
    Label,
    LiteratureEntry,
    Measurement,
    Pellet,
    RawFile,
    SourceDataset,
)
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.hand_work import describe_hand_work
from labkit.workflows.lab import Lab
from labkit.workflows.table_files import check_table_path, write_table

__all__ = ["export_table"]


def export_table(lab: Lab, what: str, path: Path) -> int:
    """Write one table of the lab to a file, whole or not at all.

    Parameters
    ----------
    lab : Lab
    what : {"labels", "measurements", "literature"}
    path : Path
        Its suffix chooses CSV, JSON or Excel.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    UsageError
        When the suffix is neither .csv nor .json nor .xlsx, or the folder is missing.
    """
    check_table_path(path)
    with lab.database.reading() as session:
        rows = _ROWS[what](session)
    write_table(path, rows, sheet=what)
    return len(rows)


def _labels(session: Session) -> list[dict[str, Any]]:
    """Labels with the name and the licence of the table that each comes from."""
    sources = {dataset.id: dataset for dataset in session.exec(select(SourceDataset))}
    rows = []
    for label in session.exec(select(Label).order_by(col(Label.id))):
        source = sources.get(label.dataset_id)
        rows.append(
            {
                "label": f"L{label.id}",
                **_in_column_order(label, leave_out={"id"}),
                "source_name": None if source is None else source.name,
                "source_licence": None if source is None else source.licence,
            }
        )
    return rows


def _literature(session: Session) -> list[dict[str, Any]]:
    return [
        _in_column_order(entry, leave_out={"id", "dataset_id"})
        for entry in session.exec(select(LiteratureEntry).order_by(col(LiteratureEntry.id)))
    ]


def _in_column_order(row: SQLModel, leave_out: set[str]) -> dict[str, Any]:
    """Return the fields of a row in the order of its table, which a dump does not keep."""
    values = row.model_dump(mode="json")
    return {name: values[name] for name in type(row).model_fields if name not in leave_out}


def _measurements(session: Session) -> list[dict[str, Any]]:
    newest: dict[int | None, Analysis] = {
        analysis.measurement_id: analysis
        for analysis in session.exec(
            select(Analysis).where(Analysis.kind == TAIL).order_by(col(Analysis.id))
        )
    }
    pellets = {pellet.id: pellet for pellet in session.exec(select(Pellet))}
    files = {raw_file.id: raw_file for raw_file in session.exec(select(RawFile))}
    rows = []
    for measurement in session.exec(select(Measurement).order_by(col(Measurement.id))):
        analysis = newest.get(measurement.id)
        pellet = pellets.get(measurement.pellet_id)
        raw_file = files[measurement.raw_file_id]
        rows.append(
            {
                "measurement": f"M{measurement.id}",
                "pellet": None if pellet is None else pellet.name,
                "formula": None if pellet is None else pellet.formula,
                "file": raw_file.file_name,
                "sha256": raw_file.sha256,
                "sweep": measurement.sweep,
                "technique": measurement.technique,
                "temperature_C": None
                if measurement.temperature_K is None
                else round(measurement.temperature_K - 273.15, 6),
                "temperature_K": measurement.temperature_K,
                "temperature_source": measurement.temperature_source,
                "set_aside_because": measurement.set_aside_because,
                "started_at": measurement.started_at,
                **_analysis_fields(analysis),
            }
        )
    return rows


def _analysis_fields(analysis: Analysis | None) -> dict[str, Any]:
    names = (
        "resistance_ohm",
        "resistance_random_ohm",
        "resistance_systematic_ohm",
        "sigma_S_per_cm",
        "sigma_random_S_per_cm",
        "sigma_systematic_S_per_cm",
    )
    result = {} if analysis is None else analysis.result
    window = result.get("window_hz") or [None, None]
    return {name: result.get(name) for name in names} | {
        "window_low_hz": window[0],
        "window_high_hz": window[1],
        "by_hand": "" if analysis is None else describe_hand_work(analysis),
        "verdict": None if analysis is None else analysis.verdict,
        "reasons": "" if analysis is None else "; ".join(analysis.reasons),
        "labkit_version": None if analysis is None else analysis.labkit_version,
    }


_ROWS = {"labels": _labels, "measurements": _measurements, "literature": _literature}
