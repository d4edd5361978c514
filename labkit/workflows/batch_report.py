"""The report of a batch: its pellets and everything that was measured on them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from db.tables import Analysis, Label, Measurement, Pellet, RawFile
from labkit.report import Figure, Mark, ReportSection, Table, render_report
from labkit.wording import (
    cell_constant,
    celsius,
    conductivity,
    frequency,
    length_mm,
    resistance,
    with_errors,
)
from labkit.workflows.analysing import draw_nyquist
from labkit.workflows.batch_report_lattices import lattice_sections
from labkit.workflows.batch_report_series import arrhenius_section
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.lab import Lab
from labkit.workflows.pellet_views import view_batch
from labkit.workflows.polarisation import POLARISATION
from labkit.workflows.report_passages import (
    label_section,
    origin_section,
    version_line,
    written_line,
)

__all__ = ["batch_report"]

_NYQUIST_SHOWN = 60


def batch_report(lab: Lab, batch: str) -> str:
    """Return the report of a batch as one HTML document.

    It holds the pellets with their geometry, what a published report still lacks, every
    conductivity with both errors and its verdict, Nyquist and Arrhenius figures, replicates,
    refined patterns and Vegard's law, labels with their history, and hashes and versions.

    Parameters
    ----------
    lab : Lab
    batch : str
        Name of the batch.

    Raises
    ------
    NotFoundError
        When nothing in the lab belongs to a batch of this name.
    """
    view = view_batch(lab, batch)
    measured = _measured(lab, [pellet["name"] for pellet in view["pellets"]])
    patterns = [int(one["measurement"][1:]) for one in view["refinements"]]
    sections = [
        _overview(view, measured),
        _pellets(view),
        _checklist(view),
        _conductivities(measured),
        _spectra(lab, measured),
        arrhenius_section(lab, view),
        *_electronic(lab, view),
        *lattice_sections(lab, view),
        label_section(
            lab, _labels(lab, view), none="No label has been proposed from these pellets yet."
        ),
        origin_section(lab, [*(row["id"] for row in measured), *patterns]),
    ]
    return render_report(
        f"Batch {batch}",
        [section for section in sections if section is not None],
        subtitle=written_line(lab),
        footer=[version_line()],
    )


def _measured(lab: Lab, pellets: list[str]) -> list[dict[str, Any]]:
    """Return every impedance measurement of the pellets with its newest result."""
    newest = (
        sa.select(sa.func.max(col(Analysis.id)))
        .where(col(Analysis.kind) == TAIL, col(Analysis.measurement_id).is_not(None))
        .group_by(col(Analysis.measurement_id))
    )
    statement = (
        select(Measurement, Pellet.name, RawFile.file_name, Analysis)
        .join(Pellet, col(Pellet.id) == col(Measurement.pellet_id))
        .join(RawFile, col(RawFile.id) == col(Measurement.raw_file_id))
        .outerjoin(
            Analysis,
            (col(Analysis.measurement_id) == col(Measurement.id)) & col(Analysis.id).in_(newest),
        )
        .where(col(Pellet.name).in_(pellets), Measurement.kind == "impedance")
        .order_by(col(Pellet.id), col(Measurement.temperature_K), col(Measurement.id))
    )
    with lab.database.reading() as session:
        return [
            {
                "id": measurement.id,
                "measurement": f"M{measurement.id}",
                "pellet": pellet,
                "file": file,
                "temperature_K": measurement.temperature_K,
                "temperature_source": measurement.temperature_source,
                **_verdict_of(measurement, analysis),
                "result": analysis.result if analysis else {},
                "set_by": analysis.parameters.get("window_set_by") if analysis else None,
            }
            for measurement, pellet, file, analysis in session.exec(statement)
        ]


def _verdict_of(measurement: Measurement, analysis: Analysis | None) -> dict[str, Any]:
    """Return verdict and reasons; a measurement set aside has its own word and its reason."""
    if measurement.set_aside_because is not None:
        return {"verdict": "set aside", "reasons": [measurement.set_aside_because]}
    if analysis is None:
        return {"verdict": None, "reasons": []}
    return {"verdict": analysis.verdict, "reasons": analysis.reasons}


def _overview(view: dict[str, Any], measured: list[dict[str, Any]]) -> ReportSection:
    formulas = ", ".join(dict.fromkeys(pellet["formula"] for pellet in view["pellets"]))
    verdicts = {
        word: sum(row["verdict"] == word for row in measured)
        for word in ("accepted", "review", "rejected")
    }
    aside = sum(row["verdict"] == "set aside" for row in measured)
    verdicts |= {"set aside": aside} if aside else {}
    missing = _missing(view)
    points = [
        f"{_count(view['pellets'], 'pellet')} of {formulas}" if view["pellets"] else "no pellet",
        f"{len(measured)} impedance {'spectrum' if len(measured) == 1 else 'spectra'}: "
        + ", ".join(f"{number} {word}" for word, number in verdicts.items()),
    ]
    combined = view["replicates"]
    if combined:
        points.append(
            f"Ea = {with_errors(combined['mean_ea_eV'], combined['sd_ea_eV'])} eV, "
            f"conductivity at 25 °C "
            f"{conductivity(combined['sigma25']['geometric_mean_S_per_cm'])} "
            f"(mean and standard deviation over {combined['n']} pellets)"
        )
    if view["refinements"]:
        impure = sum(one["unexplained_peaks"] > 0 for one in view["refinements"])
        points.append(
            f"{_count(view['refinements'], 'refined diffraction pattern')}, {impure} with peaks "
            "that no phase explains"
        )
    points.append(
        f"Missing for a published report: {', '.join(missing)}"
        if missing
        else "Nothing is missing that a published report asks for"
    )
    return ReportSection("At a glance", points=points)


def _count(things: list[Any], name: str) -> str:
    return f"{len(things)} {name}" + ("" if len(things) == 1 else "s")


def _pellets(view: dict[str, Any]) -> ReportSection:
    rows = [
        (
            pellet["name"],
            pellet["formula"],
            length_mm(pellet["thickness_m"], pellet["thickness_se_m"]),
            length_mm(pellet["diameter_m"], pellet["diameter_se_m"]),
            cell_constant(
                pellet["cell_constant_per_cm"],
                pellet["cell_constant_relative_se"],
                known=bool(pellet["thickness_se_m"] and pellet["diameter_se_m"]),
            ),
            pellet["electrode"],
            "–"
            if pellet["stack_pressure_Pa"] is None
            else f"{pellet['stack_pressure_Pa'] / 1e6:.3g} MPa",
            pellet["comment"],
        )
        for pellet in view["pellets"]
    ]
    columns = ("pellet", "formula", "thickness", "diameter", "cell constant", "electrode",
               "pressure", "remark")  # fmt: skip
    return ReportSection(
        "Pellets",
        (
            "The errors of thickness and diameter are one standard error each. They are common to "
            "all temperatures of a pellet: they move its conductivity, not its activation energy.",
        )
        if rows
        else ("No pellet belongs to this batch; its patterns do.",),
        tables=[Table("Geometry as it was given", columns, rows)] if rows else [],
    )


def _missing(view: dict[str, Any]) -> list[str]:
    return list(
        dict.fromkeys(
            one["item"]
            for pellet in view["pellets"]
            for one in pellet["checklist"]
            if one["value"] is None
        )
    )


def _checklist(view: dict[str, Any]) -> ReportSection | None:
    pellets = view["pellets"]
    if not pellets:
        return None
    rows = [
        (
            item["item"],
            *(
                Mark("missing", "warn")
                if pellet["checklist"][k]["value"] is None
                else pellet["checklist"][k]["value"]
                for pellet in pellets
            ),
        )
        for k, item in enumerate(pellets[0]["checklist"])
    ]
    return ReportSection(
        "Reporting checklist",
        (
            "What a report of an ionic conductivity has to state (after Ohno et al., ACS Energy "
            "Lett. 2020, 10.1021/acsenergylett.9b02764), as far as this lab knows it.",
        ),
        tables=[
            Table(
                "Known or missing, pellet by pellet",
                ("what", *(pellet["name"] for pellet in pellets)),
                rows,
            )
        ],
    )


def _conductivities(measured: list[dict[str, Any]]) -> ReportSection:
    rows = []
    for row in measured:
        result = row["result"]
        low, high = (*(result.get("window_hz") or ()), None, None)[:2]
        window = "–" if low is None else f"{frequency(low)} to {frequency(high)}"
        rows.append(
            (
                row["measurement"],
                row["pellet"],
                celsius(row["temperature_K"]),
                resistance(
                    result.get("resistance_ohm"),
                    result.get("resistance_random_ohm"),
                    result.get("resistance_systematic_ohm"),
                ),
                conductivity(
                    result.get("sigma_S_per_cm"),
                    result.get("sigma_random_S_per_cm"),
                    result.get("sigma_systematic_S_per_cm"),
                ),
                window + (f", set by {row['set_by']}" if row["set_by"] else ""),
                Mark.of(row["verdict"]),
                ", ".join(row["reasons"]),
            )
        )
    columns = ("id", "pellet", "T", "resistance", "conductivity", "window of the tail", "verdict",
               "reasons")  # fmt: skip
    return ReportSection(
        "Conductivities",
        (
            "Each value with its random and its systematic standard error. The resistance is where "
            "the blocking tail, followed back to high frequency, meets the real axis.",
        ),
        ("labkit import --pellet NAME FILE", "labkit eis M1 --plot nyquist.png"),
        [Table("By pellet and temperature", columns, rows)] if rows else [],
    )


def _spectra(lab: Lab, measured: list[dict[str, Any]]) -> ReportSection | None:
    drawn = [
        row
        for row in measured
        if row["result"].get("resistance_ohm") is not None and row["verdict"] != "set aside"
    ]
    if not drawn:
        return None
    left = len(drawn) - len(drawn[:_NYQUIST_SHOWN])
    figures = [_nyquist(lab, row) for row in drawn[:_NYQUIST_SHOWN]]
    return ReportSection(
        "Spectra",
        (
            "Nyquist plots around the foot of the tail: the orange points are the window of the "
            "fit, the line is its extrapolation to R."
            + (f" {left} more are in the lab." if left else ""),
        ),
        figures=figures,
    )


def _nyquist(lab: Lab, row: dict[str, Any]) -> Figure:
    name = row["measurement"]
    return Figure.draw(
        f"{name}, {row['pellet']}, {celsius(row['temperature_K'])}: {row['file']}",
        lambda axes: draw_nyquist(lab, name, axes),
        size_inch=(3.9, 3.3),
    )


def _electronic(lab: Lab, view: dict[str, Any]) -> list[ReportSection]:
    names = [pellet["name"] for pellet in view["pellets"]]
    statement = (
        select(Analysis, Pellet.name)
        .join(Pellet, col(Pellet.id) == col(Analysis.pellet_id))
        .join(Measurement, col(Measurement.id) == col(Analysis.measurement_id))
        .where(
            Analysis.kind == POLARISATION,
            col(Pellet.name).in_(names),
            Measurement.pellet_id == Analysis.pellet_id,
            col(Measurement.set_aside_because).is_(None),
        )
        .order_by(col(Analysis.id))
    )
    with lab.database.reading() as session:
        newest = {row.measurement_id: (row, name) for row, name in session.exec(statement)}
    rows = [
        (
            f"M{number}",
            name,
            celsius(analysis.temperature_K),
            conductivity(
                analysis.sigma_S_per_cm,
                analysis.sigma_random_S_per_cm,
                analysis.sigma_systematic_S_per_cm,
                analysis.result.get("qualifier") or "=",
            ),
            Mark.of(analysis.verdict),
            ", ".join(analysis.reasons),
        )
        for number, (analysis, name) in newest.items()
    ]
    if not rows:
        return []
    columns = ("id", "pellet", "T", "electronic conductivity", "verdict", "reasons")
    return [
        ReportSection(
            "Electronic conductivity",
            commands=("labkit dc M5",),
            tables=[Table("From polarisation with blocking electrodes", columns, rows)],
        )
    ]


def _labels(lab: Lab, view: dict[str, Any]) -> list[int]:
    names = [pellet["name"] for pellet in view["pellets"]]
    statement = (
        select(Label.id)
        .join(Pellet, col(Pellet.id) == col(Label.pellet_id))
        .where(col(Pellet.name).in_(names))
    )
    with lab.database.reading() as session:
        return [number for number in session.exec(statement) if number is not None]
