"""Tables on a screen: a number stays on one line where there is room, and is never cut."""

from __future__ import annotations

import pytest

from labkit.cli.output import print_table

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
