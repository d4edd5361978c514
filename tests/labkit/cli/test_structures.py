"""``labkit structures`` fills the pool of candidates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import db.structures
from labkit.workflows.lab import open_lab


def test_prototypes_are_added_once(lab: Any) -> None:
    first = lab("structures", "add", "prototypes", "--json").json
    second = lab("structures", "add", "prototypes", "--json").json

    assert first["sources"][0]["added"] == first["total"] > 50
    assert second["sources"][0] == {
        "source": "prototypes",
        "added": 0,
        "known": first["total"],
    }
    assert second["total"] == first["total"]


def test_a_folder_of_cif_files_is_added_and_a_bad_one_is_named(
    lab: Any, ranking_lab: Any, tmp_path: Path
) -> None:
    cif = ranking_lab("structures", "show", "prototype-LiI-rocksalt", "--json").json["cif"]
    (tmp_path / "cifs").mkdir()
    (tmp_path / "cifs" / "mine.cif").write_text(cif, encoding="utf-8")
    (tmp_path / "cifs" / "bad.cif").write_text("data_x\nloop_\n", encoding="utf-8")

    done = lab("structures", "add", tmp_path / "cifs", "--json")

    assert done.code == 1
    assert done.json["sources"][0]["added"] == 1
    assert len(done.error_lines) == 1
    assert "bad.cif" in done.err
    assert lab("structures", "show", "cif-mine", "--json").json["formula"] == "LiI"


def test_a_structure_shows_cell_symmetry_and_labels(ranking_lab: Any) -> None:
    shown = ranking_lab("structures", "show", "prototype-LiI-rocksalt", "--json").json

    assert shown["sites"] == 2
    assert shown["space_group"] == "Fm-3m (225)"
    assert shown["ordered"] is True
    assert shown["labels"] == ["L1 accepted =1e-07 S/cm"]
    words = ranking_lab("structures", "show", "prototype-LiI-rocksalt").out
    assert "energy above hull (eV/atom)" in words and "L1 accepted 1e-07 S/cm" in words


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("materials-project", "LABKIT_DATA"),
        ("obelix", "LABKIT_DATA"),
        ("no-such-folder", "no-such-folder"),
    ],
)
def test_a_source_that_is_not_at_hand_is_one_line(lab: Any, source: str, said: str) -> None:
    done = lab("structures", "add", source)

    assert done.code == 1
    assert said in done.err
    assert len(done.error_lines) == 1


@pytest.mark.parametrize("wrong", ["no-such.cif", "empty", "obelix"])
def test_where_one_source_fails_nothing_is_added(
    lab: Any, lab_folder: Path, tmp_path: Path, wrong: str
) -> None:
    (tmp_path / "empty").mkdir()
    done = lab("structures", "add", "prototypes", wrong if wrong != "empty" else tmp_path / wrong)

    assert done.code == 1
    assert len(done.error_lines) == 1
    assert wrong in done.err
    with open_lab(lab_folder).database.reading() as session:
        assert db.structures.count_structures(session) == 0
