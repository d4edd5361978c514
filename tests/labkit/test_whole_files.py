"""A file is there completely or not at all, whoever writes it and whatever goes wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labkit.whole_files import whole_file


@pytest.mark.parametrize("private", [True, False])
def test_what_fails_leaves_what_was_there_and_nothing_else(tmp_path: Path, private: bool) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before", encoding="utf-8")

    with pytest.raises(RuntimeError), whole_file(path, private=private) as part:
        part.write_text("half", encoding="utf-8")
        raise RuntimeError

    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_two_who_write_one_file_at_once_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"

    with whole_file(path) as first, whole_file(path) as second:
        first.write_text("first", encoding="utf-8")
        second.write_text("second", encoding="utf-8")
        assert first != second
        assert not path.exists()

    assert path.read_text(encoding="utf-8") == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    with whole_file(path, private=True) as part:
        part.write_text("{}", encoding="utf-8")

    assert path.stat().st_mode & 0o077 == 0
