"""Backups are whole or not there; a damaged one is never restored."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest

import db.backup as backup_module
from db.backup import back_up, check_backup, copy_sqlite, restore
from db.doctor import examine
from db.errors import BackupError
from db.labels import accepted_labels, propose_many
from db.measurements import store_measured_file
from db.pellets import add_pellet, list_pellets
from db.session import Database, open_lab_database


@pytest.fixture
def filled(lab: Database, lab_folder: Path) -> Database:
    content = b"raw bytes of an instrument"
    digest = hashlib.sha256(content).hexdigest()
    stored = lab_folder / "raw" / digest[:2] / digest[2:]
    stored.parent.mkdir(parents=True)
    stored.write_bytes(content)
    with lab.session() as session:
        add_pellet(session, name="a", formula="Li", thickness_m=1e-3, diameter_m=8e-3)
        store_measured_file(
            session,
            sha256=digest,
            size_bytes=len(content),
            file_name="x.mpr",
            format="biologic-mpr",
            reader_version="1",
            measurements=[],
            stored_path=f"raw/{digest[:2]}/{digest[2:]}",
        )
        propose_many(
            session,
            [{"formula": "Li3N", "sigma_S_per_cm": 1e-3, "source_kind": "literature"}],
            by="Ada",
            reason="x",
            accepted_by="Grace",
        )
    return lab


def test_a_restored_lab_is_the_same_lab(filled: Database, tmp_path: Path) -> None:
    counts = back_up(filled, tmp_path / "backup")
    assert counts.raw_files == 1
    assert check_backup(tmp_path / "backup") == []
    restore(tmp_path / "backup", tmp_path / "again")
    with open_lab_database(tmp_path / "again") as again:
        assert examine(again) == []
        with again.reading() as session:
            assert [label.formula for label in accepted_labels(session)] == ["Li3N"]
            assert [pellet.name for pellet in list_pellets(session)] == ["a"]


def test_a_backup_made_while_others_write_is_whole(filled: Database, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            with filled.session() as session:
                for half in "ab":
                    add_pellet(
                        session,
                        name=f"p{number}{half}",
                        formula="Li",
                        thickness_m=1e-3,
                        diameter_m=8e-3,
                    )
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            back_up(filled, tmp_path / f"backup{number}")
    finally:
        stop.set()
        thread.join()
    for number in range(5):
        assert check_backup(tmp_path / f"backup{number}") == []
        restore(tmp_path / f"backup{number}", tmp_path / f"again{number}")
        with open_lab_database(tmp_path / f"again{number}") as again, again.reading() as session:
            # The pairs were written in one transaction each: never half of one.
            assert len(list_pellets(session)) % 2 == 1


@pytest.mark.parametrize("what", ["flip", "delete", "database"])
def test_a_damaged_backup_is_named_and_not_restored(
    filled: Database, tmp_path: Path, what: str
) -> None:
    back_up(filled, tmp_path / "backup")
    raw = next(p for p in (tmp_path / "backup" / "raw").rglob("*") if p.is_file())
    if what == "flip":
        raw.write_bytes(b"R" + raw.read_bytes()[1:])
    elif what == "delete":
        raw.unlink()
    else:
        (tmp_path / "backup" / "lab.db").write_bytes(b"SQLite format 3\x00")
    assert len(check_backup(tmp_path / "backup")) == 1
    with pytest.raises(BackupError, match="backup is damaged"):
        restore(tmp_path / "backup", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_nothing_is_ever_overwritten(filled: Database, tmp_path: Path, lab_folder: Path) -> None:
    back_up(filled, tmp_path / "backup")
    with pytest.raises(BackupError, match="is there already"):
        back_up(filled, tmp_path / "backup")
    with pytest.raises(BackupError, match="holds a lab already"):
        restore(tmp_path / "backup", lab_folder)
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "thesis.txt").write_text("x", encoding="utf-8")
    with pytest.raises(BackupError, match="not empty"):
        restore(tmp_path / "backup", tmp_path / "busy")


def test_a_backup_that_fails_leaves_nothing_behind(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(backup_module.shutil, "copyfile", full_disk)
    with pytest.raises(BackupError, match="No space left"):
        back_up(filled, tmp_path / "backup")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "C:evil", "a\\..\\evil"])
def test_a_manifest_cannot_lead_out_of_the_backup(
    filled: Database, tmp_path: Path, name: str
) -> None:
    back_up(filled, tmp_path / "backup")
    manifest = tmp_path / "backup" / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["files"][name] = "0" * 64
    manifest.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BackupError, match="outside the backup"):
        restore(tmp_path / "backup", tmp_path / "again")


@pytest.mark.parametrize("content", [None, "not json", "[]"])
def test_another_folder_is_no_backup(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(BackupError) as caught:
        check_backup(tmp_path)
    assert "\n" not in str(caught.value)


def test_copying_a_damaged_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.db").write_bytes(b"SQLite format 3\x00" + b"\x01" * 5000)
    with pytest.raises(BackupError):
        copy_sqlite(tmp_path / "lab.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
