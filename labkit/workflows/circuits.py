"""Equivalent circuits of stored measurements: fitted, kept beside the tail's result, drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlmodel import Session

import labkit
from db.measurements import (
    NewAnalysis,
    data_hash_of,
    get_measurement,
    latest_analysis,
    load_arrays,
    store_analysis,
)
from db.tables import Analysis, Measurement
from labkit.eis.circuit import fit_circuit
from labkit.errors import UsageError
from labkit.workflows.lab import Lab

__all__ = ["CIRCUIT", "fit_measured_circuit"]

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
            raise UsageError(f"M{measurement.id} is a {measurement.kind} measurement, no impedance")
        assert measurement.id is not None
        arrays = load_arrays(session, measurement.id)
        fit = fit_circuit((arrays["frequency_hz"], arrays["z_ohm"]), circuit)
        result = {k: v for k, v in fit.to_dict().items() if k not in _NOT_STORED}
        stored = _store_once(session, measurement, circuit, result, fit.verdict, fit.reasons)
        return result | {
            "measurement": f"M{measurement.id}",
            "analysis": f"A{stored.id}",
            "frequency_hz": np.asarray(fit.frequency_hz),
            "model_ohm": np.asarray(fit.model_ohm),
        }


def _store_once(
    session: Session,
    measurement: Measurement,
    circuit: str,
    result: dict[str, Any],
    verdict: str,
    reasons: tuple[str, ...],
) -> Analysis:
    assert measurement.id is not None
    latest = latest_analysis(session, CIRCUIT, measurement_id=measurement.id)
    if latest is not None and latest.result == result:
        return latest
    new = NewAnalysis(
        kind=CIRCUIT,
        result=result,
        verdict=verdict,
        reasons=reasons,
        parameters={"circuit": circuit},
        input_hash=data_hash_of(session, measurement.id),
        labkit_version=labkit.__version__,
    )
    return store_analysis(
        session, new, measurement_id=measurement.id, pellet_id=measurement.pellet_id
    )
