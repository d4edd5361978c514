"""The report of a lab: what was measured, fitted, labelled and ranked, in one HTML file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlmodel import col, select

import db.rankings
from db.tables import Analysis, Label, Measurement, Pellet, RawFile, SourceDataset
from labkit.errors import LabkitError
from labkit.report import Figure, ReportSection, Table, render_report, write_report
from labkit.wording import (
    celsius,
    conductivity_interval,
    conductivity_of,
    resistance_of,
    with_errors,
)
from labkit.workflows.analysing import draw_nyquist
from labkit.workflows.batch_report import batch_report
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.explaining import explain
from labkit.workflows.explaining_words import step_in_words
from labkit.workflows.hand_work import describe_hand_work
from labkit.workflows.lab import Lab, versions
from labkit.workflows.labelling import list_labels
from labkit.workflows.outdated import outdated_because
from labkit.workflows.ranking import rank_candidates
from labkit.workflows.ranking_report import ranking_report
from labkit.workflows.scoring import draw_w_sigma, score_tree
from labkit.workflows.temperature_series import ARRHENIUS, draw_arrhenius

__all__ = ["write_batch_report", "write_lab_report", "write_ranking_report"]

_MEASUREMENTS_SHOWN = 60
_NYQUIST_SHOWN = 4
_MOVES_SHOWN = 12


def write_lab_report(
    lab: Lab, path: Path | None = None, *, notes: tuple[str, ...] = (), top: int = 20
) -> Path:
    """Write the report of a lab.

    Parameters
    ----------
    lab : Lab
    path : Path, optional
        The HTML file; ``report.html`` in the lab folder by default.
    notes : tuple of str
        Sentences for the head of the report.
    top : int
        Candidates shown.

    Returns
    -------
    Path
    """
    target = _target(lab, path, "report.html")
    sections = [_overview(lab, notes), _measurements(lab), *_series(lab), _labels(lab)]
    sections += _screening(lab, top)
    sections.append(_provenance(lab))
    footer = [", ".join(f"{name} {number}" for name, number in versions().items())]
    return write_report(target, render_report("labkit report", sections, footer=footer))


def write_batch_report(lab: Lab, batch: str, path: Path | None = None) -> Path:
    """Write the report of a batch; ``report-batch-NAME.html`` in the lab folder by default.

    Raises
    ------
    NotFoundError
        When nothing in the lab belongs to a batch of this name.
    LabkitError
        When the folder is missing.
    """
    target = _target(lab, path, f"report-batch-{_file_name(batch)}.html")
    return write_report(target, batch_report(lab, batch))


def write_ranking_report(
    lab: Lab, ranking: str, path: Path | None = None, *, top: int = 30
) -> Path:
    """Write the report of a ranking; ``report-R2.html`` in the lab folder by default.

    Raises
    ------
    UnknownRankingError, IdentifierError
        When there is none of this number.
    LabkitError
        When the folder is missing.
    """
    html, identifier = ranking_report(lab, ranking, top=top)
    return write_report(_target(lab, path, f"report-{identifier}.html"), html)


def _target(lab: Lab, path: Path | None, name: str) -> Path:
    target = path or lab.folder / name
    if not target.absolute().parent.is_dir():
        raise LabkitError(f"{target}: there is no folder {target.parent}")
    return target


def _file_name(batch: str) -> str:
    """Return the name of a batch without what a file system minds."""
    return re.sub(r"[^\w.+-]+", "_", batch).strip("._") or "unnamed"


def _overview(lab: Lab, notes: tuple[str, ...]) -> ReportSection:
    with lab.database.reading() as session:
        datasets = session.exec(select(SourceDataset).order_by(col(SourceDataset.id))).all()
        rows = [
            (dataset.name, dataset.n_rows, dataset.licence, dataset.citation)
            for dataset in datasets
        ]
    tables = (
        [Table("Published data in this lab", ("set", "rows", "licence", "citation"), rows)]
        if rows
        else []
    )
    return ReportSection(f"The lab in {lab.folder.name}", notes, tables=tables)


def _measurements(lab: Lab) -> ReportSection:
    with lab.database.reading() as session:
        found = session.exec(
            select(Measurement, RawFile)
            .join(RawFile, col(RawFile.id) == col(Measurement.raw_file_id))
            .where(Measurement.kind == "impedance")
            .order_by(col(Measurement.id))
        ).all()
        newest = {
            analysis.measurement_id: analysis
            for analysis in session.exec(
                select(Analysis).where(Analysis.kind == TAIL).order_by(col(Analysis.id))
            )
        }
        pellets = {pellet.id: pellet.name for pellet in session.exec(select(Pellet))}
    rows = []
    for measurement, raw_file in found[:_MEASUREMENTS_SHOWN]:
        analysis = newest.get(measurement.id)
        rows.append(
            (
                f"M{measurement.id}",
                raw_file.file_name,
                pellets.get(measurement.pellet_id),
                celsius(measurement.temperature_K),
                *_numbers(analysis),
                _verdict_or_aside(measurement, analysis),
                "" if analysis is None else describe_hand_work(analysis),
            )
        )
    left = len(found) - len(rows)
    caption = "Each value with its random and its systematic standard error" + (
        f"; {left} more in the database" if left > 0 else ""
    )
    columns = ("id", "file", "pellet", "T", "R", "sigma (S/cm)", "verdict", "by hand")
    shown = [
        m
        for m, _ in found
        if m.id in newest and newest[m.id].verdict != "rejected" and m.set_aside_because is None
    ]
    return ReportSection(
        "Measurements",
        (
            "The resistance is where the blocking tail, followed back to high frequency, meets "
            "the real axis; the orange points are the window of the fit.",
        ),
        commands=("labkit import --pellet NAME FILE", "labkit eis M1 --plot nyquist.png"),
        tables=[Table(caption, columns, rows)],
        figures=[_nyquist(lab, measurement) for measurement in shown[:_NYQUIST_SHOWN]],
    )


def _verdict_or_aside(measurement: Measurement, analysis: Analysis | None) -> str:
    if measurement.set_aside_because is not None:
        return f"set aside: {measurement.set_aside_because}"
    return "" if analysis is None else analysis.verdict


def _nyquist(lab: Lab, measurement: Measurement) -> Figure:
    identifier = f"M{measurement.id}"
    return Figure.draw(
        f"{identifier}, {celsius(measurement.temperature_K)}: Nyquist plot with the tail, "
        "its window and the extrapolation.",
        lambda axes: draw_nyquist(lab, identifier, axes),
    )


def _numbers(analysis: Analysis | None) -> tuple[str, str]:
    if analysis is None:
        return "", ""
    result = analysis.result
    return resistance_of(result), conductivity_of(result, unit="")


def _series(lab: Lab) -> list[ReportSection]:
    with lab.database.reading() as session:
        newest: dict[int | None, Analysis] = {
            analysis.pellet_id: analysis
            for analysis in session.exec(
                select(Analysis).where(Analysis.kind == ARRHENIUS).order_by(col(Analysis.id))
            )
        }
        names = {pellet.id: pellet.name for pellet in session.exec(select(Pellet))}
        outdated = {
            analysis.id: outdated_because(session, analysis) for analysis in newest.values()
        }
    results = [
        (analysis, {**analysis.result, "pellet": names[pellet], "analysis": f"A{analysis.id}"})
        for pellet, analysis in newest.items()
    ]
    if not results:
        return []
    rows = [
        (
            result["pellet"],
            with_errors(result["ea_eV"], result["ea_se_eV"]),
            result["convention"],
            conductivity_interval(
                result["sigma25_S_per_cm"], *result["sigma25_interval95_S_per_cm"]
            )
            + (" (extrapolated)" if result["sigma25_extrapolated"] else ""),
            _verdict(analysis.verdict, outdated[analysis.id]),
        )
        for analysis, result in results
    ]
    columns = ("pellet", "Ea (eV)", "convention", "sigma 25 °C (S/cm) [95 %]", "verdict")
    return [
        ReportSection(
            "Arrhenius",
            commands=("labkit arrhenius PELLET --plot arrhenius.png",),
            tables=[Table("Activation energy and conductivity at 25 °C", columns, rows)],
            figures=[
                _arrhenius_figure(lab, result)
                for analysis, result in results
                if outdated[analysis.id] is None
            ],
        )
    ]


def _verdict(verdict: str, outdated: str | None) -> str:
    return verdict if outdated is None else f"out of date: {outdated}; fit again"


def _arrhenius_figure(lab: Lab, result: dict[str, Any]) -> Figure:
    return Figure.draw(
        f"{result['pellet']}: conductivity against inverse temperature.",
        lambda axes: draw_arrhenius(lab, [result], axes),
    )


def _labels(lab: Lab) -> ReportSection:
    with lab.database.reading() as session:
        published = len(
            session.exec(select(Label.id).where(Label.source_kind == "literature")).all()
        )
        own = session.exec(
            select(Label.id)
            .where(Label.source_kind == "measurement")
            .order_by(col(Label.id).desc())
            .limit(30)
        ).all()
    labels = [row for row in list_labels(lab, limit=10_000) if int(row["label"][1:]) in set(own)]
    rows = [
        (
            row["label"],
            row["state"],
            row["formula"],
            conductivity_of(row, unit="") + (" extrapolated" if row["extrapolated"] else ""),
            celsius(row["temperature_K"]),
            row["source"],
            row["reviewed_by"],
            row["review_reason"],
            ", ".join(row["structures"]),
        )
        for row in labels
    ]
    columns = (
        "label",
        "state",
        "formula",
        "sigma (S/cm)",
        "T",
        "from",
        "reviewed by",
        "reason",
        "structure",
    )
    return ReportSection(
        "Labels",
        (f"{published} labels come from published tables; those of this lab stand below.",),
        commands=("labkit label propose M1", "labkit label accept L1 --by NAME --reason WHY"),
        tables=[Table("Labels from measurements of this lab", columns, rows)] if rows else [],
    )


def _screening(lab: Lab, top: int) -> list[ReportSection]:
    with lab.database.reading() as session:
        latest = db.rankings.latest_ranking(session)
    if latest is None:
        return []
    since = "last" if latest.previous_ranking_id is None else f"R{latest.previous_ranking_id}"
    result = rank_candidates(
        lab,
        top=top,
        since=since,
        method=latest.method,
        depth=latest.parameters["depth"],
        keep=lab.database.read_only is None,
    )
    rows = [
        (
            row["rank"],
            row["structure"],
            row["formula"],
            with_errors(row["score"], row["score_se"]),
            row["cluster"],
            row["evidence"],
        )
        for row in result["top"]
    ]
    columns = ("rank", "structure", "formula", "score log10(S/cm)", "cluster", "evidence")
    moved = [(move["structure"], move["sentence"]) for move in result["moved"][:_MOVES_SHOWN]]
    moved_table = Table(result["summary"], ("structure", "what happened and why"), moved)
    score = score_tree(lab)
    return [
        ReportSection(
            "Clusters",
            (
                f"{score['labels']} of {score['structures']} structures carry a label. W_sigma is "
                "the sum of squared deviations of log10 sigma from the mean of the cluster. Lower "
                "than a random assignment is needed, not enough: compounds of one family share "
                "their cells and their conductivities, so simple counts of atoms do well too.",
            ),
            commands=("labkit screen cluster --plot w_sigma.png",),
            figures=[
                Figure.draw(
                    "W_sigma over the number of clusters beside random assignments.",
                    lambda axes: draw_w_sigma(axes, score),
                )
            ],
        ),
        ReportSection(
            "Candidates",
            (
                f"{result['ranking']}: {result['candidates']} structures, "
                f"{result['labels']} labels on {result['labelled_structures']} of them, "
                f"ranked by {result['method']}.",
            ),
            commands=("labkit rank --top 20",),
            tables=[
                Table("The best candidates", columns, rows),
                *([moved_table] if moved else []),
            ],
        ),
    ]


def _provenance(lab: Lab) -> ReportSection:
    own = [row for row in list_labels(lab, limit=10_000) if row["source"].startswith("A")]
    paragraphs = []
    rows: list[tuple[object, ...]] = []
    for label in own[:5]:
        _flatten(explain(lab, label["label"]), 0, rows)
    if not rows:
        paragraphs.append("No label of this lab's own measurements yet.")
    return ReportSection(
        "Where the numbers come from",
        paragraphs,
        commands=("labkit why L1", "labkit replay --all", "labkit doctor"),
        tables=[Table("From the label down to the raw file", ("record", "what it is"), rows)]
        if rows
        else [],
    )


def _flatten(node: dict[str, Any], depth: int, rows: list[tuple[object, ...]]) -> None:
    rows.append(("  " * depth + node["identifier"], step_in_words(node)))
    for child in node.get("inputs", ()):
        _flatten(child, depth + 1, rows)
