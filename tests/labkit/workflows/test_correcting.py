"""A typing mistake is corrected with all that follows from it, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlmodel import select

import db.corrections
from db.measurements import NewMeasurement, latest_analysis, store_measured_file
from db.pellets import get_pellet
from db.tables import Analysis, Measurement
from labkit.errors import ChangedMeanwhileError, UsageError
from labkit.workflows import correcting_measurements, correcting_pellets, importing
from labkit.workflows.analysing import examine_measurement
from labkit.workflows.arc_series import fit_arc_series
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.correcting_measurements import (
    correct_measurements,
    set_measurements_aside,
    take_measurements_back,
)
from labkit.workflows.correcting_pellets import PelletChange, correct_pellet
from labkit.workflows.curation import revise_label
from labkit.workflows.explaining import explain
from labkit.workflows.importing import import_paths
from labkit.workflows.keeping import examine_lab
from labkit.workflows.lab import Lab
from labkit.workflows.labelling import decide_label, propose_label, show_label
from labkit.workflows.pellets import add_pellet, list_pellets
from labkit.workflows.polarisation import POLARISATION, examine_polarisation
from labkit.workflows.replaying import replay_analyses
from labkit.workflows.reporting import write_lab_report
from labkit.workflows.simulating import simulate_temperature_series
from labkit.workflows.temperature_series import fit_series

WHY = {"because": "caliper misread", "by": "A. See"}
THINNER = PelletChange(thickness="0.40mm+-0.01mm")


@pytest.fixture
def lab(new_lab: Lab, simulated_series: Path) -> Lab:
    """Return a lab with pellet A at seven temperatures, M1 to M7, and an empty pellet B."""
    geometry = {"thickness": "0.80mm+-0.01mm", "diameter": "6.35mm+-0.02mm"}
    add_pellet(new_lab, "A", formula="Li3BS3", **geometry)
    add_pellet(new_lab, "B", formula="Li3PS4", thickness="0.20mm+-0.01mm", diameter="6.35mm")
    import_paths(new_lab, [simulated_series], pellet="A")
    return new_lab


def _tails(lab: Lab, number: int) -> list[Analysis]:
    with lab.database.reading() as session:
        statement = select(Analysis).where(Analysis.kind == TAIL, Analysis.measurement_id == number)
        return list(session.exec(statement.order_by(Analysis.id)))  # type: ignore[arg-type]


def _whole(lab: Lab) -> None:
    assert replay_analyses(lab)["different"] == []
    assert examine_lab(lab)["healthy"]


def test_every_conductivity_follows_the_pellet_and_the_old_ones_stay(lab: Lab) -> None:
    report = correct_pellet(lab, "A", THINNER, **WHY)

    assert [row["measurement"] for row in report["recomputed"]] == [f"M{k}" for k in range(1, 8)]
    for number in range(1, 8):
        old, new = _tails(lab, number)
        assert old.sigma_S_per_cm is not None
        assert new.sigma_S_per_cm == pytest.approx(old.sigma_S_per_cm / 2, rel=1e-12)
        assert new.resistance_ohm == old.resistance_ohm
        assert new.created_by == "A. See"
    assert report["corrections"][0]["words"] == "thickness 0.8 mm → 0.4 mm"
    assert report["corrections"][0]["before"] == {"thickness_m": pytest.approx(0.8e-3)}
    _whole(lab)
    assert replay_analyses(lab)["checked"] == 14


def test_window_and_points_chosen_by_hand_survive(lab: Lab) -> None:
    examine_measurement(lab, "M1", window=("30Hz", "900Hz"), set_by="B")
    examine_measurement(lab, "M1", mask=["p30"], because="mains pickup", set_by="B")

    correct_pellet(lab, "A", THINNER, **WHY)

    newest = _tails(lab, 1)[-1]
    assert newest.parameters["window_hz"] == [30.0, 900.0]
    assert newest.parameters["window_set_by"] == "B"
    assert [point["reason"] for point in newest.parameters["mask"]] == ["mains pickup"]
    _whole(lab)


def test_facts_alone_compute_nothing_again(lab: Lab) -> None:
    change = PelletChange(batch="B8", electrode="Au", pressure="100MPa", comment="", name="A-1")

    report = correct_pellet(lab, "A", change, **WHY)

    assert report["recomputed"] == []
    row = next(row for row in list_pellets(lab) if row["id"] == "P1")
    assert (row["name"], row["batch"], row["electrode"]) == ("A-1", "B8", "Au")
    assert row["stack_pressure_Pa"] == pytest.approx(1e8)
    assert "stack pressure none → 100 MPa" in report["corrections"][0]["words"]
    _whole(lab)


def test_series_that_rest_on_the_old_values_are_named_until_fitted_again(lab: Lab) -> None:
    line, arcs = fit_series(lab, "A"), fit_arc_series(lab, "A", circuit="p(R1,CPE1)-CPE0")

    report = correct_pellet(lab, "A", THINNER, **WHY)

    assert [(row["analysis"], row["what_to_do"]) for row in report["outdated"]] == [
        (line["analysis"], "fit again with 'labkit arrhenius A'"),
        (arcs["analysis"], "fit again with 'labkit arrhenius A --arcs'"),
    ]
    with pytest.raises(UsageError, match="makes no label: the geometry of pellet A was corrected"):
        propose_label(lab, line["analysis"], actor="A")
    again = fit_series(lab, "A")
    assert again["sigma25_S_per_cm"] == pytest.approx(line["sigma25_S_per_cm"] / 2)
    fit_arc_series(lab, "A", circuit="p(R1,CPE1)-CPE0")
    noted = correct_pellet(lab, "A", PelletChange(comment="thin"), **WHY)
    assert noted["outdated"] == []


def test_labels_stay_as_they_are_and_are_named_until_decided(lab: Lab) -> None:
    one = propose_label(lab, "M1", actor="A")["label"]
    decide_label(lab, one, "accept", reason="fine", actor="B")
    two = propose_label(lab, fit_series(lab, "A")["analysis"], actor="A")["label"]
    before = show_label(lab, one)

    report = correct_pellet(lab, "A", THINNER, **WHY)

    assert [(row["label"], row["state"]) for row in report["labels"]] == [
        (one, "accepted"),
        (two, "proposed"),
    ]
    assert report["labels"][0]["what_to_do"] == (
        f"'labkit label revise {one} --evidence M1 --reason WHY'"
    )
    assert "labkit arrhenius A" in report["labels"][1]["what_to_do"]
    after = show_label(lab, one)
    assert after["outdated"] == "the geometry of pellet A was corrected"
    assert after["content"] == before["content"]
    with pytest.raises(UsageError, match="revise it with --evidence"):
        decide_label(lab, two, "accept", reason="fine", actor="B")

    new = revise_label(lab, one, {}, evidence="M1", reason="thickness", actor="A")
    waiting = correct_pellet(lab, "A", PelletChange(batch="b"), **WHY)["labels"]
    assert waiting[0]["what_to_do"] == f"decide about its revision {new['label']}"
    decide_label(lab, new["label"], "accept", reason="fine", actor="B")
    assert show_label(lab, one)["state"] == "superseded"
    assert new["sigma_S_per_cm"] == pytest.approx(before["sigma_S_per_cm"] / 2)
    decide_label(lab, two, "reject", reason="thickness", actor="B")
    assert correct_pellet(lab, "A", PelletChange(batch="c"), **WHY)["labels"] == []
    _whole(lab)


def test_a_label_trusted_all_the_same_keeps_why(lab: Lab) -> None:
    label = propose_label(lab, "M1", actor="A")["label"]
    correct_pellet(lab, "A", THINNER, **WHY)

    decide_label(lab, label, "accept", reason="ok", because="measured twice", actor="B")

    last = show_label(lab, label)["history"][-1]
    assert "was corrected: measured twice" in last["reason"]


def test_a_value_revised_by_hand_is_not_named_again(lab: Lab) -> None:
    label = propose_label(lab, "M1", actor="A")["label"]
    correct_pellet(lab, "A", THINNER, **WHY)
    by_hand = revise_label(lab, label, {"sigma_S_per_cm": 5e-7}, reason="thickness", actor="A")

    assert show_label(lab, by_hand["label"])["outdated"] is None


def test_a_corrected_composition_names_the_labels_that_tell_the_old_one(lab: Lab) -> None:
    label = propose_label(lab, "M1", actor="A")["label"]

    report = correct_pellet(lab, "A", PelletChange(formula="Li3PS4"), **WHY)

    assert [row["label"] for row in report["labels"]] == [label]
    revised = revise_label(lab, label, {}, evidence="M1", reason="composition", actor="A")
    assert revised["formula"] == "Li3PS4"


def test_a_temperature_is_corrected(lab: Lab) -> None:
    report = correct_measurements(lab, ["M2"], temperature="36C", **WHY)

    old, new = _tails(lab, 2)
    assert new.temperature_K == pytest.approx(309.15)
    assert new.sigma_S_per_cm == old.sigma_S_per_cm
    assert report["corrections"][0]["words"] == (
        "temperature 35 °C → 36 °C, temperature from file name → corrected"
    )
    assert fit_series(lab, "A")["n_points"] == 7
    _whole(lab)


def test_a_measurement_moves_with_its_conductivity_to_another_pellet(lab: Lab) -> None:
    label = propose_label(lab, "M1", actor="A")["label"]

    report = correct_measurements(lab, ["M1", "M2"], pellet="B", **WHY)

    old, new = _tails(lab, 1)
    assert old.sigma_S_per_cm is not None
    assert new.sigma_S_per_cm == pytest.approx(old.sigma_S_per_cm / 4, rel=1e-9)
    assert [row["pellet"] for row in report["measurements"]] == ["B", "B"]
    assert report["labels"][0]["because"] == "M1 belongs to pellet B now"
    counts = {row["name"]: row["measurements"] for row in list_pellets(lab)}
    assert counts == {"A": 5, "B": 2}
    assert fit_series(lab, "A")["measurements"] == ["M3", "M4", "M5", "M6", "M7"]
    assert fit_series(lab, "B")["measurements"] == ["M1", "M2"]
    revised = revise_label(lab, label, {}, evidence="M1", reason="moved", actor="A")
    assert revised["formula"] == "Li3PS4"
    assert any("composition is Li3PS4 now" in note for note in revised["notes"])
    _whole(lab)


def test_what_is_taken_back_makes_results_hold_again(lab: Lab) -> None:
    label = propose_label(lab, "M1", actor="A")["label"]
    correct_measurements(lab, ["M1"], pellet="B", **WHY)
    assert show_label(lab, label)["outdated"] is not None

    correct_measurements(lab, ["M1"], pellet="A", because="it was right", by="A")

    assert show_label(lab, label)["outdated"] is None
    assert len(_tails(lab, 1)) == 3


def test_a_measurement_set_aside_leaves_series_and_labels(lab: Lab, tmp_path: Path) -> None:
    label = propose_label(lab, "M1", actor="A")["label"]
    fit = fit_series(lab, "A")

    report = set_measurements_aside(lab, ["M1"], because="bad contact", by="A. See")

    assert report["labels"][0]["what_to_do"] == f"'labkit label reject {label} --reason WHY'"
    assert report["outdated"][0]["analysis"] == fit["analysis"]
    again = fit_series(lab, "A")
    assert "M1" not in again["measurements"]
    assert "M1 left out: set aside (bad contact)" in again["left_out"]
    with pytest.raises(UsageError, match="take-back M1"):
        propose_label(lab, "M1", actor="A")
    arcs = fit_arc_series(lab, "A", circuit="p(R1,CPE1)-CPE0")
    assert "M1 left out: set aside (bad contact)" in arcs["left_out"]
    told = write_lab_report(lab, tmp_path / "report.html").read_text("utf-8")
    assert "set aside: bad contact" in told
    _whole(lab)

    take_measurements_back(lab, ["M1"], because="it was M2", by="A. See")
    assert "M1" in fit_series(lab, "A")["measurements"]
    facts = explain(lab, "M1")["details"]["corrections"]
    assert [one["action"] for one in facts] == ["set-aside", "taken-back"]


def test_a_report_of_a_series_without_enough_left_is_still_written(
    lab: Lab, tmp_path: Path
) -> None:
    fit_series(lab, "A")
    set_measurements_aside(lab, [f"M{k}" for k in range(2, 8)], because="cracked", by="A")

    told = write_lab_report(lab, tmp_path / "report.html").read_text("utf-8")

    assert "out of date: M2 is set aside (cracked)" in told


def test_the_electronic_conductivity_follows_its_pellet(lab: Lab) -> None:
    time_s = np.geomspace(0.1, 1e5, 400)
    current_A = 1e-9 + 1e-6 * np.exp(-time_s / 50.0)
    with lab.database.session() as session:
        pellet = get_pellet(session, "A")
        stored = store_measured_file(
            session,
            sha256="cd" * 32,
            size_bytes=1,
            file_name="dc.mpr",
            format="mpr",
            reader_version="1",
            measurements=[
                NewMeasurement(
                    kind="dc",
                    data_hash="ef" * 32,
                    arrays={"time_s": time_s, "current_A": current_A},
                )
            ],
            pellet_id=pellet.id,
        )
        name = f"M{stored.measurements[0].id}"
    before = examine_polarisation(lab, name, voltage_V=0.1)

    report = correct_pellet(lab, "A", THINNER, **WHY)

    (row,) = [row for row in report["recomputed"] if row["measurement"] == name]
    assert row["before"] == before["analysis"]
    assert row["sigma_S_per_cm"] == pytest.approx(before["sigma_S_per_cm"] / 2)
    with lab.database.reading() as session:
        newest = latest_analysis(session, POLARISATION, measurement_id=int(name[1:]))
        assert newest is not None and f"A{newest.id}" == row["analysis"]


@pytest.mark.parametrize(
    ("change", "why", "said"),
    [
        (PelletChange(), WHY, "name what is corrected"),
        (THINNER, {"because": " ", "by": "A"}, "with a reason; give --because"),
        (THINNER, {"because": "x", "by": None}, "give --by NAME"),
        (PelletChange(formula="Xx9"), WHY, "cannot be read"),
        (PelletChange(pressure="much"), WHY, "cannot be read"),
    ],
)
def test_a_correction_needs_a_value_a_reason_and_a_name(
    lab: Lab, change: PelletChange, why: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        correct_pellet(lab, "A", change, **why)
    assert len(_tails(lab, 1)) == 1


def test_one_that_cannot_be_corrected_leaves_all_as_they_are(lab: Lab) -> None:
    set_measurements_aside(lab, ["M2"], because="bad contact", by="A")
    with pytest.raises(Exception, match="M2 is set aside already"):
        set_measurements_aside(lab, ["M1", "M2"], because="again", by="A")
    with lab.database.reading() as session:
        measurement = session.get(Measurement, 1)
        assert measurement is not None and measurement.set_aside_because is None
    with pytest.raises(UsageError, match="nothing changes"):
        correct_measurements(lab, ["M1"], temperature="25C", **WHY)


def test_an_import_that_a_correction_overtakes_is_refused(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = simulate_temperature_series(tmp_path, count=1, seed=23)
    analysed = importing.new_measurement

    def overtaken(*arguments: Any) -> Any:
        found = analysed(*arguments)
        correct_pellet(lab, "A", THINNER, **WHY)
        return found

    monkeypatch.setattr(importing, "new_measurement", overtaken)
    (refused,) = import_paths(lab, [Path(made["files"][0])], pellet="A")["refused"]
    assert "pellet A was corrected meanwhile; import" in refused["error"]

    monkeypatch.undo()
    (file,) = import_paths(lab, [Path(made["files"][0])], pellet="A")["files"]
    assert file["status"] == "imported"
    _whole(lab)


def test_who_is_second_stores_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody keeps another window, or corrects the pellet, while the fits run."""
    fits = correcting_pellets.compute_again

    def slow(*arguments: Any, **options: Any) -> Any:
        found = fits(*arguments, **options)
        examine_measurement(lab, "M3", window=("30Hz", "900Hz"), set_by="B")
        return found

    monkeypatch.setattr(correcting_pellets, "compute_again", slow)
    with pytest.raises(ChangedMeanwhileError, match="M3 got another result meanwhile"):
        correct_pellet(lab, "A", THINNER, **WHY)
    assert list_pellets(lab)[0]["thickness_m"] == pytest.approx(0.8e-3)
    assert len(_tails(lab, 1)) == 1

    def overtaken(*arguments: Any, **options: Any) -> Any:
        found = fits(*arguments, **options)
        with lab.database.session() as session:
            db.corrections.correct_measurement(
                session,
                session.get(Measurement, 1),  # type: ignore[arg-type]
                {"temperature_K": 301.0},
                actor="B",
                reason="was first",
            )
        return found

    monkeypatch.setattr(correcting_measurements, "compute_again", overtaken)
    with pytest.raises(ChangedMeanwhileError, match="M1 was changed meanwhile"):
        correct_measurements(lab, ["M1"], temperature="27C", **WHY)
