"""Replicate pellets: plain mean and sd, and random effects with known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labkit.arrhenius import KB_EV_PER_K, ArrheniusFit, fit_arrhenius
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
        interval = random_effects(values, error).interval95
        assert interval is not None
        inside += interval[0] <= 0 <= interval[1]
    assert 0.91 <= inside / 400 <= 0.99


def test_the_plain_mean_and_sd_are_those_papers_print() -> None:
    got = combine_sigma([1.0e-5, 2.0e-5, 3.0e-5], [1e-6, 1e-6, 1e-6], temperature_K=298.15)
    assert got.mean_S_per_cm == pytest.approx(2e-5)
    assert got.sd_S_per_cm == pytest.approx(1e-5)
    assert got.geometric_mean_S_per_cm == pytest.approx((6e-15) ** (1 / 3))
    assert got.n == 3
    assert "pellets-differ" in got.reasons
    assert got.interval95_S_per_cm is not None
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


NOMINAL_K = np.arange(298.15, 359, 10.0)


def measured_batch(
    rng: np.random.Generator, off: str, pellets: int = 4, *, noise: float = 0.003
) -> list[ArrheniusFit]:
    """Measure pellets of 0.35 eV and 1e-4 S/cm with a thermometer that is off by about 1 K."""
    wrong = rng.normal(0, 1.0, NOMINAL_K.size)
    fits = []
    for _ in range(pellets):
        if off == "everywhere":
            wrong = np.full(NOMINAL_K.size, wrong[0])
        elif off == "at each point":
            wrong = rng.normal(0, 1.0, NOMINAL_K.size)
        true = NOMINAL_K + wrong
        falls = 1 / (KB_EV_PER_K * true) - 1 / (KB_EV_PER_K * 298.15)
        sigma = 1e-4 * rng.lognormal(0, 0.02) * 298.15 / true * np.exp(-0.35 * falls)
        sigma = sigma * np.exp(noise * rng.standard_normal(NOMINAL_K.size))
        fits.append(
            fit_arrhenius(
                NOMINAL_K,
                sigma,
                noise * sigma,
                sigma_systematic_relative=0.02,
                temperature_se_K=1.0,
            )
        )
    return fits


@pytest.mark.parametrize("off", ["everywhere", "at each set point", "at each point"])
def test_the_shared_energy_covers_the_truth_however_the_thermometer_errs(off: str) -> None:
    rng = np.random.default_rng(11)
    energy = sigma = 0
    for _ in range(150):
        got = combine_arrhenius(measured_batch(rng, off))
        assert got.shared_ea_interval95_eV is not None
        assert got.sigma25.interval95_S_per_cm is not None
        energy += got.shared_ea_interval95_eV[0] <= 0.35 <= got.shared_ea_interval95_eV[1]
        low, high = got.sigma25.interval95_S_per_cm
        sigma += low <= 1e-4 <= high
    assert energy / 150 >= 0.92
    assert sigma / 150 >= 0.91


def test_more_pellets_do_not_average_the_thermometer_out() -> None:
    rng = np.random.default_rng(3)
    few = combine_arrhenius(measured_batch(rng, "at each set point", 3))
    many = combine_arrhenius(measured_batch(rng, "at each set point", 30))
    assert many.shared_ea_systematic_eV == pytest.approx(few.shared_ea_systematic_eV, rel=0.1)
    assert many.shared_ea_random_eV < 0.3 * many.shared_ea_systematic_eV
    assert many.shared_ea_se_eV > 0.9 * few.shared_ea_systematic_eV
    assert any("does not average out" in message for message in many.messages)


def test_the_parts_of_the_error_of_a_line_add_up() -> None:
    (fit, *_) = measured_batch(np.random.default_rng(1), "everywhere", 2)
    assert math.hypot(fit.ea_own_se_eV, fit.ea_temperature_se_eV) == pytest.approx(fit.ea_se_eV)
    alone = fit_arrhenius(NOMINAL_K, fit.sigma_S_per_cm, 0.003 * np.array(fit.sigma_S_per_cm))
    assert fit.ea_own_se_eV == pytest.approx(alone.ea_se_eV, rel=0.5)
    assert alone.ea_temperature_se_eV == 0.0
    warmer = fit.sigma_at(299.15).sigma_S_per_cm / fit.sigma_at(298.15).sigma_S_per_cm
    assert fit.ln_sigma_per_K(298.65) == pytest.approx(math.log(warmer), rel=1e-3)


def test_two_pellets_fix_no_interval() -> None:
    got = combine_arrhenius(measured_batch(np.random.default_rng(1), "everywhere", 2))
    assert got.shared_ea_interval95_eV is None
    assert got.sigma25.interval95_S_per_cm is None
    assert got.random_effects.interval95 is None
    assert got.reasons == ("few-replicates",)
    assert any("needs three" in message for message in got.messages)
    assert any("is not in the s.d." in message for message in got.messages)


def test_an_interval_over_many_decades_is_not_given() -> None:
    got = combine_sigma([1e-7, 1e-5, 1e-3], [1e-9, 1e-7, 1e-5])
    assert got.interval95_S_per_cm is None
    assert "interval-too-wide" in got.reasons
