"""The command line run in process, and labs to run it in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labkit.cli.app import _run
from labkit.workflows.lab import Lab, create_lab

PELLET = (
    "--formula",
    "Li3BS3",
    "--thickness",
    "0.80mm+-0.01mm",
    "--diameter",
    "6.35mm+-0.02mm",
)
"""The geometry that simulated files assume."""


@dataclass(frozen=True)
class Outcome:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout; anything beside it is an error."""
        return json.loads(self.out)

    @property
    def error_lines(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()


Command = Callable[..., Outcome]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], offline: Path) -> Command:
    """Run ``labkit WORDS...`` in process."""

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        try:
            code = _run([str(word) for word in words])
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def lab_folder(tmp_path: Path, offline: Path) -> Path:
    """Return the folder of a new lab without any data."""
    folder = tmp_path / "lab"
    create_lab(folder)
    return folder


@pytest.fixture
def lab(shell: Command, lab_folder: Path) -> Command:
    """Run ``labkit --lab LAB WORDS...`` in a new lab."""

    def run(*words: object) -> Outcome:
        return shell("--lab", lab_folder, *words)

    return run


@pytest.fixture
def measured_lab(lab: Command, simulated_series: Path) -> Command:
    """Return the command line of a lab with one pellet measured at seven temperatures."""
    assert lab("pellet", "add", "LBS-1", *PELLET).code == 0
    assert lab("import", "--pellet", "LBS-1", simulated_series).code == 0
    return lab


@pytest.fixture
def ranking_lab(shell: Command, copy_of_pool_lab: Lab) -> Command:
    """Return the command line of a lab with prototypes, printed labels and a cluster tree."""

    def run(*words: object) -> Outcome:
        return shell("--lab", copy_of_pool_lab.folder, *words)

    return run
