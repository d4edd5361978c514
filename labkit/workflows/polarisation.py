"""Electronic conductivity of a pellet from a stored direct-current polarisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sqlmodel import Session, col, select

import labkit
from db.measurements import (
    NewAnalysis,
    data_hash_of,
    get_measurement,
    load_arrays,
    store_analysis_once,
)
from db.tables import Analysis, Measurement, Pellet
from labkit.conductivity import Conductivity
from labkit.dc import fit_polarisation, transference_number
from labkit.errors import UsageError
from labkit.grammar import with_article
from labkit.workflows.analysing import save_figure
from labkit.workflows.conductivity_of_sweep import TAIL, weigh_geometry
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import geometry_of

__all__ = ["POLARISATION", "analyse_polarisation", "examine_polarisation"]

POLARISATION = "dc-polarisation"
"""Kind of the analysis that finds the steady current of a polarisation."""

# impedance at the same temperature, within this, gives the total conductivity
_SAME_TEMPERATURE_K = 3.0


def examine_polarisation(
    lab: Lab, identifier: str, *, voltage_V: float | None = None, plot: Path | None = None
) -> dict[str, Any]:
    """Find the steady current of a polarisation, and what follows from it.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``M5``, a current transient.
    voltage_V : float, optional
        The voltage step; the median of the measured potential where it is not given.
    plot : Path, optional
        Where to draw the transient.

    Returns
    -------
    dict
        The steady current with its qualifier, the electronic conductivity where the pellet is
        known, and the transference number where its total conductivity is.

    Raises
    ------
    UsageError
        When the measurement is no transient, or the voltage is unknown.
    PolarisationError
        When no steady current follows.
    """
    with lab.database.session() as session:
        measurement = get_measurement(session, identifier)
        assert measurement.id is not None
        if measurement.kind != "dc":
            raise UsageError(
                f"M{measurement.id} is {with_article(measurement.kind)} measurement, "
                "no current transient"
            )
        arrays = load_arrays(session, measurement.id)
        step = voltage_V if voltage_V is not None else _measured_step(measurement, arrays)
        new = analyse_polarisation(session, measurement, step)
        result = dict(new.result)
        stored = store_analysis_once(
            session, new, measurement_id=measurement.id, pellet_id=measurement.pellet_id
        )
    if plot is not None:
        save_figure(plot, lambda axes: _draw(axes, arrays, result))
    return result | {"measurement": f"M{measurement.id}", "analysis": f"A{stored.id}"}


def analyse_polarisation(
    session: Session, measurement: Measurement, voltage_V: float
) -> NewAnalysis:
    """Fit a stored transient with the pellet it belongs to; the result is not stored yet.

    Raises
    ------
    PolarisationError
        When no steady current follows.
    """
    assert measurement.id is not None
    arrays = load_arrays(session, measurement.id)
    fit = fit_polarisation(arrays["time_s"], arrays["current_A"], voltage_V)
    result = fit.to_dict() | {"resistance_ohm": fit.resistance_ohm}
    pellet = session.get(Pellet, measurement.pellet_id) if measurement.pellet_id else None
    if pellet is not None:
        geometry = geometry_of(pellet)
        sigma = fit.conductivity(geometry, measurement.temperature_K)
        result |= {
            "sigma_S_per_cm": sigma.sigma_S_per_cm,
            "sigma_random_S_per_cm": sigma.random_S_per_cm,
            "sigma_systematic_S_per_cm": sigma.systematic_S_per_cm,
        }
        reasons = list(result["reasons"])
        result["verdict"] = weigh_geometry(geometry, result["verdict"], reasons, result)
        result["reasons"] = reasons
        total = _total_conductivity(session, measurement)
        if total is not None:
            number = transference_number(sigma, total, qualifier=fit.qualifier)
            result |= {
                "transference_number": number.value,
                "transference_number_se": number.standard_error,
                "transference_number_qualifier": number.qualifier,
            }
    return NewAnalysis(
        kind=POLARISATION,
        result=result,
        verdict=result["verdict"],
        reasons=result["reasons"],
        parameters={"voltage_V": voltage_V},
        input_hash=data_hash_of(session, measurement.id),
        labkit_version=labkit.__version__,
    )


def _measured_step(measurement: Measurement, arrays: dict[str, Any]) -> float:
    if "potential_V" not in arrays:
        raise UsageError(
            f"M{measurement.id} does not hold its potential; give the step with --voltage 0.1V"
        )
    return float(np.median(arrays["potential_V"]))


def _total_conductivity(session: Session, measurement: Measurement) -> Conductivity | None:
    """Return the newest accepted conductivity of the same pellet at the same temperature."""
    kelvin = measurement.temperature_K
    if kelvin is None:
        return None
    # what moved to another pellet or was set aside leaves older results behind
    found = session.exec(
        select(Analysis)
        .join(Measurement, col(Measurement.id) == col(Analysis.measurement_id))
        .where(
            Analysis.kind == TAIL,
            Analysis.pellet_id == measurement.pellet_id,
            Measurement.pellet_id == measurement.pellet_id,
            col(Measurement.set_aside_because).is_(None),
            Analysis.temperature_K == Measurement.temperature_K,
            Analysis.verdict == "accepted",
            col(Analysis.temperature_K).between(
                kelvin - _SAME_TEMPERATURE_K, kelvin + _SAME_TEMPERATURE_K
            ),
        )
        .order_by(col(Analysis.id).desc())
    ).first()
    if found is None or found.sigma_S_per_cm is None:
        return None
    return Conductivity(
        sigma_S_per_cm=found.sigma_S_per_cm,
        random_S_per_cm=found.sigma_random_S_per_cm or 0.0,
        systematic_S_per_cm=found.sigma_systematic_S_per_cm or 0.0,
        temperature_K=found.temperature_K,
        geometry_S_per_cm=found.result.get("sigma_geometry_S_per_cm", 0.0),
    )


def _draw(axes: Any, arrays: dict[str, Any], result: dict[str, Any]) -> Any:
    time, current = arrays["time_s"], np.abs(arrays["current_A"])
    shown = (time > 0) & (current > 0)
    axes.plot(time[shown], current[shown], ".", markersize=3, color="#0b5c8a", label="measured")
    axes.axhline(
        abs(result["current_A"]),
        color="0.3",
        linestyle="--",
        label=f"steady current {result['qualifier']} {abs(result['current_A']):.2e} A",
    )
    axes.set(xscale="log", yscale="log", xlabel="time (s)", ylabel="|current| (A)")
    axes.legend(frameon=False)
    return axes
