"""Starting values: read off the spectrum, varied, and a person's guess as it is."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.circuit_starts import draw_starts, look
from labkit.eis.circuit_string import CircuitError, parse_circuit
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.eis.spectrum import usable_points

PELLET = Pellet(arcs=(Arc(1000.0, 1e-10, 0.9),), tail_q=1e-6, tail_n=0.85)
POINTS = usable_points(simulate_pellet(PELLET, log_frequencies(7e6, 0.1), noise=0.003, seed=1))
CIRCUIT = parse_circuit("p(R1,CPE1)-CPE0")


def test_a_look_sees_the_total_the_tail_and_the_arc() -> None:
    hints = look(POINTS)
    assert hints.total_ohm == pytest.approx(1000, rel=0.1)
    assert hints.tail_n == pytest.approx(0.85, abs=0.02)
    assert hints.tail_q == pytest.approx(1e-6, rel=0.1)
    assert hints.apex == pytest.approx(1 / PELLET.arcs[0].tau_s, rel=0.5)


def test_the_first_start_is_near_the_truth_and_the_others_differ() -> None:
    values = CIRCUIT.to_values(draw_starts(CIRCUIT, POINTS, 6, seed=1))
    assert values[0, 0] == pytest.approx(1000, rel=0.1)
    assert values[0, 2] == pytest.approx(0.9, abs=0.1)
    assert np.unique(values[:, 0]).size == 6
    assert np.all(values > 0)


def test_a_guess_is_the_first_start() -> None:
    guess = {"R1": 123.0, "CPE0_1": 0.7}
    values = CIRCUIT.to_values(draw_starts(CIRCUIT, POINTS, 3, guess))
    assert values[0, 0] == pytest.approx(123.0)
    assert values[0, 4] == pytest.approx(0.7)
    with pytest.raises(CircuitError, match="no parameter R7"):
        draw_starts(CIRCUIT, POINTS, 3, {"R7": 1.0})


@pytest.mark.parametrize("text", ["R0-K1-Zarc2-C3", "L0-R0-p(R1-Wo1,CPE1)-Ws2", "R0-W1"])
def test_every_kind_of_element_gets_values(text: str) -> None:
    circuit = parse_circuit(text)
    start = draw_starts(circuit, POINTS, 4)
    assert start.shape == (4, len(circuit.names))
    assert np.all(np.isfinite(start))
    z, _ = circuit.with_gradient(start, 2 * np.pi * POINTS.frequency_hz)
    assert np.all(np.isfinite(z))
