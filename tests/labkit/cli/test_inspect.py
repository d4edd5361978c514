"""``labkit inspect`` tells what a raw file holds without a lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_a_file_is_described(shell: Any, simulated_twin: tuple[Path, Path]) -> None:
    (described,) = shell("inspect", simulated_twin[0], "--json").json

    assert described["format"] == "biologic-mpr"
    assert described["temperature_in_name_K"] == pytest.approx(298.15)
    (record,) = described["records"]
    assert record["kind"] == "impedance"
    assert record["technique"] == "PEIS"
    assert record["points"] == 79
    assert record["frequency_hz"] == pytest.approx([0.1, 7e6], rel=1e-6)


def test_twins_have_one_data_hash_and_two_file_hashes(
    shell: Any, simulated_twin: tuple[Path, Path]
) -> None:
    binary, text = shell("inspect", *simulated_twin, "--json").json

    assert binary["records"][0]["data_hash"] == text["records"][0]["data_hash"]
    assert binary["sha256"] != text["sha256"]


def test_a_bad_file_does_not_hide_the_good_one(
    shell: Any, simulated_twin: tuple[Path, Path], tmp_path: Path
) -> None:
    bad = tmp_path / "notes.mpr"
    bad.write_text("not a measurement", encoding="utf-8")

    done = shell("inspect", bad, simulated_twin[0])

    assert done.code == 1
    assert "79" in done.out
    assert len(done.error_lines) == 1
    assert "notes.mpr" in done.err
