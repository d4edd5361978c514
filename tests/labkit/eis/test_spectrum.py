"""Points are ordered, masked with reasons, and their noise is known."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.eis.spectrum import SpectrumError, relative_noise, smoothed, usable_points

PELLET = Pellet(arcs=(Arc(1000.0, 1e-10, 0.9),), tail_q=1e-6)
FREQUENCY = log_frequencies(1e6, 0.1)


@pytest.mark.parametrize("noise", [0.001, 0.01, 0.03])
def test_the_noise_is_estimated_to_a_fifth(noise: float) -> None:
    estimates = [
        relative_noise(*simulate_pellet(PELLET, FREQUENCY, noise=noise, seed=seed))[0]
        for seed in range(40)
    ]
    assert np.median(estimates) == pytest.approx(noise, rel=0.1)
    assert np.std(estimates) < 0.25 * noise


def test_a_few_outliers_do_not_raise_the_noise() -> None:
    frequency, z = simulate_pellet(PELLET, FREQUENCY, noise=0.002, seed=1)
    z = z.copy()
    z[[10, 40]] *= 1.3
    assert relative_noise(frequency, z)[0] < 0.004


def test_smoothing_follows_the_spectrum() -> None:
    frequency, z = simulate_pellet(PELLET, FREQUENCY, noise=0.01, seed=1)
    truth = PELLET.impedance(frequency)
    error = np.abs(smoothed(frequency, z) - truth) / np.abs(truth)
    assert np.median(error) < np.median(np.abs(z - truth) / np.abs(truth))


def test_points_run_from_high_to_low_frequency_and_keep_their_index() -> None:
    frequency, z = simulate_pellet(PELLET, FREQUENCY, seed=1)
    shuffled = np.random.default_rng(1).permutation(frequency.size)
    points = usable_points((frequency[shuffled], z[shuffled]))
    assert np.all(np.diff(points.frequency_hz) < 0)
    assert np.array_equal(frequency[shuffled][points.index], points.frequency_hz)


def test_bad_points_are_masked_with_their_reason() -> None:
    frequency, z = simulate_pellet(PELLET, FREQUENCY, noise=0.001, seed=1)
    frequency, z = frequency.copy(), z.copy()
    z[5], z[6], frequency[7], frequency[9] = np.nan, 0.0, 0.0, frequency[8]
    masked = {p.index: p.reason for p in usable_points((frequency, z)).masked}
    assert masked == {
        5: "not-finite",
        6: "zero",
        7: "frequency-not-positive",
        8: "repeated-frequency",
    }


def test_noise_about_the_real_axis_is_not_inductance() -> None:
    plateau = Pellet(series_ohm=1000.0, tail_q=1e-6)
    for seed in range(20):
        points = usable_points(simulate_pellet(plateau, FREQUENCY, noise=0.02, seed=seed))
        assert len(points.masked) <= 2


def test_an_inductance_is_masked_and_measured() -> None:
    coil = Pellet(series_ohm=10.0, tail_q=1e-5, inductance_H=1e-6)
    points = usable_points(simulate_pellet(coil, log_frequencies(7e6, 1), noise=0.002, seed=1))
    assert points.inductance_H == pytest.approx(1e-6, rel=0.2)
    assert points.masked
    assert not usable_points(
        simulate_pellet(coil, log_frequencies(7e6, 1), noise=0.002, seed=1), keep_inductive=True
    ).masked


def test_a_mask_outside_the_spectrum_is_refused() -> None:
    with pytest.raises(SpectrumError, match="names point 99"):
        usable_points(simulate_pellet(PELLET, FREQUENCY[:20]), mask={99: "typo"})


def test_a_spike_is_masked_wherever_it_stands() -> None:
    frequency, z = simulate_pellet(PELLET, FREQUENCY, noise=0.002, seed=1)
    for k in range(3, frequency.size - 3):
        spoiled = z.copy()
        spoiled[k] *= 1.1
        masked = usable_points((frequency, spoiled)).masked
        assert [(p.index, p.reason) for p in masked] == [(k, "outlier")]


def test_clean_spectra_have_no_spikes() -> None:
    from labkit.eis.corpus import golden_corpus

    found = [
        point
        for s in golden_corpus(per_kind=30, seed=7)
        for point in usable_points((s.frequency_hz, s.z_ohm)).masked
        if point.reason == "outlier"
    ]
    assert not found
