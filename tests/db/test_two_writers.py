"""Several programs at one lab: nothing is lost and nobody sees a lock."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from db.backup import back_up, check_backup, restore
from db.doctor import examine
from db.errors import BackupError
from db.labels import accepted_labels
from db.measurements import list_analyses, list_measurements
from db.session import open_lab_database

SCRIPT = Path(__file__).with_name("writing_process.py")
ROOT = Path(__file__).resolve().parents[2]


def _start(
    location: str, task: str, first: int, count: int, folder: Path | None = None
) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    words = [location, task, str(first), str(count), *([] if folder is None else [str(folder)])]
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *words],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors


def _assert_whole_exports(folder: Path, count: int) -> None:
    """Check that exports made in between hold whole imports: three sweeps of each file."""
    for number in range(1, count + 1):
        with (folder / f"measurements-{number}.csv").open(encoding="utf-8-sig") as file:
            sweeps = Counter(row["file"] for row in csv.DictReader(file))
        assert set(sweeps.values()) <= {3}
        with (folder / f"labels-{number}.csv").open(encoding="utf-8-sig") as file:
            assert {row["state"] for row in csv.DictReader(file)} <= {"accepted"}


def _run_together(folder: Path, count: int) -> None:
    open_lab_database(folder, create=True).close()
    _finish(
        [
            _start(str(folder), "import", 1, count),
            _start(str(folder), "import", 1 + count, count),
            _start(str(folder), "accept", 1, count // 2),
            _start(str(folder), "export", 1, 3, folder.parent),
            _start(str(folder), "backup", 1, 2),
        ]
    )
    _assert_whole_exports(folder.parent, 3)
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


def _run_together_on_server(url: str, folder: Path, count: int) -> None:
    """Two imports that overlap, an acceptance, an export and a dump, all at once."""
    open_lab_database(url, create=True).close()
    dump = folder / "lab.sql"
    _finish(
        [
            _start(url, "import", 1, count),
            _start(url, "import", 1 + count * 2 // 3, count),
            _start(url, "accept", 1, count),
            _start(url, "export", 1, 3, folder),
            _program("pg_dump", "--no-owner", "--file", str(dump), _plain(url)),
        ]
    )
    _assert_whole_exports(folder, 3)
    with open_lab_database(url) as database:
        assert examine(database) == []
        with database.reading() as session:
            assert len(list_measurements(session)) == 3 * (count + count * 2 // 3)
            assert len(accepted_labels(session)) == count


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _program(name: str, *words: str) -> subprocess.Popen[str]:
    """Start one of PostgreSQL's own programs."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(debian[-1]) if debian else None)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return subprocess.Popen(
        [found, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_same_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    _run_together_on_server(postgresql_url, tmp_path, 15)


@pytest.mark.slow
def test_two_imports_of_two_hundred_files_on_postgresql(
    postgresql_url: str, tmp_path: Path
) -> None:
    _run_together_on_server(postgresql_url, tmp_path, 200)


def test_a_dump_of_a_lab_on_a_server_restores_and_passes_the_doctor(
    postgresql_url: str, postgresql_server: str, tmp_path: Path
) -> None:
    dump = tmp_path / "lab.sql"
    _finish([_start(postgresql_url, "import", 1, 3), _start(postgresql_url, "accept", 1, 3)])
    _finish([_program("pg_dump", "--no-owner", "--file", str(dump), _plain(postgresql_url))])
    server = _plain(postgresql_server)
    again = "restored_lab"
    create, drop = (f"{verb} DATABASE {again}" for verb in ("CREATE", "DROP"))
    _finish([_program("psql", "-c", create, f"{server}/postgres")])
    try:
        restore_words = ("-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump), f"{server}/{again}")
        _finish([_program("psql", *restore_words)])
        with open_lab_database(f"{postgresql_server}/{again}") as database:
            assert examine(database) == []
            with database.reading() as session:
                assert len(list_measurements(session)) == 9
                assert len(accepted_labels(session)) == 3
    finally:
        _finish([_program("psql", "-c", drop, f"{server}/postgres")])


def test_a_lab_on_a_server_names_the_program_that_backs_it_up(
    postgresql_url: str, tmp_path: Path
) -> None:
    with (
        open_lab_database(postgresql_url) as database,
        pytest.raises(BackupError, match="pg_dump"),
    ):
        back_up(database, tmp_path / "backup")
