"""A ranking is kept once per set of labels, and every comparison is on today's pool."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlmodel import select

import db.labels
import db.rankings
import db.structures
from db.matching import match_labels
from db.structures import NewStructure
from db.tables import Ranking as StoredRanking
from labkit.errors import UsageError
from labkit.workflows.describing import tree_of_pool
from labkit.workflows.lab import Lab
from labkit.workflows.ranking import rank_candidates
from labkit.workflows.scoring import score_tree
from screening.variance import w_sigma_curve

LITHIUM_NITRIDE = "prototype-Li3N-lithium-nitride"


def _accept(lab: Lab, material_id: str = LITHIUM_NITRIDE, sigma: float = 1e-3) -> str:
    label: Any = {
        "formula": "Li3N",
        "material_id": material_id,
        "source_kind": "literature",
        "citation": f"a paper on {material_id}",
        "sigma_S_per_cm": sigma,
        "temperature_K": 298.15,
    }
    with lab.database.session() as session:
        db.labels.propose_many(
            session, [label], by="x", reason="x", accepted_by="x", acceptance_reason="x"
        )
        match_labels(session)
        newest = session.exec(select(db.labels.Label)).all()[-1]
        return f"L{newest.id}"


def test_what_moved_names_the_label_that_was_added(copy_of_pool_lab: Lab) -> None:
    before = rank_candidates(copy_of_pool_lab)
    name = _accept(copy_of_pool_lab)

    after = rank_candidates(copy_of_pool_lab)

    assert after["previous"] == before["ranking"] != after["ranking"]
    assert after["label_changes"][0]["label"] == name
    assert after["label_changes"][0]["change"] == "added"
    assert after["structures_moved"] >= len(after["moved"]) > 0
    assert {move["because_of"] for move in after["moved"]} == {name}


def test_what_moved_names_the_label_that_was_rejected(copy_of_pool_lab: Lab) -> None:
    rank_candidates(copy_of_pool_lab)
    with copy_of_pool_lab.database.session() as session:
        db.labels.reject(session, "L2", reviewer="x", reason="wrong compound")

    after = rank_candidates(copy_of_pool_lab)

    assert [(c["label"], c["change"]) for c in after["label_changes"]] == [("L2", "removed")]
    moved = {move["structure"]: move for move in after["moved"]}
    own = moved["prototype-Li3OCl-antiperovskite"]
    assert own["place_after"] > own["place_before"]


def test_unchanged_labels_make_no_new_ranking(copy_of_pool_lab: Lab) -> None:
    first = rank_candidates(copy_of_pool_lab)["ranking"]

    assert rank_candidates(copy_of_pool_lab)["ranking"] == first
    with copy_of_pool_lab.database.reading() as session:
        assert len(session.exec(select(StoredRanking)).all()) == 1


def test_a_stored_ranking_holds_what_was_shown(copy_of_pool_lab: Lab) -> None:
    shown = rank_candidates(copy_of_pool_lab, top=63)
    pool = tree_of_pool(copy_of_pool_lab)

    with copy_of_pool_lab.database.reading() as session:
        stored = db.rankings.get_ranking(session, shown["ranking"])
        arrays = db.rankings.ranking_arrays(stored)
        assert [label["name"] for label in stored.labels] == ["L1", "L2"]
    places = {row["structure"]: row["rank"] for row in shown["top"]}
    assert dict(zip(pool.ids, arrays["place"].tolist())) == places


def test_a_pool_that_grew_can_still_be_compared(copy_of_pool_lab: Lab) -> None:
    rank_candidates(copy_of_pool_lab)
    with copy_of_pool_lab.database.session() as session:
        cif = db.structures.cif_text(session, "prototype-LiI-rocksalt")
        grown = NewStructure(
            material_id="cif-mine", source="cif-file", formula="LiI", n_sites=2, cif=cif
        )
        db.structures.add_structures(session, [grown])

    same_labels = rank_candidates(copy_of_pool_lab)
    name = _accept(copy_of_pool_lab)
    after = rank_candidates(copy_of_pool_lab)

    assert same_labels["candidates"] == 64
    assert same_labels["ranking"] == "R2"
    assert same_labels["moved"] == []
    assert {move["because_of"] for move in after["moved"]} == {name}


def _no_tree(*_: Any, **__: Any) -> Any:
    raise AssertionError("a tree was built")


def test_a_new_label_builds_no_tree(copy_of_pool_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screening.tree.WardTree.fit", _no_tree)
    rank_candidates(copy_of_pool_lab)
    _accept(copy_of_pool_lab)
    assert rank_candidates(copy_of_pool_lab)["structures_moved"] > 0


def _add(lab: Lab, **cifs: str) -> None:
    with lab.database.session() as session:
        db.structures.add_structures(
            session,
            [
                NewStructure(
                    material_id=f"cif-{name}", source="cif-file", formula="LiI", n_sites=2, cif=cif
                )
                for name, cif in cifs.items()
            ],
        )


def test_new_structures_are_placed_into_the_tree_there_is(
    copy_of_pool_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screening.tree.WardTree.fit", _no_tree)
    pool = tree_of_pool(copy_of_pool_lab)
    twin = "prototype-LiI-rocksalt"
    with copy_of_pool_lab.database.reading() as session:
        cif = db.structures.cif_text(session, twin)
    huge = cif
    for line in cif.splitlines():
        if line.startswith("_cell_length_"):
            name, _ = line.split()
            huge = huge.replace(line, f"{name} 60.0")
    _add(copy_of_pool_lab, twin=cif + "\n", huge=huge)

    result = rank_candidates(copy_of_pool_lab, top=65)

    assert result["candidates"] == len(pool.ids) + 2
    placed = {row["structure"]: row for row in result["placed"]}
    assert set(placed) == {"cif-twin", "cif-huge"}
    clusters = {row["structure"]: row["cluster"] for row in result["top"]}
    assert placed["cif-twin"]["cluster"] == clusters["cif-twin"] == clusters[twin]
    assert not placed["cif-twin"]["out_of_domain"]
    assert placed["cif-huge"]["out_of_domain"]
    (huge_row,) = (row for row in result["top"] if row["structure"] == "cif-huge")
    assert huge_row["evidence"].endswith("unlike anything in the tree")


def test_when_too_much_is_new_the_tree_is_built_anew(copy_of_pool_lab: Lab) -> None:
    with copy_of_pool_lab.database.reading() as session:
        cif = db.structures.cif_text(session, "prototype-LiI-rocksalt")
    _add(copy_of_pool_lab, **{f"x{number}": cif + "\n" * number for number in range(1, 6)})

    result = rank_candidates(copy_of_pool_lab)

    assert result["placed"] == []
    assert result["candidates"] == 68


def test_the_same_pool_gives_the_same_tree_from_the_cache(copy_of_pool_lab: Lab) -> None:
    cached = tree_of_pool(copy_of_pool_lab)
    for path in (copy_of_pool_lab.cache_folder / "trees").rglob("*.npy"):
        path.unlink()

    rebuilt = tree_of_pool(copy_of_pool_lab)

    assert rebuilt.pool_hash == cached.pool_hash
    np.testing.assert_array_equal(rebuilt.tree.membership_, cached.tree.membership_)


def test_rankings_of_another_kind_are_refused(copy_of_pool_lab: Lab) -> None:
    rank_candidates(copy_of_pool_lab)

    with pytest.raises(UsageError, match="tree-mean"):
        rank_candidates(copy_of_pool_lab, method="cluster-rule", since="R1")


def test_the_evidence_tells_own_labels_from_those_around(copy_of_pool_lab: Lab) -> None:
    rows = {row["structure"]: row for row in rank_candidates(copy_of_pool_lab, top=63)["top"]}

    assert rows["prototype-LiI-rocksalt"]["own_labels"] == ["L1"]
    assert rows["prototype-LiI-rocksalt"]["evidence"] == "own label L1 (1.0e-07 S/cm)"
    for row in rows.values():
        if not row["labels_in_cluster"]:
            assert row["evidence"] == "no label in its cluster; from the branch above"


def test_the_score_of_the_tree_is_w_sigma_beside_random_assignments(
    copy_of_pool_lab: Lab,
) -> None:
    _accept(copy_of_pool_lab)
    score = score_tree(copy_of_pool_lab)
    pool = tree_of_pool(copy_of_pool_lab)

    labelled = ["prototype-LiI-rocksalt", "prototype-Li3OCl-antiperovskite", LITHIUM_NITRIDE]
    rows = np.array([pool.rows[material_id] for material_id in labelled])
    values = np.log10([1e-7, 8.5e-4, 1e-3])
    expected = w_sigma_curve(pool.tree.membership_, rows, values, k_max=300)
    np.testing.assert_allclose(score["curve"]["w_sigma"], expected, rtol=1e-12)
    assert expected[0] == pytest.approx(((values - values.mean()) ** 2).sum())
    # whatever the assignment, one cluster holds them all
    assert score["curve"]["random_mean"][0] == pytest.approx(expected[0])
    assert len(score["curve"]["k"]) == len(score["curve"]["random_sd"])


def test_a_tree_can_be_scored_with_barriers(
    copy_of_pool_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = tree_of_pool(copy_of_pool_lab)
    barriers = {name: 0.2 + 0.01 * row for name, row in pool.rows.items()} | {"mp-elsewhere": 9.0}
    monkeypatch.setattr("labkit.workflows.scoring.published_barriers", lambda: barriers)

    score = score_tree(copy_of_pool_lab, labels="barrier")

    values = np.array([barriers[name] for name in pool.ids])
    assert score["quantity"] == "W_Ea"
    assert score["labels"] == len(pool.ids)
    assert score["curve"]["w_sigma"][0] == pytest.approx(((values - values.mean()) ** 2).sum())
    with pytest.raises(UsageError, match="choose conductivity or barrier"):
        score_tree(copy_of_pool_lab, labels="colour")


def test_of_two_labels_on_one_structure_the_newest_is_scored(copy_of_pool_lab: Lab) -> None:
    before = score_tree(copy_of_pool_lab)
    _accept(copy_of_pool_lab, "prototype-LiI-rocksalt", sigma=8.5e-4)

    after = score_tree(copy_of_pool_lab)

    assert after["labels"] == before["labels"] == 2
    assert before["curve"]["w_sigma"][0] > 1
    assert after["curve"]["w_sigma"][0] == pytest.approx(0.0, abs=1e-12)


def test_what_one_label_moved_alike_is_told_together() -> None:
    from labkit.workflows.describing_rankings import told_together

    def move(name: str, before: int, after: int, tale: str) -> dict[str, Any]:
        return {
            "structure": name,
            "place_before": before,
            "place_after": after,
            "expectation": "expected alike",
            "reason": tale,
        }

    moved = [move("a", 5, 1, "x"), move("b", 9, 2, "x"), move("c", 1, 7, "x"), move("d", 8, 3, "y")]

    groups = told_together(moved)

    assert [[one["structure"] for one in group] for group in groups] == [["a", "b"], ["c"], ["d"]]


def test_the_spread_of_a_structure_is_wider_than_the_error_of_its_clusters_mean(
    copy_of_pool_lab: Lab,
) -> None:
    top = rank_candidates(copy_of_pool_lab)["top"]

    assert all(row["spread_decades"] > row["score_se"] for row in top)
    by_rule = rank_candidates(copy_of_pool_lab, method="cluster-rule")["top"]
    assert all(row["spread_decades"] is None for row in by_rule)


def test_few_labels_are_said_so(copy_of_pool_lab: Lab) -> None:
    (note,) = rank_candidates(copy_of_pool_lab)["notes"]

    assert note.startswith("only 2 structures of the pool have a label")
