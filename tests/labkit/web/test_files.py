"""Uploads: the same importer as the shell; ugly ones are refused in a line or shown harmless."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from labkit.errors import UsageError
from labkit.web.app import create_app
from labkit.web.uploads import safe_file_name
from labkit.workflows.inbox import guess_pellet, list_inbox
from labkit.workflows.lab import Lab
from labkit.workflows.watching import Watch
from labkit.workflows.watching_aside import WatchAside
from tests.labkit.web.conftest import ADDRESS, Browser


def test_an_upload_becomes_a_measurement_signed_by_its_person(
    browser: Browser, new_file: bytes
) -> None:

    sent = browser.post(
        "/api/files", files={"files": ("LBS-1_40C.mpr", new_file)}, data={"pellet": "LBS-1"}
    )

    assert sent.status_code == 201
    sweep = sent.json()["files"][0]["sweeps"][0]
    assert sweep["temperature_K"] == pytest.approx(313.15)
    card = browser.get("/api/files").json()["files"][0]
    assert (card["file"], card["imported_by"]) == ("LBS-1_40C.mpr", "A. See")
    assert card["missing"] == []
    chain = browser.get(f"/api/why/{sweep['measurement']}").json()
    assert "A. See" in str(chain)


def test_the_same_file_again_adds_nothing(browser: Browser, simulated_series: Path) -> None:
    path = sorted(simulated_series.glob("*.mpr"))[0]

    sent = browser.post("/api/files", files={"files": (path.name, path.read_bytes())})

    assert (sent.json()["known"], sent.json()["imported"]) == (1, 0)
    assert browser.get("/api/measurements").json()["total"] == 7


@pytest.mark.parametrize(
    ("name", "celsius", "said"),
    [
        ("k_25,5C.mpr", 25.5, None),
        ("ad_10K_steps.mpr", None, "'10K_steps' is not read"),
        ("LPSCl-25C.mpr", 25.0, "read as a dash"),
    ],
)
def test_the_card_tells_how_the_name_was_read(
    browser: Browser, new_file: bytes, name: str, celsius: float | None, said: str | None
) -> None:
    browser.post("/api/files", files={"files": (name, new_file)})

    card = browser.get("/api/files").json()["files"][0]

    expected = None if celsius is None else pytest.approx(celsius + 273.15)
    assert card["temperature_K"] == expected
    assert ("temperature" in card["missing"]) == (celsius is None)
    assert (said or "") in " ".join(card["warnings"])
    assert bool(card["warnings"]) == (said is not None)
    assert (said or name).replace("'", "&#39;") in browser.get("/").text


def test_a_temperature_against_the_name_stands_on_the_card(
    browser: Browser, new_file: bytes
) -> None:
    name = ("files", ("cell_40C.mpr", new_file))
    browser.post("/api/files", files=[name], data={"temperature": "25C"})

    card = browser.get("/api/files").json()["files"][0]

    assert card["temperature_K"] == pytest.approx(298.15)
    assert any("though the file name says 40 °C" in line for line in card["warnings"])


def test_one_temperature_for_names_that_differ_is_refused(
    browser: Browser, new_file: bytes
) -> None:
    files = [("files", (name, new_file)) for name in ("a_40C.mpr", "b_60C.mpr")]

    sent = browser.post("/api/files", files=files, data={"temperature": "25C"})

    assert sent.status_code >= 400
    assert "leave the temperature out" in sent.text
    assert browser.get("/api/files").json()["total"] == 7


def test_what_is_missing_is_asked_and_then_filled_in(browser: Browser, new_file: bytes) -> None:
    browser.post("/api/files", files={"files": ("LBS-1 again.mpr", new_file)})
    card = browser.get("/api/files").json()["files"][0]
    assert card["missing"] == ["pellet", "temperature"]
    assert card["pellet_guess"] == "LBS-1"
    assert browser.get("/api/files").json()["incomplete"] == 1

    filled = browser.patch(
        f"/api/files/{card['sha256']}", json={"pellet": "LBS-1", "temperature": "25C"}
    )

    assert filled.json()["status"] == "completed"
    card = browser.get("/api/files").json()["files"][0]
    assert (card["missing"], card["temperature_source"]) == ([], "A. See")
    assert card["measurements"][0]["sigma_S_per_cm"] is not None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.mpr", b"", "empty"),
        ("picture.mpr", b"\x89PNG\r\n\x1a\n" + bytes(200), "picture.mpr"),
        ("notes.txt", b"dear diary, today nothing was measured\n" * 20, "notes.txt"),
        ("../../etc/passwd.mpr", b"", "passwd.mpr"),
        ("C:\\lab\\cell.mpr", b"", "cell.mpr"),
    ],
)
def test_what_is_no_measurement_is_refused_in_one_line(
    looking: Browser, name: str, content: bytes, said: str
) -> None:
    sent = looking.post("/api/files", files={"files": (name, content)})

    assert sent.status_code == 422
    (refused,) = sent.json()["refused"]
    assert said in refused["error"]
    assert "\n" not in refused["error"]
    assert "uploads" not in refused["error"] and ".." not in refused["error"]


def test_a_bad_file_does_not_stop_the_others(browser: Browser, new_file: bytes) -> None:
    sent = browser.post(
        "/api/files", files=[("files", ("bad.mpr", b"")), ("files", ("good_25C.mpr", new_file))]
    )

    assert sent.status_code == 201
    assert (sent.json()["imported"], len(sent.json()["refused"])) == (1, 1)


def test_html_in_a_name_is_text_on_the_page(browser: Browser, new_file: bytes) -> None:
    browser.post(
        "/api/pellets",
        json={"name": "<b>P", "formula": "Li3BS3", "thickness": "1mm", "diameter": "6mm",
              "comment": "<img src=x onerror=alert(1)>"},
    )  # fmt: skip
    browser.post(
        "/api/files",
        files={"files": ("<script>alert(1)</script>_25C.mpr", new_file)},
        data={"pellet": "<b>P"},
    )

    for path in ("/", "/measurements", "/measurements/M8", "/pellets", "/why/M8"):
        page = browser.get(path).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert "<b>P" not in page, path
    assert "&lt;b&gt;P" in browser.get("/measurements/M8").text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("cell 25C.mpr", "cell 25C.mpr"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\cell.mpr", "cell.mpr"),
        ("a:b*c?.mpr", "a_b_c_.mpr"),
        ("a\x00b.mpr", "a_b.mpr"),
        (".hidden.mpr", "hidden.mpr"),
        ("x" * 400 + ".mpr", "x" * 160 + ".mpr"),
    ],
)
def test_a_name_is_reduced_to_a_safe_last_part(sent: str, kept: str) -> None:
    assert safe_file_name(sent) == kept


@pytest.mark.parametrize("sent", [None, "", "..", "/", "a/..", "...", " . "])
def test_no_name_is_refused(sent: str | None) -> None:
    with pytest.raises(UsageError):
        safe_file_name(sent)


def test_the_pellet_is_guessed_from_whole_words() -> None:
    pellets = ["LPSCl-1", "LPSCl-11", "LPSCl", "A", "B"]
    assert guess_pellet("PEIS_LPSCl-1_25C_C01.mpr", pellets) == "LPSCl-1"
    assert guess_pellet("PEIS_LPSCl-11_25C.mpr", pellets) == "LPSCl-11"
    assert guess_pellet("PEIS_LPSCl_25C.mpr", pellets) == "LPSCl"
    assert guess_pellet("a_b.mpr", pellets) is None
    assert guess_pellet("cell.mpr", pellets) is None


def test_the_inbox_shows_the_folder_that_is_watched(
    measured: Lab, new_file: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "today <b>"
    folder.mkdir()
    watch = WatchAside(Watch(measured, folder, settle_s=0.0), poll_s=0.02)
    with Browser(create_app(measured, local_person="A. See", watch=watch), base_url=ADDRESS) as one:
        one.open()
        (folder / "cell_25C.mpr").write_bytes(new_file)
        (folder / "<img src=x>.mpr").write_bytes(b"no measurement")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            state = one.get("/api/files/watched").json()
            if state["arrived"] and state["refused"]:
                break
            time.sleep(0.02)
        page = one.get("/").text

    assert state["arrived"][0]["file"] == "cell_25C.mpr"
    assert "cell_25C.mpr → <a" in page
    assert "today &lt;b&gt;" in page and "today <b>" not in page
    assert "&lt;img src=x&gt;.mpr" in page and "<img src=x>" not in page
    assert watch.status()["state"] == "stopped"
    card = next(one for one in list_inbox(measured)["files"] if one["file"] == "cell_25C.mpr")
    assert card["missing"] == ["pellet"]


def test_without_a_watched_folder_the_inbox_says_nothing_of_one(looking: Browser) -> None:
    assert looking.get("/api/files/watched").json() is None
    assert "Watched folder" not in looking.get("/").text
