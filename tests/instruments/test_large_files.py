"""Memory of reading large files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_large_files_take_at_most_five_times_their_size() -> None:
    done = subprocess.run(
        [sys.executable, _ROOT / "benchmarks" / "readers_large.py"],
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("| large.") == 2
