"""R_total from the blocking tail: real pellets, the textbook case, and what must be refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.arrhenius import fit_arrhenius
from labkit.conductivity import conductivity
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.eis.spectrum import SpectrumError
from labkit.eis.tail import fit_tail
from labkit.geometry import PelletGeometry

DESIGN = Pellet(series_ohm=1000.0, tail_q=1e-6, tail_n=0.98)


def biologic(data_dir: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    from instruments.reader import read

    record = read(data_dir / "eis/biologic/hybrid-drt" / name).records[0]
    return record.frequency_hz, record.z_ohm  # type: ignore[union-attr]


def series_file(data_dir: Path, celsius: int) -> tuple[np.ndarray, np.ndarray]:
    path = data_dir / f"eis/temperature_series/eisfitpython/s04147-{celsius}deg.txt"
    columns = np.loadtxt(path, skiprows=3)
    return columns[:, 0], columns[:, 1] + 1j * columns[:, 2]


def test_li6ps5cl_at_minus_25_C(data_dir: Path) -> None:
    fit = fit_tail(biologic(data_dir, "PEIS_LPSCl_IonBlocking_-25C.txt"))
    assert fit.resistance_ohm == pytest.approx(1425, abs=10)
    assert 0 < fit.resistance_random_ohm < 5
    assert 0.5 < fit.resistance_systematic_ohm < 10
    assert fit.cpe_n == pytest.approx(0.875, abs=0.01)
    assert fit.cpe_resistance_ohm == pytest.approx(fit.resistance_ohm, abs=6)
    assert fit.intercept_method == "blocking-tail"
    assert fit.window_source == "automatic"
    assert fit.verdict == "accepted"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(300, 3e3, 1426), (300, 10e3, 1426), (300, 20e3, 1427), (100, 20e3, 1430), (1e3, 20e3, 1427)],
)
def test_li6ps5cl_with_windows_set_by_hand(
    data_dir: Path, low: float, high: float, expected: float
) -> None:
    spectrum = biologic(data_dir, "PEIS_LPSCl_IonBlocking_-25C.txt")
    fit = fit_tail(spectrum, window_hz=(low, high))
    assert fit.window_source == "set by hand"
    assert low <= fit.window_hz[0] < fit.window_hz[1] <= high
    assert fit.resistance_ohm == pytest.approx(expected, abs=3)


def test_the_low_end_of_li6ps5cl_extrapolates_to_nonsense_and_is_not_accepted(
    data_dir: Path,
) -> None:
    fit = fit_tail(biologic(data_dir, "PEIS_LPSCl_IonBlocking_-25C.txt"), window_hz=(0.1, 1.0))
    assert fit.resistance_ohm < 0
    assert fit.verdict == "rejected"
    assert "no-resistance" in fit.reasons


def test_the_solid_state_cell_gives_no_accepted_resistance(data_dir: Path) -> None:
    fit = fit_tail(biologic(data_dir, "PEIS_SSB.mpr"))
    assert fit.verdict == "rejected"
    assert {"tail-shallow", "leakage"} & set(fit.reasons)
    assert fit.messages


def test_the_temperature_series_gives_the_published_activation_energy(data_dir: Path) -> None:
    """J. Mater. Chem. A 2024, 12, 15847: 0.8555(6) eV for the total conductivity."""
    published = dict(
        zip(
            range(140, 210, 10),
            [1.936e-7, 3.338e-7, 5.594e-7, 9.201e-7, 1.477e-6, 2.320e-6, 3.556e-6],
        )
    )
    pellet = PelletGeometry(2.1e-3, 0.0, 8e-3, 0.0)
    sigmas = []
    for celsius, sigma in published.items():
        fit = fit_tail(series_file(data_dir, celsius))
        assert fit.intercept_method == "blocking-tail"
        assert fit.verdict != "rejected"
        sigmas.append(conductivity(fit.resistance, pellet, celsius + 273.15))
        assert sigmas[-1].sigma_S_per_cm == pytest.approx(sigma, rel=0.04)
    line = fit_arrhenius(
        [s.temperature_K for s in sigmas],
        [s.sigma_S_per_cm for s in sigmas],
        [s.own_S_per_cm for s in sigmas],
    )
    low, high = line.ea_interval95_eV
    assert low < 0.8555 < high
    assert line.ea_se_eV < 0.005
    assert line.sigma_at(298.15).extrapolated


def test_the_classical_line_is_biased_and_ours_is_not() -> None:
    """R = 1 kohm, Q = 1e-6, n = 0.98, 1 % noise, 1-300 Hz."""
    frequency = log_frequencies(300, 1, 10)
    ours, automatic, classical = [], [], []
    for seed in range(300):
        spectrum = simulate_pellet(DESIGN, frequency, noise=0.01, seed=seed)
        fit = fit_tail(spectrum, window_hz=(1, 300))
        ours.append(fit.resistance_ohm / 1000 - 1)
        classical.append(fit.classical_resistance_ohm / 1000 - 1)
        automatic.append(fit_tail(spectrum).resistance_ohm / 1000 - 1)
    assert np.mean(ours) == pytest.approx(0, abs=0.002)
    assert np.std(ours) == pytest.approx(0.007, abs=0.002)
    assert np.median(automatic) == pytest.approx(0, abs=0.003)
    assert np.std(automatic) < 0.012
    assert np.median(classical) == pytest.approx(-0.10, abs=0.03)
    assert np.std(classical) == pytest.approx(0.10, abs=0.03)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(1.0, 6.0), st.floats(0.5, 1.0), st.integers(0, 1000), st.sampled_from([0.001, 0.01])
)
def test_r_is_found_within_its_error(log_r: float, tail_n: float, seed: int, noise: float) -> None:
    resistance = 10**log_r
    pellet = Pellet(
        series_ohm=resistance, tail_q=1 / (resistance * (2 * np.pi * 1e3) ** tail_n), tail_n=tail_n
    )
    fit = fit_tail(simulate_pellet(pellet, log_frequencies(1e6, 1), noise=noise, seed=seed))
    assert abs(fit.resistance_ohm - resistance) < 6 * fit.resistance.total + 1e-3 * resistance


def test_the_order_of_measurement_does_not_matter() -> None:
    frequency, z = simulate_pellet(seed=5)
    forward, backward = fit_tail((frequency, z)), fit_tail((frequency[::-1], z[::-1]))
    assert backward.resistance_ohm == pytest.approx(forward.resistance_ohm, rel=1e-9)
    assert backward.window_hz == pytest.approx(forward.window_hz)


def test_scaling_the_impedance_scales_the_resistance() -> None:
    frequency, z = simulate_pellet(seed=6)
    one, thousand = fit_tail((frequency, z)), fit_tail((frequency, 1000 * z))
    assert thousand.resistance_ohm == pytest.approx(1000 * one.resistance_ohm, rel=1e-6)
    assert thousand.reasons == one.reasons


def test_inductive_points_are_masked_and_named() -> None:
    pellet = Pellet(series_ohm=20.0, tail_q=2e-5, tail_n=0.9, inductance_H=1e-6)
    frequency, z = simulate_pellet(pellet, log_frequencies(7e6, 1), noise=0.002, seed=1)
    fit = fit_tail((frequency, z))
    assert fit.masked
    assert {point.reason for point in fit.masked} == {"inductive"}
    assert all(frequency[p.index] == p.frequency_hz for p in fit.masked)
    assert min(p.frequency_hz for p in fit.masked) > fit.window_hz[1]
    assert fit.resistance_ohm == pytest.approx(20.0, rel=0.01)


def test_points_masked_by_hand_keep_their_reason() -> None:
    frequency, z = simulate_pellet(noise=0.002, seed=2)
    z = z.copy()
    z[40] *= 1.5
    fit = fit_tail((frequency, z), mask={40: "spike seen by the operator"})
    assert [(p.index, p.reason) for p in fit.masked] == [(40, "spike seen by the operator")]
    assert fit.resistance_ohm == pytest.approx(1000, rel=0.01)


def test_without_a_tail_r_is_the_intercept_of_the_arc() -> None:
    pellet = Pellet(arcs=(Arc(1e6, 2e-11, 0.93),), tail_q=0.0)
    fit = fit_tail(simulate_pellet(pellet, log_frequencies(1e6, 10), noise=0.005, seed=3))
    assert fit.intercept_method == "arc-intercept"
    assert "no-tail" in fit.reasons
    assert fit.resistance_ohm == pytest.approx(1e6, rel=0.01)
    assert fit.verdict == "accepted"


def test_without_a_tail_an_arc_on_top_of_a_resistance_is_for_review() -> None:
    """A leaking electrode looks like a grain boundary: only a person can tell."""
    leaking = Pellet(series_ohm=1e4, tail_q=2e-9, tail_n=0.9, leakage_ohm=3e4)
    fit = fit_tail(simulate_pellet(leaking, log_frequencies(7e6, 1), noise=0.003, seed=1))
    assert fit.intercept_method == "arc-intercept"
    assert "arc-origin-unclear" in fit.reasons
    assert fit.verdict == "review"


def test_an_arc_of_an_electrode_is_not_the_pellet() -> None:
    pellet = Pellet(series_ohm=50.0, arcs=(Arc(500.0, 5e-6, 0.85),), tail_q=0.0)
    fit = fit_tail(simulate_pellet(pellet, log_frequencies(1e6, 0.1), noise=0.005, seed=3))
    assert "electrode-arc" in fit.reasons
    assert fit.verdict == "rejected"


def test_leakage_and_drift_are_seen() -> None:
    frequency = log_frequencies(7e6, 0.1)
    at_low_end = 1 / (1e-6 * (2 * np.pi * 0.1) ** 0.9)
    leaking = Pellet(arcs=(Arc(1000.0, 1e-10),), leakage_ohm=0.5 * at_low_end)
    drifting = Pellet(arcs=(Arc(1000.0, 1e-10),), drift=0.4)
    assert "leakage" in fit_tail(simulate_pellet(leaking, frequency)).reasons
    assert "drift" in fit_tail(simulate_pellet(drifting, frequency)).reasons


def test_limits_of_the_instrument_and_the_leads_are_reasons() -> None:
    spectrum = simulate_pellet(Pellet(series_ohm=5.0, tail_q=1e-4), noise=0.002)
    assert "lead-resistance" in fit_tail(spectrum, lead_resistance_ohm=1.0).reasons
    assert "instrument-limit" in fit_tail(spectrum, z_limit_ohm=10.0).reasons


def test_a_warburg_tail_is_accepted() -> None:
    pellet = Pellet(series_ohm=1000.0, tail_q=1e-5, tail_n=0.5)
    fit = fit_tail(simulate_pellet(pellet, noise=0.003, seed=4))
    assert fit.resistance_ohm == pytest.approx(1000, rel=0.01)
    assert fit.cpe_n == pytest.approx(0.5, abs=0.01)
    assert fit.verdict == "accepted"
    assert "warburg-like" in fit.reasons


@pytest.mark.parametrize(
    ("frequency", "z", "says"),
    [
        ([1.0, 2.0], [1 - 1j, 1 - 2j], "usable points"),
        ([1.0, 2.0, 3.0], [1 - 1j], "one of each"),
        (np.geomspace(1e5, 1, 30), np.geomspace(1, 30, 30) * (1 + 1j), "inductive"),
        (np.full(20, math.nan), np.ones(20), "usable points"),
        (["a"], ["b"], "numbers"),
    ],
)
def test_unusable_input_says_why(frequency: object, z: object, says: str) -> None:
    with pytest.raises(SpectrumError, match=says):
        fit_tail((frequency, z))  # type: ignore[arg-type]


def test_a_window_without_points_is_refused() -> None:
    with pytest.raises(SpectrumError, match="usable points"):
        fit_tail(simulate_pellet(), window_hz=(1e8, 1e9))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60))
def test_ugly_data_never_raise(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    frequency = 10 ** rng.uniform(-2, 7, count)
    z = 10 ** rng.uniform(-2, 8, count) * np.exp(1j * rng.uniform(-1.6, 0.0, count))
    fit = fit_tail((frequency, z))
    json.dumps(fit.to_dict(), allow_nan=False)
    assert fit.verdict in {"accepted", "review", "rejected"}
