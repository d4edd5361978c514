"""Stored conductivities computed again from the stored points, and compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from db.identifiers import RecordKind, parse_identifier
from db.measurements import data_hash_of, get_analysis, get_measurement, load_arrays
from db.tables import Analysis
from labkit.eis.leads import LeadImpedance
from labkit.errors import UsageError
from labkit.geometry import PelletGeometry
from labkit.workflows.conductivity_of_sweep import TAIL, analyse_sweep
from labkit.workflows.lab import Lab

__all__ = ["replay_analyses"]

_COMPARED = (
    "resistance_ohm",
    "resistance_random_ohm",
    "resistance_systematic_ohm",
    "sigma_S_per_cm",
    "sigma_random_S_per_cm",
    "sigma_systematic_S_per_cm",
)
# another build of the linear algebra may differ in the last digits
_RELATIVE_TOLERANCE = 1e-9


def replay_analyses(
    lab: Lab,
    identifier: str | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Recompute stored conductivities with the parameters they were made with.

    Parameters
    ----------
    lab : Lab
    identifier : str, optional
        One analysis (``A3``) or every analysis of a measurement (``M3``); all of the lab if None.
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    dict
        ``checked``, ``equal`` and ``different``: per quantity what is stored and what comes out.

    Raises
    ------
    UsageError
        When the identifier names something that is not computed from a spectrum.
    """
    with lab.database.reading() as session:
        ids = _analyses(session, identifier)
        different: list[dict[str, Any]] = []
        changed: set[int] = set()
        for done, number in enumerate(ids):
            if progress is not None and done % 10 == 0:
                progress(done, len(ids))
            rows = _differences(session, get_analysis(session, number))
            different += rows
            if rows:
                changed.add(number)
    return {"checked": len(ids), "equal": len(ids) - len(changed), "different": different}


def _analyses(session: Session, identifier: str | None) -> list[int]:
    statement = select(Analysis.id).where(Analysis.kind == TAIL).order_by(col(Analysis.id))
    if identifier is not None:
        kind = parse_identifier(identifier).kind
        if kind is RecordKind.ANALYSIS:
            analysis = get_analysis(session, identifier)
            if analysis.kind != TAIL:
                raise UsageError(
                    f"{identifier} is a fit of the kind {analysis.kind}; replay the conductivities "
                    "it was made from"
                )
            statement = statement.where(Analysis.id == analysis.id)
        elif kind is RecordKind.MEASUREMENT:
            measurement = get_measurement(session, identifier)
            statement = statement.where(Analysis.measurement_id == measurement.id)
        else:
            raise UsageError(f"{identifier}: name an analysis (A3) or a measurement (M3)")
    return [number for number in session.exec(statement) if number is not None]


def _differences(session: Session, stored: Analysis) -> list[dict[str, Any]]:
    assert stored.measurement_id is not None
    arrays = load_arrays(session, stored.measurement_id)
    parameters = stored.parameters
    window = parameters["window_hz"]
    geometry = parameters["geometry"]
    again = analyse_sweep(
        arrays["frequency_hz"],
        arrays["z_ohm"],
        data_hash=data_hash_of(session, stored.measurement_id),
        geometry=None if geometry is None else PelletGeometry(**geometry),
        temperature_K=parameters["temperature_K"],
        window_hz=None if window is None else (window[0], window[1]),
        set_by=parameters["window_set_by"],
        leads=LeadImpedance.from_dict(parameters.get("leads")),
    )
    pairs: list[tuple[str, Any, Any]] = [
        (name, stored.result.get(name), again.result.get(name)) for name in _COMPARED
    ]
    pairs.append(("verdict", stored.verdict, again.verdict))
    pairs.append(("data_hash", stored.input_hash, again.input_hash))
    return [
        {
            "analysis": f"A{stored.id}",
            "measurement": f"M{stored.measurement_id}",
            "quantity": name,
            "stored": before,
            "now": now,
        }
        for name, before, now in pairs
        if not _equal(before, now)
    ]


def _equal(before: Any, now: Any) -> bool:
    if isinstance(before, float) and isinstance(now, float):
        return math.isclose(before, now, rel_tol=_RELATIVE_TOLERANCE)
    return bool(before == now)
