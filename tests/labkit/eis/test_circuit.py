"""Equivalent circuits: found from any start, with honest errors and named arcs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from labkit.eis.circuit import CircuitError, fit_circuit
from labkit.eis.circuit_string import parse_circuit
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.eis.spectrum import SpectrumError

TWO_ARCS = Pellet(arcs=(Arc(200.0, 1e-11, 0.97), Arc(800.0, 2e-9, 0.9)), tail_q=2e-6, tail_n=0.85)
CIRCUIT = "p(R1,CPE1)-p(R2,CPE2)-CPE3"
FREQUENCY = log_frequencies(3e7, 0.1)


def series_file(data_dir: Path, celsius: int) -> tuple[np.ndarray, np.ndarray]:
    path = data_dir / f"eis/temperature_series/eisfitpython/s04147-{celsius}deg.txt"
    columns = np.loadtxt(path, skiprows=3)
    return columns[:, 0], columns[:, 1] + 1j * columns[:, 2]


def test_two_arcs_are_found_from_random_starts_in_99_of_100() -> None:
    found = 0
    for seed in range(100):
        fit = fit_circuit(
            simulate_pellet(TWO_ARCS, FREQUENCY, noise=0.005, seed=seed), CIRCUIT, seed=seed
        )
        small, large = (arc.resistance_ohm for arc in fit.arcs)
        found += abs(small - 200) < 20 and abs(large - 800) < 20
    assert found >= 99


def test_errors_and_correlations_cover_the_truth() -> None:
    scores, totals = [], []
    for seed in range(150):
        fit = fit_circuit(simulate_pellet(TWO_ARCS, FREQUENCY, noise=0.01, seed=seed), CIRCUIT)
        scores.append((fit.arcs[0].resistance_ohm - 200) / fit.arcs[0].resistance_se_ohm)
        totals.append((fit.resistance_ohm - 1000) / fit.resistance_se_ohm)
        assert np.allclose(np.diag(fit.correlation), 1.0)
    for score in (scores, totals):
        assert 0.58 < np.mean(np.abs(score) < 1) < 0.78
        assert np.mean(np.abs(score) < 2) > 0.9


def test_it_ends_where_scipy_ends() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    frequency, z = simulate_pellet(TWO_ARCS, FREQUENCY, noise=0.005, seed=3)
    fit = fit_circuit((frequency, z), CIRCUIT)
    circuit = parse_circuit(CIRCUIT)
    values = np.array([p.value for p in fit.parameters])
    weight = 1 / np.abs(fit.model_ohm)

    def residual(internal: np.ndarray) -> np.ndarray:
        r = (z - circuit.with_gradient(internal[None], 2 * np.pi * frequency)[0][0]) * weight
        return np.concatenate([r.real, r.imag])

    start = circuit.to_internal(values)
    theirs = optimize.least_squares(residual, start + 0.05, xtol=1e-12, ftol=1e-12)
    ours = float(residual(start) @ residual(start))
    assert ours <= 2 * theirs.cost * (1 + 2e-3)


@pytest.mark.parametrize(
    ("pellet", "circuit"),
    [
        (Pellet(series_ohm=1000.0), "R0-CPE0"),
        (Pellet(arcs=(Arc(1000.0, 1e-10, 0.9),), tail_q=1e-6), "p(R1,CPE1)-CPE0"),
        (TWO_ARCS, "p(R1,CPE1)-p(R2,CPE2)-CPE0"),
        (Pellet(series_ohm=1000.0, tail_q=1e-5, tail_n=0.5), "R0-W0"),
        (Pellet(series_ohm=20.0, tail_q=1e-5, inductance_H=1e-6), "L0-R0-CPE0"),
        (Pellet(arcs=(Arc(1e5, 1e-10, 0.9),), tail_q=0.0), "p(R1,CPE1)"),
    ],
)
def test_auto_finds_the_circuit_that_made_the_spectrum(pellet: Pellet, circuit: str) -> None:
    fit = fit_circuit(simulate_pellet(pellet, FREQUENCY, noise=0.003, seed=1))
    assert fit.circuit == circuit
    assert fit.resistance_ohm == pytest.approx(pellet.resistance_ohm, rel=0.01)
    assert fit.verdict == "accepted"
    assert fit.rms == pytest.approx(0.003, rel=0.3)


def test_arcs_are_named_by_their_capacitance() -> None:
    pellet = Pellet(
        arcs=(Arc(200.0, 1e-11), Arc(800.0, 2e-9), Arc(500.0, 1e-5)), tail_q=1e-2, tail_n=0.6
    )
    fit = fit_circuit(
        simulate_pellet(pellet, log_frequencies(3e7, 1e-3), noise=0.002, seed=1),
        "p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)-CPE4",
    )
    assert [arc.role for arc in fit.arcs] == ["bulk", "grain boundary", "electrode"]
    assert [arc.capacitance_F for arc in fit.arcs] == pytest.approx([1e-11, 2e-9, 1e-5], rel=0.1)
    assert fit.resistance_ohm == pytest.approx(1000, rel=0.02)


def test_one_arc_is_not_called_bulk() -> None:
    pellet = Pellet(arcs=(Arc(1000.0, 1e-10, 0.9),), tail_q=1e-6)
    fit = fit_circuit(simulate_pellet(pellet, FREQUENCY, noise=0.003, seed=1))
    assert [arc.role for arc in fit.arcs] == ["pellet"]


def test_the_published_fit_of_the_temperature_series(data_dir: Path) -> None:
    """At 413 K: R1 = 1.462(125)e5, R2 = 2.012(17)e6 ohm, n3 = 0.544(7)."""
    fit = fit_circuit(series_file(data_dir, 140), "p(R1,CPE1)-p(R2,CPE2)-CPE3")
    bulk, boundary = fit.arcs
    assert (bulk.role, boundary.role) == ("bulk", "grain boundary")
    assert bulk.resistance_ohm == pytest.approx(1.462e5, rel=0.005)
    assert bulk.resistance_se_ohm == pytest.approx(1.25e4, rel=0.05)
    assert boundary.resistance_ohm == pytest.approx(2.012e6, rel=0.001)
    assert boundary.resistance_se_ohm == pytest.approx(1.658e4, rel=0.05)
    assert fit.values["CPE3_1"] == pytest.approx(0.5442, abs=0.001)


def test_a_parameter_that_the_data_do_not_fix_is_named() -> None:
    pellet = Pellet(series_ohm=1000.0)
    fit = fit_circuit(
        simulate_pellet(pellet, log_frequencies(1e5, 1), noise=0.01, seed=1),
        "R0-p(R1,CPE1)-p(R2,CPE2)-CPE3",
    )
    assert "undetermined" in fit.reasons or "at-bound" in fit.reasons
    assert any(parameter.at_bound for parameter in fit.parameters)


def test_a_guess_is_used_and_checked() -> None:
    spectrum = simulate_pellet(TWO_ARCS, FREQUENCY, noise=0.005, seed=3)
    fit = fit_circuit(spectrum, CIRCUIT, guess={"R1": 200.0, "R2": 800.0})
    assert fit.resistance_ohm == pytest.approx(1000, rel=0.02)
    with pytest.raises(CircuitError, match="no parameter R9"):
        fit_circuit(spectrum, CIRCUIT, guess={"R9": 1.0})


def test_too_few_points_are_refused() -> None:
    frequency, z = simulate_pellet(TWO_ARCS, FREQUENCY)
    with pytest.raises(SpectrumError, match="too few"):
        fit_circuit((frequency[:5], z[:5]), CIRCUIT)


def test_it_serialises() -> None:
    fit = fit_circuit(simulate_pellet(TWO_ARCS, FREQUENCY, seed=1))
    json.dumps(fit.to_dict(), allow_nan=False)


def test_where_n_drifts_the_low_end_is_left_out_and_said(data_dir: Path) -> None:
    from instruments.reader import read

    folder = data_dir / "eis/biologic/hybrid-drt"
    pellet = read(folder / "PEIS_LPSCl_IonBlocking_-25C.txt").records[0]
    fit = fit_circuit(pellet)  # type: ignore[arg-type]
    assert {point.reason for point in fit.masked} == {"below-tail-window"}
    assert fit.resistance_ohm == pytest.approx(1430, abs=15)
    assert {arc.role for arc in fit.arcs} == {"pellet"}
    cell = read(folder / "PEIS_SSB.mpr").records[0]
    assert fit_circuit(cell).verdict != "accepted"  # type: ignore[arg-type]
