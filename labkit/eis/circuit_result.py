"""What a circuit fit says: parameters with errors, arcs with their owners, total, verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.eis.circuit_string import N_HIGH, N_LOW, Circuit, Element, Parallel, Series
from labkit.eis.spectrum import ComplexArray, FloatArray, MaskedPoint, Points
from labkit.eis.verdict import Reason, Verdict, conclude
from labkit.json_ready import json_ready

ELECTRODE_F = 5e-8
"""Above this an arc belongs to an electrode (Irvine, Sinclair and West 1990)."""
RESOLVED = 0.2
"""Relative error of R up to which an arc counts as resolved from its neighbour."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A fitted parameter: value, standard error, unit, and whether it sits at a bound."""

    name: str
    value: float
    stderr: float
    unit: str
    at_bound: bool


@dataclass(frozen=True, slots=True)
class FittedArc:
    """A resistance in parallel with a CPE or a capacitor.

    `capacitance_F` = (R^(1-n) Q)^(1/n) (Hsu and Mansfeld 2001); `role` is ``"bulk"``,
    ``"grain boundary"``, ``"electrode"`` or ``"pellet"`` (one arc: not told apart).
    """

    name: str
    resistance_ohm: float
    resistance_se_ohm: float
    q: float
    n: float
    capacitance_F: float
    apex_hz: float
    role: str


