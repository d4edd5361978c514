"""The distribution of relaxation times shows what the spectrum holds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labkit.eis.drt import distribution_of_relaxation_times
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.eis.spectrum import SpectrumError

ARCS = (Arc(300.0, 1e-10, 1.0), Arc(700.0, 1e-8, 0.95))
FREQUENCY = log_frequencies(7e6, 1.0)


def test_two_arcs_are_two_peaks_with_their_resistances() -> None:
    pellet = Pellet(arcs=ARCS, series_ohm=50.0, tail_q=0.0)
    drt = distribution_of_relaxation_times(simulate_pellet(pellet, FREQUENCY, noise=1e-3, seed=1))
    strong = [p for p in drt.peaks if p.resistance_ohm > 50]
    assert [p.resistance_ohm for p in strong] == pytest.approx([300, 700], rel=0.1)
    assert [p.tau_s for p in strong] == pytest.approx([a.tau_s for a in ARCS], rel=0.25)
    assert drt.resistance_ohm == pytest.approx(1050, rel=0.01)
    assert math.isnan(drt.tail_n)


def test_the_tail_is_in_the_model_and_not_in_the_distribution() -> None:
    pellet = Pellet(arcs=ARCS, tail_q=1e-5, tail_n=0.85)
    drt = distribution_of_relaxation_times(simulate_pellet(pellet, FREQUENCY, noise=1e-3, seed=1))
    assert drt.tail_n == pytest.approx(0.85, abs=0.02)
    assert drt.tail_q == pytest.approx(1e-5, rel=0.1)
    assert drt.resistance_ohm == pytest.approx(1000, rel=0.03)
    assert drt.rms < 3e-3


def test_gamma_is_never_negative_and_the_model_fits() -> None:
    pellet = Pellet(arcs=ARCS, tail_q=1e-5, inductance_H=1e-6)
    frequency, z = simulate_pellet(pellet, FREQUENCY, noise=0.01, seed=2)
    drt = distribution_of_relaxation_times((frequency, z))
    assert np.all(drt.gamma_ohm >= 0)
    assert drt.rms == pytest.approx(0.01, rel=0.4)
    assert drt.inductance_H == pytest.approx(1e-6, rel=0.3)


def test_more_regularisation_is_smoother() -> None:
    spectrum = simulate_pellet(Pellet(arcs=ARCS, tail_q=1e-5), FREQUENCY, noise=0.01, seed=2)
    rough = distribution_of_relaxation_times(spectrum, regularisation=1e-3)
    smooth = distribution_of_relaxation_times(spectrum, regularisation=1.0)
    assert np.sum(np.diff(smooth.gamma_ohm, 2) ** 2) < np.sum(np.diff(rough.gamma_ohm, 2) ** 2)
    assert rough.rms <= smooth.rms


def test_numbers_out_of_range_are_refused() -> None:
    spectrum = simulate_pellet(Pellet(arcs=ARCS))
    with pytest.raises(SpectrumError, match="above zero"):
        distribution_of_relaxation_times(spectrum, regularisation=0.0)
    with pytest.raises(SpectrumError, match="between 0 and 1"):
        distribution_of_relaxation_times(spectrum, tail_n=1.5)
    with pytest.raises(SpectrumError, match="at least 8"):
        distribution_of_relaxation_times((spectrum[0][:6], spectrum[1][:6]))
