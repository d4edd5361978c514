"""A watched folder: every file once, whole, and none that is still being written."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.errors import DatabaseBusyError, DatabaseError
from labkit.errors import LabkitError, UsageError
from labkit.workflows.inbox import list_inbox
from labkit.workflows.lab import create_lab
from labkit.workflows.recording import Arrival, keep_and_store
from labkit.workflows.simulating import simulate_temperature_series
from labkit.workflows.watching import Watch, watch_folder
from labkit.workflows.watching_aside import WatchAside


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


def test_a_folder_that_goes_is_told_once_and_nothing_is_imported_twice(
    tmp_path: Path, simulated_bytes: bytes
) -> None:
    lab = create_lab(tmp_path / "lab")
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "a_25C.mpr").write_bytes(simulated_bytes)
    away = tmp_path / "unplugged"
    clock = _Clock([])
    lines: list[str] = []
    watched = watch_folder(
        lab, folder, settle_s=2.0, clock=clock.time, sleep=clock.sleep, tell=lines.append
    )
    assert next(watched)["imported"] == 1
    clock.happenings = [
        lambda: folder.rename(away) and None,
        lambda: None,
        lambda: away.rename(folder) and None,
        lambda: (folder / "b_25C.mpr").write_bytes(b"nothing of a kind") and None,
    ]

    after = next(watched)

    assert [Path(one["file"]).name for one in after["refused"]] == ["b_25C.mpr"]
    assert [line.removeprefix(str(folder)).strip()[:12] for line in lines] == [
        "is not there",
        "is back",
    ]


def _until(watch: WatchAside, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = watch.status()
        if reached(state):
            return state
        time.sleep(0.02)
    raise AssertionError(watch.status())


def test_what_a_watch_aside_tells(tmp_path: Path, simulated_bytes: bytes) -> None:
    """Real files, a real thread: waiting, arrived, refused, gone, back, stopped."""
    lab = create_lab(tmp_path / "lab")
    folder = tmp_path / "watched"
    (folder / "today").mkdir(parents=True)
    watch = WatchAside(Watch(lab, folder, settle_s=0.3, arrival=Arrival(by="A. See")), poll_s=0.02)
    assert watch.status()["state"] == "stopped"
    watch.start()
    try:
        (folder / "today" / "a_25C.mpr").write_bytes(simulated_bytes)
        waiting = _until(watch, lambda state: bool(state["waiting"]))
        assert waiting["waiting"][0]["file"] == "today/a_25C.mpr"
        arrived = _until(watch, lambda state: bool(state["arrived"]))
        assert arrived["arrived"][0]["measurements"] == ["M1"]
        assert arrived["counts"]["imported"] == 1

        (folder / "broken_25C.mpr").write_bytes(simulated_bytes[:-200])
        refused = _until(watch, lambda state: bool(state["refused"]))["refused"]
        assert refused[0]["file"] == "broken_25C.mpr"
        assert str(tmp_path) not in refused[0]["error"]
        (folder / "broken_25C.mpr").write_bytes(simulated_bytes)
        mended = _until(watch, lambda state: not state["refused"])
        assert mended["counts"] == {"imported": 1, "completed": 0, "known": 1, "refused": 1}

        folder.rename(tmp_path / "unplugged")
        gone = _until(watch, lambda state: state["state"] == "missing")
        assert "is the drive connected?" in gone["line"]
        (tmp_path / "unplugged").rename(folder)
        back = _until(watch, lambda state: state["state"] == "watching")
        assert back["line"] is None
        assert back["counts"] == mended["counts"]
    finally:
        watch.stop()
    assert watch.status()["state"] == "stopped"
    assert list_inbox(lab)["files"][0]["imported_by"] == "A. See"


def test_a_database_that_is_busy_is_tried_again(
    tmp_path: Path, simulated_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = create_lab(tmp_path / "lab")
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "a_25C.mpr").write_bytes(simulated_bytes)
    busy = iter([DatabaseBusyError("the database is busy")])

    def keep(*given: Any, **named: Any) -> Any:
        for error in busy:
            raise error
        return keep_and_store(*given, **named)

    monkeypatch.setattr("labkit.workflows.importing.keep_and_store", keep)
    clock = _Clock([])
    reports = list(
        watch_folder(lab, folder, settle_s=1.0, once=True, clock=clock.time, sleep=clock.sleep)
    )

    assert [len(report["refused"]) for report in reports] == [1, 0]
    assert reports[1]["imported"] == 1


def test_the_rules_of_an_import_hold_for_a_watched_folder(
    tmp_path: Path, simulated_bytes: bytes
) -> None:
    """One temperature for names that differ: such a file is refused, the others come in."""
    lab = create_lab(tmp_path / "lab")
    folder = tmp_path / "watched"
    made = simulate_temperature_series(tmp_path / "series", count=4)
    folder.mkdir()
    names = ["a_25C.mpr", "b_140deg.mpr", "c_10K_steps.mpr", "d_25,5C.mpr"]
    for path, name in zip(made["files"], names, strict=True):
        (folder / name).write_bytes(Path(path).read_bytes())
    clock = _Clock([])

    reports = list(
        watch_folder(
            lab,
            folder,
            temperature="25C",
            settle_s=1.0,
            once=True,
            clock=clock.time,
            sleep=clock.sleep,
        )
    )

    assert [report["imported"] for report in reports] == [1, 0, 1, 1]
    (refused,) = reports[1]["refused"]
    assert refused["error"].startswith("b_140deg.mpr: one temperature, 25 °C, is given")
    assert refused["error"].count("\n") == 0


def test_a_single_name_that_contradicts_is_taken_and_told(
    tmp_path: Path, simulated_bytes: bytes
) -> None:
    lab = create_lab(tmp_path / "lab")
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "a_140deg.mpr").write_bytes(simulated_bytes)

    (report,) = watch_folder(lab, folder, temperature="25C", settle_s=0.0, once=True, poll_s=0.01)

    assert any("the file name says 140 °C" in line for line in report["files"][0]["warnings"])


@pytest.mark.parametrize(
    ("given", "said"),
    [({"pellet": "nobody"}, "no pellet"), ({"temperature": "25"}, "no unit")],
)
def test_what_cannot_be_used_is_refused_before_the_watch(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    lab = create_lab(tmp_path / "lab")
    with pytest.raises((LabkitError, DatabaseError), match=said):
        watch_folder(lab, tmp_path, **given)
    with pytest.raises(UsageError, match="no such folder"):
        watch_folder(lab, tmp_path / "none")
