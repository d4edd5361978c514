"""Replicate pellets: plain mean and sd, and random effects with known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labkit.arrhenius import KB_EV_PER_K, fit_arrhenius
from labkit.replicates import ReplicateError, combine_arrhenius, combine_sigma, random_effects


def test_a_textbook_case_of_dersimonian_and_laird() -> None:
    """Worked by hand: y = 1, 2, 4, equal errors 0.5: Q = 18.67, tau^2 = 2.333 - 0.25."""
    got = random_effects([1.0, 2.0, 4.0], [0.5, 0.5, 0.5])
    assert got.mean == pytest.approx(7 / 3)
    assert got.between_sd**2 == pytest.approx(7 / 3 - 0.25)
    assert got.standard_error == pytest.approx(math.sqrt(7 / 9))
    assert got.heterogeneity_p < 1e-3


def test_equal_groups_have_no_scatter_between() -> None:
    got = random_effects([1.0, 1.1, 0.9], [0.2, 0.2, 0.2])
    assert got.between_sd == 0.0
    assert got.heterogeneity_p > 0.5


def test_the_interval_covers_the_truth_with_few_groups() -> None:
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(400):
        error = rng.uniform(0.02, 0.1, 4)
        values = rng.normal(0.0, np.hypot(0.2, error))
        low, high = random_effects(values, error).interval95
        inside += low <= 0 <= high
    assert 0.91 <= inside / 400 <= 0.99


def test_the_plain_mean_and_sd_are_those_papers_print() -> None:
    got = combine_sigma([1.0e-5, 2.0e-5, 3.0e-5], [1e-6, 1e-6, 1e-6], temperature_K=298.15)
    assert got.mean_S_per_cm == pytest.approx(2e-5)
    assert got.sd_S_per_cm == pytest.approx(1e-5)
    assert got.geometric_mean_S_per_cm == pytest.approx((6e-15) ** (1 / 3))
    assert got.n == 3
    assert "pellets-differ" in got.reasons
    low, high = got.interval95_S_per_cm
    assert low < got.random_effects_S_per_cm < high


def test_one_pellet_has_no_standard_deviation() -> None:
    got = combine_sigma([1e-5], [1e-6])
    assert math.isnan(got.sd_S_per_cm)
    assert got.to_dict()["sd_S_per_cm"] is None
    assert "few-replicates" in got.reasons


def test_shared_activation_energy_with_own_prefactors() -> None:
    kelvin = np.arange(298.15, 350, 10)
    rng = np.random.default_rng(2)
    fits = []
    for prefactor in (1.0, 1.7, 0.6):
        sigma = prefactor * 300 / kelvin * np.exp(-0.35 / (KB_EV_PER_K * kelvin))
        noisy = sigma * np.exp(0.02 * rng.standard_normal(kelvin.size))
        fits.append(fit_arrhenius(kelvin, noisy, 0.02 * noisy, sigma_systematic_relative=0.02))
    got = combine_arrhenius(fits)
    assert got.shared_ea_eV == pytest.approx(0.35, abs=3 * got.shared_ea_se_eV)
    assert got.shared_ea_se_eV < min(fit.ea_se_eV for fit in fits)
    assert got.mean_ea_eV == pytest.approx(np.mean([fit.ea_eV for fit in fits]))
    assert got.sigma25.random_effects.between_sd == pytest.approx(0.5, abs=0.2)
    assert got.convention == "ln(sigma T)"


def test_what_cannot_be_combined_is_refused() -> None:
    kelvin = np.array([300.0, 320.0, 340.0])
    sigma = np.array([1e-4, 2e-4, 4e-4])
    with pytest.raises(ReplicateError, match="one convention"):
        combine_arrhenius(
            [fit_arrhenius(kelvin, sigma), fit_arrhenius(kelvin, sigma, convention="ln(sigma)")]
        )
    with pytest.raises(ReplicateError, match="no Arrhenius"):
        combine_arrhenius([])
    with pytest.raises(ReplicateError, match="above zero"):
        combine_sigma([0.0], [1.0])
    with pytest.raises(ReplicateError):
        random_effects([1.0], [1.0, 2.0])
