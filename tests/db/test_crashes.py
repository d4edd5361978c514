"""Killed at any moment, a lab opens clean and holds whole transactions only."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from db.backup import check_backup, restore
from db.doctor import examine
from db.session import open_lab_database

SCRIPT = Path(__file__).with_name("writing_process.py")
ROOT = Path(__file__).resolve().parents[2]


def _run(folder: Path, task: str, first: int, count: int) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), task, str(first), str(count)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def _kill_after(process: subprocess.Popen[str], lines: int, delay_s: float) -> list[str]:
    """Kill the process without warning some time after it has printed some lines."""
    assert process.stdout is not None
    printed = [line for _ in range(lines) if (line := process.stdout.readline())]
    time.sleep(delay_s)
    process.kill()
    rest, _ = process.communicate(timeout=60)
    # The last line may itself be cut short.
    return printed + [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]


def _counts(folder: Path) -> dict[str, int]:
    connection = sqlite3.connect(folder / "lab.db")
    tables = ("raw_file", "measurement", "spectrum", "analysis", "analysis_input", "label")
    found = {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}
    accepted = connection.execute("SELECT count(*) FROM label WHERE state = 'accepted'")
    found["accepted"] = accepted.fetchone()[0]
    found["events"] = connection.execute("SELECT count(*) FROM label_event").fetchone()[0]
    connection.close()
    return found


def _assert_sound(folder: Path) -> dict[str, int]:
    with open_lab_database(folder) as database:
        assert examine(database) == []
    counts = _counts(folder)
    for table in ("measurement", "spectrum", "analysis", "analysis_input"):
        assert counts[table] == 3 * counts["raw_file"], counts
    assert counts["label"] == counts["accepted"]
    assert counts["events"] == 2 * counts["label"]
    return counts


def _kill_rounds(folder: Path, task: str, rounds: int, count: int, rng: random.Random) -> None:
    table = {"import": "raw_file", "accept": "label"}[task]
    for _ in range(rounds):
        process = _run(folder, task, 1, count)
        told = len(_kill_after(process, rng.randrange(1, 6), rng.uniform(0, 0.25)))
        counts = _assert_sound(folder)
        # What was reported as stored is stored: also what earlier rounds reported.
        assert counts[table] >= told


def test_an_import_killed_at_random_moments_is_completed_by_repeating_it(tmp_path: Path) -> None:
    folder, count = tmp_path / "lab", 60
    _kill_rounds(folder, "import", rounds=3, count=count, rng=random.Random(1))
    assert _run(folder, "import", 1, count).wait(timeout=120) == 0
    assert _assert_sound(folder)["raw_file"] == count


@pytest.mark.skipif(sys.platform == "win32", reason="the delays are tuned for POSIX processes")
def test_making_a_lab_killed_at_random_moments_can_be_repeated(tmp_path: Path) -> None:
    rng = random.Random(2)
    for number in range(3):
        folder = tmp_path / f"lab{number}"
        process = _run(folder, "import", 1, 1)
        _kill_after(process, 0, rng.uniform(0.3, 0.9))
        with open_lab_database(folder, create=True) as database:
            assert examine(database) == []


@pytest.mark.slow
def test_a_hundred_kills_over_import_accept_create_and_backup(tmp_path: Path) -> None:
    rng = random.Random(3)
    lab = tmp_path / "lab"
    open_lab_database(lab, create=True).close()
    _kill_rounds(lab, "import", rounds=40, count=2000, rng=rng)
    _kill_rounds(lab, "accept", rounds=30, count=2000, rng=rng)
    for number in range(15):
        folder = tmp_path / f"new{number}"
        _kill_after(_run(folder, "import", 1, 1), 0, rng.uniform(0.2, 1.2))
        with open_lab_database(folder, create=True) as database:
            assert examine(database) == []
        shutil.rmtree(folder)
    for number in range(15):
        _kill_after(_run(lab, "backup", 10 * number, 9), 0, rng.uniform(0.4, 1.5))
        for made in tmp_path.glob("backup-*"):
            if made.suffix == ".part":
                continue
            assert check_backup(made) == []
            restore(made, tmp_path / "again")
            _assert_sound(tmp_path / "again")
            shutil.rmtree(tmp_path / "again")
            shutil.rmtree(made)
        _assert_sound(lab)
