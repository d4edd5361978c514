"""From one sweep to a stored analysis: blocking tail, resistance, conductivity, verdict."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

import labkit
from db.measurements import (
    NewAnalysis,
    data_hash_of,
    latest_analysis,
    load_arrays,
    store_analysis,
)
from db.tables import Analysis, Measurement, Pellet
from labkit.conductivity import ConductivityError, conductivity
from labkit.eis.leads import LeadImpedance
from labkit.eis.tail import SpectrumError, fit_tail
from labkit.geometry import Measured, PelletGeometry
from labkit.workflows.pellets import geometry_of

__all__ = [
    "TAIL",
    "analyse_stored_sweep",
    "analyse_sweep",
    "cell_arrays",
    "leads_of",
    "sweep_summary",
]

TAIL = "blocking-tail"
"""Kind of the analysis that turns an impedance sweep into a conductivity."""


def analyse_sweep(
    frequency_hz: NDArray[np.float64],
    z_ohm: NDArray[np.complex128],
    *,
    data_hash: str,
    geometry: PelletGeometry | None,
    temperature_K: float | None,
    window_hz: tuple[float, float] | None = None,
    set_by: str | None = None,
    leads: LeadImpedance | None = None,
    actor: str | None = None,
) -> NewAnalysis:
    """Extrapolate the tail of one sweep and compute its conductivity.

    Parameters
    ----------
    frequency_hz, z_ohm : ndarray, shape (n,)
        The sweep, physics sign.
    data_hash : str
        Canonical hash of these points, kept with the result.
    geometry : PelletGeometry or None
        Without a pellet there is a resistance and no conductivity.
    temperature_K : float or None
    window_hz : tuple of float, optional
        A window set by hand, and `set_by` who set it.
    leads : LeadImpedance, optional
        Subtracted from the sweep before anything else; kept with the result.
    actor : str, optional
        Who asked for the analysis; who set the window otherwise.

    Returns
    -------
    NewAnalysis
        Ready to be stored; a sweep from which nothing follows has the verdict ``rejected``.
    """
    parameters: dict[str, Any] = {
        "window_hz": list(window_hz) if window_hz is not None else None,
        "window_set_by": set_by,
        "geometry": None
        if geometry is None
        else {
            "thickness_m": geometry.thickness_m,
            "thickness_se_m": geometry.thickness_se_m,
            "diameter_m": geometry.diameter_m,
            "diameter_se_m": geometry.diameter_se_m,
        },
        "temperature_K": temperature_K,
    }
    if leads is not None:
        parameters["leads"] = leads.to_dict()
        z_ohm = leads.subtracted_from(frequency_hz, z_ohm)
    try:
        fit = fit_tail((frequency_hz, z_ohm), window_hz=window_hz)
    except SpectrumError as error:
        if window_hz is not None:
            raise
        return NewAnalysis(
            kind=TAIL,
            result={"messages": [str(error)], "temperature_K": temperature_K},
            verdict="rejected",
            reasons=["spectrum-unusable"],
            parameters=parameters,
            input_hash=data_hash,
            labkit_version=labkit.__version__,
            created_by=actor,
        )
    result = fit.to_dict() | {"temperature_K": temperature_K}
    if leads is not None:
        result["messages"] = [*result["messages"], leads.message(frequency_hz)]
    if geometry is not None and fit.resistance_ohm is not None:
        result |= _conductivity_fields(result, geometry, temperature_K)
    return NewAnalysis(
        kind=TAIL,
        result=result,
        verdict=fit.verdict,
        reasons=list(fit.reasons),
        parameters=parameters,
        input_hash=data_hash,
        labkit_version=labkit.__version__,
        created_by=actor or set_by,
    )


def _conductivity_fields(
    result: dict[str, Any], geometry: PelletGeometry, temperature_K: float | None
) -> dict[str, Any]:
    resistance = Measured(
        result["resistance_ohm"],
        result["resistance_random_ohm"] or 0.0,
        result["resistance_systematic_ohm"] or 0.0,
    )
    try:
        sigma = conductivity(resistance, geometry, temperature_K)
    except ConductivityError:
        return {}
    return {
        "sigma_S_per_cm": sigma.sigma_S_per_cm,
        "sigma_random_S_per_cm": sigma.random_S_per_cm,
        "sigma_systematic_S_per_cm": sigma.systematic_S_per_cm,
        "sigma_own_S_per_cm": sigma.own_S_per_cm,
        "sigma_geometry_S_per_cm": sigma.geometry_S_per_cm,
    }


def analyse_stored_sweep(
    session: Session,
    measurement: Measurement,
    *,
    window_hz: tuple[float, float] | None = None,
    set_by: str | None = None,
    leads: LeadImpedance | None = None,
    actor: str | None = None,
) -> Analysis:
    """Analyse a stored sweep with the pellet it belongs to, and store the result beside others.

    Raises
    ------
    SpectrumError
        When a window set by hand holds too few points.
    """
    assert measurement.id is not None
    arrays = load_arrays(session, measurement.id)
    pellet = session.get(Pellet, measurement.pellet_id) if measurement.pellet_id else None
    analysis = analyse_sweep(
        arrays["frequency_hz"],
        arrays["z_ohm"],
        data_hash=data_hash_of(session, measurement.id),
        geometry=None if pellet is None else geometry_of(pellet),
        temperature_K=measurement.temperature_K,
        window_hz=window_hz,
        set_by=set_by,
        leads=leads,
        actor=actor,
    )
    return store_analysis(
        session, analysis, measurement_id=measurement.id, pellet_id=measurement.pellet_id
    )


def leads_of(analysis: Analysis | None) -> LeadImpedance | None:
    """Return the leads that a stored result was corrected for, None without a correction."""
    return None if analysis is None else LeadImpedance.from_dict(analysis.parameters.get("leads"))


def cell_arrays(
    session: Session, measurement: Measurement
) -> tuple[NDArray[np.float64], NDArray[np.complex128], LeadImpedance | None]:
    """Return a stored sweep as its latest result sees it: frequency, impedance without leads.

    Returns
    -------
    tuple
        Frequencies (n,), impedances (n,), and the leads that were subtracted.
    """
    assert measurement.id is not None
    arrays = load_arrays(session, measurement.id)
    leads = leads_of(latest_analysis(session, TAIL, measurement_id=measurement.id))
    frequency, z = arrays["frequency_hz"], arrays["z_ohm"]
    return frequency, z if leads is None else leads.subtracted_from(frequency, z), leads


_SUMMARY = (
    "resistance_ohm",
    "resistance_random_ohm",
    "resistance_systematic_ohm",
    "sigma_S_per_cm",
    "sigma_random_S_per_cm",
    "sigma_systematic_S_per_cm",
    "window_hz",
    "window_source",
    "cpe_n",
    "n_points",
    "messages",
)


def sweep_summary(
    result: dict[str, Any], *, verdict: str, reasons: list[str], temperature_K: float | None
) -> dict[str, Any]:
    """Return what a person and a script want to know of one analysed sweep."""
    summary = {name: result.get(name) for name in _SUMMARY}
    summary["messages"] = summary["messages"] or []
    return summary | {"verdict": verdict, "reasons": reasons, "temperature_K": temperature_K}
