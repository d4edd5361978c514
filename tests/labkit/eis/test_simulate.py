"""Simulated spectra obey the physics they claim."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labkit.arrhenius import fit_arrhenius
from labkit.eis.simulate import (
    Arc,
    Pellet,
    log_frequencies,
    simulate_pellet,
    simulate_temperature_series,
    two_arcs,
)
from labkit.eis.spectrum import SpectrumError


def test_the_sign_is_that_of_physics_and_the_limits_are_right() -> None:
    pellet = Pellet(arcs=two_arcs(300.0, 700.0), tail_q=1e-6, tail_n=0.9)
    assert pellet.resistance_ohm == 1000.0
    assert np.all(pellet.impedance(log_frequencies(1e7, 0.1)).imag < 0)
    assert abs(pellet.impedance(1e13)) < 1.0
    leaking = Pellet(series_ohm=1000.0, leakage_ohm=1e6)
    assert leaking.impedance(1e-9) == pytest.approx(1.001e6, rel=1e-3)


def test_an_arc_has_its_apex_at_its_time_constant() -> None:
    arc = Arc(1e4, 1e-10, 1.0)
    z = Pellet(arcs=(arc,), tail_q=0.0).impedance(1 / (2 * math.pi * arc.tau_s))
    assert z == pytest.approx(5e3 - 5e3j)
    assert arc.q == pytest.approx(1e-10)


def test_noise_is_proportional_and_repeatable() -> None:
    pellet = Pellet(series_ohm=100.0)
    frequency = log_frequencies(1e6, 0.1, 400)
    _, z = simulate_pellet(pellet, frequency, noise=0.01, seed=3)
    relative = (z - pellet.impedance(frequency)) / np.abs(pellet.impedance(frequency))
    assert np.std(relative.real) == pytest.approx(0.01, rel=0.1)
    assert np.std(relative.imag) == pytest.approx(0.01, rel=0.1)
    assert np.array_equal(z, simulate_pellet(pellet, frequency, noise=0.01, seed=3)[1])


def test_a_temperature_series_has_the_activation_energy_asked_for() -> None:
    series = simulate_temperature_series(
        np.arange(298.15, 350, 10), ea_eV=0.4, sigma25_S_per_cm=2e-4, cell_constant_per_cm=0.3
    )
    fit = fit_arrhenius([s.temperature_K for s in series], [0.3 / s.resistance_ohm for s in series])
    assert fit.ea_eV == pytest.approx(0.4, rel=1e-6)
    assert fit.sigma_at(298.15).sigma_S_per_cm == pytest.approx(2e-4, rel=1e-6)


@pytest.mark.parametrize(("high", "low", "density"), [(1, 10, 10), (10, 0, 10), (10, 1, 0)])
def test_an_impossible_sweep_is_refused(high: float, low: float, density: float) -> None:
    with pytest.raises(SpectrumError):
        log_frequencies(high, low, density)
