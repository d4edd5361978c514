"""A person leaves points out with a reason; that is stored, replayed and told wherever R is."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.measurements import get_analysis, list_analyses
from instruments.biologic_writing import write_mpr
from instruments.records import ImpedanceSpectrum
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.eis.spectrum import SpectrumError
from labkit.errors import ChangedMeanwhileError, UsageError
from labkit.workflows.analysing import examine_measurement
from labkit.workflows.circuits import fit_measured_circuit
from labkit.workflows.explaining import explain
from labkit.workflows.exporting import export_table
from labkit.workflows.fit_choices import HandMask, describe_masks
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.label_evidence import view_label
from labkit.workflows.labelling import propose_label
from labkit.workflows.masking import points_named
from labkit.workflows.measurement_views import view_measurement, view_tried_fit
from labkit.workflows.pellets import add_pellet
from labkit.workflows.refitting import FitChange, keep_fit
from labkit.workflows.replaying import replay_analyses
from labkit.workflows.reporting import write_lab_report
from labkit.workflows.temperature_series import fit_series
from labkit.workflows.typed_quantities import write_frequency

TRUTH_OHM = 2500.0
PELLET = Pellet(arcs=(Arc(TRUTH_OHM, 1e-11, 0.95),), tail_q=2e-6, tail_n=0.9)
FREQUENCY = log_frequencies(7e6, 0.1)
SPOILED = [int(np.argmin(np.abs(FREQUENCY - 3000.0))) + i for i in range(5)]
RANGE = "1kHz-3kHz"
SIGNED: dict[str, Any] = {"because": "the press was touched", "set_by": "A. See"}


def spoiled_file(path: Path, seed: int = 4) -> Path:
    """Write a spectrum with five neighbours of the tail 5 % too high: no lone spike."""
    _, z = simulate_pellet(PELLET, FREQUENCY, noise=0.003, seed=seed)
    z = z.copy()
    z[SPOILED] *= 1.05
    write_mpr(path, [ImpedanceSpectrum(frequency_hz=FREQUENCY, z_ohm=z, technique="PEIS")])
    return path


@pytest.fixture
def lab(new_lab: Lab, tmp_path: Path) -> Lab:
    add_pellet(new_lab, "a", formula="Li3BS3", thickness="0.80mm+-0.01mm", diameter="6.35mm")
    import_paths(new_lab, [spoiled_file(tmp_path / "cell_25C.mpr")], pellet="a")
    return new_lab


def parameters_of(lab: Lab, analysis: str) -> dict[str, Any]:
    with lab.database.reading() as session:
        return dict(get_analysis(session, analysis).parameters)


def count(lab: Lab) -> int:
    with lab.database.reading() as session:
        return len(list_analyses(session))


def test_the_range_names_the_spoiled_points() -> None:
    assert list(points_named(FREQUENCY, [RANGE])) == SPOILED


def test_without_the_spoiled_points_r_is_nearer_the_truth_and_replay_agrees(lab: Lab) -> None:
    before = examine_measurement(lab, "M1")
    after = examine_measurement(lab, "M1", mask=[RANGE], **SIGNED)

    off_before = abs(before["resistance_ohm"] - TRUTH_OHM)
    off_after = abs(after["resistance_ohm"] - TRUTH_OHM)
    error = math.hypot(after["resistance_random_ohm"], after["resistance_systematic_ohm"])
    assert off_before > 0.01 * TRUTH_OHM
    assert off_after < 0.1 * off_before
    assert off_after < 3 * error
    assert replay_analyses(lab) == {"checked": 2, "equal": 2, "different": []}
    assert examine_measurement(lab, "M1")["analysis"] == after["analysis"]


@pytest.mark.parametrize("seed", range(10, 16))
def test_leaving_the_spoiled_points_out_helps_whatever_the_noise(
    new_lab: Lab, tmp_path: Path, seed: int
) -> None:
    import_paths(new_lab, [spoiled_file(tmp_path / "cell.mpr", seed)])

    after = examine_measurement(new_lab, "M1", mask=[RANGE], **SIGNED)

    error = math.hypot(after["resistance_random_ohm"], after["resistance_systematic_ohm"])
    assert abs(after["resistance_ohm"] - TRUTH_OHM) < 4 * error
    assert error < 0.005 * TRUTH_OHM


def test_the_parameters_carry_points_reason_and_name(lab: Lab) -> None:
    after = examine_measurement(lab, "M1", mask=[RANGE], **SIGNED)

    mask = parameters_of(lab, after["analysis"])["mask"]
    assert [point["index"] for point in mask] == SPOILED
    assert [point["frequency_hz"] for point in mask] == pytest.approx(FREQUENCY[SPOILED])
    assert {(point["reason"], point["by"]) for point in mask} == {
        ("the press was touched", "A. See")
    }
    assert "mask" not in parameters_of(lab, "A1")
    by_hand = [p for p in after["details"]["masked"] if p["reason"] == "the press was touched"]
    assert [point["index"] for point in by_hand] == SPOILED
    assert {point["by"] for point in by_hand} == {"A. See"}
    assert "masked-by-hand" in after["reasons"]
    assert after["verdict"] == "accepted"


def test_two_people_leave_points_out_one_after_the_other(lab: Lab) -> None:
    examine_measurement(lab, "M1", mask=[RANGE], **SIGNED)
    second = examine_measurement(lab, "M1", mask=["p60"], because="a door", set_by="B. Lee")

    told = next(m for m in second["messages"] if m.startswith("left out by hand"))
    assert "(the press was touched, A. See)" in told
    assert f"{write_frequency(FREQUENCY[60])} (a door, B. Lee)" in told
    by = {point["index"]: point["by"] for point in parameters_of(lab, "A3")["mask"]}
    assert by == {**dict.fromkeys(SPOILED, "A. See"), 60: "B. Lee"}
    with lab.database.reading() as session:
        assert get_analysis(session, "A3").created_by == "B. Lee"


def test_points_taken_back_give_the_first_result_again(lab: Lab) -> None:
    first = examine_measurement(lab, "M1")
    examine_measurement(lab, "M1", mask=[RANGE, "p60"], **SIGNED)
    part = examine_measurement(lab, "M1", unmask=["p60"], because="was fine", set_by="B. Lee")
    last = examine_measurement(lab, "M1", unmask=["all"], set_by="B. Lee")

    (back,) = parameters_of(lab, part["analysis"])["unmasked"]
    assert (back["index"], back["reason"], back["by"]) == (60, "was fine", "B. Lee")
    assert [p["index"] for p in parameters_of(lab, part["analysis"])["mask"]] == SPOILED
    assert "mask" not in parameters_of(lab, last["analysis"])
    assert last["resistance_ohm"] == first["resistance_ohm"]
    assert "masked-by-hand" not in last["reasons"]
    assert count(lab) == 4
    assert replay_analyses(lab)["different"] == []


def test_a_later_window_keeps_the_points_left_out_and_the_other_way_round(lab: Lab) -> None:
    examine_measurement(lab, "M1", mask=[RANGE], **SIGNED)
    moved = examine_measurement(lab, "M1", window=("100Hz", "10kHz"), set_by="B. Lee")
    again = examine_measurement(lab, "M1", mask=["p45"], because="a door", set_by="C. Ray")
    automatic = examine_measurement(lab, "M1", window=("auto", "auto"), set_by="D. Poe")

    assert [p["index"] for p in parameters_of(lab, moved["analysis"])["mask"]] == SPOILED
    kept = parameters_of(lab, again["analysis"])
    assert kept["window_hz"] == [100.0, 10e3]
    assert kept["window_set_by"] == "B. Lee"
    back = parameters_of(lab, automatic["analysis"])
    assert (back["window_hz"], back["window_set_by"]) == (None, None)
    assert len(back["mask"]) == 6
    assert automatic["window_source"] == "automatic"
    with lab.database.reading() as session:
        assert get_analysis(session, automatic["analysis"]).created_by == "D. Poe"
    assert replay_analyses(lab)["different"] == []


def test_a_completed_file_keeps_its_points_left_out(new_lab: Lab, tmp_path: Path) -> None:
    add_pellet(new_lab, "a", formula="Li3BS3", thickness="0.80mm+-0.01mm", diameter="6.35mm")
    path = spoiled_file(tmp_path / "cell.mpr")
    import_paths(new_lab, [path])
    masked = examine_measurement(new_lab, "M1", mask=[RANGE], **SIGNED)

    import_paths(new_lab, [path], pellet="a", temperature="25C")

    now = examine_measurement(new_lab, "M1")
    assert now["resistance_ohm"] == masked["resistance_ohm"]
    assert now["sigma_S_per_cm"] is not None
    assert "masked-by-hand" in now["reasons"]


def test_a_known_file_gets_its_circuit_again_without_the_points(
    new_lab: Lab, tmp_path: Path
) -> None:
    path = spoiled_file(tmp_path / "cell.mpr")
    text = "p(R1,CPE1)-CPE0"
    import_paths(new_lab, [path], circuit=text)
    examine_measurement(new_lab, "M1", mask=[RANGE], **SIGNED)

    added = import_paths(new_lab, [path], circuit=text)["files"][0]
    again = import_paths(new_lab, [path], circuit=text)["files"][0]

    assert (added["status"], again["status"]) == ("completed", "known")
    (sweep,) = added["sweeps"]
    assert sweep["circuit"]["resistance_ohm"] == pytest.approx(TRUTH_OHM, rel=0.005)
    assert "masked-by-hand" in sweep["circuit"]["reasons"]


def test_circuits_and_residuals_leave_the_same_points_out(lab: Lab) -> None:
    spoiled = fit_measured_circuit(lab, "M1", "p(R1,CPE1)-CPE0")
    residual = view_measurement(lab, "M1")["kramers_kronig"]["rms"]
    examine_measurement(lab, "M1", mask=[RANGE], **SIGNED)

    clean = fit_measured_circuit(lab, "M1", "p(R1,CPE1)-CPE0")
    view = view_measurement(lab, "M1")

    assert abs(clean["resistance_ohm"] - TRUTH_OHM) < 0.2 * abs(
        spoiled["resistance_ohm"] - TRUTH_OHM
    )
    assert [point["index"] for point in clean["masked"]] == SPOILED
    assert len(parameters_of(lab, clean["analysis"])["mask"]) == 5
    assert view["kramers_kronig"]["rms"] < 0.6 * residual
    tested = view["kramers_kronig"]["frequency_hz"]
    assert [i for i, f in enumerate(view["frequency_hz"]) if f not in tested] == SPOILED
    assert len(view["frequency_hz"]) == FREQUENCY.size


def test_what_is_tried_is_what_is_kept(lab: Lab) -> None:
    change = FitChange(mask=dict.fromkeys(SPOILED, "the press was touched"))
    tried = view_tried_fit(lab, "M1", change, by="A. See")
    assert count(lab) == 1

    kept = keep_fit(lab, "M1", change, by="A. See", seen="A1")

    fit = view_measurement(lab, "M1")["fit"]
    assert fit["analysis"] == kept
    for name in ("resistance_ohm", "sigma_S_per_cm", "window_hz", "verdict", "reasons"):
        assert fit[name] == tried[name]


def test_who_saw_an_older_result_is_told_and_changes_nothing(lab: Lab) -> None:
    keep_fit(lab, "M1", FitChange(mask={60: "a door"}), by="A. See", seen="A1")

    with pytest.raises(ChangedMeanwhileError, match=r"A2 was kept .* by A\. See"):
        keep_fit(lab, "M1", FitChange(mask={61: "a door"}), by="B. Lee", seen="A1")

    assert count(lab) == 2


def test_why_export_report_and_label_tell_of_the_points(lab: Lab, tmp_path: Path) -> None:
    examine_measurement(lab, "M1", mask=[RANGE], **SIGNED)
    told = "(the press was touched, A. See)"

    assert "the press was touched" in str(explain(lab, "A2")["details"]["parameters"])
    export_table(lab, "measurements", tmp_path / "m.csv")
    (row,) = csv.DictReader((tmp_path / "m.csv").read_text("utf-8-sig").splitlines())
    assert told in row["by_hand"]
    assert "masked-by-hand" in row["reasons"]
    assert told in write_lab_report(lab, tmp_path / "r.html").read_text("utf-8")
    label = propose_label(lab, "M1", actor="A. See")
    assert any(told in note for note in label["notes"])
    (work,) = view_label(lab, label["label"])["evidence"]["by_hand"]
    assert (work["measurement"], len(work["masked"])) == ("M1", 5)
    assert told in work["sentence"]


def test_an_arrhenius_label_tells_of_the_points_of_its_measurements(
    new_lab: Lab, simulated_series: Path
) -> None:
    add_pellet(new_lab, "a", formula="Li3BS3", thickness="0.80mm+-0.01mm", diameter="6.35mm")
    import_paths(new_lab, [simulated_series], pellet="a")
    examine_measurement(new_lab, "M3", mask=["p40"], because="a door", set_by="A. See")

    label = propose_label(new_lab, fit_series(new_lab, "a")["analysis"], actor="A. See")

    (work,) = view_label(new_lab, label["label"])["evidence"]["by_hand"]
    assert work["measurement"] == "M3"
    assert "(a door, A. See)" in work["sentence"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"mask": ["50kHz"]}, "no point was measured at 50kHz; the nearest is at 54.07 kHz"),
        ({"mask": ["20MHz-30MHz"]}, "no point lies in 20MHz-30MHz; the nearest is at 7 MHz"),
        ({"mask": ["1-3kHz"]}, "unit"),
        ({"mask": ["p79"]}, "p0 to p78"),
        ({"mask": [" , "]}, "no point is named"),
        ({"mask": ["p1"], "because": "  "}, "--because"),
        ({"mask": ["p1"], "because": None}, "--because"),
        ({"mask": ["p1"], "because": "x" * 301}, "at most 300"),
        ({"mask": ["p1"], "set_by": " "}, "--by"),
        ({"unmask": ["p1"]}, "not left out by hand; points that were: none"),
        ({"unmask": ["all"]}, "not left out by hand"),
        ({"mask": ["0.1Hz-1MHz"]}, "no window is left"),
    ],
)
def test_what_cannot_be_left_out_is_one_line_and_stores_nothing(
    lab: Lab, words: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        examine_measurement(lab, "M1", **({**SIGNED} | words))

    assert count(lab) == 1


def test_too_few_points_are_refused_not_stored_as_rejected(lab: Lab) -> None:
    with pytest.raises(SpectrumError, match="usable points"):
        examine_measurement(lab, "M1", mask=["0.05Hz-8MHz"], **SIGNED)
    examine_measurement(lab, "M1", window=("1kHz", "3kHz"), set_by="A. See")
    with pytest.raises(SpectrumError, match="at least 3"):
        examine_measurement(lab, "M1", mask=[RANGE], **SIGNED)

    assert count(lab) == 2


def test_a_point_cannot_be_left_out_and_used_at_once(lab: Lab) -> None:
    keep_fit(lab, "M1", FitChange(mask={60: "a door"}), by="A. See")

    for change, said in (
        (FitChange(mask={60: "x"}, unmask=(60,)), "choose one"),
        (FitChange(unmask=(61,)), "not left out by hand"),
        (FitChange(mask={500: "x"}), "79 points"),
        (FitChange(), "nothing is to change"),
    ):
        with pytest.raises(UsageError, match=said):
            keep_fit(lab, "M1", change, by="A. See")


def test_a_reason_is_kept_as_one_line_that_can_be_shown(lab: Lab) -> None:
    keep_fit(lab, "M1", FitChange(mask={60: " mains\n\tpickup\x00 \ud800 50\u00a0Hz"}), by="A. See")

    (point,) = parameters_of(lab, "A2")["mask"]
    assert point["reason"] == "mains pickup 50 Hz"


def test_frequencies_are_read_as_people_write_them() -> None:
    assert points_named(FREQUENCY, ["7MHz,0.1Hz"]) == (0, 78)
    assert points_named(FREQUENCY, ["p3", "P4"]) == (3, 4)
    low = np.array([2e-3, 1e-3, 5e-4])
    assert points_named(low, ["1e-3Hz"]) == (1,)
    assert points_named(low, ["1.004 mHz"]) == (1,)
    assert points_named(low, ["5e-4Hz-1e-3Hz"]) == (1, 2)
    assert points_named(low, ["3mHz - 1mHz"]) == (0, 1)


def test_neighbours_are_told_as_a_range() -> None:
    points = [HandMask(i, 10.0 * i, "a", "x") for i in (1, 2, 3, 7)] + [HandMask(9, 90.0, "b", "y")]

    assert describe_masks(points) == "10 Hz to 30 Hz (3 points), 70 Hz (a, x); 90 Hz (b, y)"
