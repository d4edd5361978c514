"""Fits of equivalent circuits: one string, or a small family from which the data choose.

Least squares in logarithms of the parameters from several starts, weights 1/|Z|^2, exact
derivatives. ``auto`` fits a blocking electrode with no, one or two arcs, with and without series
resistance and inductance, and takes the smallest corrected Akaike criterion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from labkit.eis.circuit_starts import draw_starts
from labkit.eis.circuit_string import (
    N_HIGH,
    N_LOW,
    Circuit,
    CircuitError,
    Element,
    Parallel,
    Series,
    parse_circuit,
)
from labkit.eis.least_squares import minimise
from labkit.eis.spectrum import (
    ComplexArray,
    FloatArray,
    MaskedPoint,
    Points,
    SpectrumError,
    SpectrumLike,
    usable_points,
)
from labkit.eis.verdict import Reason, Verdict, conclude
from labkit.eis.window import choose_window, find_tail
from labkit.json_ready import json_ready

__all__ = ["CircuitError", "CircuitFit", "FittedArc", "Parameter", "fit_circuit"]

WITH_TAIL = (
    "R0-CPE0",
    "p(R1,CPE1)-CPE0",
    "R0-p(R1,CPE1)-CPE0",
    "p(R1,CPE1)-p(R2,CPE2)-CPE0",
    "R0-p(R1,CPE1)-p(R2,CPE2)-CPE0",
)
WITHOUT_TAIL = (
    "p(R1,CPE1)",
    "R0-p(R1,CPE1)",
    "p(R1,CPE1)-p(R2,CPE2)",
    "R0-p(R1,CPE1)-p(R2,CPE2)",
)
STARTS = {0: 3, 1: 4, 2: 10}
"""Starts of a circuit by its number of arcs; three or more arcs take 16."""
CANNOT_TELL = 2.0
"""Circuits within this difference of AICc are equally supported (Burnham and Anderson, 2002)."""
ELECTRODE_F, GRAIN_BOUNDARY_F = 5e-8, 1e-8


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
class _Solution:
    circuit: Circuit
    internal: FloatArray
    cost: float
    normal: FloatArray
    aicc: float
    agreeing: int
    starts: int
    points: Points


def fit_circuit(
    spectrum: SpectrumLike,
    circuit: str = "auto",
    *,
    guess: dict[str, float] | None = None,
    starts: int | None = None,
    seed: int = 0,
) -> CircuitFit:
    """Fit an equivalent circuit.

    Parameters
    ----------
    spectrum
        A record with `frequency_hz` and `z_ohm`, or the pair of arrays.
    circuit
        A string in impedance.py's syntax, or ``"auto"``.
    guess
        Starting values by parameter name, used beside the drawn ones.
    starts
        Number of starts; None: 3 to 16 by the number of arcs.
    seed
        Seed of the drawn starts.

    Returns
    -------
    CircuitFit

    Raises
    ------
    SpectrumError
        If the spectrum has too few points for the circuit.
    CircuitError
        If the string cannot be read.
    """
    if circuit != "auto":
        parsed = parse_circuit(circuit)
        points = usable_points(spectrum, keep_inductive="L" in {e.kind for e in parsed.elements})
        solution = _solve(parsed, points, guess, starts, seed)
        if solution is None:
            raise SpectrumError(
                f"{points.frequency_hz.size} points are too few for the "
                f"{len(parsed.names)} parameters of {circuit}"
            )
        return _describe(solution, ((circuit, solution.aicc),))
    return _choose(spectrum, guess, starts, seed)


def _choose(
    spectrum: SpectrumLike, guess: dict[str, float] | None, starts: int | None, seed: int
) -> CircuitFit:
    """Fit the family and take the circuit with the smallest AICc.

    Where the tail's exponent drifts at low frequency no circuit of the family fits; the points
    below the window of the tail, which know nothing of the pellet, are then left out.
    """
    points = usable_points(spectrum)
    inductive = any(point.reason == "inductive" for point in points.masked)
    # Inductive points are masked unless the circuit can describe them.
    everything = usable_points(spectrum, keep_inductive=True) if inductive else points
    fit = _fit_family(everything, inductive, guess, starts, seed)
    if "circuit-misfit" not in fit.reasons:
        return fit
    branch = find_tail(points)
    chosen = choose_window(points, branch) if branch is not None else None
    if chosen is None:
        return fit
    lowest = float(points.frequency_hz[chosen.last])
    below = {
        int(i): "below-tail-window"
        for i, f in zip(everything.index, everything.frequency_hz)
        if f < lowest
    }
    kept = usable_points(spectrum, mask=below, keep_inductive=inductive)
    again = _fit_family(kept, inductive, guess, starts, seed)
    return again if again.rms < 0.7 * fit.rms else fit


def _fit_family(
    points: Points,
    inductive: bool,
    guess: dict[str, float] | None,
    starts: int | None,
    seed: int,
) -> CircuitFit:
    family = WITH_TAIL if find_tail(points) is not None else WITHOUT_TAIL
    solved: list[_Solution] = []
    for text in family:
        name = f"L0-{text}" if inductive else text
        known = {k: v for k, v in (guess or {}).items() if k in parse_circuit(name).names}
        solution = _solve(parse_circuit(name), points, known, starts, seed)
        if solution is not None:
            solved.append(solution)
            if solution.cost / (2 * points.z_ohm.size) < (1.02 * points.noise) ** 2:
                break  # at the noise: more elements would fit nothing but noise
    if not solved:
        raise SpectrumError(f"{points.frequency_hz.size} points are too few for any circuit")
    smallest = min(s.aicc for s in solved)
    # Among circuits that the data cannot tell apart, the one with fewer parameters.
    close = [s for s in solved if s.aicc - smallest < CANNOT_TELL]
    best = min(close, key=lambda s: len(s.circuit.names))
    best = _try_warburg(best, points, starts, seed)
    tried = {s.circuit.text: s.aicc for s in [*solved, best]}
    return _describe(best, tuple(tried.items()))


def _try_warburg(best: _Solution, points: Points, starts: int | None, seed: int) -> _Solution:
    """Replace the CPE of the electrode by a Warburg element where n = 1/2 fits as well."""
    if not best.circuit.text.endswith("-CPE0"):
        return best
    n = float(best.circuit.to_values(best.internal)[best.circuit.names.index("CPE0_1")])
    if abs(n - 0.5) > 0.05:
        return best
    text = best.circuit.text.removesuffix("CPE0") + "W0"
    warburg = _solve(parse_circuit(text), points, None, starts, seed)
    return warburg if warburg is not None and warburg.aicc <= best.aicc else best


def _solve(
    circuit: Circuit,
    points: Points,
    guess: dict[str, float] | None,
    starts: int | None,
    seed: int,
) -> _Solution | None:
    count, size = 2 * points.z_ohm.size, len(circuit.names)
    if count < size + 3:
        return None
    arcs = sum(isinstance(node, Parallel) for node in _nodes(circuit))
    number = starts or STARTS.get(arcs, 16)
    start = draw_starts(circuit, points, number, guess, seed)
    weight = 1 / np.abs(points.smooth_ohm)
    omega = 2 * np.pi * points.frequency_hz
    # A few rounds sort the starts; only the promising half is carried to the end.
    first = minimise(
        lambda p: circuit.with_gradient(p, omega), start, points.z_ohm, weight, rounds=12
    )
    kept = np.argsort(first.cost)[: max(2, (number + 1) // 2)]
    end = minimise(
        lambda p: circuit.with_gradient(p, omega), first.parameters[kept], points.z_ohm, weight
    )
    best = int(np.argmin(end.cost))
    cost = float(end.cost[best])
    if not math.isfinite(cost):
        return None
    aicc = count * math.log(max(cost, 1e-30) / count) + 2 * size
    aicc += 2 * size * (size + 1) / (count - size - 1)
    return _Solution(
        circuit=circuit,
        internal=end.parameters[best],
        cost=cost,
        normal=end.normal[best],
        aicc=aicc,
        agreeing=int(np.sum(end.cost < 1.01 * cost)),
        starts=int(kept.size),
        points=points,
    )


def _nodes(circuit: Circuit) -> list[Element | Series | Parallel]:
    """List the parts in series at the top of a circuit."""
    return list(circuit.root.parts) if isinstance(circuit.root, Series) else [circuit.root]


def _describe(solution: _Solution, candidates: tuple[tuple[str, float], ...]) -> CircuitFit:
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
    for node in _nodes(circuit):
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
    and West, Adv. Mater. 2 (1990) 132). One arc alone is not called bulk or grain boundary.
    """
    found: list[tuple[float, float, Element, float, float]] = []
    for resistor, capacitive in _arc_elements(circuit):
        r, q = float(values[resistor.first]), float(values[capacitive.first])
        n = float(values[capacitive.first + 1]) if capacitive.kind == "CPE" else 1.0
        tau = math.exp((math.log(r) + math.log(q)) / n)
        found.append((tau / r, tau, resistor, q, n))
    found.sort(key=lambda item: item[0])
    pellet = [item for item in found if item[0] < ELECTRODE_F]
    arcs: list[FittedArc] = []
    for capacitance, tau, resistor, q, n in found:
        if capacitance >= ELECTRODE_F:
            role = "electrode"
        elif len(pellet) < 2:
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
    alone = [node for node in _nodes(circuit) if isinstance(node, Element) and node.kind == "R"]
    for element in [*in_arcs, *alone]:
        if element.name not in of_electrodes:
            counted[element.first] = 1.0
    gradient = counted * slope
    return float(counted @ values), math.sqrt(max(float(gradient @ covariance @ gradient), 0.0))


def _reasons(
    solution: _Solution,
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
