"""What moved, and because of which label."""

from __future__ import annotations

import numpy as np
import pytest

from screening.errors import ScreeningError
from screening.rank import Labels, rank
from screening.rank_changes import compare_rankings, label_changes
from screening.tree import WardTree


@pytest.fixture
def tree(rng) -> WardTree:
    centre = np.array([0.0, 4.0, 20.0, 40.0, 60.0, 85.0, 110.0, 140.0])
    points = (centre[:, None] + rng.normal(0, 0.1, size=(8, 10))).reshape(-1, 1)
    return WardTree().fit(points, max_k=8, ids=[f"s{i}" for i in range(80)])


BEFORE = Labels.of([1, 22, 63], [-6.0, -6.5, -7.0], ["L1", "L2", "L3"])


def compared(tree, before, after, method="tree-mean", **options):
    return compare_rankings(
        rank(tree, before, method), rank(tree, after, method), before, after, tree=tree, **options
    )


def test_changes_of_a_label_set() -> None:
    after = Labels.of([1, 22, 5], [-6.0, -3.0, -4.0], ["L1", "L2", "L9"])
    kinds = {change.name: change.kind for change in label_changes(BEFORE, after)}
    assert kinds == {"L2": "revised", "L9": "added", "L3": "removed"}
    moved = Labels.of([2, 22, 63], [-6.0, -6.5, -7.0], ["L1", "L2", "L3"])
    assert [change.kind for change in label_changes(BEFORE, moved)] == ["revised"]


def test_the_new_label_is_named(tree) -> None:
    after = BEFORE.joined(Labels.of([75], [-2.0], ["L7"]))
    change = compared(tree, BEFORE, after, top=10)
    assert set(change.entered) == set(range(70, 80))
    assert len(change.left) == 10
    best = change.movements[0]
    assert best.cause is not None
    assert best.cause.name == "L7"
    assert best.place_after < best.place_before
    assert "s75" in best.sentence
    assert "label L7 (0.01 S/cm) was added" in best.sentence
    assert "10 entered the top 10" in change.sentence


@pytest.mark.parametrize("method", ["tree-mean", "cluster-rule"])
def test_each_movement_gets_its_own_label(tree, method: str) -> None:
    after = BEFORE.joined(Labels.of([75, 45], [-2.0, -3.0], ["L7", "L8"]))
    change = compared(tree, BEFORE, after, method, top=40, limit=80)
    causes = {movement.row: movement.cause.name for movement in change.movements if movement.cause}
    assert {causes[row] for row in range(70, 80)} == {"L7"}
    assert {causes[row] for row in range(40, 50)} == {"L8"}
    assert any("without that change it would stand at" in m.sentence for m in change.movements)


def test_taking_a_label_away_undoes_it(tree) -> None:
    after = BEFORE.joined(Labels.of([75], [-2.0], ["L7"]))
    back = compared(tree, after, BEFORE, top=10)
    (labelled,) = (movement for movement in back.movements if movement.row == 75)
    assert "was taken away from this very structure" in labelled.sentence
    assert labelled.place_after > labelled.place_before


def test_nothing_changed_says_so(tree) -> None:
    change = compared(tree, BEFORE, BEFORE)
    assert change.movements == ()
    assert change.n_moved == 0
    assert change.sentence == "No label changed; the ranking is as it was."


def test_rankings_of_different_kind_are_not_compared(tree) -> None:
    with pytest.raises(ScreeningError, match="cannot compare"):
        compare_rankings(
            rank(tree, BEFORE, "tree-mean"), rank(tree, BEFORE, "cluster-rule"), BEFORE, BEFORE
        )
