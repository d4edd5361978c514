"""From one sweep to a stored analysis: blocking tail, resistance, conductivity, verdict."""

from __future__ import annotations

from dataclasses import dataclass
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
from labkit.eis.tail import SpectrumError, fit_tail
from labkit.eis.verdict import Verdict
from labkit.geometry import Measured, PelletGeometry
from labkit.geometry_verdict import judge_geometry
from labkit.workflows.fit_choices import FitChoices, describe_masks
from labkit.workflows.pellets import geometry_of

__all__ = [
    "MASKED_BY_HAND",
    "TAIL",
    "CellSweep",
    "analyse_stored_sweep",
    "analyse_sweep",
    "cell_sweep",
    "choices_in_force",
    "sweep_summary",
    "weigh_geometry",
]

TAIL = "blocking-tail"
"""Kind of the analysis that turns an impedance sweep into a conductivity."""

MASKED_BY_HAND = "masked-by-hand"
"""Reason of a result that leaves points out by hand; it does not weigh on the verdict."""


def analyse_sweep(
    frequency_hz: NDArray[np.float64],
    z_ohm: NDArray[np.complex128],
    *,
    data_hash: str,
    geometry: PelletGeometry | None,
    temperature_K: float | None,
    choices: FitChoices = FitChoices(),  # noqa: B008  (frozen)
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
    choices : FitChoices
        Window set by hand, leads, points left out by hand; kept with the result.
    actor : str, optional
        Who asked for the analysis; who set the window otherwise.

    Returns
    -------
    NewAnalysis
        Ready to be stored; a sweep from which nothing follows has the verdict ``rejected``.

    Raises
    ------
    SpectrumError
        When a window set by hand, or what points left out by hand leave, holds too few points.
    """
    parameters: dict[str, Any] = {
        **choices.to_parameters(),
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
    leads = choices.leads
    if leads is not None:
        z_ohm = leads.subtracted_from(frequency_hz, z_ohm)
    try:
        fit = fit_tail(
            (frequency_hz, z_ohm), window_hz=choices.window_hz, mask=choices.reason_by_index
        )
    except SpectrumError as error:
        if choices.window_hz is not None or choices.mask:
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
    reasons = list(fit.reasons)
    if choices.mask:
        _tell_of_masks(result, choices)
        reasons.append(MASKED_BY_HAND)
    verdict = fit.verdict
    if geometry is not None and fit.resistance_ohm is not None:
        found = _conductivity_fields(result, geometry, temperature_K)
        result |= found
        if found:
            verdict = weigh_geometry(geometry, verdict, reasons, result)
    return NewAnalysis(
        kind=TAIL,
        result=result,
        verdict=verdict,
        reasons=reasons,
        parameters=parameters,
        input_hash=data_hash,
        labkit_version=labkit.__version__,
        created_by=actor or choices.window_set_by,
    )


def _tell_of_masks(result: dict[str, Any], choices: FitChoices) -> None:
    """Write who left points out beside their reasons, and into the messages."""
    by = {point.index: point.by for point in choices.mask}
    result["masked"] = [
        point | ({"by": by[point["index"]]} if point["index"] in by else {})
        for point in result["masked"]
    ]
    told = f"left out by hand: {describe_masks(choices.mask)}"
    result["messages"] = [*result["messages"], told]


def weigh_geometry(
    geometry: PelletGeometry, verdict: Verdict, reasons: list[str], result: dict[str, Any]
) -> Verdict:
    """Return the verdict of a conductivity with its pellet; add what was found to a result.

    Codes go to `reasons`, sentences to the messages of `result`. A missing error is told and does
    not weigh.
    """
    found = judge_geometry(geometry)
    weighing = [reason for reason in found if reason.weight != "note"]
    reasons += dict.fromkeys(reason.code for reason in weighing)
    result["messages"] = [*result["messages"], *(reason.message for reason in found)]
    return "review" if weighing and verdict == "accepted" else verdict


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
    choices: FitChoices,
    actor: str | None = None,
) -> Analysis:
    """Analyse a stored sweep with the pellet it belongs to, and store the result beside others.

    Raises
    ------
    SpectrumError
        As for `analyse_sweep`.
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
        choices=choices,
        actor=actor,
    )
    return store_analysis(
        session, analysis, measurement_id=measurement.id, pellet_id=measurement.pellet_id
    )


def choices_in_force(session: Session, measurement: Measurement) -> FitChoices:
    """Return what people decided about the newest result of a sweep: the next fit starts there."""
    return FitChoices.in_force(latest_analysis(session, TAIL, measurement_id=measurement.id))


@dataclass(frozen=True)
class CellSweep:
    """A stored sweep as its newest result sees it.

    Attributes
    ----------
    frequency_hz, z_ohm : ndarray, shape (n,)
        Every point in the order of measurement; leads are subtracted.
    choices : FitChoices
        Those of the newest result.
    """

    frequency_hz: NDArray[np.float64]
    z_ohm: NDArray[np.complex128]
    choices: FitChoices

    @property
    def used(self) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
        """The points that no person left out."""
        keep = np.ones(self.frequency_hz.size, dtype=bool)
        keep[[point.index for point in self.choices.mask]] = False
        return self.frequency_hz[keep], self.z_ohm[keep]


def cell_sweep(session: Session, measurement: Measurement) -> CellSweep:
    """Return a stored sweep without its leads, and what people decided about it."""
    assert measurement.id is not None
    arrays = load_arrays(session, measurement.id)
    choices = choices_in_force(session, measurement)
    frequency, z, leads = arrays["frequency_hz"], arrays["z_ohm"], choices.leads
    return CellSweep(
        frequency, z if leads is None else leads.subtracted_from(frequency, z), choices
    )


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
