"""Many starts at once end where one start alone would."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.circuit_string import parse_circuit
from labkit.eis.least_squares import minimise

CIRCUIT = parse_circuit("R0-p(R1,CPE1)")
OMEGA = 2 * np.pi * np.geomspace(1e6, 1.0, 60)
TRUTH = CIRCUIT.to_internal(np.array([50.0, 1000.0, 1e-7, 0.9]))
Z = CIRCUIT.with_gradient(TRUTH[None], OMEGA)[0][0]


def model(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return CIRCUIT.with_gradient(p, OMEGA)


def test_every_near_start_finds_the_truth_without_noise() -> None:
    rng = np.random.default_rng(1)
    start = TRUTH + rng.normal(0.0, 0.5, (8, TRUTH.size))
    end = minimise(model, start, Z, 1 / np.abs(Z), relative_tolerance=1e-12)
    assert end.converged.all()
    assert end.parameters == pytest.approx(np.tile(TRUTH, (8, 1)), abs=1e-3)


def test_a_stack_equals_its_members() -> None:
    rng = np.random.default_rng(2)
    start = TRUTH + rng.normal(0.0, 0.5, (3, TRUTH.size))
    noisy = Z * (1 + 0.01 * rng.standard_normal(Z.size))
    together = minimise(model, start, noisy, 1 / np.abs(Z))
    alone = [minimise(model, start[k : k + 1], noisy, 1 / np.abs(Z)) for k in range(3)]
    assert together.cost == pytest.approx([fit.cost[0] for fit in alone])
    joined = alone[0].joined(alone[1])
    assert joined.cost.shape == (2,)
    assert joined.normal.shape == (2, TRUTH.size, TRUTH.size)


def test_a_start_that_is_not_finite_stays_out_of_the_way() -> None:
    start = np.stack([TRUTH + 0.2, np.full(TRUTH.size, np.nan)])
    end = minimise(model, start, Z, 1 / np.abs(Z))
    assert end.cost[0] < 1e-6
    assert np.isinf(end.cost[1])
