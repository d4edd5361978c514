"""A number stays on one line where there is room; without a terminal, progress in plain lines."""

from __future__ import annotations

import pytest

from labkit.cli.output import ProgressLines, print_table, progress_bar

NUMBER = "(1.4663 ± 0.0008 ± 0.0074) × 10⁻⁶"


@pytest.mark.parametrize(("columns", "whole"), [("100", True), ("60", False)])
def test_a_number_with_errors_is_broken_only_where_there_is_no_room(
    columns: str, whole: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, as far as the table can tell
    monkeypatch.setenv("COLUMNS", columns)
    file = "PEIS_LPSCl_IonBlocking_with_a_very_long_name_of_a_sample_-25C.mpr"

    print_table(["id", "file", "sigma", "verdict"], [("M1", file, NUMBER, "accepted")])

    words = capsys.readouterr().out
    assert (NUMBER in words) is whole
    for part in NUMBER.split():
        assert part in words


def test_a_log_is_told_every_ten_seconds_with_the_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = [0.0]
    lines = ProgressLines("rank", clock=lambda: now[0])
    for done in range(101):
        now[0] = 0.5 * done
        lines.advance(done, 100)

    assert capsys.readouterr().err.splitlines() == [
        "labkit: rank: 20 of 100, about 40 s left",
        "labkit: rank: 40 of 100, about 30 s left",
        "labkit: rank: 60 of 100, about 20 s left",
        "labkit: rank: 80 of 100, about 10 s left",
        "labkit: rank: 100 of 100",
    ]


def test_a_second_step_is_timed_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = ProgressLines("rank", clock=lambda: now[0])
    for at, done, total in ((5.0, 50, 50), (6.0, 0, 18_590), (26.0, 100, 18_590)):
        now[0] = at
        lines.advance(done, total)

    assert capsys.readouterr().err == "labkit: rank: 100 of 18590, about 62 min left\n"


def test_quick_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("import") as progress:
        for done in range(8):
            progress(done, 7)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out == ""
