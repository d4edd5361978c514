"""Killed at any moment, a lab opens clean and holds whole transactions only."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from db.backup import back_up, check_backup, restore
from db.doctor import examine
from db.migrations import HEAD
from db.session import open_lab_database

SCRIPT = Path(__file__).with_name("writing_process.py")
ROOT = Path(__file__).resolve().parents[2]
# the layout that only the tests know, see `later_revision`
LATER = "later"


def _run(
    folder: Path, task: str, first: int = 1, count: int = 1, other: Path | None = None
) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    words = [str(folder), task, str(first), str(count), *([] if other is None else [str(other)])]
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *words],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def _kill_after(process: subprocess.Popen[str], lines: int, delay_s: float) -> int:
    """Kill the process some time after it has printed so many lines; return how often it told."""
    assert process.stdout is not None
    printed = [line for _ in range(lines) if (line := process.stdout.readline())]
    time.sleep(delay_s)
    process.kill()
    rest, _ = process.communicate(timeout=60)
    # The last line may itself be cut short.
    printed += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    return sum(line.strip().isdigit() for line in printed)


def _seconds_of(process: subprocess.Popen[str]) -> float:
    """Let a process end by itself and return the time from its first line on."""
    assert process.stdout is not None
    process.stdout.readline()
    start = time.perf_counter()
    assert process.wait(timeout=120) == 0
    return time.perf_counter() - start


def _counts(folder: Path) -> dict[str, int]:
    with contextlib.closing(sqlite3.connect(folder / "lab.db")) as connection:

        def count(what: str) -> int:
            return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])

        tables = ("raw_file", "measurement", "spectrum", "analysis", "analysis_input", "label")
        found = {table: count(table) for table in tables}
        found["accepted"] = count("label WHERE state = 'accepted'")
        found["events"] = count("label_event")
    return found


def _assert_sound(folder: Path) -> dict[str, int]:
    with open_lab_database(folder) as database:
        codes = {problem.code for problem in examine(database)}
    # a raw file whose import never ended is a spare copy, and is named as such
    assert codes <= {"raw-file-unknown"}
    counts = _counts(folder)
    for table in ("measurement", "spectrum", "analysis", "analysis_input"):
        assert counts[table] == 3 * counts["raw_file"], counts
    assert counts["label"] == counts["accepted"]
    assert counts["events"] == 2 * counts["label"]
    return counts


def _kill_writing(folder: Path, task: str, rounds: int, count: int, rng: random.Random) -> int:
    """Kill imports or acceptances; the lab is sound and holds all that was told."""
    table = {"import": "raw_file", "accept": "label"}[task]
    for _ in range(rounds):
        process = _run(folder, task, 1, count)
        told = _kill_after(process, rng.randrange(1, 6), rng.uniform(0, 0.25))
        assert _assert_sound(folder)[table] >= told
    return rounds


def _kill_creating(parent: Path, rounds: int, rng: random.Random) -> int:
    """Kill the making of a lab; opening it again makes it whole."""
    longest = _seconds_of(_run(parent / "timed", "import"))
    for number in range(rounds):
        folder = parent / f"new{number}"
        _kill_after(_run(folder, "import"), 1, rng.uniform(0, longest))
        with open_lab_database(folder, create=True) as database:
            assert {problem.code for problem in examine(database)} <= {"raw-file-unknown"}
    return rounds


def _revision(folder: Path) -> tuple[str, set[str]]:
    """Return the layout a lab says it has, and the tables that have the later column."""
    with contextlib.closing(sqlite3.connect(folder / "lab.db")) as connection:
        (word,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        assert not [name for name in tables if name.startswith("_alembic_tmp")]
        later = {
            table
            for table in ("raw_file", "measurement", "spectrum")
            if "origin" in {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        }
    return str(word), later


def _kill_migrating(lab: Path, rounds: int, rng: random.Random) -> int:
    """Kill the step to a later layout: the lab has the old or the new one, and all its rows."""
    before = _counts(lab)
    timed = lab.with_name("timed-migration")
    shutil.copytree(lab, timed)
    longest = _seconds_of(_run(timed, "migrate", 1, 0))
    everywhere = {"raw_file", "measurement", "spectrum"}
    assert _revision(timed) == (LATER, everywhere)
    unfinished = 0
    for _ in range(rounds):
        folder = lab.with_name("migrated")
        shutil.copytree(lab, folder)
        _kill_after(_run(folder, "migrate", 1, 0), 1, rng.uniform(0, longest))
        assert _revision(folder) in [(HEAD, set()), (LATER, everywhere)]
        assert _counts(folder) == before
        unfinished += _revision(folder)[0] == HEAD
        kept = folder / f"lab.db.before-{LATER}"
        if kept.exists():
            shutil.copyfile(kept, folder.with_name("kept.db"))
            with open_lab_database(folder.with_name("kept.db")) as database:
                assert {p.code for p in examine(database, folder)} <= {"raw-file-unknown"}
        assert _run(folder, "migrate", 1, 0).wait(timeout=120) == 0
        assert _revision(folder) == (LATER, everywhere)
        assert _counts(folder) == before
        shutil.rmtree(folder)
    assert unfinished, "no kill came before the migration ended"
    return rounds


def _kill_backing_up(lab: Path, rounds: int, rng: random.Random) -> int:
    """Kill backups; what has its name is whole, and the lab does not feel it."""
    parent = lab.parent
    longest = _seconds_of(_run(lab, "backup", 999, 1))
    for number in range(rounds):
        _kill_after(_run(lab, "backup", 10 * number, 2), 1, rng.uniform(0, 2 * longest))
        for made in parent.glob("backup-*"):
            if made.suffix != ".part":
                assert check_backup(made) == []
                restore(made, parent / "again")
                assert _assert_sound(parent / "again") == _counts(lab)
                shutil.rmtree(parent / "again")
            shutil.rmtree(made)
        _assert_sound(lab)
    return rounds


def _kill_restoring(lab: Path, rounds: int, rng: random.Random) -> int:
    """Kill restorations; the new lab is whole or not there, and can be restored again."""
    backup = lab.with_name("kept-backup")
    with open_lab_database(lab) as database:
        back_up(database, backup)
    longest = _seconds_of(_run(lab.with_name("timed-restore"), "restore", other=backup))
    absent = 0
    for number in range(rounds):
        folder = lab.with_name(f"restored{number}")
        process = _run(folder, "restore", other=backup)
        _kill_after(process, 1, rng.uniform(0, longest))
        if not folder.exists():
            absent += 1
            restore(backup, folder)
        assert _assert_sound(folder) == _counts(lab)
        assert check_backup(backup) == []
    assert absent or rounds < 10, "no kill came before the restoration ended"
    return rounds


def test_an_import_killed_at_random_moments_is_completed_by_repeating_it(tmp_path: Path) -> None:
    folder, count = tmp_path / "lab", 60
    _kill_writing(folder, "import", rounds=3, count=count, rng=random.Random(1))
    assert _run(folder, "import", 1, count).wait(timeout=120) == 0
    assert _assert_sound(folder)["raw_file"] == count


def test_making_migrating_and_restoring_a_lab_may_be_killed(tmp_path: Path) -> None:
    rng = random.Random(2)
    assert _kill_creating(tmp_path, 1, rng) == 1
    lab = tmp_path / "lab"
    assert _run(lab, "import", 1, 10).wait(timeout=120) == 0
    assert _kill_restoring(lab, 2, rng) == 2


@pytest.mark.slow
def test_a_hundred_kills_over_import_accept_create_migrate_backup_and_restore(
    tmp_path: Path,
) -> None:
    rng = random.Random(time.time_ns())
    lab = tmp_path / "lab"
    open_lab_database(lab, create=True).close()
    clean = _kill_writing(lab, "import", 25, 2000, rng)
    clean += _kill_writing(lab, "accept", 20, 2000, rng)
    clean += _kill_creating(tmp_path, 10, rng)
    clean += _kill_migrating(lab, 20, rng)
    clean += _kill_backing_up(lab, 12, rng)
    clean += _kill_restoring(lab, 13, rng)
    assert clean == 100
