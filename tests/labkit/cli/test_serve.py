"""``labkit user`` and ``labkit serve``: tokens shown once, a real server that answers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

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


@pytest.mark.skipif(os.name != "posix", reason="stops the server by SIGINT")
def test_the_server_answers_until_it_is_stopped(lab: Command, lab_folder: Path) -> None:
    words = [sys.executable, "-m", "labkit", "--lab", str(lab_folder), "serve", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = server.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/", said)
            assert address, said
            with urllib.request.urlopen(f"{address[0]}api/measurements", timeout=60) as answer:
                assert json.load(answer)["total"] == 0
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(
                    urllib.request.Request(f"{address[0]}api/rankings", method="POST"), timeout=60
                )
            assert refused.value.code == 403
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)
    assert server.returncode in (0, 130, -signal.SIGINT)