@dataclass(frozen=True, slots=True, eq=False)
class CircuitFit:
    """A fitted circuit.

    `correlation` is the matrix in the order of `parameters`; `resistance_ohm` the sum of all
    resistances that carry direct current in series (R_total of the pellet, without arcs of
    electrodes); `rms` relative to |Z| per component; `candidates` the AICc of every circuit tried.
    """

    circuit: str
    parameters: tuple[Parameter, ...]
    correlation: FloatArray
    arcs: tuple[FittedArc, ...]
    resistance_ohm: float
    resistance_se_ohm: float
    rms: float
    noise: float
    aicc: float
    candidates: tuple[tuple[str, float], ...]
    frequency_hz: FloatArray
    model_ohm: ComplexArray
    masked: tuple[MaskedPoint, ...]
    starts_agreeing: int
    starts: int
    verdict: Verdict
    reasons: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def values(self) -> dict[str, float]:
        """Parameter values by name."""
        return {parameter.name: parameter.value for parameter in self.parameters}

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The best end of all starts of one circuit."""

    circuit: Circuit
    internal: FloatArray
    cost: float
    normal: FloatArray
    aicc: float
    agreeing: int
    starts: int
    points: Points


def nodes_in_series(circuit: Circuit) -> list[Element | Series | Parallel]:
    """List the parts in series at the top of a circuit."""
    return list(circuit.root.parts) if isinstance(circuit.root, Series) else [circuit.root]


def describe(solution: Solution, candidates: tuple[tuple[str, float], ...]) -> CircuitFit:
    """Turn the end of a fit into parameters with errors, arcs, total and verdict.

    Parameters
    ----------
    solution
        The best end of all starts.
    candidates
        Name and AICc of every circuit that was tried.

    Returns
    -------
    CircuitFit
    """
    circuit, points = solution.circuit, solution.points
    size = len(circuit.names)
    free = max(2 * points.z_ohm.size - size, 1)
    variance = solution.cost / free
    inverse = np.linalg.pinv(solution.normal, hermitian=True)
    covariance = np.asarray(inverse * variance, dtype=np.float64)
    internal_se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    values = circuit.to_values(solution.internal)
    slope = np.where(circuit.exponent, circuit.internal_slope(values), values)
    stderr = internal_se * slope
    at_bound = np.where(
        circuit.exponent, (values > N_HIGH - 0.003) | (values < N_LOW + 0.003), internal_se > 1.0
    )
    parameters = tuple(
        Parameter(name, float(value), float(se), unit, bool(bound))
        for name, value, se, unit, bound in zip(
            circuit.names, values, stderr, circuit.units, at_bound
        )
    )
    scale = np.where(internal_se > 0, internal_se, 1.0)
    arcs = _assign(circuit, values, stderr)
    total, total_se = _total_resistance(circuit, values, slope, covariance, arcs)
    rms = math.sqrt(variance)
    model = circuit.impedance(values, points.frequency_hz)
    verdict, codes, messages = conclude(_reasons(solution, parameters, arcs, rms))
    return CircuitFit(
        circuit=circuit.text,
        parameters=parameters,
        correlation=np.clip(covariance / np.outer(scale, scale), -1, 1),
        arcs=arcs,
        resistance_ohm=total,
        resistance_se_ohm=total_se,
        rms=rms,
        noise=points.noise,
        aicc=solution.aicc,
        candidates=candidates,
        frequency_hz=points.frequency_hz,
        model_ohm=model,
        masked=points.masked,
        starts_agreeing=solution.agreeing,
        starts=solution.starts,
        verdict=verdict,
        reasons=codes,
        messages=messages,
    )


def _arc_elements(circuit: Circuit) -> list[tuple[Element, Element]]:
    """List (R, CPE or C) of every simple arc at the top of the circuit."""
    pairs: list[tuple[Element, Element]] = []
    for node in nodes_in_series(circuit):
        if isinstance(node, Parallel) and len(node.parts) == 2:
            elements = [part for part in node.parts if isinstance(part, Element)]
            kinds = {element.kind: element for element in elements}
            capacitive = kinds.get("CPE") or kinds.get("C")
            if len(elements) == 2 and "R" in kinds and capacitive is not None:
                pairs.append((kinds["R"], capacitive))
    return pairs


def _assign(circuit: Circuit, values: FloatArray, stderr: FloatArray) -> tuple[FittedArc, ...]:
    """Describe the arcs by rising capacitance and say what each belongs to.

    Bulk about 1e-12 F, grain boundary 1e-11 to 1e-8 F, electrode 1e-7 to 1e-5 F (Irvine, Sinclair
    and West, Adv. Mater. 2 (1990) 132). One arc alone, or two that the data hardly tell apart, are
    not called bulk or grain boundary.
    """
    found: list[tuple[float, float, Element, float, float]] = []
    for resistor, capacitive in _arc_elements(circuit):
        r, q = float(values[resistor.first]), float(values[capacitive.first])
        n = float(values[capacitive.first + 1]) if capacitive.kind == "CPE" else 1.0
        tau = math.exp((math.log(r) + math.log(q)) / n)
        found.append((tau / r, tau, resistor, q, n))
    found.sort(key=lambda item: item[0])
    pellet = [item for item in found if item[0] < ELECTRODE_F]
    resolved = all(
        float(stderr[item[2].first]) < RESOLVED * float(values[item[2].first]) for item in pellet
    )
    arcs: list[FittedArc] = []
    for capacitance, tau, resistor, q, n in found:
        if capacitance >= ELECTRODE_F:
            role = "electrode"
        elif len(pellet) < 2 or not resolved:
            role = "pellet"
        else:
            role = "bulk" if capacitance == pellet[0][0] else "grain boundary"
        arcs.append(
            FittedArc(
                name=resistor.name,
                resistance_ohm=float(values[resistor.first]),
                resistance_se_ohm=float(stderr[resistor.first]),
                q=q,
                n=n,
                capacitance_F=capacitance,
                apex_hz=1 / (2 * math.pi * tau),
                role=role,
            )
        )
    return tuple(arcs)


def _total_resistance(
    circuit: Circuit,
    values: FloatArray,
    slope: FloatArray,
    covariance: FloatArray,
    arcs: tuple[FittedArc, ...],
) -> tuple[float, float]:
    """Add the resistances in series, without arcs of electrodes, with the full covariance."""
    of_electrodes = {arc.name for arc in arcs if arc.role == "electrode"}
    counted = np.zeros(values.size)
    in_arcs = [resistor for resistor, _ in _arc_elements(circuit)]
    alone = [
        node for node in nodes_in_series(circuit) if isinstance(node, Element) and node.kind == "R"
    ]
    for element in [*in_arcs, *alone]:
        if element.name not in of_electrodes:
            counted[element.first] = 1.0
    gradient = counted * slope
    return float(counted @ values), math.sqrt(max(float(gradient @ covariance @ gradient), 0.0))


def _reasons(
    solution: Solution,
    parameters: tuple[Parameter, ...],
    arcs: tuple[FittedArc, ...],
    rms: float,
) -> list[Reason]:
    reasons: list[Reason] = []
    bounded = [p.name for p in parameters if p.at_bound]
    exponents = [name for name in bounded if name.endswith("_1")]
    loose = [name for name in bounded if name not in exponents]
    if exponents:
        reasons.append(Reason("note", "at-bound", f"{', '.join(exponents)} at the bound"))
    if loose:
        reasons.append(
            Reason("review", "undetermined", f"the data do not determine {', '.join(loose)}")
        )
    noise = solution.points.noise
    if rms > max(3 * noise, 0.01):
        reasons.append(
            Reason(
                "rejected" if rms > 0.1 else "review",
                "circuit-misfit",
                f"residuals of {rms:.1%} are beyond the noise, {noise:.1%}",
            )
        )
    if solution.agreeing < 2 and solution.starts > 2:
        reasons.append(Reason("note", "one-start-only", "a single start reached this minimum"))
    if any(arc.role == "electrode" for arc in arcs):
        reasons.append(
            Reason("note", "electrode-arc", "an arc belongs to an electrode; R_total leaves it out")
        )
    return reasons
