"""Activation energies and predictions with honest errors."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.arrhenius import KB_EV_PER_K, ArrheniusError, fit_arrhenius


def series(
    ea_eV: float, celsius: np.ndarray, sigma25: float = 1e-4, convention: str = "ln(sigma T)"
) -> tuple[np.ndarray, np.ndarray]:
    kelvin = celsius + 273.15
    ln_sigma = math.log(sigma25) - ea_eV / KB_EV_PER_K * (1 / kelvin - 1 / 298.15)
    if convention == "ln(sigma T)":
        ln_sigma = ln_sigma + np.log(298.15 / kelvin)
    return kelvin, np.exp(ln_sigma)


DESIGN_CELSIUS = np.arange(25.0, 80.0, 10.0)


@given(st.floats(0.05, 1.5), st.sampled_from(["ln(sigma T)", "ln(sigma)"]))
def test_an_exact_line_gives_back_its_activation_energy(ea: float, convention: str) -> None:
    kelvin, sigma = series(ea, DESIGN_CELSIUS, 1e-4, convention)
    fit = fit_arrhenius(kelvin, sigma, 0.03 * sigma, convention=convention)  # type: ignore[arg-type]
    assert fit.ea_eV == pytest.approx(ea, rel=1e-9)
    assert fit.convention == convention
    at25 = fit.sigma_at(298.15)
    assert at25.sigma_S_per_cm == pytest.approx(1e-4, rel=1e-9)
    assert not at25.extrapolated


def test_the_error_at_25_C_uses_the_covariance() -> None:
    """25-75 C at 3 % noise: the scatter of ln sigma(25 C) is 0.022, and so is its error."""
    rng = np.random.default_rng(7)
    kelvin, sigma = series(0.35, DESIGN_CELSIUS)
    values, errors, inside, naive = [], [], 0, []
    for _ in range(400):
        noisy = sigma * np.exp(0.03 * rng.standard_normal(kelvin.size))
        fit = fit_arrhenius(kelvin, noisy, 0.03 * noisy)
        at25 = fit.sigma_at(298.15)
        values.append(math.log(at25.sigma_S_per_cm))
        errors.append(at25.ln_sigma_random)
        naive.append(math.hypot(fit.ln_prefactor_se, fit.ea_se_eV / (KB_EV_PER_K * 298.15)))
        low, high = at25.interval95_S_per_cm
        inside += low <= 1e-4 <= high
    assert np.std(values) == pytest.approx(0.022, rel=0.15)
    assert np.median(errors) == pytest.approx(0.022, rel=0.15)
    assert inside >= 0.93 * 400
    # Adding the errors of prefactor and Ea as if they were independent is 15 times too large.
    assert np.median(naive) > 10 * 0.022


def test_the_two_conventions_differ_by_about_kT() -> None:
    kelvin, sigma = series(0.35, DESIGN_CELSIUS)
    hopping = fit_arrhenius(kelvin, sigma)
    plain = fit_arrhenius(kelvin, sigma, convention="ln(sigma)")
    assert 0.025 < hopping.ea_eV - plain.ea_eV < 0.034


def test_a_kelvin_of_error_moves_ln_sigma_by_its_share() -> None:
    kelvin, sigma = series(0.35, DESIGN_CELSIUS)
    fit = fit_arrhenius(kelvin, sigma, 1e-6 * sigma, temperature_se_K=1.0)
    expected = 0.35 / (KB_EV_PER_K * 298.15**2)
    assert expected == pytest.approx(0.046, abs=0.001)
    assert fit.ln_error[0] == pytest.approx(expected - 1 / 298.15, rel=1e-3)


def test_temperature_errors_are_covered() -> None:
    rng = np.random.default_rng(3)
    true_kelvin, sigma = series(0.35, DESIGN_CELSIUS)
    inside = 0
    for _ in range(300):
        read = true_kelvin + rng.standard_normal(true_kelvin.size)
        fit = fit_arrhenius(read, sigma, 1e-3 * sigma, temperature_se_K=1.0)
        inside += abs(fit.ea_eV - 0.35) <= fit.t_quantile * fit.ea_se_eV
    assert inside >= 0.93 * 300


def test_weights_follow_the_errors() -> None:
    kelvin, sigma = series(0.35, DESIGN_CELSIUS)
    spoiled = sigma.copy()
    spoiled[-1] *= 3
    error = 0.01 * sigma
    error[-1] = 10 * sigma[-1]
    assert fit_arrhenius(kelvin, spoiled, error).ea_eV == pytest.approx(0.35, abs=1e-3)


def test_the_line_agrees_with_curve_fit() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(1)
    kelvin, sigma = series(0.42, DESIGN_CELSIUS)
    error = sigma * np.linspace(0.01, 0.05, sigma.size)
    noisy = sigma * np.exp(error / sigma * rng.standard_normal(sigma.size))
    fit = fit_arrhenius(kelvin, noisy, error)
    popt, pcov = optimize.curve_fit(
        lambda x, a, b: a - b * x,
        1 / (KB_EV_PER_K * kelvin),
        np.log(noisy * kelvin),
        sigma=error / noisy,
        absolute_sigma=True,
    )
    scale = max(1.0, fit.chi2_reduced) ** 0.5
    assert fit.ln_prefactor == pytest.approx(popt[0], rel=1e-6)
    assert fit.ea_eV == pytest.approx(popt[1], rel=1e-6)
    assert fit.ea_se_eV == pytest.approx(scale * pcov[1, 1] ** 0.5, rel=1e-4)
    assert fit.ln_prefactor_se == pytest.approx(scale * pcov[0, 0] ** 0.5, rel=1e-4)


def test_the_geometry_moves_sigma_and_not_the_activation_energy() -> None:
    kelvin, sigma = series(0.35, DESIGN_CELSIUS)
    without = fit_arrhenius(kelvin, sigma, 0.01 * sigma)
    with_geometry = fit_arrhenius(kelvin, sigma, 0.01 * sigma, sigma_systematic_relative=0.05)
    assert with_geometry.ea_se_eV == without.ea_se_eV
    at25 = with_geometry.sigma_at(298.15)
    assert at25.systematic_S_per_cm == pytest.approx(0.05 * at25.sigma_S_per_cm)
    low, high = at25.interval95_S_per_cm
    plain_low, plain_high = without.sigma_at(298.15).interval95_S_per_cm
    assert low < plain_low < plain_high < high


def test_a_value_outside_the_measured_range_is_tagged() -> None:
    kelvin, sigma = series(0.86, np.arange(140.0, 205.0, 10.0))
    fit = fit_arrhenius(kelvin, sigma, 0.01 * sigma)
    assert fit.sigma_at(298.15).extrapolated
    assert not fit.sigma_at(273.15 + 165).extrapolated
    assert fit.verdict == "accepted"


@pytest.mark.parametrize(
    ("celsius", "reason"),
    [
        (np.array([25.0, 50.0, 75.0]), "few-temperatures"),
        (np.array([25.0, 30.0, 40.0, 50.0]), "narrow-temperature-range"),
    ],
)
def test_a_thin_series_is_for_review(celsius: np.ndarray, reason: str) -> None:
    kelvin, sigma = series(0.35, celsius)
    fit = fit_arrhenius(kelvin, sigma, 0.01 * sigma)
    assert reason in fit.reasons
    assert fit.verdict == "review"


def test_scatter_beyond_the_errors_widens_them_and_is_said() -> None:
    kelvin, sigma = series(0.35, DESIGN_CELSIUS)
    bent = sigma * np.exp(0.1 * np.cos(np.arange(kelvin.size) * 2.0))
    fit = fit_arrhenius(kelvin, bent, 1e-3 * sigma)
    assert fit.errors_from == "scatter"
    assert fit.verdict == "review"
    assert "scatter-exceeds-errors" in fit.reasons
    assert fit.ea_se_eV == pytest.approx(fit_arrhenius(kelvin, bent).ea_se_eV, rel=0.05)


def test_conductivity_that_falls_on_heating_is_rejected() -> None:
    kelvin, sigma = series(-0.2, DESIGN_CELSIUS)
    fit = fit_arrhenius(kelvin, sigma, 0.01 * sigma)
    assert fit.verdict == "rejected"
    assert "ea-not-positive" in fit.reasons


@pytest.mark.parametrize(
    ("kelvin", "sigma", "error"),
    [
        ([300.0], [1e-4], None),
        ([300.0, 300.0], [1e-4, 1e-4], None),
        ([], [], None),
        ([300.0, 320.0], [1e-4, -1e-4], None),
        ([300.0, -320.0], [1e-4, 1e-4], None),
        ([300.0, 320.0], [1e-4], None),
        ([300.0, 320.0], [1e-4, 2e-4], [1e-6, 1e-6, 1e-6]),
        ([300.0, 320.0], [1e-4, 2e-4], [1e-6, -1e-6]),
    ],
)
def test_impossible_series_are_refused(
    kelvin: list[float], sigma: list[float], error: list[float] | None
) -> None:
    with pytest.raises(ArrheniusError):
        fit_arrhenius(kelvin, sigma, error)


def test_it_serialises_without_nan() -> None:
    kelvin, sigma = series(0.35, DESIGN_CELSIUS[:2])
    text = json.dumps(fit_arrhenius(kelvin, sigma).to_dict(), allow_nan=False)
    assert json.loads(text)["convention"] == "ln(sigma T)"
