"""Starting values of a circuit, read off the spectrum and varied."""

from __future__ import annotations

import numpy as np

from labkit.eis.circuit_string import Circuit, CircuitError, Element, Node, Parallel, Series
from labkit.eis.spectrum import FloatArray, Points
from labkit.eis.window import find_tail


def draw_starts(
    circuit: Circuit,
    points: Points,
    count: int,
    guess: dict[str, float] | None = None,
    seed: int = 0,
) -> FloatArray:
    """Draw starting values.

    Arcs get apex frequencies spread over the part of the spectrum above the tail, and shares of
    its resistance; elements of the electrode get the impedance at the low end.

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
    omega = 2 * np.pi * points.frequency_hz
    branch = find_tail(points)
    end = branch.start if branch is not None else omega.size - 1
    real = points.smooth_ohm.real
    total = float(max(real[end], 0.05 * np.abs(points.smooth_ohm).max() if end == 0 else 0.0))
    total = total if total > 0 else float(np.abs(points.smooth_ohm).min())
    high, low = np.log(3 * omega[0]), np.log(omega[max(end - 1, 0)])
    high = max(high, low + np.log(100.0))
    nodes = list(circuit.root.parts) if isinstance(circuit.root, Series) else [circuit.root]
    arcs = [node for node in nodes if isinstance(node, Parallel)]
    values = np.ones((count, len(circuit.names)))
    for start in range(count):
        # Apex frequencies from high to low, one per arc, in strata so that starts differ.
        edges = np.linspace(high, low, len(arcs) + 1)
        jitter = rng.uniform(0.0, 1.0, len(arcs)) if start else np.full(len(arcs), 0.5)
        apex = np.exp(edges[:-1] + jitter * (edges[1:] - edges[:-1]))
        share = rng.dirichlet(np.ones(len(arcs) + 1)) if start else np.ones(len(arcs) + 1)
        share = share / share.sum()
        for k, node in enumerate(arcs):
            _fill_arc(node, values[start], float(apex[k]), float(share[k]) * total, circuit, rng)
        for part in nodes:
            if isinstance(part, Element):
                _fill_alone(part, values[start], points, float(share[-1]) * total, rng, start)
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
    rng: np.random.Generator,
) -> None:
    """Give the elements of a parallel part values whose time constants meet at `apex`."""
    if isinstance(node, (Series, Parallel)):
        for part in node.parts:
            _fill_arc(part, values, apex, resistance, circuit, rng)
        return
    resistance = max(resistance, 1e-9)
    n = float(rng.uniform(0.75, 0.97))
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
    rng: np.random.Generator,
    start: int,
) -> None:
    """Give an element in series at the top its value from the end of the spectrum it rules."""
    omega = 2 * np.pi * points.frequency_hz
    low = float(max(-points.smooth_ohm.imag[-1], 0.1 * abs(points.smooth_ohm[-1])))
    first_real = float(max(points.smooth_ohm.real[0], 1e-3 * abs(points.smooth_ohm[0])))
    n = 0.9 if start == 0 else float(rng.uniform(0.5, 0.98))
    spread = 1.0 if start == 0 else float(np.exp(rng.normal(0.0, 0.7)))
    apex = float(omega[rng.integers(0, omega.size)])
    by_kind: dict[str, tuple[float, ...]] = {
        "R": (max(min(first_real, resistance) * spread, 1e-9),),
        "C": (1 / (omega[-1] * low) * spread,),
        "L": (max(abs(points.smooth_ohm[0].imag), 0.01 * abs(points.smooth_ohm[0])) / omega[0],),
        "CPE": (omega[-1] ** -n / low * spread, n),
        "W": (low * omega[-1] ** 0.5 * spread,),
        "Wo": (resistance, 1 / apex),
        "Ws": (resistance, 1 / apex),
        "K": (resistance, 1 / apex),
        "Zarc": (resistance, 1 / apex, 0.9),
    }
    values[node.first : node.first + node.size] = by_kind[node.kind]
