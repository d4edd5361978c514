"""Numbers as people read them: no more digits than the errors allow, and the right power."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.wording import (
    cell_constant,
    celsius,
    clock,
    conductivity,
    conductivity_interval,
    conductivity_of,
    frequency,
    length_mm,
    moment,
    percent,
    resistance,
    resistance_of,
    rounded,
    with_errors,
    with_esd,
)


@pytest.mark.parametrize(
    ("value", "random", "systematic", "text"),
    [
        (1.7932e-4, 2.4e-7, 2.5e-6, "(1.793 ± 0.002 ± 0.025) × 10⁻⁴ S/cm"),
        (7.0e-7, 2.2e-8, None, "(7.00 ± 0.22) × 10⁻⁷ S/cm"),
        (1.2, None, None, "1.20 × 10⁰ S/cm"),
        (None, None, None, "–"),
    ],
)
def test_a_conductivity_shows_its_errors_at_its_own_power(
    value: float | None, random: float | None, systematic: float | None, text: str
) -> None:
    assert conductivity(value, random, systematic) == text


def test_a_bound_keeps_its_sign() -> None:
    assert conductivity(1e-10, qualifier="<") == "< 1.00 × 10⁻¹⁰ S/cm"


def test_resistances_change_their_unit_with_their_size() -> None:
    assert resistance(1426.2, 1.9, 3.1) == "1\u202f426.2 ± 1.9 ± 3.1 Ω"
    assert resistance(2.223e6, 2e3, 1.1e4) == "2.223 ± 0.002 ± 0.011 MΩ"
    assert resistance(float("nan")) == "–"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((0.8621, 0.0158), "0.862 ± 0.016"),
        ((0.856, 0.00065), "0.85600 ± 0.00065"),
        ((-0.1955, 0.24), "−0.20 ± 0.24"),
        ((623.43, 150.0), "620 ± 150"),
        ((4153.0, 8.9, 35.0), "4\u202f153 ± 9 ± 35"),
        ((1.0122e-4, 6.8e-8, 6.2e-4), "(1.0 ± 0.0007 ± 6.2) × 10⁻⁴"),
        ((9.996e-5, 2e-6), "(1.000 ± 0.020) × 10⁻⁴"),
        ((2e-5, 5.2e-7), "(2.000 ± 0.052) × 10⁻⁵"),
        ((5.4e-5, 9.96e-7), "(5.40 ± 0.10) × 10⁻⁵"),
        ((1e-4, 0.0, 1.1e-8), "(1.00000 ± 0 ± 0.00011) × 10⁻⁴"),
        ((1e-4, 1e-7, None), "(1.0000 ± 0.0010 ± unknown) × 10⁻⁴"),
        ((7.6, 0.0), "7.600"),
        ((float("nan"), 1.0), "–"),
    ],
)
def test_the_largest_error_keeps_two_digits_and_decides_those_of_the_value(
    numbers: tuple[float, ...], text: str
) -> None:
    assert with_errors(*numbers) == text


@settings(deadline=None)  # the clock of a busy machine is no property of the numbers
@given(
    st.floats(min_value=1e-12, max_value=1e9),
    st.floats(min_value=1e-5, max_value=3.0),
    st.floats(min_value=1e-3, max_value=1.0),
)
def test_what_is_written_is_the_number_to_a_tenth_of_its_error(
    value: float, relative: float, ratio: float
) -> None:
    larger = relative * value
    text = with_errors(value, larger, ratio * larger)
    mantissa, _, power = text.strip("(").replace("\u202f", "").partition(") × 10")
    scale = 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)
    read, first, second = (float(number) * scale for number in mantissa.split(" ± "))

    assert abs(read - value) <= 0.051 * larger
    assert abs(first - larger) <= 0.051 * larger
    assert 0 < second <= 1.5 * ratio * larger + 0.051 * larger


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((2e-5, 1.94e-5, 2.06e-5), "2.000 [1.940, 2.060] × 10⁻⁵"),
        ((1.0e-4, 9.4e-5, 1.1e-4), "1.000 [0.940, 1.100] × 10⁻⁴"),
        ((1.6e-6, 1.4e-8, 1.8e-4), "1.60 × 10⁻⁶ [1.40 × 10⁻⁸, 1.80 × 10⁻⁴]"),
        ((1.6e-6, 0.0, 1.8e-4), "1.60 × 10⁻⁶"),
    ],
)
def test_an_interval_shares_the_power_of_its_value(
    numbers: tuple[float, float, float], text: str
) -> None:
    assert conductivity_interval(*numbers) == text


def test_a_bound_goes_without_errors_and_a_result_with_both() -> None:
    label = {"sigma_S_per_cm": 1e-6, "sigma_random_S_per_cm": 1e-8, "qualifier": "<"}
    assert conductivity_of(label) == "< 1.00 × 10⁻⁶ S/cm"
    assert conductivity_of(label | {"qualifier": "="}, unit="") == "(1.000 ± 0.010) × 10⁻⁶"
    assert conductivity_of({"sigma_S_per_cm": None}) == "–"
    assert (
        resistance_of({"resistance_ohm": -724.71, "resistance_random_ohm": 150.2}) == "−720 ± 150 Ω"
    )


def test_a_geometry_whose_error_nobody_gave_is_not_exact() -> None:
    assert length_mm(0.8e-3, 0.0) == "0.8 mm (error unknown)"
    assert length_mm(2.1e-3, 1e-5) == "2.10 ± 0.01 mm"
    assert length_mm(0.812e-3, 1.2e-5) == "0.812 ± 0.012 mm"
    assert length_mm(0.8e-3) == "0.8 mm"
    assert cell_constant(2.558, 0.0137) == "2.558 ± 0.035 cm⁻¹ (1.4 %)"
    assert cell_constant(2.558, 0.0) == "2.558 cm⁻¹, error unknown"
    assert cell_constant(2.558, 0.003, known=False) == "2.558 cm⁻¹, error unknown"
    assert percent(6.2) == "620 %"


@pytest.mark.parametrize(
    ("hertz", "text"),
    [(0.0458, "45.8\u00a0mHz"), (418.0, "418\u00a0Hz"), (2110.0, "2.11\u00a0kHz"),
     (7e6, "7\u00a0MHz"), (None, "–")],
)  # fmt: skip
def test_frequencies_carry_a_prefix(hertz: float | None, text: str) -> None:
    assert frequency(hertz) == text


@pytest.mark.parametrize(
    ("value", "esd", "text"),
    [(8.14412, 0.00031, "8.1441(3)"), (5.431, 2e-5, "5.43100(2)"), (90.0, None, "90.00000"),
     (10.2, 0.12, "10.20(12)")],
)  # fmt: skip
def test_an_esd_stands_in_the_last_digits(value: float, esd: float | None, text: str) -> None:
    assert with_esd(value, esd) == text


def test_temperatures_and_moments() -> None:
    assert clock("2026-11-21T03:20:10+00:00") == "03:20:10"
    assert clock(None) == "–"
    assert celsius(248.15) == "−25\u00a0°C"
    assert moment("2026-11-21T03:20:10+00:00") == "2026-11-21 03:20"


@given(st.floats(min_value=1e-14, max_value=1e12), st.integers(2, 6))
def test_a_rounded_number_is_the_number_to_its_digits(value: float, digits: int) -> None:
    text = rounded(value, digits).replace("\u202f", "").replace("−", "-")
    mantissa, _, power = text.partition(" × 10")
    plain = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    read = float(mantissa) * 10.0 ** int(plain or 0)
    assert math.isclose(read, value, rel_tol=0.6 * 10.0 ** (1 - digits))
