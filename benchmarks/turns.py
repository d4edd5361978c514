"""Measure one part: a process for each side, the runs of all sides in turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.suite import Part, Side, Size

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(slots=True)
class Measured:
    """What one side needed for one case."""

    amount: float | None = None
    cpu_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    numbers: list[float] | None = None
    failed: str | None = None

    @property
    def median_cpu_s(self) -> float:
        """Median processor seconds of a run."""
        return statistics.median(self.cpu_s)

    @property
    def median_wall_s(self) -> float:
        """Median wall seconds of a run."""
        return statistics.median(self.wall_s)


@dataclass(slots=True)
class SideResult:
    """The cases of one side, or why there are none."""

    name: str
    packages: tuple[str, ...]
    cases: dict[str, Measured] = field(default_factory=dict)
    absent: str | None = None
    failed: str | None = None


class _Process:
    """One side in its process."""

    def __init__(self, name: str, side: Side, size: Size, folder: Path, data: Path | None) -> None:
        folder.mkdir(parents=True)
        words = [sys.executable, "-m", "benchmarks.worker", name, side.name, size, str(folder)]
        self.process = subprocess.Popen(
            [*words, str(data or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            cwd=Path(__file__).resolve().parents[1],
            env=os.environ | dict.fromkeys(_ONE_THREAD, "1"),
        )

    def hear(self) -> dict[str, Any]:
        """Return the next answer."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            return {"failed": f"the process ended with status {self.process.wait()}"}
        return dict(json.loads(line))

    def ask(self, case: str) -> dict[str, Any]:
        """Let it run a case once."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(case + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"failed": f"the process ended with status {self.process.wait()}"}
        return self.hear()

    def end(self) -> None:
        """Let it end."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


def measure(name: str, part: Part, size: Size, repeat: int, data: Path | None) -> list[SideResult]:
    """Run every case of every side `repeat` times, in turns.

    Returns
    -------
    list of SideResult
        In the order of the sides; absent and failed ones say why.
    """
    found: list[SideResult] = []
    with tempfile.TemporaryDirectory(prefix="labkit-bench-") as scratch:
        running: list[tuple[SideResult, _Process]] = []
        try:
            for number, side in enumerate(part.sides):
                process = _Process(name, side, size, Path(scratch) / str(number), data)
                result = SideResult(side.name, side.packages)
                found.append(result)
                running.append((result, process))
            for result, process in running:
                answer = process.hear()
                result.absent, result.failed = answer.get("absent"), answer.get("failed")
                for case, amount in answer.get("cases", {}).items():
                    result.cases[case] = Measured(amount)
            for case in dict.fromkeys(case for result in found for case in result.cases):
                _in_turns(case, [pair for pair in running if case in pair[0].cases], repeat)
        finally:
            for _, process in running:
                process.end()
    return found


def _in_turns(case: str, running: list[tuple[SideResult, _Process]], repeat: int) -> None:
    for turn in range(repeat + 1):
        for result, process in running:
            measured = result.cases[case]
            if measured.failed is not None:
                continue
            answer = process.ask(case)
            measured.failed = answer.get("failed")
            if turn == 0:
                measured.numbers = answer.get("numbers")
            elif measured.failed is None:
                measured.cpu_s.append(answer["cpu_s"])
                measured.wall_s.append(answer["wall_s"])


def largest_difference(ours: list[float] | None, theirs: list[float] | None) -> float | None:
    """Largest difference, relative to the largest value of the peer; None where not compared."""
    if ours is None or theirs is None:
        return None
    first, second = np.asarray(ours), np.asarray(theirs)
    if first.shape != second.shape:
        return float("inf")
    scale = float(np.abs(second).max(initial=0.0)) or 1.0
    return float(np.abs(first - second).max(initial=0.0)) / scale
