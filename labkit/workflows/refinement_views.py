"""Stored refinements as a person looks at them: cells with esds, curves, what no phase explains."""

from __future__ import annotations

import math
from typing import Any

from sqlmodel import Session, col, select

from db.measurements import get_analysis
from db.tables import Analysis, Measurement, Pellet, RawFile
from labkit.errors import UsageError
from labkit.grammar import with_article
from labkit.json_ready import json_ready
from labkit.wording import with_esd
from labkit.workflows.lab import Lab
from labkit.workflows.refinement import LATTICE
from labkit.workflows.refinement_curves import curves_of

__all__ = ["list_refinements", "stored_refinement", "view_refinement"]

_CELL = ("a", "b", "c", "alpha", "beta", "gamma")


def list_refinements(
    session: Session, *, batch: str | None = None, pellet_id: int | None = None
) -> list[dict[str, Any]]:
    """Return the newest refinement of each pattern of a batch or a pellet, by composition.

    Returns
    -------
    list of dict
        Numbers as stored, and ``cell_words``: the edges, free angles and volume of the main phase
        with their esds, as they are printed.
    """
    statement = select(Analysis).where(Analysis.kind == LATTICE).order_by(col(Analysis.id))
    if batch is not None:
        statement = statement.where(Analysis.batch == batch)
    if pellet_id is not None:
        statement = statement.where(Analysis.pellet_id == pellet_id)
    newest = {analysis.measurement_id: analysis for analysis in session.exec(statement)}
    rows = [_row(session, analysis) for analysis in newest.values()]
    return sorted(rows, key=lambda row: math.inf if row["x"] is None else row["x"])


def _row(session: Session, analysis: Analysis) -> dict[str, Any]:
    measurement = session.get(Measurement, analysis.measurement_id)
    raw = session.get(RawFile, measurement.raw_file_id) if measurement else None
    pellet = session.get(Pellet, analysis.pellet_id) if analysis.pellet_id else None
    told = analysis.result
    phases = told.get("phases") or [{}]
    return {
        "analysis": f"A{analysis.id}",
        "measurement": f"M{analysis.measurement_id}",
        "file": raw.file_name if raw else None,
        "sha256": raw.sha256 if raw else None,
        "sample": analysis.parameters.get("sample"),
        "x": analysis.parameters.get("x"),
        "batch": analysis.batch,
        "pellet": pellet.name if pellet else None,
        "engine": told.get("engine"),
        "r_wp": told.get("r_wp"),
        "gof": told.get("gof"),
        "phase": phases[0].get("name"),
        "cell": phases[0].get("cell"),
        "cell_esd": phases[0].get("cell_esd"),
        "cell_words": _cell_words(phases[0]),
        "volume_angstrom3": phases[0].get("volume_angstrom3"),
        "unexplained_peaks": len(told.get("residual_peaks") or ()),
        "verdict": analysis.verdict,
        "reasons": analysis.reasons,
        "messages": told.get("messages") or [],
    }


def _cell_words(phase: dict[str, Any]) -> str:
    """Write a cell with its esds; angles that symmetry fixes are left out."""
    cell, esds = phase.get("cell"), phase.get("cell_esd") or [None] * 6
    if not cell:
        return "–"
    words = [
        f"{name} = {with_esd(value, esd)}{'' if k < 3 else '°'}"
        for k, (name, value, esd) in enumerate(zip(_CELL, cell, esds, strict=True))
        if k < 3 or esd is not None
    ]
    return ", ".join(words)


def stored_refinement(lab: Lab, identifier: str) -> Analysis:
    """Return the analysis that holds a refinement.

    Raises
    ------
    UnknownAnalysisError, IdentifierError, UsageError
        When there is none of this number, or it is something else.
    """
    with lab.database.reading() as session:
        found = get_analysis(session, identifier)
    if found.kind != LATTICE:
        raise UsageError(
            f"A{found.id} is {with_article(found.kind)} result, no refinement of a lattice"
        )
    return found


def view_refinement(lab: Lab, identifier: str) -> dict[str, Any]:
    """Return a stored refinement with the curves that ``labkit xrd plot`` draws.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``A5``.

    Returns
    -------
    dict
        What `list_refinements` tells; ``phases`` with their reflections; ``residual_peaks``; and
        ``two_theta_deg``, ``observed``, ``calculated``, ``background``, ``difference``.

    Raises
    ------
    UnknownAnalysisError, UsageError, NotFoundError
        When there is no such refinement, or its curves are not at hand.
    """
    stored = stored_refinement(lab, identifier)
    curves = curves_of(lab, stored)
    with lab.database.reading() as session:
        row = _row(session, stored)
    told = stored.result
    phases = [
        {
            "name": phase["name"],
            "space_group": phase["space_group"],
            "cell_words": _cell_words(phase),
            "volume_words": with_esd(phase["volume_angstrom3"], phase["volume_esd_angstrom3"]),
            "weight_fraction": phase["weight_fraction"],
            "reflections_deg": json_ready(
                places[(places >= curves.two_theta_deg[0]) & (places <= curves.two_theta_deg[-1])]
            ),
        }
        for phase, places in zip(told["phases"], curves.reflections_deg, strict=True)
    ]
    return row | {
        "wavelength_angstrom": told["wavelength_angstrom"],
        "warnings": told.get("warnings") or [],
        "phases": phases,
        "residual_peaks": told["residual_peaks"],
        "two_theta_deg": json_ready(curves.two_theta_deg),
        "observed": json_ready(curves.observed),
        "calculated": json_ready(curves.calculated),
        "background": json_ready(curves.background),
        "difference": json_ready(curves.observed - curves.calculated),
    }
