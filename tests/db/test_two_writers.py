"""Several programs at one lab: nothing is lost and nobody sees a lock."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.backup import check_backup, restore
from db.doctor import examine
from db.measurements import list_analyses, list_measurements
from db.session import open_lab_database

SCRIPT = Path(__file__).with_name("writing_process.py")
ROOT = Path(__file__).resolve().parents[2]


def _start(location: str, task: str, first: int, count: int) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), location, task, str(first), str(count)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors


def _run_together(folder: Path, count: int) -> None:
    open_lab_database(folder, create=True).close()
    _finish(
        [
            _start(str(folder), "import", 1, count),
            _start(str(folder), "import", 1 + count, count),
            _start(str(folder), "accept", 1, count // 2),
            _start(str(folder), "backup", 1, 2),
        ]
    )
    with open_lab_database(folder) as database:
        assert examine(database) == []
        with database.reading() as session:
            assert len(list_measurements(session)) == 6 * count
            assert len(list_analyses(session)) == 6 * count
    for made in sorted(folder.parent.glob("backup-*")):
        assert check_backup(made) == []
        again = folder.parent / f"{made.name}-restored"
        restore(made, again)
        with open_lab_database(again) as restored:
            assert examine(restored) == []


def test_importing_accepting_and_backing_up_at_once(tmp_path: Path) -> None:
    _run_together(tmp_path / "lab", 15)


@pytest.mark.slow
def test_two_imports_of_two_hundred_files_at_once(tmp_path: Path) -> None:
    _run_together(tmp_path / "lab", 200)


def test_overlapping_imports_store_each_file_once(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    open_lab_database(folder, create=True).close()
    _finish([_start(str(folder), "import", 1, 20) for _ in range(2)])
    with open_lab_database(folder) as database, database.reading() as session:
        assert len(list_measurements(session)) == 3 * 20


def test_the_same_on_postgresql(postgresql_url: str) -> None:
    open_lab_database(postgresql_url, create=True).close()
    _finish(
        [
            _start(postgresql_url, "import", 1, 15),
            _start(postgresql_url, "import", 11, 15),
            _start(postgresql_url, "accept", 1, 15),
        ]
    )
    with open_lab_database(postgresql_url) as database:
        assert examine(database) == []
        with database.reading() as session:
            assert len(list_measurements(session)) == 3 * 25
