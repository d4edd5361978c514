"""Zip containers within a limit."""

from __future__ import annotations

import io
import zipfile

import pytest

from instruments import archives
from instruments.archives import member_bytes, open_archive
from instruments.errors import MalformedFileError, TruncatedFileError


def _zip(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_a_member_is_unpacked_and_a_missing_one_named() -> None:
    archive = open_archive(_zip(a=b"hello"))
    assert member_bytes(archive, "a") == b"hello"
    with pytest.raises(MalformedFileError, match="has no member b"):
        member_bytes(archive, "b")


def test_a_container_that_is_cut_off() -> None:
    with pytest.raises(TruncatedFileError, match="no whole zip"):
        open_archive(_zip(a=b"hello" * 100)[:-30])


def test_a_member_larger_than_the_limit_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_BYTES", 1000)
    with pytest.raises(MalformedFileError, match="would unpack to 1001 bytes"):
        member_bytes(open_archive(_zip(a=bytes(1001))), "a")


def test_a_damaged_member() -> None:
    content = bytearray(_zip(a=bytes(range(256)) * 20))
    content[60:70] = b"\xff" * 10
    with pytest.raises(MalformedFileError, match="cannot be unpacked"):
        member_bytes(open_archive(bytes(content)), "a")
