"""Tails on depressed arcs: what is left of the arc under the tail must be within its error."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.simulate import Arc, Pellet, add_noise, log_frequencies
from labkit.eis.tail import TailFit, fit_tail


def depressed(rng: np.random.Generator) -> tuple[Pellet, TailFit]:
    """Draw two overlapping arcs of n down to 0.65, of n 0.5 to 0.95 the tail, and fit the tail."""
    resistance = 10 ** rng.uniform(2, 6.5)
    share, tail_n = rng.uniform(0.05, 0.5), rng.uniform(0.5, 0.95)
    large = 10 ** rng.uniform(-11.5, -9.5)
    small = large / 10 ** rng.uniform(0.3, 1.5)
    apex_hz = 1 / (2 * np.pi * (1 - share) * resistance * large)
    crossing_hz = apex_hz / 10 ** rng.uniform(2.5, 5.5)
    pellet = Pellet(
        arcs=(
            Arc(share * resistance, small, rng.uniform(0.75, 0.95)),
            Arc((1 - share) * resistance, large, rng.uniform(0.65, 0.9)),
        ),
        tail_q=1 / (resistance * (2 * np.pi * crossing_hz) ** tail_n),
        tail_n=tail_n,
    )
    high_hz, low_hz = min(7e6, max(100 * apex_hz, 1e3)), crossing_hz / 10 ** rng.uniform(0.5, 2)
    frequency = log_frequencies(high_hz, low_hz, rng.choice([6.0, 8.0, 10.0]))
    noise = 10 ** rng.uniform(-3.5, -2.3)
    return pellet, fit_tail((frequency, add_noise(pellet.impedance(frequency), noise, rng)))


@pytest.fixture(scope="module")
def fitted() -> list[tuple[Pellet, TailFit]]:
    rng = np.random.default_rng(5)
    return [depressed(rng) for _ in range(150)]


def test_the_intervals_cover_the_truth(fitted: list[tuple[Pellet, TailFit]]) -> None:
    accepted = [(truth, fit) for truth, fit in fitted if fit.verdict == "accepted"]
    assert len(accepted) >= 0.9 * len(fitted)
    score = np.array(
        [
            (fit.resistance_ohm - truth.resistance_ohm) / fit.resistance.total
            for truth, fit in accepted
        ]
    )
    assert np.mean(np.abs(score) < 1.0) >= 0.68
    assert np.mean(np.abs(score) < 1.96) >= 0.93


def test_the_arc_lowers_r_by_little(fitted: list[tuple[Pellet, TailFit]]) -> None:
    error = [fit.resistance_ohm / truth.resistance_ohm - 1 for truth, fit in fitted]
    assert -0.003 < np.median(error) < 0
    assert np.percentile(np.abs(error), 90) < 0.02
