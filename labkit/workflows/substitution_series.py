"""Substitution series: sheets of samples, Vegard's law from a CSV or from stored refinements."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

import labkit
from db.columns import plain_json
from db.measurements import NewAnalysis, store_analysis
from db.tables import Analysis, Measurement, Pellet, RawFile
from labkit.errors import NotFoundError, UsageError
from labkit.vegard import VegardFit, fit_vegard, pseudo_cubic
from labkit.workflows.lab import Lab
from labkit.workflows.pattern_files import SeriesItem
from labkit.workflows.refinement import LATTICE

__all__ = ["VEGARD", "batch_members", "read_series_sheet", "vegard_of_batch", "vegard_of_csv"]

VEGARD = "vegard"
"""Kind of the analysis that tests Vegard's law on a series."""

_EDGE = "(V/Z)^(1/3)"
_WITH_ESD = re.compile(r"([-+]?\d+\.?(\d*))\((\d+)\)")


@dataclass(frozen=True)
class _Sample:
    name: str
    x: float
    lengths: dict[str, tuple[float, float | None]]
    reasons: tuple[str, ...] = ()
    analysis_id: int | None = None


def _rows(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; check the name") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file; save the sheet as CSV in UTF-8") from None
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    names = [(name or "").strip() for name in reader.fieldnames or []]
    reader.fieldnames = names
    rows = [
        (reader.line_num, {k: (v or "").strip() for k, v in row.items() if k})
        for row in reader
        if any((v or "").strip() for v in row.values() if isinstance(v, str))
    ]
    return names, rows


def _number(text: str, where: str) -> tuple[float, float | None]:
    """Read ``8.144`` or ``8.1441(3)`` with its esd, with a decimal point or comma."""
    word = text.replace("−", "-").replace(",", ".")
    with_esd = _WITH_ESD.fullmatch(word)
    if with_esd:
        return float(with_esd[1]), float(with_esd[3]) * 10.0 ** -len(with_esd[2])
    try:
        return float(word), None
    except ValueError:
        raise UsageError(f"{where}: {text!r} is no number; write 8.1441 or 8.1441(3)") from None


def read_series_sheet(path: Path) -> list[SeriesItem]:
    """Read which pattern is which composition.

    Parameters
    ----------
    path : Path
        CSV with the columns file and x, and optionally sample and pellet; files lie beside it.

    Raises
    ------
    UsageError
        When a column is missing or a cell cannot be read; the line says where.
    """
    names, rows = _rows(path)
    if not {"file", "x"} <= set(names):
        raise UsageError(
            f"{path}: the first line must name the columns file and x (sample, pellet)"
        )
    return [
        SeriesItem(
            pattern=str(path.parent / row["file"]),
            x=_number(row["x"], f"{path}, line {line}")[0],
            sample=row.get("sample") or Path(row["file"]).stem,
            pellet=row.get("pellet") or None,
        )
        for line, row in rows
    ]


def batch_members(lab: Lab, batch: str) -> list[SeriesItem]:
    """Return the stored patterns of a series: refined in it before, or of pellets of the batch."""
    with lab.database.reading() as session:
        found: dict[int, SeriesItem] = {}
        for analysis in _latest_refinements(session, batch):
            assert analysis.measurement_id is not None
            found[analysis.measurement_id] = SeriesItem(
                pattern=f"M{analysis.measurement_id}",
                x=analysis.parameters.get("x"),
                sample=analysis.parameters.get("sample"),
            )
        statement = (
            select(Measurement, Pellet)
            .join(Pellet, col(Pellet.id) == col(Measurement.pellet_id))
            .where(
                Measurement.kind == "diffraction",
                Pellet.batch == batch,
                col(Measurement.set_aside_because).is_(None),
            )
        )
        for measurement, pellet in session.exec(statement):
            assert measurement.id is not None
            found.setdefault(
                measurement.id, SeriesItem(pattern=f"M{measurement.id}", sample=pellet.name)
            )
    return list(found.values())


