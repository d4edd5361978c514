"""Numbers as people read them: no more digits than the errors allow, and the right power."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.wording import (
    celsius,
    clock,
    conductivity,
    frequency,
    moment,
    resistance,
    rounded,
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
