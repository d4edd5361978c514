"""A window tried is not kept; a window kept is signed; the page and the shell agree."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.workflows.analysing import examine_measurement
from labkit.workflows.lab import Lab
from tests.labkit.web.conftest import Browser


def test_trying_a_window_changes_the_answer_and_stores_nothing(browser: Browser) -> None:
    stored = browser.get("/api/measurements/M1").json()["fit"]

    tried = browser.get(
        "/api/measurements/M1/window", params={"low_hz": 30.0, "high_hz": 900.0}
    ).json()

    assert tried["window_source"] == "set by hand"
    assert tried["resistance_ohm"] != stored["resistance_ohm"]
    assert tried["words"]["resistance"] != stored["words"]["resistance"]
    assert browser.get("/api/measurements/M1").json()["earlier"] == []


def test_a_window_kept_is_signed_and_the_old_result_stays(browser: Browser, measured: Lab) -> None:
    window = {"low_hz": 30.0, "high_hz": 900.0}
    tried = browser.get("/api/measurements/M1/window", params=window).json()

    kept = browser.post("/api/measurements/M1/window", json=window).json()

    assert kept["fit"]["window_set_by"] == "A. See"
    assert kept["fit"]["resistance_ohm"] == tried["resistance_ohm"]
    assert len(kept["earlier"]) == 1
    shell = examine_measurement(measured, "M1")
    assert shell["resistance_ohm"] == kept["fit"]["resistance_ohm"]
    assert shell["sigma_S_per_cm"] == kept["fit"]["sigma_S_per_cm"]


def test_the_automatic_window_can_be_asked_for_again(browser: Browser) -> None:
    stored = browser.get("/api/measurements/M1").json()["fit"]
    browser.post("/api/measurements/M1/window", json={"low_hz": 30.0, "high_hz": 900.0})

    automatic = browser.get("/api/measurements/M1/window").json()

    assert automatic["resistance_ohm"] == pytest.approx(stored["resistance_ohm"])
    assert automatic["window_source"] == "automatic"


def test_trying_without_a_point_stores_nothing(browser: Browser) -> None:
    stored = browser.get("/api/measurements/M1").json()["fit"]

    tried = browser.get(
        "/api/measurements/M1/window", params={"as_it_is": True, "mask": [70, 71]}
    ).json()

    assert [(point["index"], point["by"]) for point in tried["masked"]] == [
        (70, "A. See"),
        (71, "A. See"),
    ]
    assert tried["resistance_ohm"] != stored["resistance_ohm"]
    assert browser.get("/api/measurements/M1").json()["earlier"] == []


def test_points_left_out_are_signed_kept_and_used_again(browser: Browser, measured: Lab) -> None:
    address = "/api/measurements/M1/window"
    points = [{"index": 40, "reason": "mains pickup"}, {"index": 41, "reason": "a door"}]
    tried = browser.get(address, params={"as_it_is": True, "mask": [40, 41]}).json()

    kept = browser.post(address, json={"mask": points, "seen": "A1"}).json()

    assert kept["fit"]["resistance_ohm"] == tried["resistance_ohm"]
    assert [(p["reason"], p["by"]) for p in kept["fit"]["masked"]] == [
        ("mains pickup", "A. See"),
        ("a door", "A. See"),
    ]
    assert "masked-by-hand" in kept["fit"]["reasons"]
    shell = examine_measurement(measured, "M1")
    assert shell["resistance_ohm"] == kept["fit"]["resistance_ohm"]
    assert shell["details"]["masked"] == kept["fit"]["masked"]

    back = browser.post(address, json={"unmask": [40], "seen": kept["fit"]["analysis"]}).json()
    assert [p["index"] for p in back["fit"]["masked"]] == [41]
    assert [one["masked_by_hand"] for one in back["earlier"]] == [2, 0]


def test_window_and_points_are_one_result(browser: Browser) -> None:
    change = {"low_hz": 30.0, "high_hz": 900.0, "mask": [{"index": 45, "reason": "a door"}]}

    kept = browser.post("/api/measurements/M1/window", json=change).json()

    assert kept["fit"]["window_source"] == "set by hand"
    assert [p["index"] for p in kept["fit"]["masked"]] == [45]
    assert len(kept["earlier"]) == 1


def test_the_automatic_window_is_kept_with_the_points(browser: Browser) -> None:
    address = "/api/measurements/M1/window"
    before = browser.get("/api/measurements/M1").json()["fit"]
    change = {"low_hz": 30.0, "high_hz": 900.0, "mask": [{"index": 5, "reason": "a door"}]}
    browser.post(address, json=change)

    kept = browser.post(address, json={"automatic": True}).json()["fit"]

    assert (kept["window_source"], kept["window_set_by"]) == ("automatic", None)
    assert kept["created_by"] == "A. See"
    assert kept["window_hz"] == before["window_hz"]
    assert [point["index"] for point in kept["masked"]] == [5]


def test_who_saw_an_older_result_is_told(browser: Browser) -> None:
    address = "/api/measurements/M1/window"
    change = {"mask": [{"index": 40, "reason": "a door"}], "seen": "A1"}
    assert browser.post(address, json=change).status_code == 200

    late = browser.post(address, json=change)

    assert late.status_code == 409
    assert "by A. See" in late.json()["error"]
    assert len(browser.get("/api/measurements/M1").json()["earlier"]) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "nothing is to change"),
        ({"mask": [{"index": 40, "reason": "  "}]}, "reason"),
        ({"mask": [{"index": 40}]}, "reason"),
        ({"mask": [{"index": 4000, "reason": "x"}]}, "p4000"),
        ({"mask": [{"index": -1, "reason": "x"}]}, "index"),
        ({"mask": [{"index": 40, "reason": "x"}] * 2}, "twice"),
        ({"unmask": [40]}, "not left out by hand"),
        ({"automatic": True, "low_hz": 1.0, "high_hz": 2.0}, "automatic"),
        ({"mask": [{"index": i, "reason": "x"} for i in range(20, 79)]}, "no window is left"),
        ({"mask": [{"index": i, "reason": "x"} for i in range(79)]}, "usable points"),
        ({"low_hz": 5.0}, "two different frequencies"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_in_a_line(
    browser: Browser, change: dict[str, Any], said: str
) -> None:
    answer = browser.post("/api/measurements/M1/window", json=change)

    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert len(answer.json()["error"].splitlines()) == 1
    assert browser.get("/api/measurements/M1").json()["earlier"] == []


def test_a_reason_is_shown_as_text(browser: Browser) -> None:
    change = {"mask": [{"index": 40, "reason": "<script>alert(1)</script>"}]}
    browser.post("/api/measurements/M1/window", json=change)

    for path in ("/measurements/M1", "/why/M1", "/why/A8"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text


def test_the_drawn_line_passes_through_the_resistance(looking: Browser) -> None:
    fit = looking.get("/api/measurements/M1").json()["fit"]

    assert fit["line"]["z_real_ohm"][0] == fit["resistance_ohm"]
    assert fit["line"]["z_imag_ohm"][0] == 0.0
    assert fit["line"]["z_imag_ohm"][1] < 0.0


@pytest.mark.parametrize(
    "window",
    [
        {"low_hz": 1.0},
        {"low_hz": 5.0, "high_hz": 5.0},
        {"low_hz": -1.0, "high_hz": 5.0},
        {"low_hz": "nan", "high_hz": 5.0},
        {"low_hz": 1e9, "high_hz": 2e9},
    ],
)
def test_a_window_without_points_is_refused_in_a_line(
    looking: Browser, window: dict[str, Any]
) -> None:
    answer = looking.get("/api/measurements/M1/window", params=window)

    assert answer.status_code == 422
    assert len(answer.json()["error"].splitlines()) == 1


@pytest.mark.parametrize("identifier", ["M99", "M1000000000000000"])
def test_what_the_lab_does_not_hold_is_not_found(looking: Browser, identifier: str) -> None:
    assert looking.get(f"/api/measurements/{identifier}").status_code == 404
    page = looking.get(f"/measurements/{identifier}")
    assert page.status_code == 404
    assert "there is no measurement" in page.text


def test_the_list_filters_by_verdict_and_pellet(looking: Browser) -> None:
    everything = looking.get("/api/measurements").json()
    accepted = looking.get("/api/measurements", params={"verdict": "accepted"}).json()

    assert everything["total"] == 7
    assert accepted["total"] == everything["verdicts"]["accepted"]
    assert looking.get("/api/measurements", params={"pellet": "none"}).json()["total"] == 0
    newest = [row["measurement"] for row in everything["measurements"]]
    assert newest == [f"M{number}" for number in range(7, 0, -1)]


@pytest.mark.parametrize(
    "path",
    ["/", "/measurements", "/measurements/M1", "/measurements/compare?id=M1&id=M2", "/pellets",
     "/labels", "/labels?state=all", "/candidates", "/why/M1"],
)  # fmt: skip
def test_every_page_opens(looking: Browser, path: str) -> None:
    page = looking.get(path)

    assert page.status_code == 200
    assert '<html lang="en">' in page.text
