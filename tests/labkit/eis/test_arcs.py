"""Arcs through a temperature series."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labkit.arrhenius import KB_EV_PER_K, fit_arrhenius
from labkit.eis.arcs import SeriesFit, TrackedArc, fit_temperature_series
from labkit.eis.joint_arcs import fit_jointly
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.eis.spectrum import SpectrumError
from labkit.eis.tracked_arcs import follow_arcs

CIRCUIT = "p(R1,CPE1)-p(R2,CPE2)-CPE3"
KELVIN = np.arange(300.0, 361.0, 20.0)


def simulated(seed: int, noise: float = 0.005) -> list[tuple[np.ndarray, np.ndarray]]:
    spectra = []
    for k, kelvin in enumerate(KELVIN):
        falls = 1 / (KB_EV_PER_K * kelvin) - 1 / (KB_EV_PER_K * 300.0)
        pellet = Pellet(
            arcs=(
                Arc(2e4 * math.exp(0.3 * falls), 1e-11, 0.95),
                Arc(2e5 * math.exp(0.5 * falls), 5e-10, 0.9),
            ),
            tail_q=3e-7,
            tail_n=0.85,
        )
        spectra.append(
            simulate_pellet(pellet, log_frequencies(7e6, 0.1), noise=noise, seed=10 * seed + k)
        )
    return spectra


def activation_energy(arc: TrackedArc) -> float:
    resistance, error = np.array(arc.resistance_ohm), np.array(arc.resistance_se_ohm)
    fit = fit_arrhenius(
        arc.temperature_K, 1 / resistance, error / resistance**2, convention="ln(sigma)"
    )
    return fit.ea_eV


def roles(series: SeriesFit) -> list[str]:
    return [arc.role for arc in series.arcs]


@pytest.mark.parametrize("joint", [False, True])
def test_each_arc_keeps_its_own_activation_energy(joint: bool) -> None:
    series = fit_temperature_series(KELVIN.tolist(), simulated(1), CIRCUIT, joint=joint)
    assert roles(series) == ["bulk", "grain boundary"]
    bulk, boundary = series.arcs
    assert activation_energy(bulk) == pytest.approx(0.3, abs=0.015)
    assert activation_energy(boundary) == pytest.approx(0.5, abs=0.01)
    assert bulk.capacitance_F[0] == pytest.approx(1e-11, rel=0.1)
    assert series.total.resistance_ohm[0] == pytest.approx(2.2e5, rel=0.02)
    assert len(bulk.measured()) == KELVIN.size


def test_a_joint_fit_shares_shape_and_shrinks_errors() -> None:
    single = fit_temperature_series(KELVIN.tolist(), simulated(2, 0.01), CIRCUIT)
    joint = fit_temperature_series(KELVIN.tolist(), simulated(2, 0.01), CIRCUIT, joint=True)
    assert len(set(joint.arcs[0].n)) == 1
    assert len(set(joint.arcs[0].capacitance_F)) == 1
    assert np.mean(joint.arcs[0].resistance_se_ohm) < np.mean(single.arcs[0].resistance_se_ohm)


PUBLISHED_K = [float(t) for t in range(413, 483, 10)]


@pytest.fixture(scope="module")
def published(data_dir: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the spectra of J. Mater. Chem. A 2024, 12, 15847."""
    spectra = []
    for celsius in range(140, 210, 10):
        path = data_dir / f"eis/temperature_series/eisfitpython/s04147-{celsius}deg.txt"
        columns = np.loadtxt(path, skiprows=3)
        spectra.append((columns[:, 0], columns[:, 1] + 1j * columns[:, 2]))
    return spectra


def test_the_published_series(published: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """0.587(16), 0.892(3) and 0.8555(6) eV; 2.857e-6 S/cm."""
    kelvin = PUBLISHED_K
    series = fit_temperature_series(kelvin, published)
    assert roles(series) == ["bulk", "grain boundary"]
    constant = 0.21 / (math.pi * 0.16)
    bulk, boundary = series.arcs
    for arc, ea_eV, error in (
        (bulk, 0.5869, 0.0163),
        (boundary, 0.8919, 0.0025),
        (series.total, 0.8555, 0.0006),
    ):
        line = fit_arrhenius(kelvin, constant / np.array(arc.resistance_ohm))
        assert line.ea_eV == pytest.approx(ea_eV, abs=0.001)
        assert line.ea_se_eV == pytest.approx(error, rel=0.2)
    assert constant / bulk.resistance_ohm[0] == pytest.approx(2.857e-6, rel=0.002)


def test_a_joint_fit_that_does_not_hold_is_not_kept(
    published: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    separate = fit_temperature_series(PUBLISHED_K, published)
    joint = fit_temperature_series(PUBLISHED_K, published, joint=True)
    assert not joint.joint
    assert joint.reasons == ("arcs-not-separable", "joint-fit-worse")
    assert roles(joint) == ["arc 1", "arc 2"]
    for arc, alone in zip(joint.arcs, separate.arcs, strict=True):
        assert arc.resistance_ohm == alone.resistance_ohm


@pytest.mark.parametrize("seed", range(4))
def test_a_joint_fit_follows_arcs_whatever_their_numbers(seed: int) -> None:
    """A circuit has no order: R1 is the bulk of one spectrum and the boundaries of another."""
    spectra = simulated(seed, 0.003)
    series = fit_temperature_series(KELVIN.tolist(), spectra, CIRCUIT)
    places = {"R1": "R2", "R2": "R1", "CPE1_0": "CPE2_0", "CPE2_0": "CPE1_0"}
    places |= {"CPE1_1": "CPE2_1", "CPE2_1": "CPE1_1"}
    turned = [
        fit
        if k % 2
        else replace(
            fit,
            parameters=tuple(
                replace(p, value=fit.values[places.get(p.name, p.name)]) for p in fit.parameters
            ),
            arcs=tuple(replace(arc, name=places[arc.name]) for arc in fit.arcs),
        )
        for k, fit in enumerate(series.fits)
    ]
    joint = fit_jointly(replace(series, fits=tuple(turned)), spectra)
    assert joint.joint
    assert activation_energy(joint.arcs[0]) == pytest.approx(0.3, abs=0.015)
    assert activation_energy(joint.arcs[1]) == pytest.approx(0.5, abs=0.01)


def test_arcs_whose_capacitances_overlap_have_no_names() -> None:
    series = fit_temperature_series(KELVIN.tolist(), simulated(1), CIRCUIT)
    wandering = [
        replace(
            fit,
            rms=0.01 if k == 2 else 0.02,
            arcs=(
                replace(fit.arcs[0], capacitance_F=1e-11 * 2**k),
                replace(fit.arcs[1], capacitance_F=5e-11 * 3**k),
            ),
        )
        for k, fit in enumerate(series.fits)
    ]
    arcs, reasons, (message,) = follow_arcs(KELVIN.tolist(), wandering)
    assert [arc.role for arc in arcs] == ["arc 1", "arc 2"]
    assert reasons == ("arcs-not-separable",)
    assert "overlap" in message


def test_numbers_must_match() -> None:
    with pytest.raises(SpectrumError, match="one of each"):
        fit_temperature_series([300.0], [])
    with pytest.raises(SpectrumError, match="has none"):
        fit_temperature_series([300.0], simulated(1)[:1], "R0-CPE0", joint=True)
