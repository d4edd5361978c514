"""Decisions about the label set: revised, reviewed, decided, frozen, written out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import db.labels
import db.structures
from db.structures import NewStructure
from db.tables import LiteratureEntry
from labkit.cli.app import _run
from labkit.workflows.lab import Lab, create_lab
from labkit.workflows.screening_labels import labels_on_structures
from labkit.workflows.setting_up import initialise


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return create_lab(tmp_path / "lab")


def _label(lab: Lab, formula: str = "Li3OCl", sigma: float = 1e-4) -> str:
    with lab.database.session() as session:
        label = db.labels.propose(
            session,
            by="A",
            formula=formula,
            sigma_S_per_cm=sigma,
            source_kind="literature",
            temperature_K=298.15,
            space_group_number=221,
        )
        db.labels.accept(session, label.id or 0, reviewer="A", reason="as printed")
        return f"L{label.id}"


def _labkit(lab: Lab, *words: str) -> int:
    return _run(["--lab", str(lab.folder), *words])


def test_revised_label_counts_only_once_accepted(lab: Lab) -> None:
    old = _label(lab)
    words = ("--sigma", "2e-4", "--reason", "wrong thickness", "--by", "B")
    assert _labkit(lab, "label", "revise", old, *words) == 0
    with lab.database.reading() as session:
        assert [label.sigma_S_per_cm for label in db.labels.accepted_labels(session)] == [1e-4]
    assert _labkit(lab, "label", "accept", "L2", "--reason", "checked", "--by", "C") == 0
    with lab.database.reading() as session:
        assert [label.sigma_S_per_cm for label in db.labels.accepted_labels(session)] == [2e-4]
        assert db.labels.get_label(session, old).state == "superseded"


def test_revision_without_a_change_is_refused(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    old = _label(lab)
    assert _labkit(lab, "label", "revise", old, "--reason", "none", "--by", "B") == 1
    assert "name what changes" in capsys.readouterr().err


def test_disagreeing_values_stand_side_by_side_until_decided(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    with lab.database.session() as session:
        for sigma in (1e-4, 1e-7):
            label = db.labels.propose(
                session,
                by="A",
                formula="Li3OCl",
                sigma_S_per_cm=sigma,
                source_kind="measurement",
                temperature_K=298.15,
            )
            db.labels.accept(session, label.id or 0, reviewer="A", reason="measured")
    assert _labkit(lab, "label", "conflicts", "--formula", "Li3OCl") == 0
    shown = capsys.readouterr().out
    assert "L1" in shown
    assert "L2" in shown
    words = ("label", "decide", "Li3OCl", "the second pellet was wet", "--reason", "weight")
    assert _labkit(lab, *words, "--by", "B") == 0
    capsys.readouterr()
    assert _labkit(lab, "label", "conflicts", "--formula", "Li3OCl") == 0
    assert "wet" in capsys.readouterr().out


def test_snapshot_is_never_replaced(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    _label(lab)
    assert _labkit(lab, "label", "snapshot", "first", "--by", "A") == 0
    assert _labkit(lab, "label", "snapshot", "first", "--by", "A") == 1
    assert "already there" in capsys.readouterr().err
    assert _labkit(lab, "label", "snapshot") == 0
    assert "first" in capsys.readouterr().out


def test_formula_in_a_cell_is_written_as_text(lab: Lab, tmp_path: Path) -> None:
    with lab.database.session() as session:
        db.labels.propose(
            session,
            by="A",
            formula="Li3OCl",
            sigma_S_per_cm=1e-4,
            source_kind="literature",
            note='=HYPERLINK("http://example.org")',
        )
    target = tmp_path / "labels.csv"
    assert _labkit(lab, "label", "export", str(target)) == 0
    with target.open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["note"].startswith("'=")


def test_doubtful_cell_is_read_as_a_person_says(
    tmp_path: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lab"
    initialise(folder)
    lab = create_lab(folder)
    with lab.database.reading() as session:
        from sqlmodel import select

        from db.tables import ReviewItem

        item = session.exec(select(ReviewItem).where(ReviewItem.cell == "<1E10")).one()
        entry_id = item.literature_entry_id
    words = ("--value", "<1E-10", "--reason", "a minus is missing", "--by", "A")
    assert _labkit(lab, "label", "review", str(item.id), *words) == 0
    with lab.database.reading() as session:
        entry = session.get(LiteratureEntry, entry_id)
        assert entry is not None
        assert (entry.sigma_S_per_cm, entry.qualifier) == (1e-10, "<")
        assert entry.sigma_text == "<1E10"
    assert _labkit(lab, "label", "review", str(item.id), *words) == 1
    assert "by A on" in capsys.readouterr().err


def test_second_reader_is_another_person(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    label = _label(lab)
    assert _labkit(lab, "label", "second-read", label, "--reason", "agrees", "--by", "A") == 1
    assert "somebody else" in capsys.readouterr().err
    assert _labkit(lab, "label", "second-read", label, "--reason", "agrees", "--by", "B") == 0
    with lab.database.reading() as session:
        assert [event.action for event in db.labels.history(session, label)] == [
            "proposed",
            "accepted",
            "second-read",
        ]


def test_broken_match_no_longer_counts(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    label = _label(lab)
    new = NewStructure(material_id="mp-1", source="test", formula="Li3OCl", n_sites=5, cif="x")
    with lab.database.session() as session:
        db.structures.add_structures(session, [new])
    assert _labkit(lab, "label", "match", label, "mp-1", "--by", "A") == 0
    assert len(labels_on_structures(lab, ["mp-1"])) == 1
    words = ("label", "unmatch", label, "mp-1", "--reason", "another polymorph", "--by", "B")
    assert _labkit(lab, *words) == 0
    assert labels_on_structures(lab, ["mp-1"]) == []
    assert _labkit(lab, "label", "unmatch", label, "mp-2", "--reason", "x", "--by", "B") == 1
    assert "not tied to mp-2" in capsys.readouterr().err


def test_exported_labels_name_their_licence(lab: Lab, data_dir: Path, tmp_path: Path) -> None:
    assert data_dir.is_dir()
    assert _labkit(lab, "label", "import", "obelix") == 0
    target = tmp_path / "labels.csv"
    assert _labkit(lab, "label", "export", str(target)) == 0
    with target.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 599
    assert {(row["source_name"], row["source_licence"]) for row in rows} == {
        ("obelix", "CC-BY-4.0")
    }


def _measured_label(lab: Lab) -> str:
    with lab.database.session() as session:
        label = db.labels.propose(
            session,
            by="A",
            formula="Li3OCl",
            sigma_S_per_cm=8.93e-5,
            sigma_random_S_per_cm=1.2e-7,
            sigma_systematic_S_per_cm=2.0e-6,
            source_kind="measurement",
        )
        return f"L{label.id}"


def test_a_new_value_does_not_keep_the_errors_of_the_old_one(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--sigma", "2e-3", "--reason", "wrong thickness", "--by", "B")
    assert _labkit(lab, "label", "revise", _measured_label(lab), *words) == 0

    with lab.database.reading() as session:
        new = db.labels.get_label(session, "L2")
        assert new.sigma_S_per_cm == 2e-3
        assert (new.sigma_random_S_per_cm, new.sigma_systematic_S_per_cm) == (None, None)
    said = capsys.readouterr().out
    assert "errors of the new value are unknown: those of L1 belonged to 8.93e-05 S/cm" in said
    assert "--sigma-random" in said


def test_the_errors_of_a_new_value_can_be_given(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--sigma", "2e-3", "--sigma-random", "3e-6", "--reason", "typed wrong", "--by", "B")
    assert _labkit(lab, "label", "revise", _measured_label(lab), *words) == 0
    both = ("--sigma-systematic", "1e-4", "--reason", "calipers", "--by", "B")
    assert _labkit(lab, "label", "revise", "L2", *both) == 0

    with lab.database.reading() as session:
        first, second = (db.labels.get_label(session, name) for name in ("L2", "L3"))
        assert (first.sigma_random_S_per_cm, first.sigma_systematic_S_per_cm) == (3e-6, None)
        assert (second.sigma_random_S_per_cm, second.sigma_systematic_S_per_cm) == (3e-6, 1e-4)
    assert "unknown" not in capsys.readouterr().out


def test_a_change_of_something_else_keeps_value_and_errors(lab: Lab) -> None:
    words = ("--note", "pressed twice", "--reason", "forgotten", "--by", "B")
    assert _labkit(lab, "label", "revise", _measured_label(lab), *words) == 0

    with lab.database.reading() as session:
        new = db.labels.get_label(session, "L2")
        assert (new.sigma_random_S_per_cm, new.sigma_systematic_S_per_cm) == (1.2e-7, 2.0e-6)
