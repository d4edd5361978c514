"""Equivalent circuits of stored measurements: fitted, kept beside the tail's result, drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

import labkit
from db.columns import plain_json
from db.measurements import (
    NewAnalysis,
    data_hash_of,
    get_measurement,
    latest_analysis,
    load_arrays,
    store_analysis_once,
)
from db.tables import Measurement
from labkit.eis.agreement import Agreement, compare_with_tail
from labkit.eis.circuit import CircuitFit, fit_circuit
from labkit.eis.circuit_string import parse_circuit
from labkit.eis.spectrum import SpectrumError
from labkit.errors import UsageError
from labkit.geometry import Measured
from labkit.grammar import with_article
from labkit.json_ready import json_ready
from labkit.workflows.conductivity_of_sweep import MASKED_BY_HAND, TAIL, cell_sweep
from labkit.workflows.fit_choices import FitChoices
from labkit.workflows.lab import Lab

__all__ = [
    "CIRCUIT",
    "agreement_with_tail",
    "analyse_circuit",
    "fit_measured_circuit",
    "store_circuit_once",
]

CIRCUIT = "circuit"
"""Kind of the analysis that fits an equivalent circuit."""

# drawn again from the stored parameters, not worth storing
_NOT_STORED = ("frequency_hz", "model_ohm")


def fit_measured_circuit(lab: Lab, identifier: str, circuit: str) -> dict[str, Any]:
    """Fit an equivalent circuit to a stored measurement and keep the result.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``M3``.
    circuit : str
        A circuit string such as ``"p(R1,CPE1)-CPE0"``, or ``"auto"``: a small family from which
        the corrected Akaike criterion chooses.

    Returns
    -------
    dict
        Parameters with errors and bounds, arcs with their capacitance and owner, R_total, the
        circuits that were compared, verdict and reasons.

    Raises
    ------
    CircuitError
        When the string cannot be read.
    SpectrumError
        When there are too few points for the circuit.
    """
    with lab.database.session() as session:
        measurement = get_measurement(session, identifier)
        if measurement.kind != "impedance":
            raise UsageError(
                f"M{measurement.id} is {with_article(measurement.kind)} measurement, no impedance"
            )
        assert measurement.id is not None
        sweep = cell_sweep(session, measurement)
        choices = sweep.choices
        fit = fit_circuit((sweep.frequency_hz, sweep.z_ohm), circuit, mask=choices.reason_by_index)
        data_hash = data_hash_of(session, measurement.id)
        tail = latest_analysis(session, TAIL, measurement_id=measurement.id)
        new = _analysis_of(
            fit,
            circuit,
            data_hash=data_hash,
            choices=choices,
            tail=None if tail is None else tail.result,
        )
        stored = store_analysis_once(
            session, new, measurement_id=measurement.id, pellet_id=measurement.pellet_id
        )
        return dict(new.result) | {
            "measurement": f"M{measurement.id}",
            "analysis": f"A{stored.id}",
            "curve": _curve(fit),
        }


_CURVE_POINTS_PER_DECADE = 60


def _curve(fit: CircuitFit) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Return the fitted circuit between the ends of the fit, dense enough to draw arcs round."""
    low, high = float(fit.frequency_hz.min()), float(fit.frequency_hz.max())
    count = max(2, round(_CURVE_POINTS_PER_DECADE * math.log10(high / low)))
    frequency = np.geomspace(low, high, count)
    values = np.array([parameter.value for parameter in fit.parameters])
    return frequency, parse_circuit(fit.circuit).impedance(values, frequency)


