"""A colleague's lab on a share that may only be read: looked at, never changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab, create_lab
from labkit.workflows.pellets import add_pellet
from tests.labkit.cli.conftest import PELLET, Command
from tests.read_only_folder import read_only


@pytest.fixture
def share(tmp_path: Path, offline: Path, simulated_series: Path) -> Path:
    """Return a lab with a pellet and seven measurements, closed."""
    lab = create_lab(tmp_path / "share")
    add_pellet(lab, "P-1", formula="Li3BS3", thickness="0.80mm", diameter="6.35mm")
    import_paths(lab, [simulated_series], pellet="P-1")
    lab.database.close()
    return lab.folder


def test_commands_that_read_work(shell: Command, share: Path, tmp_path: Path) -> None:
    with read_only(share):
        for words, expected in (
            (("pellet", "list"), "P-1"),
            (("eis", "M1"), "verdict: accepted"),
            (("why", "M1"), "simulated_25C.mpr"),
            (("export", "measurements", "--output", tmp_path / "out.csv"), "7"),
            (("report", "--output", tmp_path / "report.html"), "report.html"),
            (("doctor",), ""),
        ):
            outcome = shell("--lab", share, *words)
            assert outcome.code == 0, (words, outcome.err)
            assert expected in outcome.out
    assert (tmp_path / "out.csv").exists()
    assert (tmp_path / "report.html").exists()


def test_commands_that_write_say_one_line(
    shell: Command, share: Path, simulated_series: Path
) -> None:
    with read_only(share):
        for words in (
            ("pellet", "add", "P-2", *PELLET),
            ("import", simulated_series),
            ("eis", "M1", "--window", "1Hz", "1kHz", "--by", "A. See"),
            ("arrhenius", "P-1"),
            ("structures", "add", "prototypes"),
            ("rank",),
            ("watch", "--once", simulated_series),
        ):
            outcome = shell("--lab", share, *words)
            assert outcome.code == 1, words
            assert len(outcome.error_lines) == 1, outcome
            (line,) = outcome.error_lines
            assert "may only be read here, and this stores something" in line


def test_a_backup_that_cannot_be_changed_may_be_looked_into(
    shell: Command, share: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    assert shell("--lab", share, "backup", backup).code == 0
    refused = shell("--lab", backup, "pellet", "list")
    assert refused.code == 1
    assert "is a backup" in refused.err
    with read_only(backup):
        outcome = shell("--lab", backup, "pellet", "list")
    assert outcome.code == 0, outcome.err
    assert "P-1" in outcome.out


def test_a_share_that_may_only_be_read_can_be_backed_up(
    shell: Command, share: Path, tmp_path: Path
) -> None:
    with read_only(share):
        outcome = shell("--lab", share, "backup", tmp_path / "copy")
    assert outcome.code == 0, outcome.err


def test_a_ranked_lab_is_reported_and_a_barrier_computed(
    shell: Command, copy_of_pool_lab: Lab, tmp_path: Path
) -> None:
    folder = copy_of_pool_lab.folder
    assert shell("--lab", folder, "rank").code == 0
    copy_of_pool_lab.database.close()
    with read_only(folder):
        for words in (
            ("report", "--output", tmp_path / "lab.html"),
            ("report", "--ranking", "last", "--output", tmp_path / "ranking.html"),
            ("screen", "barrier", "prototype-LiF-rocksalt"),
        ):
            outcome = shell("--lab", folder, *words)
            assert outcome.code == 0, (words, outcome.err)
