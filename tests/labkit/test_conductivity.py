"""From resistance and geometry to conductivity."""

from __future__ import annotations

import math

import pytest

from labkit.conductivity import Conductivity, ConductivityError, conductivity
from labkit.geometry import Measured, PelletGeometry

PELLET = PelletGeometry(0.81e-3, 0.01e-3, 6.35e-3, 0.02e-3)


def test_sigma_is_thickness_over_resistance_and_area() -> None:
    # 0.21 cm and 0.8 cm diameter at 2.158 Mohm: 1.936e-7 S/cm
    pellet = PelletGeometry(2.1e-3, 0.0, 8e-3, 0.0)
    got = conductivity(Measured(2.158e6), pellet, 413.15)
    assert got.sigma_S_per_cm == pytest.approx(1.936e-7, rel=1e-3)
    assert got.temperature_K == 413.15


def test_geometry_is_a_systematic_error_shared_by_the_pellet() -> None:
    got = conductivity(Measured(1000.0, 10.0, 20.0), PELLET)
    sigma = got.sigma_S_per_cm
    assert got.random_S_per_cm / sigma == pytest.approx(0.01)
    assert got.geometry_S_per_cm / sigma == pytest.approx(PELLET.cell_constant_relative_se)
    assert got.systematic_S_per_cm / sigma == pytest.approx(
        math.hypot(0.02, PELLET.cell_constant_relative_se)
    )
    assert got.own_S_per_cm / sigma == pytest.approx(math.hypot(0.01, 0.02))
    assert got.total_S_per_cm == pytest.approx(
        math.hypot(got.random_S_per_cm, got.systematic_S_per_cm)
    )


def test_first_order_errors_agree_with_the_uncertainties_package() -> None:
    uncertainties = pytest.importorskip("uncertainties")
    thickness = uncertainties.ufloat(0.081, 0.001)
    diameter = uncertainties.ufloat(0.635, 0.002)
    resistance = uncertainties.ufloat(1000, 10)
    expected = thickness / (resistance * math.pi * diameter**2 / 4)
    got = conductivity(Measured(1000.0, 10.0), PELLET)
    assert got.sigma_S_per_cm == pytest.approx(expected.nominal_value)
    assert got.total_S_per_cm == pytest.approx(expected.std_dev)


@pytest.mark.parametrize("ohm", [0.0, -5.0, math.nan, math.inf])
def test_no_conductivity_from_an_impossible_resistance(ohm: float) -> None:
    with pytest.raises(ConductivityError):
        conductivity(Measured(ohm), PELLET)


def test_it_serialises() -> None:
    assert Conductivity(1e-4, 1e-6, 2e-6).to_dict()["sigma_S_per_cm"] == 1e-4
