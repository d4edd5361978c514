"""Vegard's law: held where it holds, broken where it breaks, rarely broken by noise."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.vegard import VegardError, VegardFit, fit_vegard, pseudo_cubic

X = np.array([0.0, 0.025, 0.05, 0.075])
LINE = 8.144 + 0.4 * X
ESD = 4e-4


def noisy(truth: np.ndarray, seed: int, scale: float = 1.0) -> np.ndarray:
    return truth + scale * ESD * np.random.default_rng(seed).standard_normal(truth.size)


def fit(values: np.ndarray, x: np.ndarray = X, esd: float | None = ESD) -> VegardFit:
    return fit_vegard(list(x), list(values), [esd] * x.size)


@settings(deadline=None)
@given(st.floats(3.0, 20.0), st.floats(-2.0, 2.0))
def test_an_exact_line_gives_back_slope_and_intercept(intercept: float, slope: float) -> None:
    found = fit(intercept + slope * X)
    assert found.slope.value == pytest.approx(slope, abs=1e-9)
    assert found.intercept.value == pytest.approx(intercept, abs=1e-9)
    assert found.departure == "none"
    assert found.law_holds_up_to_x == 0.075


def test_the_errors_are_those_of_weighted_least_squares() -> None:
    found = fit(LINE)
    design = np.stack([np.ones(4), X], axis=1)
    covariance = np.linalg.inv(design.T @ design) * ESD**2
    assert found.slope.se == pytest.approx(np.sqrt(covariance[1, 1]))
    assert found.intercept.se == pytest.approx(np.sqrt(covariance[0, 0]))
    _, at_centre = found.line_at(0.0375)
    assert at_centre == pytest.approx(ESD / 2)


def test_esds_too_small_are_scaled_up_and_never_down() -> None:
    calm, wild = fit(LINE), fit(LINE + np.array([5, -5, -5, 5]) * ESD)
    assert calm.scale == 1.0
    assert wild.chi2 == pytest.approx(100.0)
    assert wild.scale == pytest.approx(np.sqrt(50.0))
    assert wild.slope.se == pytest.approx(calm.slope.se * np.sqrt(50.0))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("x", "known"),
    [(X, True), (np.linspace(0, 0.1, 7), True), (np.linspace(0, 0.1, 7), False)],
)
def test_noise_alone_breaks_the_line_in_five_percent(x: np.ndarray, known: bool) -> None:
    """200 straight series: the linearity test at the 5 % level fires in 2 to 9 %."""
    rng = np.random.default_rng(3)
    fired = 0
    for _ in range(200):
        values = 8.144 + 0.4 * x + ESD * rng.standard_normal(x.size)
        found = fit(values, x, ESD if known else None)
        assert found.linearity_p_value is not None
        fired += found.linearity_p_value < 0.05
    assert 0.02 * 200 <= fired <= 0.09 * 200


def test_a_solubility_limit_is_found_with_its_interval() -> None:
    found, inside = 0, 0
    for seed in range(40):
        series = fit(noisy(8.144 + 0.4 * np.minimum(X, 0.055), seed))
        assert series.verdict == "review"
        if series.departure != "plateau" or series.solubility_interval95 is None:
            continue
        found += 1
        assert "solubility-limit" in series.reasons
        low, high = series.solubility_interval95
        inside += (low is None or low <= 0.055) and (high is None or high >= 0.055)
    assert found >= 38
    assert inside >= 0.9 * found


def test_the_law_is_kept_below_the_limit() -> None:
    found = fit(noisy(8.144 + 0.4 * np.minimum(X, 0.05), 4))
    assert found.law_holds_up_to_x == 0.05
    assert found.slope_within_limit.value == pytest.approx(0.4, abs=0.04)
    assert "slope-not-significant" not in found.reasons


def test_bowing_is_told_from_a_plateau() -> None:
    x = np.linspace(0, 1, 9)
    found = fit(noisy(5.65 + 0.4 * x - 0.05 * x * (1 - x), 5), x)
    assert found.departure == "curvature"
    assert found.curvature.value == pytest.approx(0.05, abs=0.01)
    assert found.solubility_limit is None


def test_an_esd_of_zero_is_unknown_not_exact() -> None:
    with_zero = fit_vegard(X, [*LINE[:3], LINE[3] + 0.01], [ESD, ESD, ESD, 0.0])
    without = fit_vegard(X, [*LINE[:3], LINE[3] + 0.01], [ESD, ESD, ESD, None])
    assert with_zero.esd_angstrom == (ESD, ESD, ESD, None)
    assert with_zero.slope == without.slope
    assert "esd-unknown" in with_zero.reasons


def test_without_any_esd_the_scatter_sets_the_errors() -> None:
    x = np.linspace(0, 0.1, 7)
    found = fit_vegard(x, noisy(8.144 + 0.4 * x, 6), [0.0] * 7)
    known = fit_vegard(x, noisy(8.144 + 0.4 * x, 6), [ESD] * 7)
    assert found.esds_from == "scatter"
    assert found.chi2_reduced is None
    assert found.slope.se == pytest.approx(known.slope.se, rel=0.8)
    assert found.verdict == "accepted"


def test_a_dopant_that_does_not_enter_is_said_so() -> None:
    found = fit(np.full(4, 8.144) + np.array([1, -1, -1, 1]) * ESD / 2)
    assert "slope-not-significant" in found.reasons


def test_end_members_are_compared_not_fitted() -> None:
    known = {"x = 1": (1.0, 8.544, 0.002), "wrong": (1.0, 9.0, 0.002)}
    found = fit_vegard(X, LINE, [ESD] * 4, end_members=known)
    good, wrong = found.end_members
    assert good.difference == pytest.approx(0.0, abs=1e-9)
    assert wrong.p_value is not None
    assert wrong.p_value < 1e-6
    assert "end-member-disagrees" in found.reasons
    assert found.slope == fit(LINE).slope


def test_two_points_make_a_line_and_no_test() -> None:
    found = fit_vegard([0.0, 0.05], [8.144, 8.164], [ESD, ESD])
    assert found.slope.value == pytest.approx(0.4)
    assert found.linearity_p_value is None
    assert found.reasons == ("too-few-points",)


def test_order_of_the_samples_does_not_matter() -> None:
    values = noisy(LINE, 8)
    back = fit_vegard(X[::-1], values[::-1], [ESD] * 4)
    assert back.slope.value == pytest.approx(fit(values).slope.value)
    assert back.x == tuple(X)


def test_an_error_of_x_enters_through_the_slope() -> None:
    found = fit_vegard(X, LINE, [ESD] * 4, x_se=0.002)
    plain = fit(LINE)
    assert found.slope.se == pytest.approx(plain.slope.se * np.hypot(ESD, 0.4 * 0.002) / ESD)  # type: ignore[operator]


def test_the_pseudo_cubic_edge() -> None:
    edge, esd = pseudo_cubic(343.0 * 4, 1.372, 4)
    assert edge == pytest.approx(7.0)
    assert esd == pytest.approx(7.0 * 1e-3 / 3)
    assert pseudo_cubic(343.0, 0.0, 1)[1] is None


@pytest.mark.parametrize(
    ("x", "values", "esds"),
    [
        ([0.0], [8.1], None),
        ([0.1, 0.1], [8.1, 8.2], None),
        ([0.0, 0.1], [8.1], None),
        ([0.0, 0.1], [8.1, float("nan")], None),
        ([0.0, 0.1], [8.1, -8.1], None),
        ([0.0, 0.1], [8.1, 8.2], [0.1]),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    x: list[float], values: list[float], esds: list[float | None] | None
) -> None:
    with pytest.raises(VegardError) as refused:
        fit_vegard(x, values, esds)
    assert "\n" not in str(refused.value)


def test_the_result_is_json() -> None:
    assert json.loads(json.dumps(fit(LINE).to_dict()))["slope"]["value"] == pytest.approx(0.4)
