"""Circuits and leads travel with an import, and are kept with what they changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from db.measurements import get_analysis, list_analyses
from instruments.biologic_writing import write_mpr
from instruments.records import ImpedanceSpectrum
from labkit.eis.circuit_string import CircuitError
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.workflows.analysing import examine_measurement
from labkit.workflows.circuits import CIRCUIT, fit_measured_circuit
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.replaying import replay_analyses

PELLET = Pellet(arcs=(Arc(40.0, 2e-10, 0.95),), tail_q=2e-5, tail_n=0.9)
FREQUENCY = log_frequencies(7e6, 1.0)
LEADS = 2.5 + 2j * np.pi * FREQUENCY * 4e-7


def write(path: Path, z_ohm: np.ndarray) -> Path:
    write_mpr(path, [ImpedanceSpectrum(frequency_hz=FREQUENCY, z_ohm=z_ohm, technique="PEIS")])
    return path


@pytest.fixture
def cell(tmp_path: Path) -> Path:
    _, z = simulate_pellet(PELLET, FREQUENCY, noise=0.001, seed=3)
    return write(tmp_path / "cell_25C.mpr", z + LEADS)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    return write(tmp_path / "short.mpr", LEADS)


def test_an_import_fits_the_circuit_in_the_same_breath(new_lab: Lab, cell: Path) -> None:
    (file,) = import_paths(new_lab, [cell], circuit="auto")["files"]

    (sweep,) = file["sweeps"]
    assert sweep["circuit"]["resistance_ohm"] == pytest.approx(42.5, rel=0.02)
    with new_lab.database.reading() as session:
        stored = get_analysis(session, sweep["circuit"]["analysis"])
        assert stored.kind == CIRCUIT
        assert stored.parameters["circuit"] == "auto"
    assert fit_measured_circuit(new_lab, "M1", "auto")["analysis"] == sweep["circuit"]["analysis"]


def test_a_known_file_gets_its_circuit_once(new_lab: Lab, cell: Path) -> None:
    import_paths(new_lab, [cell])

    added = import_paths(new_lab, [cell], circuit="auto")["files"][0]
    again = import_paths(new_lab, [cell], circuit="auto")["files"][0]

    assert (added["status"], again["status"]) == ("completed", "known")
    with new_lab.database.reading() as session:
        assert len(list_analyses(session, kind=CIRCUIT)) == 1


def test_an_unreadable_circuit_stores_nothing(new_lab: Lab, cell: Path) -> None:
    with pytest.raises(CircuitError):
        import_paths(new_lab, [cell], circuit="p(R1,")

    assert import_paths(new_lab, [cell])["imported"] == 1


def test_leads_are_subtracted_kept_and_replayed(new_lab: Lab, cell: Path, short: Path) -> None:
    (file,) = import_paths(new_lab, [cell], short=short, circuit="p(R1,CPE1)-CPE0")["files"]

    (sweep,) = file["sweeps"]
    assert sweep["resistance_ohm"] == pytest.approx(40.0, rel=0.005)
    assert sweep["circuit"]["resistance_ohm"] == pytest.approx(40.0, rel=0.005)
    assert any("leads of 2.5 ohm subtracted (short.mpr)" in m for m in sweep["messages"])
    with new_lab.database.reading() as session:
        leads = get_analysis(session, sweep["analysis"]).parameters["leads"]
    assert leads["file"] == "short.mpr"
    assert len(leads["sha256"]) == 64
    assert replay_analyses(new_lab)["different"] == []


def test_a_window_set_by_hand_keeps_the_correction(new_lab: Lab, cell: Path, short: Path) -> None:
    import_paths(new_lab, [cell], short=short)

    moved = examine_measurement(new_lab, "M1", window=("300Hz", "5kHz"), set_by="x")

    assert moved["resistance_ohm"] == pytest.approx(40.0, rel=0.01)
    assert replay_analyses(new_lab)["different"] == []


def test_leads_can_follow_later(new_lab: Lab, cell: Path, short: Path) -> None:
    before = import_paths(new_lab, [cell])["files"][0]["sweeps"][0]
    after = import_paths(new_lab, [cell], short=short)["files"][0]
    again = import_paths(new_lab, [cell], short=short)["files"][0]

    assert before["resistance_ohm"] == pytest.approx(42.5, rel=0.005)
    assert after["sweeps"][0]["resistance_ohm"] == pytest.approx(40.0, rel=0.005)
    assert "correction for the leads" in after["warnings"][0]
    assert again["status"] == "known"


def test_a_circuit_that_is_at_odds_with_the_tail_is_for_review(
    new_lab: Lab, tmp_path: Path
) -> None:
    arcs = (Arc(4e3, 2e-11, 0.85), Arc(8e3, 3e-9, 0.8))
    _, z = simulate_pellet(Pellet(arcs=arcs, tail_q=2e-6), FREQUENCY, noise=0.001, seed=3)
    one, two = "p(R1,CPE1)-CPE0", "p(R1,CPE1)-p(R2,CPE2)-CPE0"

    (file,) = import_paths(new_lab, [write(tmp_path / "a_25C.mpr", z)], circuit=one)["files"]

    stored = file["sweeps"][0]["circuit"]
    fitted = fit_measured_circuit(new_lab, "M1", one)
    assert fitted["analysis"] == stored["analysis"]
    assert "circuit-disagrees" in fitted["reasons"]
    assert fitted["verdict"] != "accepted"
    assert any("differs from that of the tail" in message for message in fitted["messages"])
    right = fit_measured_circuit(new_lab, "M1", two)
    assert right["resistance_ohm"] == pytest.approx(12e3, rel=0.01)
    assert "circuit-disagrees" not in right["reasons"]
    assert abs(right["beside_tail"]["difference_sigma"]) < 2