def _latest_refinements(session: Session, batch: str) -> list[Analysis]:
    statement = (
        select(Analysis)
        .join(Measurement, col(Measurement.id) == col(Analysis.measurement_id))
        .where(
            Analysis.kind == LATTICE,
            Analysis.batch == batch,
            col(Measurement.set_aside_because).is_(None),
        )
        .order_by(col(Analysis.id))
    )
    latest = {analysis.measurement_id: analysis for analysis in session.exec(statement)}
    return list(latest.values())


def vegard_of_csv(
    path: Path, *, quantity: str | None = None, ends: Sequence[str] = (), x_se: float = 0.0
) -> tuple[dict[str, Any], list[VegardFit]]:
    """Test Vegard's law on a table of lattice parameters.

    Parameters
    ----------
    path : Path
        CSV with x and any of a, b, c, V in angstrom; ``a_esd`` holds an esd, or the cell does
        (``8.1441(3)``); ``Z`` makes V the edge of the formula unit. An esd of 0 is unknown.
    quantity : str, optional
        One of the columns; all of them otherwise.
    ends : sequence of str
        Known end members, ``"a:1=8.30+-0.01"``.
    x_se : float
        Standard error of every x.

    Raises
    ------
    UsageError, VegardError
        When the table or the series cannot be used.
    """
    names, rows = _rows(path)
    columns = [name for name in names if name in ("a", "b", "c", "V")]
    if "x" not in names or not columns:
        raise UsageError(f"{path}: the first line must name x and a lattice parameter (x,a,a_esd)")
    if not rows:
        raise UsageError(f"{path}: holds column names and no sample below them")
    samples = []
    for line, row in rows:
        where = f"{path}, line {line}"
        lengths: dict[str, tuple[float, float | None]] = {}
        for name in columns:
            if not row[name]:
                continue
            value, esd = _number(row[name], where)
            if row.get(f"{name}_esd"):
                esd = _number(row[f"{name}_esd"], where)[0]
            if esd is not None and esd < 0:
                raise UsageError(f"{where}: the esd {esd:g} is negative; leave unknown ones empty")
            if name == "V":
                z = int(_number(row["Z"], where)[0]) if row.get("Z") else 1
                lengths[_EDGE] = pseudo_cubic(value, esd, z)
            else:
                lengths[name] = (value, esd)
        sample = row.get("sample") or f"line {line}"
        samples.append(_Sample(sample, _number(row["x"], where)[0], lengths))
    report, fits = _report(samples, quantity, ends, x_se)
    return report | {"source": str(path)}, fits


def vegard_of_batch(
    lab: Lab,
    batch: str,
    *,
    quantity: str | None = None,
    ends: Sequence[str] = (),
    x_se: float = 0.0,
) -> tuple[dict[str, Any], list[VegardFit]]:
    """Test Vegard's law on the stored refinements of a series; the result is stored.

    Raises
    ------
    NotFoundError
        When the lab holds no refinement of this series with a composition.
    VegardError
        When no line can be fitted.
    """
    with lab.database.reading() as session:
        analyses = _latest_refinements(session, batch)
        samples = [
            _sample(session, analysis)
            for analysis in analyses
            if analysis.parameters.get("x") is not None and analysis.verdict != "rejected"
        ]
    if not samples:
        raise NotFoundError(
            f"no refined pattern of the series {batch} has a composition; refine it with "
            f"'labkit xrd refine --batch {batch} --table series.csv --cif PHASE.cif'"
        )
    report, fits = _report(samples, quantity, ends, x_se)
    new = NewAnalysis(
        kind=VEGARD,
        result=report,
        verdict=report["verdict"],
        reasons=report["reasons"],
        parameters={"batch": batch, "quantity": quantity, "ends": list(ends), "x_se": x_se},
        labkit_version=labkit.__version__,
    )
    inputs = [sample.analysis_id for sample in samples if sample.analysis_id is not None]
    with lab.database.session() as session:
        number = _stored_before(session, batch, new)
        if number is None:
            number = store_analysis(session, new, batch=batch, input_analysis_ids=inputs).id
    return report | {"source": f"series {batch}", "analysis": f"A{number}"}, fits


