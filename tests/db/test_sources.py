"""Public files: a local folder first, then fetched once and checked, else one clear line."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pooch
import pytest

import db.sources as sources
from db.errors import DataUnavailableError
from db.sources import data_path, listed_files, public_file

CONTENT = b"Structure,sigma\r\nLi3N,1E-3\r\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    return tmp_path / "cache" / "labkit"


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "table.csv").write_bytes(CONTENT)
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/table.csv"
        listening.shutdown()
        thread.join()


def _pretend(monkeypatch: pytest.MonkeyPatch, url: str, content: bytes) -> None:
    known = sources.PublicFile(
        "literature/table.csv", hashlib.sha256(content).hexdigest(), "MIT", "a/b", url
    )
    monkeypatch.setattr(sources, "public_file", lambda _: known)


def test_the_named_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = tmp_path / "data" / "literature"
    local.mkdir(parents=True)
    (local / "any.csv").write_bytes(CONTENT)
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "data"))
    assert data_path("literature/any.csv").read_bytes() == CONTENT


def test_a_file_is_fetched_once_and_then_kept(
    server: str, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    _pretend(monkeypatch, server, CONTENT)
    fetched = data_path("literature/table.csv")
    assert fetched.read_bytes() == CONTENT
    assert fetched.is_relative_to(own_cache)
    _pretend(monkeypatch, "http://127.0.0.1:1/gone", CONTENT)
    assert data_path("literature/table.csv", fetch=False) == fetched


def test_a_file_with_another_hash_is_refused_and_not_kept(
    server: str, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    _pretend(monkeypatch, server, b"something else")
    with pytest.raises(DataUnavailableError, match="not the pinned file"):
        data_path("literature/table.csv")
    assert not list(own_cache.rglob("*.csv"))


def test_without_network_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, "http://127.0.0.1:1/gone", CONTENT)
    with pytest.raises(DataUnavailableError, match="set LABKIT_DATA") as caught:
        data_path("literature/table.csv")
    assert "\n" not in str(caught.value)


def test_a_converted_file_says_that_it_cannot_be_fetched() -> None:
    with pytest.raises(DataUnavailableError, match=r"converted from .* set LABKIT_DATA"):
        data_path("structures/li_mp_structures.csv.gz")


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "", "a/../../b"])
def test_a_path_cannot_lead_out_of_the_data(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_DATA", "/")
    with pytest.raises(DataUnavailableError, match="not a path inside"):
        data_path(path)


def test_an_unlisted_file_is_named() -> None:
    with pytest.raises(DataUnavailableError, match="no data set that can be fetched"):
        data_path("nothing/here.csv")


def test_the_registry_pins_commits_and_hashes() -> None:
    assert "literature/digitized_data_for_SSEs.csv" in listed_files()
    for sub_path in listed_files():
        known = public_file(sub_path)
        assert known is not None
        assert len(known.sha256) == 64
        assert known.licence


def test_the_registry_fits_the_files_at_hand(data_dir: Path) -> None:
    checked = 0
    for sub_path in listed_files():
        path, known = data_dir / sub_path, public_file(sub_path)
        if path.is_file() and known is not None:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == known.sha256, sub_path
            checked += 1
    assert checked > 50
