"""One pellet or one batch as a person looks at it: series, replicates, what a paper would ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlmodel import Session, col, select

from db.measurements import latest_analysis
from db.pellets import get_pellet
from db.tables import Analysis, Measurement, Pellet
from labkit.arrhenius import ArrheniusError, ArrheniusFit
from labkit.errors import LabkitError, NotFoundError
from labkit.json_ready import json_ready
from labkit.workflows.correction_history import list_corrections
from labkit.workflows.lab import Lab
from labkit.workflows.outdated import labels_to_look_at, outdated_because
from labkit.workflows.pellets import list_pellets
from labkit.workflows.refinement import LATTICE
from labkit.workflows.refinement_views import list_refinements
from labkit.workflows.replicate_series import combine_replicates
from labkit.workflows.substitution_series import VEGARD
from labkit.workflows.temperature_series import (
    ARRHENIUS,
    collect_series,
    fit_with_segments,
)

__all__ = ["view_batch", "view_pellet"]

_ROOM_K = 298.15
_CURVE_POINTS = 80


def view_pellet(
    lab: Lab, name: str, *, convention: str = "sigma-T", include_review: bool = False
) -> dict[str, Any]:
    """Return a pellet with its temperature series, fitted but not stored.

    Returns
    -------
    dict
        The pellet; ``series`` with points, line and interval, or ``series_message`` why there is
        none; the ``stored`` Arrhenius result; the ``checklist`` of what a report of it needs; its
        ``replicates``; its ``corrections`` and the ``labels_to_look_at`` since; the
        ``refinements`` of patterns measured on it.

    Raises
    ------
    UnknownPelletError
        When there is no such pellet.
    """
    described = {row["name"]: row for row in list_pellets(lab)}
    with lab.database.reading() as session:
        pellet = get_pellet(session, name)
        assert pellet.id is not None
        series = collect_series(session, pellet.name, include_review=include_review)
        newest = latest_analysis(session, ARRHENIUS, pellet_id=pellet.id)
        stored = None if newest is None else _stored(session, newest)
        corrections = list_corrections(session, pellet)
        labels = labels_to_look_at(session, [pellet])
        checklist = _checklist(session, pellet)
        refined = list_refinements(session, pellet_id=pellet.id)
        replicates = (
            session.exec(
                select(Pellet.name).where(Pellet.batch == pellet.batch, Pellet.id != pellet.id)
            ).all()
            if pellet.batch
            else []
        )
    drawn, message = None, None
    try:
        fit, segmented = fit_with_segments(lab, series, convention)
    except ArrheniusError as error:
        message = str(error)
    else:
        drawn = _drawn(fit) | {"reasons": [*fit.reasons, *segmented.reasons]}
        drawn["messages"] = [*fit.messages, *segmented.messages]
        drawn["measurements"] = [f"M{analysis.measurement_id}" for analysis in series.analyses]
    return described[pellet.name] | {
        "series": drawn,
        "series_message": message,
        "left_out": series.left_out,
        "stored": stored,
        "corrections": corrections,
        "labels_to_look_at": labels,
        "checklist": checklist,
        "replicates": list(replicates),
        "refinements": refined,
    }


def _drawn(fit: ArrheniusFit) -> dict[str, Any]:
    """Return the points of a series, its line with the 95 % band, and sigma at 25 C."""
    at25 = fit.sigma_at(_ROOM_K)
    low, high = fit.temperature_range_K
    inverse = np.linspace(1 / max(high, _ROOM_K), 1 / min(low, _ROOM_K), _CURVE_POINTS)
    ln_sigma, se = fit.ln_sigma(1 / inverse)
    band = fit.t_quantile * se
    values: dict[str, Any] = json_ready(
        {
            "ea_eV": fit.ea_eV,
            "ea_se_eV": fit.ea_se_eV,
            "ea_interval95_eV": fit.ea_interval95_eV,
            "convention": fit.convention,
            "n_points": fit.n_points,
            "chi2_reduced": fit.chi2_reduced,
            "verdict": fit.verdict,
            "temperature_K": fit.temperature_K,
            "sigma_S_per_cm": fit.sigma_S_per_cm,
            "ln_error": fit.ln_error,
            "line": {
                "temperature_K": 1 / inverse,
                "sigma_S_per_cm": np.exp(ln_sigma),
                "lower_S_per_cm": np.exp(ln_sigma - band),
                "upper_S_per_cm": np.exp(ln_sigma + band),
            },
            "sigma25_S_per_cm": at25.sigma_S_per_cm,
            "sigma25_random_S_per_cm": at25.random_S_per_cm,
            "sigma25_systematic_S_per_cm": at25.systematic_S_per_cm,
            "sigma25_interval95_S_per_cm": at25.interval95_S_per_cm,
            "sigma25_extrapolated": at25.extrapolated,
        }
    )
    return values


def _stored(session: Session, analysis: Analysis) -> dict[str, Any]:
    return {
        "analysis": f"A{analysis.id}",
        "ea_eV": analysis.ea_eV,
        "ea_se_eV": analysis.ea_se_eV,
        "verdict": analysis.verdict,
        "outdated": outdated_because(session, analysis),
        "created_by": analysis.created_by,
        "created_at": analysis.created_at.isoformat(timespec="seconds"),
    }


def _checklist(session: Session, pellet: Pellet) -> list[dict[str, Any]]:
    """Return what a report of a conductivity has to state (Ohno et al. 2020), as far as known."""
    measured = session.exec(
        select(Measurement).where(
            Measurement.pellet_id == pellet.id, col(Measurement.set_aside_because).is_(None)
        )
    ).all()
    impedance = [one for one in measured if one.kind == "impedance"]
    kelvin = sorted({one.temperature_K for one in impedance if one.temperature_K is not None})
    replicates = (
        len(session.exec(select(Pellet.id).where(Pellet.batch == pellet.batch)).all())
        if pellet.batch
        else 1
    )
    refined = session.exec(
        select(Analysis.id).where(Analysis.kind == LATTICE, Analysis.batch == pellet.batch)
    ).first()
    patterns = any(one.kind == "diffraction" for one in measured) or (
        pellet.batch is not None and refined is not None
    )
    instruments = sorted({one.instrument for one in impedance if one.instrument})
    amplitudes = sorted({one.amplitude for one in impedance if one.amplitude})
    thickness = 1e3 * pellet.thickness_m
    span = kelvin[-1] - kelvin[0] if kelvin else 0.0
    return [
        _item("composition", None if pellet.formula == "unknown" else pellet.formula),
        _item("phase or space group", pellet.polymorph or pellet.space_group_number),
        _item("batch of the powder", pellet.batch),
        _item(
            "thickness with its error",
            f"{thickness:.4g} mm" if pellet.thickness_se_m else None,
        ),
        _item(
            "diameter with its error",
            f"{1e3 * pellet.diameter_m:.4g} mm" if pellet.diameter_se_m else None,
        ),
        _item(
            "relative density",
            f"{100 * pellet.relative_density:.3g} %" if pellet.relative_density else None,
        ),
        _item("electrode", pellet.electrode),
        _item(
            "stack pressure",
            f"{pellet.stack_pressure_Pa / 1e6:.3g} MPa" if pellet.stack_pressure_Pa else None,
        ),
        _item("instrument", ", ".join(instruments) or None),
        _item("excitation amplitude", ", ".join(amplitudes) or None),
        _item(
            "temperature of every measurement",
            f"{len(kelvin)} temperature{'' if len(kelvin) == 1 else 's'}"
            if kelvin and all(one.temperature_K is not None for one in impedance)
            else None,
        ),
        _item(
            "four temperatures over 30 K",
            f"{len(kelvin)} over {span:.0f} K" if len(kelvin) >= 4 and span >= 30 else None,
        ),
        _item("three replicate pellets", f"{replicates} pellets" if replicates >= 3 else None),
        _item("diffraction pattern", "in this lab" if patterns else None),
        _item(
            "electronic conductivity (DC)",
            "measured" if any(one.kind == "dc" for one in measured) else None,
        ),
    ]


def _item(name: str, value: object) -> dict[str, Any]:
    return {"item": name, "value": None if value is None else str(value)}


def view_batch(lab: Lab, batch: str, *, include_review: bool = False) -> dict[str, Any]:
    """Return a batch: its pellets' series side by side, replicates, diffraction and Vegard's law.

    Raises
    ------
    NotFoundError
        When nothing in the lab belongs to a batch of this name.
    """
    with lab.database.reading() as session:
        names = list(
            session.exec(select(Pellet.name).where(Pellet.batch == batch).order_by(col(Pellet.id)))
        )
        refined = list_refinements(session, batch=batch)
        vegard = session.exec(
            select(Analysis)
            .where(Analysis.kind == VEGARD, Analysis.batch == batch)
            .order_by(col(Analysis.id).desc())
        ).first()
    if not (names or refined or vegard):
        raise NotFoundError(f"no pellet and no pattern of this lab belongs to a batch {batch!r}")
    pellets = [view_pellet(lab, name, include_review=include_review) for name in names]
    combined, message = _combine(lab, names, include_review) if len(names) > 1 else (None, None)
    return {
        "batch": batch,
        "pellets": pellets,
        "replicates": combined,
        "replicates_message": message,
        "refinements": refined,
        "vegard": None
        if vegard is None
        else {"analysis": f"A{vegard.id}", **vegard.result, "verdict": vegard.verdict},
    }


def _combine(
    lab: Lab, names: Sequence[str], include_review: bool
) -> tuple[dict[str, Any] | None, str | None]:
    try:
        return combine_replicates(lab, names, include_review=include_review), None
    except LabkitError as error:
        return None, str(error)
