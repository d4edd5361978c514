"""Bulk, grain boundary and total of one pellet over temperature, from its arcs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

import labkit
from db.measurements import NewAnalysis, latest_analysis, store_analysis_once
from db.pellets import get_pellet
from db.tables import Measurement, Pellet, Spectrum
from labkit.arrhenius import ArrheniusError, Convention, fit_arrhenius
from labkit.eis.agreement import CIRCUIT_DISAGREES
from labkit.eis.arcs import SeriesFit, TrackedArc, fit_temperature_series
from labkit.geometry import PelletGeometry
from labkit.json_ready import json_ready
from labkit.wording import celsius
from labkit.workflows.circuits import agreement_with_tail
from labkit.workflows.conductivity_of_sweep import MASKED_BY_HAND, TAIL, cell_sweep
from labkit.workflows.fit_choices import FitChoices, describe_masks
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import geometry_of
from labkit.workflows.series_selection import LEFT_OUT_BY_HAND, Selection

__all__ = ["ARC_SERIES", "fit_arc_series"]

ARC_SERIES = "arc-series"
"""Kind of the analysis that tracks arcs through a temperature series."""

# codes that say the points themselves are wrong, not that the tail is hard to extrapolate
_SPOILED = {"kramers-kronig", "spectrum-unusable"}


@dataclass(frozen=True)
class _Spectra:
    pellet: Pellet
    measurements: list[Measurement]
    spectra: list[tuple[NDArray[np.float64], NDArray[np.complex128]]]
    tails: list[dict[str, Any] | None]
    left_out: list[str]
    by_hand: list[str]
    masked: dict[str, FitChoices]

    @property
    def temperature_K(self) -> list[float]:
        return [measurement.temperature_K or math.nan for measurement in self.measurements]

    @property
    def mask_parameters(self) -> dict[str, Any]:
        """The points left out by hand, by measurement; nothing where there are none."""
        masks = {name: choices.mask_parameters()["mask"] for name, choices in self.masked.items()}
        return {"mask": masks} if masks else {}

    @property
    def ids(self) -> list[int]:
        return [m.id for m in self.measurements if m.id is not None]


def fit_arc_series(
    lab: Lab,
    name: str,
    *,
    circuit: str = "auto",
    joint: bool = False,
    convention: str = "sigma-T",
    selection: Selection = Selection(),  # noqa: B008  (frozen)
) -> dict[str, Any]:
    """Track the arcs of a pellet's spectra through temperature, and fit each one's Arrhenius line.

    Conductivities of bulk and grain boundary are thickness / (area R) with the pellet's own
    dimensions: that of a grain boundary is apparent, its true thickness is not known.

    Parameters
    ----------
    lab : Lab
    name : str
        Name or id of the pellet.
    circuit : str
        A circuit string for every spectrum, or ``"auto"``: the commonest choice of all.
    joint : bool
        Share exponents and capacitances of arcs between all temperatures, where the data allow
        it; `joint_kept` of the result says whether they did.
    convention : {"sigma-T", "sigma"}
        ``ln(sigma T)`` or ``ln(sigma)`` against 1/T.
    selection : Selection
        What a person leaves out; kept with the result and told in its messages.

    Returns
    -------
    dict
        ``arcs``, the total last: role, Ea with errors, and sigma per temperature. `ea_eV` and
        `ea_se_eV` rest on the scatter with equal weights and are the ones to quote;
        `ea_weighted_eV` and its error, a check, on the errors of the fits and temperatures.

    Raises
    ------
    UnknownPelletError
        When there is no such pellet.
    ArrheniusError
        When fewer than two temperatures are left.
    SpectrumError, CircuitError
        When the spectra cannot be fitted by the circuit.
    """
    with lab.database.reading() as session:
        used = _collect(session, name, selection)
    if len(set(used.temperature_K)) < 2:
        why = f" ({'; '.join(used.left_out[:3])})" if used.left_out else ""
        raise ArrheniusError(
            f"pellet {used.pellet.name}: {len(used.spectra)} usable spectra, at least two "
            f"temperatures are needed{why}"
        )
    series = fit_temperature_series(used.temperature_K, used.spectra, circuit, joint=joint)
    geometry = geometry_of(used.pellet)
    chosen: Convention = "ln(sigma)" if convention == "sigma" else "ln(sigma T)"
    se_K = lab.settings.temperature_se_K
    arcs = [_line(arc, geometry, chosen, se_K) for arc in (*series.arcs, series.total)]
    reasons, messages = _judge(series, arcs)
    _beside_tails(series, used.tails, reasons, messages)
    verdict = "review" if reasons else "accepted"
    if selection:
        reasons.append(LEFT_OUT_BY_HAND)
        messages += used.by_hand
    if used.masked:
        reasons.append(MASKED_BY_HAND)
        messages += [
            f"{name}: left out by hand: {describe_masks(choices.mask)}"
            for name, choices in used.masked.items()
        ]
    result: dict[str, Any] = json_ready(
        {
            "circuit": series.circuit,
            "joint": joint,
            "joint_kept": series.joint,
            "convention": chosen,
            "temperature_se_K": se_K,
            "temperature_K": list(series.temperature_K),
            "arcs": arcs,
            "messages": messages,
        }
    )
    new = NewAnalysis(
        kind=ARC_SERIES,
        result=result,
        verdict=verdict,
        reasons=reasons,
        parameters={
            "circuit": circuit,
            "joint": joint,
            "convention": chosen,
            "temperature_se_K": se_K,
            "measurements": used.ids,
        }
        | used.mask_parameters
        | selection.to_parameters(),
        labkit_version=labkit.__version__,
    )
    with lab.database.session() as session:
        stored = store_analysis_once(
            session, new, pellet_id=used.pellet.id, input_measurement_ids=used.ids
        )
        return result | {
            "pellet": used.pellet.name,
            "analysis": f"A{stored.id}",
            "measurements": [f"M{number}" for number in used.ids],
            "left_out": used.left_out,
            "verdict": verdict,
            "reasons": reasons,
        }


def _collect(session: Session, name: str, selection: Selection) -> _Spectra:
    """Collect the spectra whose points can be trusted, by temperature; the same points once."""
    pellet = get_pellet(session, name)
    statement = (
        select(Measurement, Spectrum.data_hash)
        .join(Spectrum, col(Spectrum.measurement_id) == col(Measurement.id))
        .where(Measurement.pellet_id == pellet.id, Measurement.kind == "impedance")
        .order_by(col(Measurement.temperature_K), col(Measurement.id))
    )
    kept: list[Measurement] = []
    spectra, tails = [], []
    left_out: list[str] = []
    by_hand: list[str] = []
    masked: dict[str, FitChoices] = {}
    measured = session.exec(statement).all()
    seen = {data_hash: one.id for one, data_hash in measured if one.id in selection.exclude}
    for measurement, data_hash in measured:
        assert measurement.id is not None
        told = selection.why_not(measurement)
        if told is not None:
            by_hand.append(f"M{measurement.id} {told}")
            continue
        tail = latest_analysis(session, TAIL, measurement_id=measurement.id)
        why = None
        if measurement.set_aside_because is not None:
            why = f"set aside ({measurement.set_aside_because})"
        elif data_hash in seen:
            why = f"the same points as M{seen[data_hash]}"
        elif measurement.temperature_K is None:
            why = "its temperature is unknown (import again with --temperature)"
        elif tail is not None and tail.verdict == "rejected" and _SPOILED & set(tail.reasons):
            why = f"rejected ({', '.join(tail.reasons)})"
        if why is not None:
            left_out.append(f"M{measurement.id} left out: {why}")
            continue
        sweep = cell_sweep(session, measurement)
        kept.append(measurement)
        spectra.append(sweep.used)
        tails.append(None if tail is None else tail.result)
        if sweep.choices.mask:
            masked[f"M{measurement.id}"] = sweep.choices
        seen[data_hash] = measurement.id
    return _Spectra(pellet, kept, spectra, tails, [*by_hand, *left_out], by_hand, masked)


def _line(
    arc: TrackedArc, geometry: PelletGeometry, convention: Convention, temperature_se_K: float
) -> dict[str, Any]:
    """Turn one arc into conductivities and its Arrhenius line, none below two temperatures."""
    constant = geometry.cell_constant_per_cm
    kelvin, resistance, error = (
        np.asarray(values, dtype=float)
        for values in (arc.temperature_K, arc.resistance_ohm, arc.resistance_se_ohm)
    )
    sigma = constant / resistance
    random = sigma * error / resistance
    described: dict[str, Any] = {
        "role": arc.role,
        "resistance_ohm": resistance.tolist(),
        "resistance_se_ohm": error.tolist(),
        "capacitance_F": list(arc.capacitance_F),
        "n": list(arc.n),
        "sigma_S_per_cm": sigma.tolist(),
        "sigma_random_S_per_cm": random.tolist(),
        "sigma_systematic_relative": geometry.cell_constant_relative_se,
    }
    known = np.isfinite(sigma) & (sigma > 0)
    described["n_points"] = int(known.sum())
    if np.unique(kelvin[known]).size < 2:
        return described | {"ea_eV": None, "ea_se_eV": None, "reasons": ["few-temperatures"]}
    plain = fit_arrhenius(kelvin[known], sigma[known], convention=convention)
    weighted = fit_arrhenius(
        kelvin[known],
        sigma[known],
        random[known] if np.all(np.isfinite(random[known])) else None,
        temperature_se_K=temperature_se_K,
        convention=convention,
    )
    return described | {
        "ea_eV": plain.ea_eV,
        "ea_se_eV": plain.ea_se_eV,
        "ea_weighted_eV": weighted.ea_eV,
        "ea_weighted_se_eV": weighted.ea_se_eV,
        "reasons": list(plain.reasons),
    }


def _judge(series: SeriesFit, arcs: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Say what keeps the arcs from being taken at their word."""
    reasons = list(series.reasons)
    messages = list(series.messages)
    roles = {arc.role for arc in series.arcs}
    if not reasons and not {"bulk", "grain boundary"} <= roles:
        reasons.append("arcs-not-resolved")
        found = ", ".join(sorted(roles)) or "none"
        messages.append(
            f"bulk and grain boundary are told apart only where two arcs have their capacitances "
            f"(arcs found: {found})"
        )
    for kelvin, fit in zip(series.temperature_K, series.fits, strict=True):
        if fit.verdict != "accepted":
            reasons.append("circuit-fit-not-accepted")
            messages.append(f"{celsius(kelvin)}: {fit.verdict}, {', '.join(fit.reasons)}")
    for arc in arcs:
        missing = len(series.temperature_K) - arc["n_points"]
        if missing:
            reasons.append("arc-missing")
            messages.append(f"the arc of the {arc['role']} is missing at {missing} temperatures")
        reasons += arc.pop("reasons")
    return list(dict.fromkeys(reasons)), messages


def _beside_tails(
    series: SeriesFit,
    tails: list[dict[str, Any] | None],
    reasons: list[str],
    messages: list[str],
) -> None:
    """Add what the tails say of the totals: two models of one spectrum should agree."""
    compared = [
        (kelvin, agreement_with_tail(tail, resistance, error))
        for kelvin, tail, resistance, error in zip(
            series.temperature_K,
            tails,
            series.total.resistance_ohm,
            series.total.resistance_se_ohm,
            strict=True,
        )
    ]
    apart = [(kelvin, one) for kelvin, one in compared if one is not None and one.disagrees]
    if not apart:
        return
    reasons.append(CIRCUIT_DISAGREES)
    worst = max((one for _, one in apart), key=lambda one: abs(one.difference_relative))
    messages.append(
        f"R_total of arcs and tail differ by more than twice their combined error at "
        f"{', '.join(f'{kelvin - 273.15:.4g}' for kelvin, _ in apart)} C, by up to "
        f"{abs(worst.difference_relative):.1%} ({worst.difference_sigma:.1f} times): one of the "
        "two models does not hold there"
    )