def _stored_before(session: Session, batch: str, new: NewAnalysis) -> int | None:
    """Return the newest verdict of the series where it says the very same."""
    statement = (
        select(Analysis)
        .where(Analysis.kind == VEGARD, Analysis.batch == batch)
        .order_by(col(Analysis.id).desc())
    )
    latest = session.exec(statement.limit(1)).first()
    same = (
        latest is not None
        and latest.parameters == plain_json(new.parameters)
        and latest.result == plain_json(new.result)
    )
    return latest.id if latest is not None and same else None


def _sample(session: Session, analysis: Analysis) -> _Sample:
    main = analysis.result["phases"][0]
    lengths: dict[str, tuple[float, float | None]] = {}
    for position, axis in enumerate("abc"):
        value = main["cell"][position]
        if all(abs(value - known) > 1e-7 for known, _ in lengths.values()):  # a = b is one
            lengths[axis] = (value, main["cell_esd"][position])
    lengths[_EDGE] = pseudo_cubic(
        main["volume_angstrom3"], main["volume_esd_angstrom3"], main["z"] or 1
    )
    name: str | None = analysis.parameters.get("sample")
    if not name and analysis.measurement_id is not None:
        measurement = session.get(Measurement, analysis.measurement_id)
        raw = session.get(RawFile, measurement.raw_file_id) if measurement else None
        name = raw.file_name if raw else None
    return _Sample(
        name or f"A{analysis.id}",
        float(analysis.parameters["x"]),
        lengths,
        tuple(analysis.reasons),
        analysis.id,
    )


def _report(
    samples: Sequence[_Sample], quantity: str | None, ends: Sequence[str], x_se: float
) -> tuple[dict[str, Any], list[VegardFit]]:
    if not 0 <= x_se < math.inf:
        raise UsageError(f"--x-se {x_se:g}: a standard error is zero or larger")
    names = list(dict.fromkeys(name for sample in samples for name in sample.lengths))
    if quantity is not None:
        wanted = _EDGE if quantity == "V" else quantity
        if wanted not in names:
            raise UsageError(f"the series has no {quantity}; it has {', '.join(names)}")
        names = [wanted]
    known = _end_members(ends)
    fits = []
    for name in names:
        having = [sample for sample in samples if name in sample.lengths]
        fits.append(
            fit_vegard(
                [sample.x for sample in having],
                [sample.lengths[name][0] for sample in having],
                [sample.lengths[name][1] for sample in having],
                quantity=name,
                x_se=x_se,
                end_members=known.get(name),
            )
        )
    impure = [
        {"sample": sample.name, "x": sample.x}
        for sample in samples
        if "unexplained-peaks" in sample.reasons
    ]
    reasons = list(dict.fromkeys(code for fit in fits for code in fit.reasons))
    messages = [message for fit in fits for message in fit.messages]
    if impure:
        reasons.append("impurity")
        places = ", ".join(f"x = {entry['x']:g} ({entry['sample']})" for entry in impure)
        messages.append(f"peaks that no phase explains (impurity?) at {places}")
    reach = [fit.law_holds_up_to_x for fit in fits]
    holds = (
        None if any(value is None for value in reach) else min(v for v in reach if v is not None)
    )
    report = {
        "verdict": "review" if reasons else "accepted",
        "reasons": reasons,
        "messages": messages,
        "law_holds_up_to_x": holds,
        "samples": [
            {"sample": s.name, "x": s.x, **{k: v[0] for k, v in s.lengths.items()}} for s in samples
        ],
        "impure": impure,
        "fits": [fit.to_dict() for fit in fits],
    }
    return report, fits


def _end_members(ends: Sequence[str]) -> dict[str, dict[str, tuple[float, float, float | None]]]:
    found: dict[str, dict[str, tuple[float, float, float | None]]] = {}
    for text in ends:
        match = re.fullmatch(r"\s*([abcV]):([^=]+)=([^+]+?)(?:\+-(.+))?\s*", text)
        if match is None:
            raise UsageError(f"{text!r} is no end member; write a:1=8.30 or a:1=8.30+-0.01")
        x, _ = _number(match[2].strip(), text)
        value, esd = _number(match[3].strip(), text)
        if match[4]:
            esd = _number(match[4].strip(), text)[0]
        name = _EDGE if match[1] == "V" else match[1]
        found.setdefault(name, {})[f"x = {x:g}"] = (x, value, esd)
    return found
