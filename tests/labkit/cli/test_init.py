"""``labkit init`` makes a lab folder with or without the literature set, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_a_new_folder_becomes_a_lab(shell: Any, tmp_path: Path) -> None:
    folder = tmp_path / "mylab"

    done = shell("--lab", folder, "init", "--json")

    assert done.code == 0
    assert done.json["created"] is True
    assert (folder / "lab.db").is_file()
    assert (folder / "lab.toml").is_file()
    assert (folder / "raw").is_dir()


def test_without_the_literature_set_the_lab_is_made_and_says_how_to_get_it(
    shell: Any, tmp_path: Path
) -> None:
    done = shell("--lab", tmp_path / "mylab", "init", "--json")

    assert done.json["literature_rows"] == 0
    assert "LABKIT_DATA" in done.json["literature_message"]


def test_a_second_init_keeps_what_is_there(measured_lab: Any) -> None:
    again = measured_lab("init", "--json")

    assert again.code == 0
    assert again.json["created"] is False
    assert measured_lab("pellet", "list", "--json").json[0]["measurements"] == 7


def test_the_lab_folder_comes_from_the_environment(
    shell: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "home"))

    assert shell("init").code == 0

    assert (tmp_path / "home" / "lab.db").is_file()
