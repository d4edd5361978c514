"""``labkit screen candidates``: the funnel, its thresholds, and where barriers come from."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import db.structures
from labkit.workflows.lab import Lab


@pytest.fixture
def stable_lab(ranking_lab: Any, copy_of_pool_lab: Lab) -> Any:
    """Return the command line of the lab of prototypes, all but one of them stable insulators."""
    with copy_of_pool_lab.database.session() as session:
        connection = session.connection()
        connection.execute(sa.text("update structure set e_above_hull_ev = 0.01, band_gap_ev = 3"))
        first = connection.execute(sa.text("select min(material_id) from structure")).scalar_one()
        connection.execute(
            sa.text("update structure set band_gap_ev = 0.2 where material_id = :name"),
            {"name": first},
        )
    return ranking_lab


def _names(lab: Lab) -> list[str]:
    with lab.database.reading() as session:
        return [entry.material_id for entry in db.structures.list_structures(session)]


def _table(path: Path, barriers: dict[str, float]) -> Path:
    lines = [f"{name},{value}" for name, value in barriers.items()]
    path.write_text("\n".join(["material_id,Ea_eV", *lines, ""]), encoding="utf-8")
    return path


def test_every_step_leaves_no_more_than_the_one_before(
    stable_lab: Any, copy_of_pool_lab: Lab, tmp_path: Path
) -> None:
    names = _names(copy_of_pool_lab)
    table = _table(tmp_path / "barriers.csv", {n: 0.2 + 0.01 * i for i, n in enumerate(names)})

    result = stable_lab(
        "screen", "candidates", "--depth", 20, "--barrier-table", table, "--top", 99, "--json"
    ).json

    funnel = result["funnel"]
    assert [step["without_clustering"] for step in funnel[:4]] == [63, 63, 63, 62]
    # 0.20, 0.21 ... below 0.6 eV
    assert 38 <= funnel[4]["without_clustering"] <= 40
    for wide, narrow in pairwise(funnel):
        assert narrow["with_clustering"] <= wide["with_clustering"]
    for step in funnel:
        assert step["with_clustering"] <= step["without_clustering"]
    found = [row["barrier_eV"] for row in result["candidates"]]
    assert found == sorted(found)
    assert found[-1] < 0.6
    assert (
        result["candidates_in_all"] + result["labelled_ones_that_pass"]
        == (funnel[-1]["with_clustering"])
    )


def test_a_structure_is_followed_to_where_it_falls(
    stable_lab: Any, copy_of_pool_lab: Lab, tmp_path: Path
) -> None:
    names = sorted(_names(copy_of_pool_lab))
    table = _table(tmp_path / "barriers.csv", dict.fromkeys(names[:-1], 0.3))
    words = ("screen", "candidates", "--depth", 2, "--barrier-table", table, "--json")

    asked = ("--where", names[0], "--where", names[-1], "--where", "mp-0")
    metal, unknown, absent = stable_lab(*words, *asked).json["followed"]

    assert metal["falls_at"] in ("in a selected cluster", "band gap >= 1 eV")
    assert metal["place"] is None
    assert unknown["falls_at"] in ("in a selected cluster", "barrier < 0.6 eV")
    assert absent == {"structure": "mp-0", "falls_at": "not in the pool", "place": None}


def test_barriers_are_computed_once_and_kept(stable_lab: Any, copy_of_pool_lab: Lab) -> None:
    pytest.importorskip("bvlain")
    with copy_of_pool_lab.database.session() as session:
        # leave a handful to compute
        session.connection().execute(
            sa.text("update structure set band_gap_ev = 0 where n_sites > 8")
        )
    words = ("screen", "candidates", "--depth", 20, "--spacing", 0.4, "--top", 99)
    words += ("--jobs", 1, "--json")

    first = stable_lab(*words).json

    folder = copy_of_pool_lab.cache_folder / "barriers"
    kept = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    reached = first["funnel"][3]["without_clustering"]
    assert len(kept) + sum(first["barriers_missing"].values()) == reached > 3
    lost = min(kept)
    lost.unlink()
    assert stable_lab(*words).json == first
    again = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert {file for file in kept if again[file] != kept[file]} == {lost}


def test_a_table_that_cannot_be_used_is_one_line(stable_lab: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    for text, message in (
        ("name,Ea_eV\nmp-1,0.3\n", "needs the column material_id"),
        ("material_id,Ea_eV\nmp-1,low\n", "wrong.csv:2: Ea_eV 'low' is no number"),
    ):
        wrong.write_text(text, encoding="utf-8")
        done = stable_lab("screen", "candidates", "--barrier-table", wrong)
        assert done.code == 1
        assert message in done.err
        assert len(done.error_lines) == 1


def test_an_ion_that_is_none_is_refused_before_anything_is_computed(stable_lab: Any) -> None:
    pytest.importorskip("bvlain")

    done = stable_lab("screen", "candidates", "--ion", "Xx")

    assert done.code == 1
    assert "no parameters for 'Xx' as the mobile ion" in done.err
    assert len(done.error_lines) == 1


def test_where_nothing_passes_no_empty_table_is_drawn(
    stable_lab: Any, copy_of_pool_lab: Lab, tmp_path: Path
) -> None:
    table = _table(tmp_path / "barriers.csv", dict.fromkeys(_names(copy_of_pool_lab), 3.0))

    done = stable_lab("screen", "candidates", "--depth", 20, "--barrier-table", table)

    assert "0 candidates without a label of their own" in done.out
    assert "its cluster" not in done.out


def test_the_list_is_readable(stable_lab: Any, copy_of_pool_lab: Lab, tmp_path: Path) -> None:
    names = _names(copy_of_pool_lab)
    table = _table(tmp_path / "barriers.csv", dict.fromkeys(names, 0.3))

    done = stable_lab(
        "screen", "candidates", "--depth", 20, "--barrier-table", table, "--where", names[0]
    )

    assert done.code == 0
    assert "barrier < 0.6 eV" in done.out
    assert "falls at" in done.out
