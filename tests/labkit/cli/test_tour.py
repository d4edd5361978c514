"""``labkit tour`` without any data set: simulated files, and it says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_the_tour_runs_offline_and_a_second_one_adds_nothing(shell: Any, tmp_path: Path) -> None:
    home = tmp_path / "tour-lab"

    first = shell("--lab", home, "tour", "--json")
    second = shell("--lab", home, "tour", "--json")

    assert (first.code, second.code) == (0, 0)
    told = first.json
    assert told["simulated"] is True
    assert "the public data sets are not at hand" in first.err
    assert abs(told["ea_eV"] - 0.40) < 0.03
    assert Path(told["report"]).is_file()
    assert told["label"]["state"] == "accepted"
    assert {move["because_of"] for move in told["moved"]} == {told["label"]["label"]}

    again = second.json
    for same in ("measurement", "ea_eV", "ranking", "candidates", "moved", "summary"):
        assert again[same] == told[same]
    assert again["label"]["label"] == told["label"]["label"]
    labels = shell("--lab", home, "label", "list", "--json").json
    assert len(labels) == 5
    pellets = shell("--lab", home, "pellet", "list", "--json").json
    assert [pellet["measurements"] for pellet in pellets] == [1, 7]
    assert shell("--lab", home, "doctor").code == 0


def test_the_number_of_structures_is_checked(shell: Any, tmp_path: Path) -> None:
    for wrong in ("0", "many", "-5"):
        done = shell("--lab", tmp_path / "t", "tour", f"--structures={wrong}")
        assert done.code == 2
        assert "2000" in done.err
    assert not (tmp_path / "t").exists()
