"""Starting values of a circuit, read off the spectrum and varied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labkit.eis.circuit_string import (
    N_LOW,
    Circuit,
    CircuitError,
    Element,
    Node,
    Parallel,
    Series,
)
from labkit.eis.cpe import fit_cpe
from labkit.eis.spectrum import FloatArray, Points
from labkit.eis.window import find_tail


@dataclass(frozen=True, slots=True)
class Hints:
    """What a look at the spectrum says before any circuit: R_total, its tail, and its arcs.

    `high` and `low` are the logarithms of the angular frequencies between which arcs may lie;
    `apex` is the angular frequency of the highest point of -Z'' above the tail, `depth` its height
    over R_total (0.5 for a full semicircle).
    """

    total_ohm: float
    tail_q: float
    tail_n: float
    high: float
    low: float
    apex: float
    depth: float


def look(points: Points) -> Hints:
    """Read starting values off a spectrum."""
    omega = 2 * np.pi * points.frequency_hz
    smooth = points.smooth_ohm
    branch = find_tail(points)
    end = branch.start if branch is not None else omega.size - 1
    total = float(smooth.real[end])
    height = float(max(-smooth.imag[-1], 0.1 * abs(smooth[-1])))
    tail_n, tail_q = 0.9, float(omega[-1] ** -0.9 / height)
    if branch is not None:
        from_here = min(end, omega.size - 6)
        tail = fit_cpe(points.frequency_hz[from_here:], points.z_ohm[from_here:], points.noise)
        if tail.converged and tail.resistance_ohm > 0 and N_LOW < tail.n < 1.1:
            total, tail_n, tail_q = tail.resistance_ohm, min(tail.n, 0.995), tail.q
    if not total > 0:
        total = float(np.abs(smooth).min())
    above = -smooth.imag[: max(end, 1)]
    top = int(np.argmax(above))
    high, low = float(np.log(3 * omega[0])), float(np.log(omega[max(end - 1, 0)]))
    return Hints(
        total_ohm=total,
        tail_q=tail_q,
        tail_n=tail_n,
        high=max(high, low + float(np.log(100.0))),
        low=low,
        apex=float(omega[top]),
        depth=float(np.clip(above[top] / total, 0.05, 0.5)),
    )


def draw_starts(
    circuit: Circuit,
    points: Points,
    count: int,
    guess: dict[str, float] | None = None,
    seed: int = 0,
    hints: Hints | None = None,
) -> FloatArray:
    """Draw starting values.

    The first start is what the spectrum suggests. In the others arcs get apex frequencies spread
    over the part of the spectrum above the tail and random shares of its resistance, and the
    elements of the electrode values about those of the tail.

    Parameters
    ----------
    circuit
        The circuit.
    points
        The spectrum.
    count
        Number of starts.
    guess
        Values by name; the first start takes them as they are.
    seed
        Seed of the variation.
    hints
        Result of `look`, where it is at hand.

    Returns
    -------
    ndarray, shape (count, parameters)
        Internal parameters.

    Raises
    ------
    CircuitError
        If the guess names a parameter that the circuit does not have.
    """
    unknown = set(guess or {}) - set(circuit.names)
    if unknown:
        raise CircuitError(
            f"{circuit.text} has no parameter {', '.join(sorted(unknown))}; "
            f"it has {', '.join(circuit.names)}"
        )
    rng = np.random.default_rng(seed)
    hints = hints or look(points)
    nodes = list(circuit.root.parts) if isinstance(circuit.root, Series) else [circuit.root]
    arcs = [node for node in nodes if isinstance(node, Parallel)]
    values = np.ones((count, len(circuit.names)))
    for start in range(count):
        # Apex frequencies from high to low, one per arc, in strata so that starts differ.
        edges = np.linspace(hints.high, hints.low, len(arcs) + 1)
        jitter = rng.uniform(0.0, 1.0, len(arcs)) if start else np.full(len(arcs), 0.5)
        apex = np.exp(edges[:-1] + jitter * (edges[1:] - edges[:-1]))
        share = rng.dirichlet(np.ones(len(arcs) + 1)) if start else np.ones(len(arcs) + 1)
        share = share / share.sum()
        if start == 0 and len(arcs) == 1:
            apex[0], share[0], share[-1] = hints.apex, 1.0, 0.05
        for k, node in enumerate(arcs):
            # A depressed arc of exponent n is tan(n pi/4)/2 high.
            n = 4 / np.pi * np.arctan(2 * hints.depth) if start == 0 and len(arcs) == 1 else 0.0
            _fill_arc(
                node,
                values[start],
                float(apex[k]),
                float(share[k]) * hints.total_ohm,
                circuit,
                float(np.clip(n, 0.6, 0.98)) if n else float(rng.uniform(0.75, 0.97)),
            )
        rest = hints.total_ohm if not arcs else float(share[-1]) * hints.total_ohm
        for part in nodes:
            if isinstance(part, Element):
                _fill_alone(part, values[start], points, rest, hints, rng, start)
    if guess:
        for name, value in guess.items():
            values[0, circuit.names.index(name)] = value
    return circuit.to_internal(values)


def _fill_arc(
    node: Node,
    values: FloatArray,
    apex: float,
    resistance: float,
    circuit: Circuit,
    n: float,
) -> None:
    """Give the elements of a parallel part values whose time constants meet at `apex`."""
    if isinstance(node, (Series, Parallel)):
        for part in node.parts:
            _fill_arc(part, values, apex, resistance, circuit, n)
        return
    resistance = max(resistance, 1e-9)
    by_kind: dict[str, tuple[float, ...]] = {
        "R": (resistance,),
        "C": (1 / (apex * resistance),),
        "L": (resistance / apex,),
        "CPE": (apex**-n / resistance, n),
        "W": (resistance * apex**0.5,),
        "Wo": (resistance, 1 / apex),
        "Ws": (resistance, 1 / apex),
        "K": (resistance, 1 / apex),
        "Zarc": (resistance, 1 / apex, n),
    }
    values[node.first : node.first + node.size] = by_kind[node.kind]


def _fill_alone(
    node: Element,
    values: FloatArray,
    points: Points,
    resistance: float,
    hints: Hints,
    rng: np.random.Generator,
    start: int,
) -> None:
    """Give an element in series at the top its value from the end of the spectrum it rules."""
    omega = 2 * np.pi * points.frequency_hz
    low = float(max(-points.smooth_ohm.imag[-1], 0.1 * abs(points.smooth_ohm[-1])))
    n = hints.tail_n if start == 0 else float(rng.uniform(0.5, 0.98))
    q = hints.tail_q if start == 0 else omega[-1] ** -n / low
    spread = 1.0 if start == 0 else float(np.exp(rng.normal(0.0, 0.7)))
    apex = float(omega[rng.integers(0, omega.size)])
    by_kind: dict[str, tuple[float, ...]] = {
        "R": (max(resistance * spread, 1e-9),),
        "C": (1 / (omega[-1] * low) * spread,),
        "L": (max(abs(points.smooth_ohm[0].imag), 0.01 * abs(points.smooth_ohm[0])) / omega[0],),
        "CPE": (q * spread, n),
        "W": (low * omega[-1] ** 0.5 * spread,),
        "Wo": (resistance, 1 / apex),
        "Ws": (resistance, 1 / apex),
        "K": (resistance, 1 / apex),
        "Zarc": (resistance, 1 / apex, 0.9),
    }
    values[node.first : node.first + node.size] = by_kind[node.kind]
