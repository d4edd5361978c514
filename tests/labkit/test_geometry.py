"""Lengths, temperatures and pellets as people write them."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.geometry import (
    GeometryError,
    Measured,
    PelletGeometry,
    parse_length,
    parse_temperature,
)


@pytest.mark.parametrize(
    ("text", "value", "error"),
    [
        ("0.81mm+-0.01mm", 0.81e-3, 0.01e-3),
        ("0.81mm+/-0.01mm", 0.81e-3, 0.01e-3),
        ("0.81 mm ± 10 um", 0.81e-3, 10e-6),
        ("0.81+-0.01 mm", 0.81e-3, 0.01e-3),
        ("0.81 ± 0.01 mm", 0.81e-3, 0.01e-3),
        ("(0.81 ± 0.01) mm", 0.81e-3, 0.01e-3),
        ("0.81(1) mm", 0.81e-3, 0.01e-3),
        ("0.810(12)mm", 0.81e-3, 0.012e-3),
        ("12(2) mm", 12e-3, 2e-3),
        ("6.35 mm", 6.35e-3, 0.0),
        ("1/4 inch", 6.35e-3, 0.0),
        ("0,81 mm", 0.81e-3, 0.0),
        ("8.1e-4 m", 0.81e-3, 0.0),
        ("810µm", 0.81e-3, 0.0),
        ("0.81 mm +- 1%", 0.81e-3, 0.0081e-3),
        ("0.21 cm", 2.1e-3, 0.0),
        ("1 furlong", 201.168, 0.0),
        ("0.81 millimeter", 0.81e-3, 0.0),
    ],
)
def test_a_length_is_read_with_its_error(text: str, value: float, error: float) -> None:
    got = parse_length(text)
    assert got[0] == pytest.approx(value, rel=1e-5)
    assert got[1] == pytest.approx(error, rel=1e-5, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0.81", "no unit"),
        ("0.81 +- 0.01", "no unit"),
        ("-6.35 mm", "above zero"),
        ("0 mm", "above zero"),
        ("thick", "is not a length"),
        ("", "is not a length"),
        ("0.81 kg", "not a unit of length"),
        ("0.81 xyz", "not a unit of length"),
        ("0.81 mm +- 1 kg", "not a unit of length"),
        ("1,000 mm", "could be"),
        ("0.81(1) +- 0.01 mm", "twice"),
        ("0.81mm +- -0.01mm", "negative error"),
        ("1/0 inch", "divides by zero"),
    ],
)
def test_a_wrong_length_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(GeometryError, match=says) as caught:
        parse_length(text, what="diameter")
    assert "\n" not in str(caught.value)


@given(st.text(max_size=20))
def test_no_text_raises_anything_but_a_geometry_error(text: str) -> None:
    for parse in (parse_length, parse_temperature):
        with contextlib.suppress(GeometryError):
            parse(text)


@given(
    st.floats(0.01, 100).map(lambda v: round(v, 4)), st.floats(0.0001, 1).map(lambda v: round(v, 6))
)
def test_every_spelling_of_one_length_agrees(value: float, error: float) -> None:
    spellings = [f"{value}mm+-{error}mm", f"{value} ± {error} mm", f"({value}+/-{error}) mm"]
    assert len({parse_length(text) for text in spellings}) == 1


@pytest.mark.parametrize(
    ("text", "kelvin"),
    [
        ("25C", 298.15),
        ("-25 C", 248.15),
        ("−25 °C", 248.15),
        ("298.15K", 298.15),
        ("25 degC", 298.15),
        ("77 F", 298.15),
        ("25,5 C", 298.65),
    ],
)
def test_a_temperature_is_read(text: str, kelvin: float) -> None:
    assert parse_temperature(text) == pytest.approx(kelvin)


@pytest.mark.parametrize("text", ["25", "-300 C", "warm", "25 mm", "-1 K"])
def test_a_wrong_temperature_is_refused(text: str) -> None:
    with pytest.raises(GeometryError):
        parse_temperature(text)


def test_the_cell_constant_and_its_error() -> None:
    pellet = PelletGeometry(0.81e-3, 0.01e-3, 6.35e-3, 0.02e-3)
    assert pellet.area_m2 == pytest.approx(math.pi * 6.35e-3**2 / 4)
    assert pellet.area_se_m2 / pellet.area_m2 == pytest.approx(2 * 0.02 / 6.35)
    assert pellet.cell_constant_per_cm == pytest.approx(0.081 / 0.316692, rel=1e-5)
    assert pellet.cell_constant_relative_se == pytest.approx(math.hypot(1 / 81, 2 * 0.02 / 6.35))


@pytest.mark.parametrize(
    "numbers",
    [
        (0.0, 0.0, 1e-2, 0.0),
        (1e-3, 0.0, -1e-2, 0.0),
        (1e-3, -1e-6, 1e-2, 0.0),
        (math.nan, 0.0, 1e-2, 0.0),
    ],
)
def test_an_impossible_pellet_is_refused(numbers: tuple[float, float, float, float]) -> None:
    with pytest.raises(GeometryError):
        PelletGeometry(*numbers)


def test_measured_adds_its_errors_in_quadrature() -> None:
    assert Measured(1.0, 3.0, 4.0).total == pytest.approx(5.0)