def analyse_circuit(
    frequency_hz: NDArray[np.float64],
    z_ohm: NDArray[np.complex128],
    circuit: str,
    *,
    data_hash: str,
    choices: FitChoices = FitChoices(),  # noqa: B008  (frozen)
    tail: Mapping[str, Any] | None = None,
) -> NewAnalysis:
    """Fit an equivalent circuit to one sweep, ready to be stored beside its conductivity.

    Parameters
    ----------
    frequency_hz, z_ohm : ndarray, shape (n,)
        The sweep as it was measured.
    circuit : str
        As for `fit_measured_circuit`.
    data_hash : str
        Canonical hash of these points, kept with the result.
    choices : FitChoices
        Leads to subtract first and points left out by hand; a window is of no account here.
    tail : mapping, optional
        The result that the tail of the same sweep gave: an R that differs is for review.

    Returns
    -------
    NewAnalysis
        A sweep with too few points has the verdict ``rejected``.
    """
    leads = choices.leads
    cell = z_ohm if leads is None else leads.subtracted_from(frequency_hz, z_ohm)
    try:
        fit = fit_circuit((frequency_hz, cell), circuit, mask=choices.reason_by_index)
    except SpectrumError as error:
        return NewAnalysis(
            kind=CIRCUIT,
            result={"messages": [str(error)]},
            verdict="rejected",
            reasons=["spectrum-unusable"],
            parameters=_parameters(circuit, choices),
            input_hash=data_hash,
            labkit_version=labkit.__version__,
        )
    return _analysis_of(fit, circuit, data_hash=data_hash, choices=choices, tail=tail)


def _analysis_of(
    fit: CircuitFit,
    circuit: str,
    *,
    data_hash: str,
    choices: FitChoices,
    tail: Mapping[str, Any] | None,
) -> NewAnalysis:
    result = {k: v for k, v in fit.to_dict().items() if k not in _NOT_STORED}
    reasons, verdict = list(fit.reasons), fit.verdict
    beside = agreement_with_tail(tail, fit.resistance_ohm, fit.resistance_se_ohm)
    if beside is not None:
        result["beside_tail"] = json_ready(beside)
        result["messages"] = [*result["messages"], *(r.message for r in beside.reasons)]
        reasons += [reason.code for reason in beside.reasons]
        verdict = "review" if beside.disagrees and verdict == "accepted" else verdict
    result |= {"verdict": verdict, "reasons": list(reasons)}
    return NewAnalysis(
        kind=CIRCUIT,
        result=result,
        verdict=verdict,
        reasons=[*reasons, *([MASKED_BY_HAND] if choices.mask else [])],
        parameters=_parameters(circuit, choices),
        input_hash=data_hash,
        labkit_version=labkit.__version__,
    )


def agreement_with_tail(
    tail: Mapping[str, Any] | None, circuit_ohm: float, circuit_se_ohm: float
) -> Agreement | None:
    """Compare R of a circuit with a stored result of the tail; None where that has no R."""
    resistance = None if tail is None else tail.get("resistance_ohm")
    if tail is None or resistance is None:
        return None
    measured = Measured(
        resistance,
        tail.get("resistance_random_ohm") or 0.0,
        tail.get("resistance_systematic_ohm") or 0.0,
    )
    return compare_with_tail(measured, circuit_ohm, circuit_se_ohm)


def _parameters(circuit: str, choices: FitChoices) -> dict[str, Any]:
    leads = {} if choices.leads is None else {"leads": choices.leads.to_dict()}
    return {"circuit": circuit} | leads | choices.mask_parameters()


def store_circuit_once(
    session: Session, measurement: Measurement, circuit: str, choices: FitChoices
) -> bool:
    """Fit a circuit to a stored sweep unless the same fit is there; say whether one was added."""
    assert measurement.id is not None
    latest = latest_analysis(session, CIRCUIT, measurement_id=measurement.id)
    if latest is not None and latest.parameters == plain_json(_parameters(circuit, choices)):
        return False
    arrays = load_arrays(session, measurement.id)
    tail = latest_analysis(session, TAIL, measurement_id=measurement.id)
    new = analyse_circuit(
        arrays["frequency_hz"],
        arrays["z_ohm"],
        circuit,
        data_hash=data_hash_of(session, measurement.id),
        choices=choices,
        tail=None if tail is None else tail.result,
    )
    store_analysis_once(
        session, new, measurement_id=measurement.id, pellet_id=measurement.pellet_id
    )
    return True
