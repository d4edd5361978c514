"""Leads measured on a shorted cell are taken off exactly."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.leads import LeadImpedance
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.eis.spectrum import SpectrumError
from labkit.eis.tail import fit_tail

RESISTANCE_OHM, INDUCTANCE_H = 2.5, 4e-7
PELLET = Pellet(arcs=(Arc(40.0, 2e-10, 0.95),), tail_q=2e-5, tail_n=0.9)
FREQUENCY = log_frequencies(7e6, 1.0)


def leads_at(frequency_hz: np.ndarray) -> np.ndarray:
    return RESISTANCE_OHM + 2j * np.pi * frequency_hz * INDUCTANCE_H


def shorted(points_per_decade: float = 4.0, high: float = 7e6, low: float = 1.0) -> LeadImpedance:
    frequency = log_frequencies(high, low, points_per_decade)
    return LeadImpedance.from_arrays(frequency, leads_at(frequency), file_name="short.mpr")


def test_resistance_and_inductance_are_exact_between_the_points() -> None:
    np.testing.assert_allclose(shorted().at(FREQUENCY), leads_at(FREQUENCY), rtol=1e-12)


def test_they_go_on_outside_the_measured_range_and_that_is_said() -> None:
    leads = shorted(high=1e5, low=10.0)

    np.testing.assert_allclose(leads.at(FREQUENCY), leads_at(FREQUENCY), rtol=1e-12)
    assert "continued beyond" in leads.message(FREQUENCY)
    assert "continued beyond" not in shorted().message(FREQUENCY)


def test_a_corrected_spectrum_gives_the_resistance_of_the_pellet() -> None:
    frequency, z = simulate_pellet(PELLET, FREQUENCY, noise=0.001, seed=3)
    measured = z + leads_at(frequency)

    raw = fit_tail((frequency, measured))
    corrected = fit_tail((frequency, shorted().subtracted_from(frequency, measured)))

    assert raw.resistance_ohm == pytest.approx(42.5, rel=0.005)
    assert corrected.resistance_ohm == pytest.approx(40.0, rel=0.005)
    assert abs(corrected.resistance_ohm - 40.0) < 3 * corrected.resistance.total


def test_stored_leads_are_the_same_again() -> None:
    leads = shorted()
    again = LeadImpedance.from_dict(leads.to_dict())

    assert again is not None
    np.testing.assert_array_equal(again.at(FREQUENCY), leads.at(FREQUENCY))
    assert again.file_name == "short.mpr"
    assert LeadImpedance.from_dict(None) is None


def test_a_pellet_is_no_shorted_cell() -> None:
    frequency, z = simulate_pellet(PELLET, FREQUENCY, noise=0.001, seed=3)

    with pytest.raises(SpectrumError, match=r"cell\.mpr: this is no shorted cell"):
        LeadImpedance.from_arrays(frequency, z, file_name="cell.mpr")


def test_two_points_are_too_few() -> None:
    with pytest.raises(SpectrumError, match="2 usable points"):
        LeadImpedance.from_arrays([1.0, 10.0, np.nan], [1.0, 1.0, 1.0])
