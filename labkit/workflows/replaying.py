"""Stored conductivities and lattices computed again from the stored points, and compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from db.identifiers import RecordKind, parse_identifier
from db.measurements import data_hash_of, get_analysis, get_measurement, load_arrays
from db.tables import Analysis
from labkit.errors import UsageError
from labkit.geometry import PelletGeometry
from labkit.workflows.conductivity_of_sweep import TAIL, analyse_sweep
from labkit.workflows.fit_choices import FitChoices
from labkit.workflows.lab import Lab
from labkit.workflows.refinement import LATTICE

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
# a refinement ends where one more cycle gains less than 1e-5 of chi2; the cell holds still earlier
_LATTICE_TOLERANCE = {"esd": 1e-4, "r_wp": 1e-6, "": 1e-8}


def replay_analyses(
    lab: Lab,
    identifier: str | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Recompute stored conductivities and lattices with the parameters they were made with.

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
        ``checked``, ``equal`` and ``different``: per quantity what is stored and what comes out;
        ``left_out``, where there are any: refinements that only another engine can repeat.

    Raises
    ------
    UsageError
        When the identifier names something that is not computed from a measurement.
    """
    with lab.database.reading() as session:
        found = _analyses(session, identifier)
        ids = [number for number in found if _own(get_analysis(session, number))]
        different: list[dict[str, Any]] = []
        changed: set[int] = set()
        for done, number in enumerate(ids):
            if progress is not None and done % 10 == 0:
                progress(done, len(ids))
            rows = _differences(lab, session, get_analysis(session, number))
            different += rows
            if rows:
                changed.add(number)
    report = {"checked": len(ids), "equal": len(ids) - len(changed), "different": different}
    left_out = len(found) - len(ids)
    return report | ({"left_out": left_out} if left_out else {})


def _own(analysis: Analysis) -> bool:
    return analysis.kind == TAIL or analysis.parameters.get("engine") == "builtin"


def _analyses(session: Session, identifier: str | None) -> list[int]:
    kinds = (TAIL, LATTICE)
    statement = select(Analysis.id).where(col(Analysis.kind).in_(kinds)).order_by(col(Analysis.id))
    if identifier is not None:
        kind = parse_identifier(identifier).kind
        if kind is RecordKind.ANALYSIS:
            analysis = get_analysis(session, identifier)
            if analysis.kind not in kinds:
                raise UsageError(
                    f"{identifier} is a fit of the kind {analysis.kind}; replay the conductivities "
                    "or lattices it was made from"
                )
            statement = statement.where(Analysis.id == analysis.id)
        elif kind is RecordKind.MEASUREMENT:
            measurement = get_measurement(session, identifier)
            statement = statement.where(Analysis.measurement_id == measurement.id)
        else:
            raise UsageError(f"{identifier}: name an analysis (A3) or a measurement (M3)")
    return [number for number in session.exec(statement) if number is not None]


def _differences(lab: Lab, session: Session, stored: Analysis) -> list[dict[str, Any]]:
    if stored.kind == LATTICE:
        from labkit.workflows.replaying_lattices import lattice_pairs

        return [
            _row(stored, name, before, now)
            for name, before, now in lattice_pairs(lab, stored)
            if not _equal(before, now, _lattice_tolerance(name))
        ]
    assert stored.measurement_id is not None
    arrays = load_arrays(session, stored.measurement_id)
    parameters = stored.parameters
    geometry = parameters["geometry"]
    again = analyse_sweep(
        arrays["frequency_hz"],
        arrays["z_ohm"],
        data_hash=data_hash_of(session, stored.measurement_id),
        geometry=None if geometry is None else PelletGeometry(**geometry),
        temperature_K=parameters["temperature_K"],
        choices=FitChoices.of(parameters),
    )
    pairs: list[tuple[str, Any, Any]] = [
        (name, stored.result.get(name), again.result.get(name)) for name in _COMPARED
    ]
    pairs.append(("verdict", stored.verdict, again.verdict))
    pairs.append(("data_hash", stored.input_hash, again.input_hash))
    return [
        _row(stored, name, before, now)
        for name, before, now in pairs
        if not _equal(before, now, _RELATIVE_TOLERANCE)
    ]


def _row(stored: Analysis, name: str, before: Any, now: Any) -> dict[str, Any]:
    return {
        "analysis": f"A{stored.id}",
        "measurement": f"M{stored.measurement_id}",
        "quantity": name,
        "stored": before,
        "now": now,
    }


def _lattice_tolerance(name: str) -> float:
    return next(value for part, value in _LATTICE_TOLERANCE.items() if part in name)


def _equal(before: Any, now: Any, tolerance: float) -> bool:
    if isinstance(before, float) and isinstance(now, float):
        return math.isclose(before, now, rel_tol=tolerance)
    return bool(before == now)
