"""The two small complex fits: R + CPE, and R + arc."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.cpe import fit_arc, fit_cpe
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet


@pytest.mark.parametrize("n", [0.5, 0.75, 1.0])
@pytest.mark.parametrize("resistance", [10.0, 1e6])
def test_r_and_cpe_are_found_exactly_without_noise(n: float, resistance: float) -> None:
    q = 1 / (resistance * (2 * np.pi * 100) ** n)
    pellet = Pellet(series_ohm=resistance, tail_q=q, tail_n=n)
    fit = fit_cpe(*simulate_pellet(pellet, log_frequencies(1e3, 1), noise=0.0))
    assert fit.converged
    assert fit.resistance_ohm == pytest.approx(resistance, rel=1e-4)
    assert fit.n == pytest.approx(n, abs=1e-5)
    assert fit.q == pytest.approx(q, rel=1e-4)


def test_the_standard_error_is_the_scatter() -> None:
    pellet = Pellet(series_ohm=1000.0, tail_q=1e-6, tail_n=0.9)
    fits = [
        fit_cpe(*simulate_pellet(pellet, log_frequencies(1e3, 10), noise=0.01, seed=seed))
        for seed in range(200)
    ]
    scatter = np.std([fit.resistance_ohm for fit in fits])
    assert np.median([fit.resistance_se_ohm for fit in fits]) == pytest.approx(scatter, rel=0.15)
    assert np.mean([fit.resistance_ohm for fit in fits]) == pytest.approx(1000, rel=0.003)


def test_an_arc_gives_its_intercept_and_capacitance() -> None:
    pellet = Pellet(series_ohm=50.0, arcs=(Arc(1e4, 1e-10, 0.85),), tail_q=0.0)
    fit = fit_arc(*simulate_pellet(pellet, log_frequencies(1e7, 1e3), noise=0.002, seed=1))
    assert fit.converged
    assert fit.intercept_ohm == pytest.approx(10050, rel=0.005)
    assert fit.capacitance_F == pytest.approx(1e-10, rel=0.02)
    assert fit.n == pytest.approx(0.85, abs=0.01)
