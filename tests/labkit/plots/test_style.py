"""Numbers and units as people read them."""

from __future__ import annotations

import pytest

from labkit.plots.style import hertz, ohm_scale, power_of_ten, with_error


@pytest.mark.parametrize(
    ("frequency", "text"),
    [(7e6, "7 MHz"), (999.9, "1 kHz"), (20e3, "20 kHz"), (0.1, "100 mHz"), (1.0, "1 Hz")],
)
def test_frequencies(frequency: float, text: str) -> None:
    assert hertz(frequency) == text


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [(1426.23, 3.64, "1426.2 ± 3.6"), (0.8577, 0.0024, "0.8577 ± 0.0024"), (5.0, 0.0, "5")],
)
def test_digits_follow_the_error(value: float, error: float, text: str) -> None:
    assert with_error(value, error) == text


def test_scales_and_powers() -> None:
    assert ohm_scale(2.2e6) == (1e6, "MΩ")
    assert ohm_scale(12.0) == (1.0, "Ω")
    assert power_of_ten(1.43e-5, 2e-7) == r"(1.430 ± 0.020) × $10^{-5}$"
