"""``labkit screen`` describes and clusters the pool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_every_prototype_is_described(ranking_lab: Any) -> None:
    summary = ranking_lab("screen", "describe", "--json").json

    assert summary["described"] == summary["structures"] == 63
    assert summary["failed"] == 0
    assert summary["length"] > 100


def test_w_sigma_starts_at_the_sum_of_squared_deviations(ranking_lab: Any) -> None:
    score = ranking_lab("screen", "cluster", "--json").json

    # one cluster: labels L1 and L2, log10 of 1e-7 and 8.5e-4
    spread = 3.929
    assert score["labels"] == 2
    assert score["curve"]["w_sigma"][0] == pytest.approx(spread**2 / 2, rel=1e-3)


def test_the_curve_is_drawn(ranking_lab: Any, tmp_path: Path) -> None:
    done = ranking_lab("screen", "cluster", "--plot", tmp_path / "w.png")

    assert done.code == 0
    assert (tmp_path / "w.png").stat().st_size > 10_000


def test_an_empty_pool_says_how_to_fill_it(lab: Any) -> None:
    for command in ("describe", "cluster"):
        done = lab("screen", command)
        assert done.code == 1
        assert "labkit structures add" in done.err


def test_all_modes_of_a_descriptor_in_one_pass(ranking_lab: Any) -> None:
    found = ranking_lab(
        "screen", "describe", "--descriptor", "density", "--mode", "all", "--jobs", "1", "--json"
    ).json

    assert found["structures"] == 63
    assert len(found["representations"]) == 9
    assert all(row["described"] == 63 for row in found["representations"])
    one = ranking_lab("screen", "describe", "--descriptor", "density", "--mode", "AM40", "--json")
    assert one.json["described"] == 63
    shown = ranking_lab("screen", "describe", "--descriptor", "density", "--mode", "all")
    assert "9 representations" in shown.out


def test_an_unknown_descriptor_is_one_line(ranking_lab: Any) -> None:
    done = ranking_lab("screen", "describe", "--descriptor", "horoscope")

    assert done.code == 1
    assert "horoscope" in done.err
    assert len(done.error_lines) == 1


def test_charges_are_counted_for_all_and_for_labelled_structures(ranking_lab: Any) -> None:
    summary = ranking_lab("screen", "describe", "--descriptor", "density", "--json").json

    assert sum(summary["charges"].values()) == summary["described"] == 63
    # two prototypes carry a printed label
    assert sum(summary["charges_of_labelled"].values()) == 2
    assert "labelled ones" in ranking_lab("screen", "describe", "--descriptor", "density").out


def test_ordered_structures_do_not_change_with_orderings(ranking_lab: Any) -> None:
    words = ("screen", "compare", "density:CAN", "density:CAN@3", "--no-controls")
    first, second = ranking_lab(*words, "--permutations", 20, "--json").json["table"]
    assert {first["representation"], second["representation"]} == {"density:CAN", "density:CAN@3"}
    assert first["w"] == second["w"]

    done = ranking_lab("screen", "compare", "density:CAN@x")
    assert done.code == 1
    assert "how many orderings" in done.err
