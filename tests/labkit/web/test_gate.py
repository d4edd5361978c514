"""What nobody gets past: wrong host, no token, no CSRF token, the wrong role, too many bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from labkit.web import pages
from labkit.web.app import create_app
from labkit.web.gate import GateRules
from labkit.workflows.lab import Lab
from labkit.workflows.users import add_user, remove_user
from tests.labkit.web.conftest import Browser, SignIn

CHANGE = {"low_hz": 300.0, "high_hz": 20000.0}


def test_a_name_that_is_not_ours_is_turned_away(looking: Browser) -> None:
    """DNS rebinding: a foreign name that resolves to this machine."""
    answer = looking.get("/api/measurements", headers={"host": "evil.example"})

    assert answer.status_code == 421
    assert "--allow-host" in answer.json()["error"]
    assert "M1" not in answer.text


def test_without_a_token_nothing_answers(group: SignIn) -> None:
    stranger = group("", "")
    paths = {*stranger.app.openapi()["paths"], "/api/openapi.json", "/static/measurement.js"}  # type: ignore[attr-defined]
    paths |= {route.path for route in pages.router.routes if isinstance(route, APIRoute)}
    tried = 0
    for path in sorted(paths):
        address = re.sub(r"\{[^}]*\}", "M1", path)
        for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
            answer = stranger.request(method, address, follow_redirects=False)
            tried += 1
            if address == "/sign-in" and method == "GET":
                assert answer.status_code == 200
            elif (address, method) == ("/api/session", "POST"):
                assert answer.status_code == 422
            elif method == "GET" and not address.startswith(("/api", "/static")):
                assert answer.status_code == 303
                assert answer.headers["location"].startswith("/sign-in")
            else:
                assert answer.status_code == 401, (method, address)
            assert "LBS-1" not in answer.text
    assert tried >= 150


def test_a_wrong_token_is_refused_and_guessing_is_slowed(group: SignIn) -> None:
    stranger = group("", "")
    guess = {"token": "lk_000000000000_" + "A" * 43}

    answers = [stranger.post("/api/session", json=guess).status_code for _ in range(12)]

    assert answers == [401] * 10 + [429] * 2


def test_a_reader_looks_but_changes_nothing(group: SignIn) -> None:
    reader = group("B. Look", "reader")

    assert reader.get("/api/measurements/M1").status_code == 200
    assert reader.get("/measurements/M1").status_code == 200
    for method, address in (
        ("POST", "/api/measurements/M1/window"),
        ("POST", "/api/labels"),
        ("POST", "/api/labels/L1/accept"),
        ("POST", "/api/labels/L1/reject"),
        ("POST", "/api/pellets"),
        ("POST", "/api/files"),
        ("POST", "/api/rankings"),
        ("PATCH", "/api/files/" + "0" * 64),
    ):
        answer = reader.request(method, address, json=CHANGE)
        assert answer.status_code == 403, address
        assert "B. Look may look" in answer.json()["error"]


def test_a_reader_tries_points_but_keeps_none(group: SignIn) -> None:
    reader = group("B. Look", "reader")
    address = "/api/measurements/M1/window"
    point = {"mask": [{"index": 40, "reason": "a door"}]}

    assert reader.get(address, params={"as_it_is": True, "mask": 40}).status_code == 200
    for change in (point, {"automatic": True}, {"unmask": [40]}):
        assert reader.post(address, json=change).status_code == 403
    assert 'id="leave-out"' not in reader.get("/measurements/M1").text
    assert 'id="keep"' not in reader.get("/measurements/M1").text


def test_points_need_the_token_of_the_page(browser: Browser) -> None:
    point = {"mask": [{"index": 40, "reason": "a door"}]}
    address = "/api/measurements/M1/window"

    assert browser.post(address, json=point, headers={"X-Labkit-CSRF": ""}).status_code == 403
    assert browser.get("/api/measurements/M1").json()["earlier"] == []


def test_a_change_needs_the_token_of_the_page(browser: Browser) -> None:
    for sent in ("", "wrong"):
        answer = browser.post(
            "/api/measurements/M1/window", json=CHANGE, headers={"X-Labkit-CSRF": sent}
        )
        assert answer.status_code == 403
    foreign = browser.post(
        "/api/measurements/M1/window", json=CHANGE, headers={"Origin": "http://evil.example"}
    )
    assert foreign.status_code == 403
    assert browser.get("/api/measurements/M1").json()["earlier"] == []
    own = browser.post(
        "/api/measurements/M1/window", json=CHANGE, headers={"Origin": "http://127.0.0.1"}
    )
    assert own.status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts(measured: Lab) -> None:
    token = add_user(measured, "A. See", "curator")["token"]
    rules = GateRules(hosts=frozenset({"bench.example"}), secure_cookies=True)
    with TestClient(create_app(measured, rules=rules), base_url="https://bench.example") as client:
        cookie = client.post("/api/session", json={"token": token}).headers["set-cookie"]

    assert cookie.startswith("__Host-labkit=")
    for word in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/"):
        assert word in cookie


def test_a_removed_user_is_out_with_the_next_request(group: SignIn, measured: Lab) -> None:
    curator = group("A. See", "curator")
    assert curator.get("/api/measurements").status_code == 200

    remove_user(measured, "A. See")

    assert curator.get("/api/measurements").status_code == 401


def test_signing_out_ends_the_session(group: SignIn) -> None:
    reader = group("B. Look", "reader")
    old = dict(reader.cookies)

    assert reader.delete("/api/session").status_code == 204

    reader.cookies.update(old)
    assert reader.get("/api/measurements").status_code == 401


def test_a_program_sends_its_token_with_each_request(group: SignIn, measured: Lab) -> None:
    token = add_user(measured, "script", "curator")["token"]
    program = group("", "")
    program.headers["Authorization"] = f"Bearer {token}"

    assert program.get("/api/session").json()["name"] == "script"
    answer = program.post("/api/measurements/M1/window", json=CHANGE)
    assert answer.json()["fit"]["window_set_by"] == "script"
    program.headers["Authorization"] = "Bearer nonsense"
    assert program.get("/api/session").status_code == 401


def test_as_soon_as_a_lab_has_users_everybody_signs_in(browser: Browser, measured: Lab) -> None:
    assert browser.get("/api/measurements").status_code == 200

    add_user(measured, "B. Look")

    assert browser.get("/api/measurements").status_code == 401


def test_a_large_upload_is_refused_before_it_is_read(looking: Browser) -> None:
    announced = looking.post(
        "/api/files", content=b"x", headers={"Content-Length": "1000000000",
                                             "Content-Type": "multipart/form-data; boundary=b"}
    )  # fmt: skip

    assert announced.status_code == 413
    assert "200 MB" in announced.json()["error"]


def test_an_upload_that_hides_its_length_is_cut(measured: Lab) -> None:
    app = create_app(measured, local_person="A. See", rules=GateRules(upload_limit_bytes=50_000))
    with Browser(app, base_url="http://127.0.0.1") as client:
        client.open()

        def body() -> Iterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.mpr"\r\n\r\n'
            for _ in range(100):
                yield b"x" * 10_000

        answer = client.post(
            "/api/files",
            content=body(),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )

    assert answer.status_code == 413


def test_every_answer_forbids_foreign_scripts_and_frames(looking: Browser) -> None:
    for path in ("/", "/api/measurements", "/nothing", "/static/style.css"):
        headers = looking.get(path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_nothing_but_the_pages_own_files_is_served(looking: Browser) -> None:
    for name in ("..%2fapp.py", "%2e%2e/app.py", "nothing.js", ".hidden", "..%5capp.py"):
        assert looking.get(f"/static/{name}").status_code == 404
