"""A watched folder: every file once, whole, and none that is still being written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.errors import UsageError
from labkit.workflows.lab import create_lab
from labkit.workflows.simulating import simulate_temperature_series
from labkit.workflows.watching import watch_folder


class _Clock:
    """Time that passes only while the watcher sleeps; what happens then is scripted."""

    def __init__(self, happenings: list[Callable[[], None]]) -> None:
        self.now = 0.0
        self.happenings = happenings

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.happenings:
            self.happenings.pop(0)()


@pytest.fixture
def simulated_bytes(tmp_path: Path) -> bytes:
    made = simulate_temperature_series(tmp_path / "made", count=1)
    return Path(made["files"][0]).read_bytes()


def test_growing_file_is_imported_once_and_whole(tmp_path: Path, simulated_bytes: bytes) -> None:
    lab = create_lab(tmp_path / "lab")
    folder = tmp_path / "watched"
    folder.mkdir()
    target = folder / "cell_25C.mpr"
    size = len(simulated_bytes) // 20 + 1
    pieces = [simulated_bytes[i : i + size] for i in range(0, len(simulated_bytes), size)]

    def append(piece: bytes) -> Callable[[], None]:
        def happen() -> None:
            with target.open("ab") as stream:
                stream.write(piece)

        return happen

    append(pieces[0])()
    clock = _Clock([append(piece) for piece in pieces[1:]])
    reports = list(
        watch_folder(
            lab, folder, settle_s=3.0, poll_s=1.0, once=True, clock=clock.time, sleep=clock.sleep
        )
    )
    assert [report["imported"] for report in reports] == [1]
    assert target.read_bytes() == simulated_bytes
    assert reports[0]["files"][0]["sweeps"][0]["verdict"] == "accepted"


def test_files_that_were_handled_are_left_alone(tmp_path: Path, simulated_bytes: bytes) -> None:
    lab = create_lab(tmp_path / "lab")
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "a_25C.mpr").write_bytes(simulated_bytes)
    clock = _Clock([])
    watched = watch_folder(lab, folder, settle_s=2.0, clock=clock.time, sleep=clock.sleep)
    assert next(watched)["imported"] == 1
    clock.happenings = [
        lambda: None,
        lambda: None,
        lambda: (folder / "b_25C.mpr").write_bytes(simulated_bytes[:-200]) and None,
    ]
    second = next(watched)
    assert [Path(refused["file"]).name for refused in second["refused"]] == ["b_25C.mpr"]


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    lab = create_lab(tmp_path / "lab")
    with pytest.raises(UsageError, match="no such folder to watch"):
        next(watch_folder(lab, tmp_path / "nowhere"))
