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
