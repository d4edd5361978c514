"""A lab folder is made, opened, and keeps raw files whole."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from labkit.errors import LabFolderError
from labkit.settings import read_settings
from labkit.workflows.lab import Lab, clear_cache, create_lab, open_lab

CONTENT = b"raw measurement " * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_a_raw_file_is_kept_byte_for_byte_and_read_only(new_lab: Lab) -> None:
    kept = new_lab.keep_raw_file(CONTENT, SHA256)

    assert kept == new_lab.folder / "raw" / SHA256[:2] / SHA256[2:]
    assert kept.read_bytes() == CONTENT
    assert not kept.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def test_a_raw_file_that_is_there_is_left_alone(new_lab: Lab) -> None:
    kept = new_lab.keep_raw_file(CONTENT, SHA256)
    before = kept.stat().st_mtime_ns

    assert new_lab.keep_raw_file(CONTENT, SHA256) == kept
    assert kept.stat().st_mtime_ns == before


def test_a_raw_file_cut_short_by_a_crash_is_written_again(new_lab: Lab) -> None:
    cut = new_lab.raw_path(SHA256)
    cut.parent.mkdir(parents=True)
    cut.write_bytes(CONTENT[:100])

    assert new_lab.keep_raw_file(CONTENT, SHA256).read_bytes() == CONTENT


def test_a_write_that_fails_leaves_no_file_of_that_name(
    new_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)

    with pytest.raises(OSError, match="No space left"):
        new_lab.keep_raw_file(CONTENT, SHA256)

    assert [path for path in new_lab.raw_folder.rglob("*") if path.is_file()] == []


def test_two_imports_of_one_file_at_once_keep_it_where_files_in_use_cannot_be_replaced(
    new_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(temporary: Path, target: Path) -> None:
        target.write_bytes(CONTENT)  # the other import was faster
        raise PermissionError(13, "Access is denied", str(temporary))

    monkeypatch.setattr(Path, "replace", refused)

    kept = new_lab.keep_raw_file(CONTENT, SHA256)

    assert [path for path in new_lab.raw_folder.rglob("*") if path.is_file()] == [kept]


def test_a_lab_is_made_once_and_opened_afterwards(tmp_path: Path, offline: Path) -> None:
    first = create_lab(tmp_path / "lab")
    (first.folder / "lab.toml").write_text('[lab]\nname = "mine"\n', encoding="utf-8")

    again = create_lab(tmp_path / "lab")

    assert (first.database.created, again.database.created) == (True, False)
    assert again.settings.lab_name == "mine"
    assert open_lab(tmp_path / "lab").settings.lab_name == "mine"


def test_the_settings_that_a_new_lab_gets_can_be_read(new_lab: Lab) -> None:
    settings = read_settings(new_lab.folder / "lab.toml")

    assert settings.reviewer is None
    assert settings.temperature_se_K == 1.0


def test_a_folder_with_other_things_is_never_made_a_lab(tmp_path: Path, offline: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"picture")

    with pytest.raises(LabFolderError, match="not empty"):
        create_lab(tmp_path)
    with pytest.raises(LabFolderError, match="not a lab folder"):
        open_lab(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_missing_folder_is_not_made_by_opening_it(tmp_path: Path, offline: Path) -> None:
    with pytest.raises(LabFolderError, match="init"):
        open_lab(tmp_path / "nowhere")

    assert not (tmp_path / "nowhere").exists()


def test_the_cache_may_be_deleted(new_lab: Lab) -> None:
    (new_lab.cache_folder / "trees").mkdir()

    clear_cache(new_lab)

    assert list(new_lab.cache_folder.iterdir()) == []
