"""Labels on the page: proposed, decided by one of two people, and what that moves."""

from __future__ import annotations

import threading
from typing import Any

from labkit.workflows.lab import Lab
from tests.labkit.web.conftest import Browser, SignIn

REASON = {"reason": "the tail is straight"}


def test_a_label_goes_from_evidence_to_the_set_with_its_history(browser: Browser) -> None:
    proposed = browser.post("/api/labels", json={"evidence": "M1"})
    assert proposed.status_code == 201
    label = proposed.json()["label"]
    queue = browser.get("/api/labels", params={"state": "proposed"}).json()
    assert [row["label"] for row in queue["labels"]] == [label]

    accepted = browser.post(f"/api/labels/{label}/accept", json=REASON)

    assert accepted.json()["state"] == "accepted"
    view = browser.get(f"/api/labels/{label}").json()
    assert [(event["action"], event["actor"]) for event in view["history"]] == [
        ("proposed", "A. See"),
        ("accepted", "A. See"),
    ]
    assert view["evidence"]["measurement"] == "M1"
    assert "the tail is straight" in browser.get(f"/labels/{label}").text


def test_the_same_evidence_is_not_proposed_twice(browser: Browser) -> None:
    browser.post("/api/labels", json={"evidence": "M1"})

    again = browser.post("/api/labels", json={"evidence": "M1"})

    assert again.status_code == 422
    assert "already label" in again.json()["error"]


def test_a_revision_waits_beside_the_label_it_revises(browser: Browser) -> None:
    label = browser.post("/api/labels", json={"evidence": "M1"}).json()["label"]
    browser.post(f"/api/labels/{label}/accept", json=REASON)

    revised = browser.post(
        f"/api/labels/{label}/revise",
        json={"reason": "wrong thickness", "sigma_S_per_cm": 2e-6, "temperature": "30C"},
    )

    assert revised.status_code == 201
    assert (revised.json()["version"], revised.json()["state"]) == (2, "proposed")
    assert revised.json()["temperature_K"] == 303.15
    assert browser.get(f"/api/labels/{label}").json()["state"] == "accepted"


def test_of_two_people_who_decide_at_once_one_wins_and_the_other_is_told(group: SignIn) -> None:
    people = [group("A. See", "curator"), group("C. Doubt", "curator")]
    for evidence in [f"M{number}" for number in range(1, 6)]:
        label = people[0].post("/api/labels", json={"evidence": evidence}).json()
        decision = {**REASON, "seen": label["change_count"]}
        barrier = threading.Barrier(2)
        answers: list[Any] = [None, None]

        def decide(
            who: int,
            action: str,
            label: Any = label,
            decision: Any = decision,
            barrier: threading.Barrier = barrier,
            answers: list[Any] = answers,
        ) -> None:
            barrier.wait()
            answers[who] = people[who].post(f"/api/labels/{label['label']}/{action}", json=decision)

        threads = [
            threading.Thread(target=decide, args=(who, action))
            for who, action in enumerate(("accept", "reject"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200, 409], [answer.text for answer in answers]
        loser = next(answer for answer in answers if answer.status_code == 409)
        assert label["label"] in loser.json()["error"]
        view = people[0].get(f"/api/labels/{label['label']}").json()
        winner = next(answer for answer in answers if answer.status_code == 200).json()
        assert view["state"] == winner["state"]
        assert len(view["history"]) == 2


def test_a_decision_on_what_has_changed_since_is_not_taken(group: SignIn) -> None:
    """One accepts; the other, who still sees a proposal, must not take it out unawares."""
    first, second = group("A. See", "curator"), group("C. Doubt", "curator")
    label = first.post("/api/labels", json={"evidence": "M1"}).json()
    first.post(f"/api/labels/{label['label']}/accept", json=REASON)

    late = second.post(
        f"/api/labels/{label['label']}/reject", json={**REASON, "seen": label["change_count"]}
    )

    assert late.status_code == 409
    assert second.get(f"/api/labels/{label['label']}").json()["state"] == "accepted"


def test_accepting_moves_the_ranking_and_the_page_says_which_label(
    candidates_browser: Browser, copy_of_pool_lab: Lab, simulated_twin: Any
) -> None:
    browser = candidates_browser
    before = browser.post("/api/rankings").json()
    browser.post(
        "/api/pellets",
        json={"name": "LN-1", "formula": "Li3N", "thickness": "0.8mm", "diameter": "6.35mm"},
    )
    sent = browser.post(
        "/api/files",
        files={"files": ("LN-1_25C.mpr", simulated_twin[0].read_bytes())},
        data={"pellet": "LN-1"},
    ).json()
    measurement = sent["files"][0]["sweeps"][0]["measurement"]
    label = browser.post("/api/labels", json={"evidence": measurement}).json()["label"]
    structure = "prototype-Li3N-lithium-nitride"
    browser.post(f"/api/labels/{label}/structures", json={"structures": [structure]})
    browser.post(f"/api/labels/{label}/accept", json=REASON)

    waiting = browser.get("/api/candidates").json()
    after = browser.post("/api/rankings").json()

    assert waiting["ranking"] is None
    assert after["previous"] == before["ranking"]
    assert after["structures_moved"] > 0
    assert {move["because_of"] for move in after["moved"]} == {label}
    assert browser.get("/api/candidates").json()["ranking"] == after["ranking"]
    page = browser.get("/candidates").text
    assert after["moved"][0]["structure"] in page and label in page


def test_filters_leave_what_passes(candidates_browser: Browser) -> None:
    everything = candidates_browser.get("/api/candidates").json()["top"]
    sulfides = candidates_browser.get(
        "/api/candidates", params={"elements": "Li, S", "without": "O", "unlabelled": "true"}
    ).json()["top"]

    assert 0 < len(sulfides) < len(everything)
    for row in sulfides:
        assert {"Li", "S"} <= set(row["elements"])
        assert "O" not in row["elements"]
        assert not row["own_labels"]
    places = [row["rank"] for row in sulfides]
    assert places == sorted(places)
