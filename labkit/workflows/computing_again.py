"""Every conductivity that a correction touches, computed again beside the earlier one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from db.measurements import (
    NewAnalysis,
    data_hash_of,
    latest_analysis,
    load_arrays,
    store_analysis,
    store_analysis_once,
)
from db.tables import Analysis, Measurement
from labkit.errors import ChangedMeanwhileError
from labkit.geometry import PelletGeometry
from labkit.workflows.conductivity_of_sweep import TAIL, analyse_sweep
from labkit.workflows.fit_choices import FitChoices
from labkit.workflows.polarisation import POLARISATION, analyse_polarisation

__all__ = ["ComputedAgain", "compute_again", "computed_polarisations", "store_computed"]


@dataclass(frozen=True)
class ComputedAgain:
    """A conductivity computed again and not stored yet, with the result that it follows."""

    measurement_id: int
    before: Analysis
    new: NewAnalysis


def compute_again(
    session: Session,
    measurements: Iterable[Measurement],
    *,
    geometry: PelletGeometry | None,
    temperature_K: Mapping[int, float | None],
    actor: str,
) -> list[ComputedAgain]:
    """Analyse sweeps again with another geometry or temperature; nothing is stored.

    Windows, leads and points left out by hand stay as they are. The fits run outside of any
    writing transaction, so that others can write meanwhile.

    Parameters
    ----------
    session : Session
    measurements : iterable of Measurement
        Those without a result are passed over.
    geometry : PelletGeometry or None
        That of the pellet as it will be.
    temperature_K : mapping of int to float or None
        New temperatures by number of the measurement; the others keep theirs.
    actor : str
        Who corrects.

    Raises
    ------
    SpectrumError
        When a window set by hand holds too few points.
    """
    found = []
    for measurement in measurements:
        assert measurement.id is not None
        newest = latest_analysis(session, TAIL, measurement_id=measurement.id)
        if newest is None:
            continue
        arrays = load_arrays(session, measurement.id)
        new = analyse_sweep(
            arrays["frequency_hz"],
            arrays["z_ohm"],
            data_hash=data_hash_of(session, measurement.id),
            geometry=geometry,
            temperature_K=temperature_K.get(measurement.id, measurement.temperature_K),
            choices=FitChoices.in_force(newest),
            actor=actor,
        )
        found.append(ComputedAgain(measurement.id, newest, new))
    return found


def store_computed(
    session: Session, computed: Sequence[ComputedAgain], pellet_id: int | None
) -> list[dict[str, Any]]:
    """Store results beside the earlier ones, and say what each was and is.

    Raises
    ------
    ChangedMeanwhileError
        When somebody kept another result of one of the measurements since it was read.
    """
    rows = []
    for one in computed:
        newest = latest_analysis(session, TAIL, measurement_id=one.measurement_id)
        if newest is None or newest.id != one.before.id:
            raise ChangedMeanwhileError(
                f"M{one.measurement_id} got another result meanwhile; nothing was corrected: "
                "look at it again"
            )
        stored = store_analysis(
            session, one.new, measurement_id=one.measurement_id, pellet_id=pellet_id
        )
        rows.append(_row(one.measurement_id, one.before, stored))
    return rows


def computed_polarisations(
    session: Session, measurements: Iterable[Measurement]
) -> list[dict[str, Any]]:
    """Compute the electronic conductivity of stored transients again and store it.

    The rows must be corrected already, and so must the total conductivities.

    Raises
    ------
    PolarisationError
        When no steady current follows.
    """
    rows = []
    for measurement in measurements:
        newest = latest_analysis(session, POLARISATION, measurement_id=measurement.id)
        if newest is None or measurement.id is None:
            continue
        new = analyse_polarisation(session, measurement, newest.parameters["voltage_V"])
        stored = store_analysis_once(
            session, new, measurement_id=measurement.id, pellet_id=measurement.pellet_id
        )
        if stored.id != newest.id:
            rows.append(_row(measurement.id, newest, stored))
    return rows


def _row(measurement_id: int, before: Analysis, after: Analysis) -> dict[str, Any]:
    return {
        "measurement": f"M{measurement_id}",
        "before": f"A{before.id}",
        "analysis": f"A{after.id}",
        "sigma_before_S_per_cm": before.sigma_S_per_cm,
        "sigma_S_per_cm": after.sigma_S_per_cm,
        "sigma_random_S_per_cm": after.sigma_random_S_per_cm,
        "sigma_systematic_S_per_cm": after.sigma_systematic_S_per_cm,
        "verdict": after.verdict,
        "reasons": after.reasons,
    }
