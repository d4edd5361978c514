"""The doctor names what was done behind the lab's back, and keeps quiet about a sound lab."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from db.doctor import Problem, examine
from db.labels import accept, propose
from db.measurements import NewMeasurement, store_measured_file
from db.session import Database, open_lab_database
from db.snapshots import take_snapshot
from db.structures import NewStructure, add_structures


@pytest.fixture
def sound(lab: Database, lab_folder: Path, impedance: Callable[..., NewMeasurement]) -> Path:
    """Return a lab with two raw files, two labels, a snapshot and a structure."""
    with lab.session() as session:
        for number in range(2):
            content = f"raw file {number}".encode()
            digest = hashlib.sha256(content).hexdigest()
            path = lab_folder / "raw" / digest[:2] / digest[2:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            store_measured_file(
                session,
                sha256=digest,
                size_bytes=len(content),
                file_name=f"cell{number}.mpr",
                format="biologic-mpr",
                reader_version="1",
                measurements=[impedance(seed=number)],
                stored_path=path.relative_to(lab_folder).as_posix(),
            )
            label = propose(
                session,
                by="Ada",
                formula="Li3N",
                sigma_S_per_cm=1e-3 * (number + 1),
                source_kind="literature",
                verbatim={"sigma": "1E-3"},
            )
            assert label.id is not None
            accept(session, label.id, reviewer="Grace", reason="fine")
        take_snapshot(session, "spring")
        add_structures(
            session,
            [
                NewStructure(
                    material_id="mp-1", source="test", formula="Li", n_sites=1, cif="data_\n"
                )
            ],
        )
    lab.close()
    return lab_folder


def _examine(folder: Path) -> list[Problem]:
    with open_lab_database(folder) as database:
        return examine(database)


def _sql(folder: Path, *statements: str) -> None:
    """Do what a person with a database browser would do."""
    connection = sqlite3.connect(folder / "lab.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def _raw_file(folder: Path, content: bytes) -> Path:
    digest = hashlib.sha256(content).hexdigest()
    return folder / "raw" / digest[:2] / digest[2:]


def test_a_sound_lab_has_no_problems(sound: Path) -> None:
    assert _examine(sound) == []


def test_a_flipped_byte_is_named(sound: Path) -> None:
    _raw_file(sound, b"raw file 1").write_bytes(b"raw file 9")
    (problem,) = _examine(sound)
    assert problem.code == "raw-file-changed"
    assert "cell1.mpr" in problem.subject


def test_a_deleted_raw_file_is_named(sound: Path) -> None:
    _raw_file(sound, b"raw file 0").unlink()
    (problem,) = _examine(sound)
    assert problem.code == "raw-file-missing"
    assert "cell0.mpr" in problem.subject


def test_a_raw_file_nobody_imported_is_named(sound: Path) -> None:
    (sound / "raw" / "stray.bin").write_bytes(b"?")
    (problem,) = _examine(sound)
    assert (problem.code, problem.subject) == ("raw-file-unknown", "raw/stray.bin")


def test_an_edited_value_is_named_with_what_it_was(sound: Path) -> None:
    _sql(sound, 'UPDATE label SET "sigma_S_per_cm" = 0.5 WHERE id = 2')
    (problem,) = _examine(sound)
    assert (problem.code, problem.subject) == ("label-edited", "L2")
    assert "sigma_S_per_cm was 0.002 and is 0.5" in problem.message


def test_an_edited_value_with_its_hash_forged_is_named_too(sound: Path) -> None:
    with open_lab_database(sound) as database, database.session() as session:
        from db.label_content import content_hash_of
        from db.labels import get_label

        label = get_label(session, 2)
        label.sigma_S_per_cm = 0.5
        label.content_hash = content_hash_of(label)
        session.add(label)
    assert [(p.code, p.subject) for p in _examine(sound)] == [("label-edited", "L2")]


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (("UPDATE label SET state = 'rejected' WHERE id = 1",), "history ends with accepted"),
        (
            (
                "DROP TRIGGER label_event_no_update",
                "UPDATE label_event SET actor = 'Mallory' WHERE label_id = 1 AND sequence = 2",
            ),
            "event 2 of its history was edited",
        ),
        (
            (
                "DROP TRIGGER label_event_no_delete",
                "DELETE FROM label_event WHERE label_id = 1 AND sequence = 1",
            ),
            "event of its history is missing",
        ),
        (
            (
                "DROP TRIGGER label_event_no_delete",
                "DELETE FROM label_event WHERE label_id = 1",
            ),
            "has no history",
        ),
    ],
)
def test_a_history_edited_by_sql_is_named(
    sound: Path, statements: tuple[str, ...], message: str
) -> None:
    _sql(sound, *statements)
    (problem,) = _examine(sound)
    assert problem.subject == "L1"
    assert message in problem.message


def test_the_triggers_stop_a_plain_edit_of_the_history(sound: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="written once"):
        _sql(sound, "UPDATE label_event SET actor = 'Mallory'")


def test_a_damaged_snapshot_is_named(sound: Path) -> None:
    _sql(
        sound,
        "DROP TRIGGER label_snapshot_no_update",
        "UPDATE label_snapshot SET label_set_hash = 'x'",
    )
    (problem,) = _examine(sound)
    assert problem.subject == "snapshot spring"


def test_damaged_points_and_structures_are_named(sound: Path) -> None:
    _sql(
        sound,
        "UPDATE spectrum SET arrays = x'00' WHERE measurement_id = 1",
        "UPDATE structure SET content_hash = 'x'",
    )
    assert [(p.code, p.subject) for p in _examine(sound)] == [
        ("points-damaged", "M1"),
        ("structure-damaged", "mp-1"),
    ]


def test_a_broken_link_is_named(sound: Path) -> None:
    _sql(sound, "UPDATE measurement SET pellet_id = 99 WHERE id = 1")
    (problem,) = _examine(sound)
    assert problem.code == "broken-link"
    assert problem.subject == "measurement row 1"


def test_every_problem_is_one_line_with_a_remedy(sound: Path) -> None:
    _raw_file(sound, b"raw file 0").unlink()
    _sql(sound, "UPDATE label SET state = 'rejected' WHERE id = 1")
    for problem in _examine(sound):
        assert problem.remedy
        assert "\n" not in str(problem)
