"""An import that is killed leaves whole imports only, and the same command completes it."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from instruments.biologic_writing import write_mpr
from instruments.records import ImpedanceSpectrum
from labkit.eis.simulate import log_frequencies, simulate_pellet
from labkit.workflows.lab import create_lab, open_lab
from labkit.workflows.pellets import add_pellet

ROOT = Path(__file__).resolve().parents[2]
N_FILES = 200

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGKILL; its TerminateProcess is not the same"
)


@pytest.fixture(scope="module")
def many_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 200 small simulated files, all different."""
    folder = tmp_path_factory.mktemp("many")
    frequency_hz = log_frequencies(1e6, 1.0, 6)
    for number in range(N_FILES):
        _, z_ohm = simulate_pellet(
            None, frequency_hz, resistance_ohm=1000.0 + number, noise=0.003, seed=number
        )
        record = ImpedanceSpectrum(frequency_hz=frequency_hz, z_ohm=z_ohm, technique="PEIS")
        write_mpr(folder / f"cell{number:03d}_25C.mpr", [record])
    return folder


def _start_import(lab: Path, files: Path) -> subprocess.Popen[bytes]:
    command = "from labkit.cli import main; main()"
    words = ["--lab", str(lab), "import", "--pellet", "cell", str(files), "--json"]
    environment = {name: value for name, value in os.environ.items() if name != "LABKIT_HOME"}
    return subprocess.Popen(
        [sys.executable, "-c", command, *words],
        cwd=ROOT,
        env=environment | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _n_raw_files(lab: Path) -> int:
    with sqlite3.connect(lab / "lab.db", timeout=30) as connection:
        return int(connection.execute("SELECT count(*) FROM raw_file").fetchone()[0])


def _kill_somewhere(lab: Path, files: Path, after: int, delay_s: float) -> None:
    """Start the import and kill it `delay_s` after more than `after` files are in."""
    process = _start_import(lab, files)
    try:
        while process.poll() is None and _n_raw_files(lab) <= after:
            time.sleep(0.01)
        time.sleep(delay_s)
    finally:
        process.kill()
        process.wait()


def _assert_only_whole_imports(lab: Path) -> None:
    with sqlite3.connect(lab / "lab.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        incomplete = connection.execute(
            "SELECT raw_file.id FROM raw_file"
            " LEFT JOIN measurement ON measurement.raw_file_id = raw_file.id"
            " LEFT JOIN spectrum ON spectrum.measurement_id = measurement.id"
            " LEFT JOIN analysis ON analysis.measurement_id = measurement.id"
            " GROUP BY raw_file.id"
            " HAVING count(DISTINCT measurement.id) <> 1 OR count(DISTINCT spectrum.id) <> 1"
            " OR count(DISTINCT analysis.id) <> 1"
        ).fetchall()
        assert incomplete == []
        for table in ("measurement", "spectrum", "analysis"):
            (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert number == _n_raw_files(lab), table
        stored = connection.execute("SELECT sha256, stored_path FROM raw_file").fetchall()
    for sha256, stored_path in stored:
        assert hashlib.sha256((lab / stored_path).read_bytes()).hexdigest() == sha256


def _kill_and_complete(lab: Path, files: Path, rounds: int, seed: int) -> None:
    opened = create_lab(lab)
    add_pellet(opened, "cell", formula="Li6PS5Cl", thickness="1mm", diameter="6mm")
    opened.database.close()
    chance = random.Random(seed)
    goals = sorted(chance.sample(range(1, N_FILES - 20), rounds))
    for goal in goals:
        _kill_somewhere(lab, files, goal, chance.uniform(0, 0.03))
        _assert_only_whole_imports(lab)
    assert 0 < _n_raw_files(lab) < N_FILES, "no kill came in the middle of the import"

    finished = _start_import(lab, files)
    assert finished.wait(timeout=300) == 0

    _assert_only_whole_imports(lab)
    assert _n_raw_files(lab) == N_FILES
    with sqlite3.connect(lab / "lab.db") as connection:
        sigma = [row[0] for row in connection.execute("SELECT sigma_S_per_cm FROM analysis")]
    assert np.isfinite(np.array(sigma, dtype=float)).all()
    reopened = open_lab(lab)
    from labkit.workflows.keeping import examine_lab

    problems = {problem["code"] for problem in examine_lab(reopened)["problems"]}
    # a raw file whose row never came is a spare copy, and is named as such
    assert problems <= {"raw-file-unknown"}
    reopened.database.close()


def test_three_kills_and_the_repeated_import_completes_the_set(
    many_files: Path, tmp_path: Path
) -> None:
    _kill_and_complete(tmp_path / "lab", many_files, rounds=3, seed=time.time_ns())


@pytest.mark.slow
def test_ten_kills_and_the_repeated_import_completes_the_set(
    many_files: Path, tmp_path: Path
) -> None:
    _kill_and_complete(tmp_path / "lab", many_files, rounds=10, seed=time.time_ns())
