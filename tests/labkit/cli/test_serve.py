"""``labkit user`` and ``labkit serve``: tokens shown once, a real server that answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.labkit.cli.conftest import Command


def test_a_user_is_added_listed_and_removed(lab: Command) -> None:
    added = lab("user", "add", "A. See", "--role", "curator", "--json").json
    assert re.fullmatch(r"lk_[0-9a-f]{12}_[\w-]{43}", added["token"])

    (listed,) = lab("user", "list", "--json").json
    assert (listed["name"], listed["role"]) == ("A. See", "curator")
    assert added["token"] not in lab("user", "list").out

    assert lab("user", "remove", "A. See", "--json").json == {"removed": "A. See"}
    assert lab("user", "list", "--json").json == []


def test_a_name_that_is_taken_is_refused_in_a_line(lab: Command) -> None:
    lab("user", "add", "A. See")

    again = lab("user", "add", "a. see")

    assert again.code == 1
    assert again.error_lines == [
        "labkit: a. see is a user already; remove them first to give a new token"
    ]


def test_others_are_not_served_without_tokens(lab: Command) -> None:
    outcome = lab("serve", "--host", "0.0.0.0", "--port", "0")

    assert outcome.code == 1
    assert "labkit user add" in outcome.err


def test_a_certificate_needs_its_key(lab: Command, tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    path.write_text("", encoding="utf-8")

    assert lab("serve", "--certificate", path).code == 2


@contextmanager
def _serving(lab_folder: Path, *words: object) -> Iterator[str]:
    """Run ``labkit serve`` in a process of its own, give its address, and stop it by Ctrl-C."""
    command = [sys.executable, "-m", "labkit", "--lab", str(lab_folder), "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, *map(str, words)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            said = server.stdout.readline()
            address = re.search(r"https?://[\d.]+:\d+/", said)
            assert address, said
            yield address[0]
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)
    assert server.returncode in (0, 130, -signal.SIGINT)


def _answer(
    address: str, body: Any = None, *, certificate: Path | None = None, **headers: str
) -> tuple[int, dict[str, str], Any]:
    """Return status, headers and JSON of one request; redirects are not followed."""
    context = None
    if certificate is not None:
        context = ssl.create_default_context(cafile=str(certificate))

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    opener = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(
        address,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"} | headers,
    )
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as refused:
        text = refused.read()
        return refused.code, dict(refused.headers), json.loads(text) if text else None


@pytest.mark.skipif(os.name != "posix", reason="stops the server by SIGINT")
def test_the_server_answers_until_it_is_stopped(lab: Command, lab_folder: Path) -> None:
    with _serving(lab_folder) as address:
        assert address.startswith("http://127.0.0.1:")
        assert _answer(f"{address}api/measurements")[2]["total"] == 0
        assert _answer(f"{address}api/rankings", {})[0] == 403


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a self-signed certificate for this machine, made now, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    pem, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(pem)],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return pem, key


@pytest.mark.skipif(os.name != "posix", reason="stops the server by SIGINT")
def test_a_group_is_served_by_https_with_tokens_and_secure_cookies(
    lab: Command, lab_folder: Path, certificate: tuple[Path, Path]
) -> None:
    """The address of every machine, as a group has it, reached by a name the server is told."""
    pem, key = certificate
    token = lab("user", "add", "A. See", "--role", "curator", "--json").json["token"]
    given = ("--host", "0.0.0.0", "--allow-host", "127.0.0.1", "--certificate", pem, "--key", key)
    with _serving(lab_folder, *given) as shown:
        assert shown.startswith("https://0.0.0.0:")
        address = shown.replace("0.0.0.0", "127.0.0.1")

        def ask(path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
            return _answer(address + path, body, certificate=pem, **headers)

        assert ask("api/measurements")[0] == 401
        page, sent_to, _ = ask("measurements")
        assert (page, sent_to["location"]) == (303, "/sign-in?next=%2Fmeasurements")
        signed, headers, _ = ask("api/session", {"token": token})
        assert signed == 200
        cookie = headers["set-cookie"]
        assert cookie.startswith("__Host-labkit=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert ask("api/measurements", Cookie=cookie.partition(";")[0])[2]["total"] == 0
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            _answer(address.replace("https:", "http:") + "api/measurements")
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            _answer(address + "api/measurements")


def test_a_certificate_that_is_none_is_refused_in_a_line(
    lab: Command, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    broken = tmp_path / "cert.pem"
    broken.write_text("no certificate", encoding="utf-8")
    for pem, key in ((broken, certificate[1]), (certificate[0], broken)):
        outcome = lab("serve", "--port", "0", "--certificate", pem, "--key", key)

        assert outcome.code == 1
        (line,) = outcome.error_lines
        assert f"{pem} and {key} cannot be used for HTTPS" in line
        assert outcome.out == ""


@pytest.mark.skipif(os.name != "posix", reason="stops the server by SIGINT")
def test_a_watched_folder_is_imported_while_the_page_is_served(
    lab: Command, lab_folder: Path, simulated_series: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "today"
    folder.mkdir()
    file = next(simulated_series.glob("*.mpr"))
    with _serving(lab_folder, "--watch", folder, "--settle", "0.1") as address:
        shutil.copy(file, folder / file.name)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            state = _answer(f"{address}api/files/watched")[2]
            if state["arrived"]:
                break
            time.sleep(0.1)
        assert state["arrived"][0]["file"] == file.name
        assert _answer(f"{address}api/measurements")[2]["total"] == 1


def test_a_folder_to_watch_that_is_not_there_is_refused(lab: Command, tmp_path: Path) -> None:
    outcome = lab("serve", "--port", "0", "--watch", tmp_path / "nowhere")

    assert outcome.code == 1
    assert outcome.error_lines == [
        f"labkit: {tmp_path / 'nowhere'}: there is no such folder to watch"
    ]
