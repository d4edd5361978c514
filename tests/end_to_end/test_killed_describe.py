"""Describing that is killed again and again ends with the bytes of an undisturbed run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit.workflows.lab import create_lab
from labkit.workflows.structure_pool import add_structures

ROOT = Path(__file__).resolve().parents[2]
KILLS = 5

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGKILL; its TerminateProcess is not the same"
)

# small batches, so that there is much to be lost between two of them
COMMAND = "import screening.featurize as e; e.BATCH = 16; from labkit.cli import main; main()"


def _start(lab: Path) -> subprocess.Popen[bytes]:
    words = ["--lab", str(lab), "screen", "describe", "--descriptor", "soap", "--jobs", "2"]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words, "--json"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _shards(lab: Path) -> int:
    return len(list((lab / "cache" / "screening").glob("*/[!.]*.idx.npy")))


def _content(lab: Path) -> dict[str, bytes]:
    folder = lab / "cache" / "screening"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _kill_after(lab: Path, more: int, delay_s: float) -> bool:
    """Start describing and kill it once `more` shards are added; whether it was still running."""
    there = _shards(lab)
    process = _start(lab)
    try:
        while process.poll() is None and _shards(lab) < there + more:
            time.sleep(0.005)
        time.sleep(delay_s)
        return process.poll() is None
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_five_kills_leave_the_bytes_of_an_undisturbed_run(data_dir: Path, tmp_path: Path) -> None:
    assert data_dir.is_dir()
    for name in ("calm", "killed"):
        lab = create_lab(tmp_path / name)
        added = add_structures(lab, ["materials-project"], limit=230)
        assert 280 <= added["total"] <= 330
        lab.database.close()
    assert _start(tmp_path / "calm").wait(timeout=600) == 0

    chance = random.Random(time.time_ns())
    in_the_middle = 0
    for _ in range(KILLS):
        running = _kill_after(tmp_path / "killed", chance.randint(1, 6), chance.uniform(0, 0.05))
        in_the_middle += running
    assert in_the_middle == KILLS, "a run was over before it was killed"
    assert _content(tmp_path / "killed") != _content(tmp_path / "calm")

    assert _start(tmp_path / "killed").wait(timeout=600) == 0
    assert _content(tmp_path / "killed") == _content(tmp_path / "calm")
