"""Electronic conductivity from polarisations with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.conductivity import Conductivity
from labkit.dc import PolarisationError, fit_polarisation, transference_number
from labkit.geometry import PelletGeometry

PELLET = PelletGeometry(1e-3, 0.0, 1e-2, 0.0)
TIME = np.arange(1.0, 36_001.0, 10.0)


def decay(steady: float, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ionic = 1e-6 * np.exp(-TIME / 30) + 1e-7 * np.exp(-TIME / 800)
    return steady + ionic + noise * rng.standard_normal(TIME.size)


@pytest.mark.parametrize("steady", [1e-8, 1e-9])
def test_a_settled_current_is_found_within_its_error(steady: float) -> None:
    scores = []
    for seed in range(30):
        fit = fit_polarisation(TIME, decay(steady, 0.1 * steady, seed), 0.5)
        assert fit.qualifier == "="
        assert fit.verdict == "accepted"
        error = np.hypot(fit.current_random_A, fit.current_systematic_A)
        scores.append((fit.current_A - steady) / error)
    assert np.mean(np.abs(scores) < 2) > 0.85


def test_sigma_follows_from_current_and_geometry() -> None:
    fit = fit_polarisation(TIME, decay(1e-8, 1e-11), 0.5)
    expected = 1e-8 / 0.5 * PELLET.cell_constant_per_cm
    assert fit.conductivity(PELLET, 298.15).sigma_S_per_cm == pytest.approx(expected, rel=0.02)
    assert fit.resistance_ohm == pytest.approx(0.5 / 1e-8, rel=0.02)


def test_a_current_that_still_falls_is_a_bound() -> None:
    falling = 1e-8 + 1e-7 * np.sqrt(100 / (TIME + 100))
    fit = fit_polarisation(TIME, falling, 0.5)
    assert fit.qualifier == "<"
    assert "not-settled" in fit.reasons
    assert fit.current_A >= 1e-8
    assert fit.drift_per_decade < 0


def test_a_current_below_its_noise_is_a_bound() -> None:
    fit = fit_polarisation(TIME, decay(0.0, 1e-10, 1), 0.5)
    assert fit.qualifier == "<"
    assert "below-noise" in fit.reasons
    assert 0 < fit.current_A < 1e-10


def test_a_rising_current_is_for_review() -> None:
    fit = fit_polarisation(TIME, 1e-8 * (1 + TIME / 1e4), 0.5)
    assert fit.verdict == "review"
    assert "current-rises" in fit.reasons


def test_a_current_against_the_voltage_is_rejected() -> None:
    fit = fit_polarisation(TIME, -1e-8 + 1e-12 * np.cos(TIME), 0.5)
    assert fit.verdict == "rejected"
    assert fit.qualifier == "<"


def test_the_sign_of_the_voltage_does_not_matter() -> None:
    current = decay(1e-8, 1e-11)
    one, two = fit_polarisation(TIME, current, 0.5), fit_polarisation(TIME, -current, -0.5)
    assert two.current_A == pytest.approx(one.current_A)


def test_transference_number_turns_a_bound_round() -> None:
    number = transference_number(
        Conductivity(4e-10, 0.0, 0.0), Conductivity(1.07e-3, 1e-5, 0.0), qualifier="<"
    )
    assert number.qualifier == ">"
    assert number.value == pytest.approx(1 - 4e-10 / 1.07e-3)


def test_unusable_transients_say_why() -> None:
    with pytest.raises(PolarisationError, match="other than zero"):
        fit_polarisation(TIME, TIME, 0.0)
    with pytest.raises(PolarisationError, match="at least 20"):
        fit_polarisation(TIME[:10], TIME[:10], 0.5)
    with pytest.raises(PolarisationError, match="currents"):
        fit_polarisation(TIME, TIME[:5], 0.5)
    with pytest.raises(PolarisationError, match="above zero"):
        transference_number(Conductivity(1e-9, 0, 0), Conductivity(0.0, 0, 0))
