"""Passages that several reports share: labels with their history, files and results with hashes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlmodel import col, select

import db.labels
from db.tables import Analysis, Label, Measurement, RawFile
from labkit.report import Mark, ReportSection, Table
from labkit.wording import celsius, conductivity, moment
from labkit.workflows.lab import Lab, versions
from labkit.workflows.labelling import describe_labels

__all__ = ["label_section", "origin_section", "version_line", "written_line"]


def version_line() -> str:
    """Name the versions that decide a number."""
    return ", ".join(f"{name} {number}" for name, number in versions().items())


def written_line(lab: Lab) -> str:
    """Say of which lab a report is, and when it was written."""
    name = lab.settings.lab_name or lab.folder.absolute().name
    return f"Lab {name}, written {moment(datetime.now(UTC))} UTC with {version_line()}"


def label_section(lab: Lab, numbers: Sequence[int], *, none: str) -> ReportSection:
    """Return labels with who proposed, accepted or rejected each, when and why.

    Parameters
    ----------
    lab : Lab
    numbers : sequence of int
    none : str
        What to say where there is none.
    """
    if not numbers:
        return ReportSection("Labels", (none,), ("labkit label propose M1",))
    values, steps = [], []
    with lab.database.reading() as session:
        statement = select(Label).where(col(Label.id).in_(numbers)).order_by(col(Label.id))
        labels = list(session.exec(statement))
        for row in describe_labels(session, labels):
            values.append(
                (
                    row["label"],
                    Mark.of(row["state"]),
                    row["formula"],
                    conductivity(
                        row["sigma_S_per_cm"],
                        row["sigma_random_S_per_cm"],
                        row["sigma_systematic_S_per_cm"],
                        row["qualifier"],
                    )
                    + (" extrapolated" if row["extrapolated"] else ""),
                    celsius(row["temperature_K"]),
                    row["source"],
                    ", ".join(row["structures"]),
                )
            )
            steps += [
                (
                    row["label"],
                    moment(event.at),
                    event.action,
                    event.actor,
                    event.reason,
                )
                for event in db.labels.history(session, row["label"])
            ]
    return ReportSection(
        "Labels",
        tables=[
            Table(
                "Each value with its random and its systematic standard error",
                ("label", "state", "formula", "conductivity", "T", "from", "structures"),
                values,
            ),
            Table("Who decided what, when and why", ("label", "UTC", "step", "by", "why"), steps),
        ],
    )


def origin_section(lab: Lab, measurement_ids: Iterable[int]) -> ReportSection:
    """Return the raw files behind measurements and what was computed from them, with hashes."""
    wanted = sorted(set(measurement_ids))
    with lab.database.reading() as session:
        measured = session.exec(
            select(Measurement, RawFile)
            .join(RawFile, col(RawFile.id) == col(Measurement.raw_file_id))
            .where(col(Measurement.id).in_(wanted))
            .order_by(col(Measurement.id))
        ).all()
        newest = {
            (analysis.measurement_id, analysis.kind): analysis
            for analysis in session.exec(
                select(Analysis)
                .where(col(Analysis.measurement_id).in_(wanted))
                .order_by(col(Analysis.id))
            )
        }
    files = {raw.id: raw for _, raw in measured}
    of_file: dict[int | None, list[str]] = {}
    for measurement, raw in measured:
        of_file.setdefault(raw.id, []).append(f"M{measurement.id}")
    file_rows = [
        (
            raw.file_name,
            _span(of_file[number]),
            f"{raw.format}, reader {raw.reader_version}",
            f"{raw.size_bytes}",
            f"{moment(raw.imported_at)}{f' by {raw.imported_by}' if raw.imported_by else ''}",
            raw.sha256,
        )
        for number, raw in files.items()
    ]
    result_rows = [
        (
            f"A{analysis.id}",
            f"M{analysis.measurement_id}",
            analysis.kind,
            f"labkit {analysis.labkit_version}",
            f"{moment(analysis.created_at)}"
            + (f" by {analysis.created_by}" if analysis.created_by else ""),
            analysis.input_hash,
        )
        for analysis in newest.values()
    ]
    return ReportSection(
        "Where the numbers come from",
        (
            "A file is known by the SHA-256 of its bytes; a result by the hash of the points it "
            "was computed from. Both stay the same wherever the lab is kept.",
        ),
        ("labkit why M1", "labkit replay --all", "labkit doctor"),
        [
            Table(
                "Raw files, kept byte for byte",
                ("file", "measurements", "format", "bytes", "imported (UTC)", "sha256"),
                file_rows,
            ),
            Table(
                "The newest result of each measurement",
                ("result", "of", "kind", "computed by", "computed (UTC)", "hash"),
                result_rows,
            ),
        ],
    )


def _span(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} to {names[-1]}"
