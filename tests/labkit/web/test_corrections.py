"""Corrections on the page: signed, kept, told, and refused where somebody else was first."""

from __future__ import annotations

import pytest

from labkit.workflows.lab import Lab
from tests.labkit.web.conftest import Browser, SignIn

WHY = {"because": "caliper misread"}


def test_a_pellet_is_corrected_and_what_follows_is_told(browser: Browser) -> None:
    label = browser.post("/api/labels", json={"evidence": "M1"}).json()["label"]
    browser.post(f"/api/labels/{label}/accept", json={"reason": "fine"})
    before = browser.get("/api/measurements/M1").json()["fit"]

    answer = browser.patch("/api/pellets/LBS-1", json={"thickness": "0.40mm+-0.01mm", **WHY})

    assert answer.status_code == 200, answer.text
    corrected = answer.json()
    assert len(corrected["recomputed"]) == 7
    after = browser.get("/api/measurements/M1").json()
    assert after["fit"]["sigma_S_per_cm"] == pytest.approx(before["sigma_S_per_cm"] / 2)
    assert [one["analysis"] for one in after["earlier"]] == [before["analysis"]]
    view = browser.get("/api/pellets/LBS-1").json()
    (one,) = view["corrections"]
    assert (one["by"], one["because"]) == ("A. See", "caliper misread")
    assert one["words"] == "thickness 0.8 mm → 0.4 mm"
    assert [row["label"] for row in view["labels_to_look_at"]] == [label]
    assert browser.get(f"/api/labels/{label}").json()["state"] == "accepted"
    page = browser.get("/pellets/LBS-1").text
    for told in ("caliper misread", "labels-to-look-at", f"label revise {label} --evidence M1"):
        assert told in page
    assert "It was corrected since" in browser.get(f"/labels/{label}").text


def test_the_second_of_two_who_correct_is_told(browser: Browser) -> None:
    first = browser.patch("/api/pellets/LBS-1", json={"batch": "B8", "seen": 0, **WHY})
    second = browser.patch("/api/pellets/LBS-1", json={"batch": "B9", "seen": 0, **WHY})

    assert (first.status_code, second.status_code) == (200, 409)
    assert "corrected in the meantime by A. See" in second.json()["error"]
    assert browser.get("/api/pellets/LBS-1").json()["batch"] == "B8"


def test_a_measurement_is_corrected_and_set_aside(browser: Browser) -> None:
    moved = browser.patch("/api/measurements/M1", json={"temperature": "26C", "seen": 0, **WHY})
    assert moved.json()["measurements"][0]["temperature_K"] == pytest.approx(299.15)

    stale = browser.post("/api/measurements/M1/set-aside", json={"because": "x", "seen": 0})
    assert stale.status_code == 409
    aside = browser.post("/api/measurements/M1/set-aside", json={"because": "bad contact"})
    assert aside.status_code == 200

    listed = browser.get("/api/measurements").json()
    assert "M1" not in [row["measurement"] for row in listed["measurements"]]
    assert (listed["total"], listed["set_aside"]) == (6, 1)
    everything = browser.get("/api/measurements", params={"set_aside": True}).json()
    assert everything["total"] == 7
    assert everything["measurements"][-1]["set_aside_because"] == "bad contact"
    for address in ("/measurements/M1", "/measurements?set_aside=true", "/pellets/LBS-1", "/"):
        page = browser.get(address).text
        assert "set aside" in page and "bad contact" in page, address
    series = browser.get("/api/pellets/LBS-1").json()
    assert "M1 left out: set aside (bad contact)" in series["left_out"]
    assert browser.post("/api/labels", json={"evidence": "M1"}).status_code == 422

    browser.post("/api/measurements/M1/take-back", json={"because": "it was M2"})
    assert browser.get("/api/measurements").json()["total"] == 7
    history = browser.get("/api/measurements/M1").json()["corrections"]
    assert [one["action"] for one in history] == ["changed", "set-aside", "taken-back"]


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("/api/pellets/LBS-1", {"thickness": "0.8mm"}, 422),
        ("/api/pellets/LBS-1", {"because": "x"}, 422),
        ("/api/pellets/LBS-1", {"thickness": "-1mm", "because": "x"}, 422),
        ("/api/pellets/LBS-1", {"thickness_m": 1e-3, "because": "x"}, 422),
        ("/api/pellets/LBS-9", {"batch": "x", "because": "x"}, 404),
        ("/api/measurements/M1", {"because": "x"}, 422),
        ("/api/measurements/M1", {"pellet": "LBS-9", "because": "x"}, 404),
        ("/api/measurements/M99", {"temperature": "25C", "because": "x"}, 404),
    ],
)
def test_what_is_no_correction_is_refused(
    browser: Browser, address: str, body: dict[str, object], status: int
) -> None:
    refused = browser.patch(address, json=body)

    assert (refused.status_code, bool(refused.json()["error"])) == (status, True)


def test_readers_look_and_correct_nothing(group: SignIn, measured: Lab) -> None:
    reader = group("R. Eader", "reader")

    assert reader.patch("/api/pellets/LBS-1", json={"batch": "x", **WHY}).status_code == 403
    assert reader.post("/api/measurements/M1/set-aside", json=WHY).status_code == 403
    assert 'id="correct-pellet"' not in reader.get("/pellets/LBS-1").text
    assert 'id="correct-measurement"' not in reader.get("/measurements/M1").text
    curator = group("C. Urator", "curator")
    assert 'id="correct-pellet"' in curator.get("/pellets/LBS-1").text
    without_csrf = curator.patch(
        "/api/pellets/LBS-1", json={"batch": "x", **WHY}, headers={"X-Labkit-CSRF": "no"}
    )
    assert without_csrf.status_code == 403


def test_a_revision_takes_its_value_from_the_corrected_evidence(browser: Browser) -> None:
    label = browser.post("/api/labels", json={"evidence": "M1"}).json()["label"]
    browser.patch("/api/pellets/LBS-1", json={"thickness": "0.40mm+-0.01mm", **WHY})

    refused = browser.post(f"/api/labels/{label}/accept", json={"reason": "fine"})
    assert refused.status_code == 422
    assert "was corrected" in refused.json()["error"]
    revised = browser.post(
        f"/api/labels/{label}/revise", json={"evidence": "M1", "reason": "thickness"}
    )

    fit = browser.get("/api/measurements/M1").json()["fit"]
    assert revised.json()["sigma_S_per_cm"] == fit["sigma_S_per_cm"]
    assert revised.json()["source"] == fit["analysis"]
    accepted = browser.post(
        f"/api/labels/{revised.json()['label']}/accept", json={"reason": "fine"}
    )
    assert accepted.status_code == 200, accepted.text
    assert browser.get("/api/pellets/LBS-1").json()["labels_to_look_at"] == []
