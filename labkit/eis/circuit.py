"""Fits of equivalent circuits: one string, or a small family from which the data choose.

Least squares in logarithms of the parameters from several starts, weights 1/|Z|^2, exact
derivatives. ``auto`` fits a blocking electrode with no, one or two arcs, with and without series
resistance and inductance, and takes the smallest corrected Akaike criterion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from labkit.eis.circuit_result import (
    CircuitFit,
    FittedArc,
    Parameter,
    Solution,
    describe,
    nodes_in_series,
)
from labkit.eis.circuit_starts import Hints, draw_starts, look
from labkit.eis.circuit_string import Circuit, CircuitError, Parallel, parse_circuit
from labkit.eis.least_squares import BatchFit, BatchModel, minimise
from labkit.eis.spectrum import FloatArray, Points, SpectrumError, SpectrumLike, usable_points
from labkit.eis.tail_checks import SHALLOW_N
from labkit.eis.window import choose_window, find_tail

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
STARTS = {0: 2, 1: 3, 2: 7}
"""Starts of a circuit by its number of arcs; three or more arcs take 16."""
WHITE = 2.0
"""Standard deviations up to which a correlation of neighbouring residuals is noise."""
LOOSELY = 1e-4
"""Relative tolerance while circuits and starts compete; the winner goes on to 1e-9."""
CANNOT_TELL = 2.0
"""Circuits within this difference of AICc are equally supported (Burnham and Anderson, 2002)."""


def fit_circuit(
    spectrum: SpectrumLike,
    circuit: str = "auto",
    *,
    mask: Mapping[int, str] | None = None,
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
    mask
        Points to leave out: reason by index in the order of measurement.
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
        inductor = "L" in {element.kind for element in parsed.elements}
        points = usable_points(spectrum, mask=mask, keep_inductive=inductor)
        solution = _solve(parsed, points, guess, starts, seed)
        if solution is None:
            raise SpectrumError(
                f"{points.frequency_hz.size} points are too few for the "
                f"{len(parsed.names)} parameters of {circuit}"
            )
        return describe(_polished(solution), ((circuit, solution.aicc),))
    return _choose(spectrum, mask or {}, guess, starts, seed)


def _choose(
    spectrum: SpectrumLike,
    mask: Mapping[int, str],
    guess: dict[str, float] | None,
    starts: int | None,
    seed: int,
) -> CircuitFit:
    """Fit the family and take the circuit with the smallest AICc.

    Where the tail's exponent drifts at low frequency no circuit of the family fits; the points
    below the window of the tail, which know nothing of the pellet, are then left out.
    """
    points = usable_points(spectrum, mask=mask)
    inductive = any(point.reason == "inductive" for point in points.masked)
    # Inductive points are masked unless the circuit can describe them.
    everything = points
    if inductive:
        everything = usable_points(spectrum, mask=mask, keep_inductive=True)
    fit = _fit_family(everything, inductive, guess, starts, seed)
    if "circuit-misfit" not in fit.reasons:
        return fit
    branch = find_tail(points)
    if branch is None or branch.turns_back:
        return fit
    chosen = choose_window(points, branch)
    if chosen is None or np.arctan2(1, chosen.fits.slope[chosen.best]) < SHALLOW_N * np.pi / 2:
        return fit
    lowest = float(points.frequency_hz[chosen.last])
    below = {
        int(i): "below-tail-window"
        for i, f in zip(everything.index, everything.frequency_hz)
        if f < lowest
    }
    kept = usable_points(spectrum, mask={**mask, **below}, keep_inductive=inductive)
    again = _fit_family(kept, inductive, guess, starts, seed)
    return again if again.rms < 0.7 * fit.rms else fit


def _fit_family(
    points: Points,
    inductive: bool,
    guess: dict[str, float] | None,
    starts: int | None,
    seed: int,
) -> CircuitFit:
    branch = find_tail(points)
    family = WITHOUT_TAIL if branch is None else WITH_TAIL[1:] if branch.has_arc else WITH_TAIL
    hints = look(points)
    solved: list[Solution] = []
    for text in family:
        name = f"L0-{text}" if inductive else text
        known = {k: v for k, v in (guess or {}).items() if k in parse_circuit(name).names}
        solution = _solve(parse_circuit(name), points, known, starts, seed, hints)
        if solution is not None:
            solved.append(solution)
            if _nothing_left(solution.circuit, points, solution.internal, solution.cost):
                break  # more elements would fit nothing but noise
    if not solved:
        raise SpectrumError(f"{points.frequency_hz.size} points are too few for any circuit")
    smallest = min(s.aicc for s in solved)
    # Among circuits that the data cannot tell apart, the one with fewer parameters.
    close = [s for s in solved if s.aicc - smallest < CANNOT_TELL]
    best = min(close, key=lambda s: len(s.circuit.names))
    best = _try_warburg(best, points, starts, seed)
    tried = {s.circuit.text: s.aicc for s in [*solved, best]}
    return describe(_polished(best), tuple(tried.items()))


def _try_warburg(best: Solution, points: Points, starts: int | None, seed: int) -> Solution:
    """Replace the CPE of the electrode by a Warburg element where n = 1/2 fits as well."""
    if not best.circuit.text.endswith("-CPE0"):
        return best
    n = float(best.circuit.to_values(best.internal)[best.circuit.names.index("CPE0_1")])
    if abs(n - 0.5) > 0.05:
        return best
    text = best.circuit.text.removesuffix("CPE0") + "W0"
    warburg = _solve(parse_circuit(text), points, None, starts, seed)
    return warburg if warburg is not None and warburg.aicc <= best.aicc else best


def _model_of(circuit: Circuit, points: Points) -> BatchModel:
    omega = 2 * np.pi * points.frequency_hz
    return lambda p: circuit.with_gradient(p, omega)


def _nothing_left(circuit: Circuit, points: Points, internal: FloatArray, cost: float) -> bool:
    """Say whether residuals are noise: near the noise estimated, and without memory.

    The noise is known to a fifth at best, so that its size alone does not decide. Residuals of a
    wrong circuit follow each other along the frequencies; the lag-one correlation of 2n white
    residuals has a standard deviation of 1/sqrt(2n).
    """
    n = points.z_ohm.size
    if cost > (2 * points.noise) ** 2 * 2 * n:
        return False
    z, _ = _model_of(circuit, points)(internal[None])
    relative = (points.z_ohm - z[0]) / np.abs(points.smooth_ohm)
    product = float(np.sum((relative[1:] * relative[:-1].conj()).real))
    return product / max(float(np.sum(np.abs(relative) ** 2)), 1e-300) < WHITE / math.sqrt(2 * n)


def _from_starts(circuit: Circuit, points: Points, start: FloatArray) -> BatchFit:
    """Minimise from the suggested start; from all others too unless that leaves only noise."""
    weight = 1 / np.abs(points.smooth_ohm)
    model = _model_of(circuit, points)

    def carry_on(p: FloatArray, rounds: int) -> BatchFit:
        return minimise(model, p, points.z_ohm, weight, rounds=rounds, relative_tolerance=LOOSELY)

    suggested = carry_on(start[:1], 30)
    done = _nothing_left(circuit, points, suggested.parameters[0], float(suggested.cost[0]))
    if start.shape[0] == 1 or done:
        return suggested
    # A few rounds sort the starts; only the promising half is carried to the end.
    first = carry_on(start[1:], 8)
    kept = np.argsort(first.cost)[: max(1, start.shape[0] // 2)]
    return suggested.joined(carry_on(first.parameters[kept], 30))


def _polished(solution: Solution) -> Solution:
    """Carry the best end to full convergence."""
    points = solution.points
    end = minimise(
        _model_of(solution.circuit, points),
        solution.internal[None],
        points.z_ohm,
        1 / np.abs(points.smooth_ohm),
        rounds=100,
        relative_tolerance=1e-9,
    )
    return replace(
        solution, internal=end.parameters[0], cost=float(end.cost[0]), normal=end.normal[0]
    )


def _solve(
    circuit: Circuit,
    points: Points,
    guess: dict[str, float] | None,
    starts: int | None,
    seed: int,
    hints: Hints | None = None,
) -> Solution | None:
    count, size = 2 * points.z_ohm.size, len(circuit.names)
    if count < size + 3:
        return None
    arcs = sum(isinstance(node, Parallel) for node in nodes_in_series(circuit))
    number = starts or STARTS.get(arcs, 16)
    start = draw_starts(circuit, points, number, guess, seed, hints)
    end = _from_starts(circuit, points, start)
    best = int(np.argmin(end.cost))
    cost = float(end.cost[best])
    if not math.isfinite(cost):
        return None
    aicc = count * math.log(max(cost, 1e-30) / count) + 2 * size
    aicc += 2 * size * (size + 1) / (count - size - 1)
    return Solution(
        circuit=circuit,
        internal=end.parameters[best],
        cost=cost,
        normal=end.normal[best],
        aicc=aicc,
        agreeing=int(np.sum(end.cost < 1.02 * cost)),
        starts=int(end.cost.size),
        points=points,
    )
