"""The pseudo-Voigt beside a true Voigt, its derivatives, and where its lines reach."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.xrd.profile import line_shapes, mix_widths, open_windows, reach_of

GRID = np.arange(-3, 3, 0.001)


def pseudo_voigt(gauss: float, lorentz: float) -> tuple[np.ndarray, float, float]:
    gamma, eta, *_ = mix_widths(np.array([gauss**2]), np.array([lorentz]))
    windows = open_windows(GRID, np.zeros(1), np.array([10.0]))
    return line_shapes(GRID, windows, np.zeros(1), gamma, eta).value, float(gamma[0]), float(eta[0])


@pytest.mark.parametrize(
    ("gauss", "lorentz"), [(0.1, 0.001), (0.1, 0.03), (0.1, 0.1), (0.03, 0.1), (0.003, 0.1)]
)
def test_the_shape_is_a_voigt_within_the_accuracy_of_the_approximation(
    gauss: float, lorentz: float
) -> None:
    from scipy.special import voigt_profile

    found, gamma, _ = pseudo_voigt(gauss, lorentz)
    true = voigt_profile(GRID, gauss / (2 * math.sqrt(2 * math.log(2))), lorentz / 2)
    # Thompson, Cox & Hastings state 1 % of the height; their width is good to 0.1 %
    assert np.abs(found - true).max() < 0.013 * true.max()
    half = GRID[true > true.max() / 2]
    assert gamma == pytest.approx(np.ptp(half), abs=0.0025)


def test_a_convolution_of_gauss_and_lorentz_has_the_mixed_width() -> None:
    gauss, lorentz = 0.08, 0.05
    g = np.exp(-4 * math.log(2) * (GRID / gauss) ** 2)
    ell = 1 / (1 + 4 * (GRID / lorentz) ** 2)
    both = np.convolve(g, ell, mode="same")
    _, gamma, eta = pseudo_voigt(gauss, lorentz)
    assert gamma == pytest.approx(np.ptp(GRID[both > both.max() / 2]), abs=0.0025)
    assert 0 < eta < 1


@pytest.mark.parametrize(("gauss", "lorentz", "eta"), [(0.1, 1e-6, 0.0), (1e-4, 0.1, 1.0)])
def test_the_pure_shapes_are_its_ends(gauss: float, lorentz: float, eta: float) -> None:
    _, gamma, mixing = pseudo_voigt(gauss, lorentz)
    assert gamma == pytest.approx(max(gauss, lorentz), rel=1e-3)
    assert mixing == pytest.approx(eta, abs=2e-3)


@settings(deadline=None)
@given(st.floats(0.02, 0.5), st.floats(0.01, 0.5))
def test_derivatives_of_the_mixing_are_those_of_the_formula(gauss: float, lorentz: float) -> None:
    g2, ell = np.array([gauss**2]), np.array([lorentz])
    _, _, by_g, by_l, eta_g, eta_l = mix_widths(g2, ell)
    step = 1e-6
    for number, (up, down) in enumerate(
        ((mix_widths(g2 + step, ell), mix_widths(g2 - step, ell)),
         (mix_widths(g2, ell + step), mix_widths(g2, ell - step)))
    ):  # fmt: skip
        assert (up[0] - down[0]) / (2 * step) == pytest.approx((by_g, by_l)[number], rel=1e-3)
        assert (up[1] - down[1]) / (2 * step) == pytest.approx(
            (eta_g, eta_l)[number], rel=1e-3, abs=1e-5
        )


def test_derivatives_of_a_line_are_those_of_its_values() -> None:
    angle = np.arange(20, 22, 0.01)

    def values(centre: float, gamma: float, eta: float) -> np.ndarray:
        windows = open_windows(angle, np.array([21.0]), np.array([5.0]))
        arrays = (np.array([v]) for v in (centre, gamma, eta))
        return line_shapes(angle, windows, *arrays).value

    windows = open_windows(angle, np.array([21.0]), np.array([5.0]))
    shapes = line_shapes(angle, windows, np.array([21.003]), np.array([0.1]), np.array([0.4]))
    at = np.array([21.003, 0.1, 0.4])
    for number, exact in enumerate((shapes.by_centre, shapes.by_gamma, shapes.by_eta)):
        step = np.zeros(3)
        step[number] = 1e-5
        numeric = (values(*(at + step)) - values(*(at - step))) / 2e-5
        assert np.abs(numeric - exact).max() < 1e-4 * np.abs(exact).max()


def test_the_area_is_one_but_for_the_tails_outside_the_window() -> None:
    for eta, lost in ((0.0, 1e-4), (1.0, 0.0135)):
        gamma = np.array([0.05])
        reach = reach_of(gamma, np.array([eta]))
        angle = np.arange(10, 20, 0.001)
        windows = open_windows(angle, np.array([15.0]), reach)
        value = line_shapes(angle, windows, np.array([15.0]), gamma, np.array([eta])).value
        assert 1 - lost - 1e-3 < value.sum() * 0.001 <= 1.0 + 1e-6


def test_windows_hold_exactly_the_points_within_reach() -> None:
    angle = np.linspace(10, 20, 501)
    centre, reach = np.array([10.1, 15.0, 19.9, 30.0]), np.array([0.5, 1.0, 0.5, 0.5])
    windows = open_windows(angle, centre, reach)
    expected = np.abs(angle[None, :] - centre[:, None]) <= reach[:, None]
    found = np.zeros_like(expected)
    found[windows.line, windows.point] = True
    assert (found != expected).sum() <= 2  # a point on the very edge
    assert (windows.n_points, windows.n_lines) == (501, 4)
