"""An order of clusters says of structures what sorting all of them says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from screening.errors import ScreeningError
from screening.rank import Labels, Ranking, rank
from screening.rank_changes import compare_rankings, label_changes
from screening.tree import WardTree

N_ROWS, DEPTH = 400, 40


@pytest.fixture(scope="module")
def tree() -> WardTree:
    rng = np.random.default_rng(4)
    points = rng.normal(size=(N_ROWS, 3)) + 6 * rng.normal(size=(25, 3))[rng.integers(25, size=400)]
    return WardTree().fit(points, max_k=DEPTH, ids=[f"s{row}" for row in range(N_ROWS)])


def places_by_sorting(ranking: Ranking) -> np.ndarray:
    """Sort every structure by its own keys."""
    keys = [ranking.score, ranking.cluster_second[ranking.cluster]]
    if ranking.tie_break is not None:
        keys.append(-np.where(np.isnan(ranking.tie_break), np.inf, ranking.tie_break))
    order = np.lexsort(tuple(-key for key in reversed(keys)))
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(1, order.size + 1)
    return place


def change_by_looking_at_all(
    before: Ranking, after: Ranking, labelled: list[int], top: int, limit: int
) -> tuple[int, list[int], list[int], list[int]]:
    """Count, entered, left and reported rows from the score and place of every structure."""
    old, new = places_by_sorting(before), places_by_sorting(after)
    shift = np.abs(after.score - before.score)
    moved = shift > 0.01
    entered = [row for row in np.argsort(new)[:top].tolist() if old[row] > top]
    left = [row for row in np.argsort(old)[:top].tolist() if new[row] > top]
    jump = np.abs(np.log(old) - np.log(new))
    candidates = np.flatnonzero(moved)
    largest = candidates[np.lexsort((-shift[candidates], -jump[candidates]))].tolist()
    named = [
        row for row in [*labelled, *entered, *left] if shift[row] > 1e-9 or old[row] != new[row]
    ]
    rows = list(dict.fromkeys([*named, *largest]))[:limit]
    return int(moved.sum()), entered, left, rows


def next_labels(labels: Labels, number: int, rng: np.random.Generator) -> Labels:
    """Add, take away or revise a label or two."""
    for step in range(int(rng.integers(1, 3))):
        name = f"L{number}-{step}"
        kind = rng.choice(["add", "add", "remove", "revise"])
        if kind == "add" or len(labels) < 4:
            row, value = rng.integers(N_ROWS), rng.uniform(-10, -2)
            labels = labels.joined(Labels.of([row], [value], [name]))
        elif kind == "remove":
            labels = labels.without([int(rng.integers(len(labels)))])
        else:
            values = labels.log_sigma.copy()
            values[rng.integers(len(labels))] = rng.uniform(-10, -2)
            labels = replace(labels, log_sigma=values)
    return labels


@pytest.mark.parametrize("ties", [False, True], ids=["by row", "by a third key"])
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("tree-mean", {}),
        # branches of equal length leave many clusters exactly equal
        ("tree-mean", {"branch_length": "unit"}),
        ("cluster-rule", {"depth": DEPTH}),
    ],
    ids=["tree mean", "tree mean with equal clusters", "cluster rule"],
)
def test_a_sequence_of_labels_ranks_and_moves_as_by_sorting_every_structure(
    tree: WardTree, method: str, options: dict[str, object], ties: bool
) -> None:
    rng = np.random.default_rng(11)
    labels = Labels.of([3, 200, 350], [-3.0, -6.0, -9.0], ["a", "b", "c"])
    # a few equal values and a few unknown ones
    known = rng.integers(0, 5, N_ROWS).astype(float)
    known[rng.integers(N_ROWS, size=20)] = np.nan

    def ranked(given: Labels) -> Ranking:
        return rank(tree, given, method, tie_break=known if ties else None, **options)

    moved_at_all = 0
    before = ranked(labels)
    for number in range(40):
        earlier, labels = labels, next_labels(labels, number, rng)
        after = ranked(labels)
        place = places_by_sorting(after)
        top = int(rng.integers(1, 60))
        some = rng.integers(N_ROWS, size=5).tolist()
        assert after.top(top).tolist() == np.argsort(place)[:top].tolist()
        assert [after.place_of(row) for row in some] == place[some].tolist()

        change = (
            compare_rankings(
                before,
                after,
                earlier,
                labels,
                tree=tree,
                top=top,
                limit=25,
                tie_break_of=lambda _: known,
            )
            if ties
            else compare_rankings(before, after, earlier, labels, tree=tree, top=top, limit=25)
        )

        labelled = [one.row for one in label_changes(earlier, labels)]
        n_moved, entered, left, rows = change_by_looking_at_all(before, after, labelled, top, 25)
        assert (change.n_moved, list(change.entered), list(change.left)) == (n_moved, entered, left)
        assert [one.row for one in change.movements] == rows
        assert [one.place_after for one in change.movements] == place[rows].tolist()
        np.testing.assert_array_equal(after.place, place)
        moved_at_all += n_moved
        before = after
    assert moved_at_all > 100


def test_nothing_is_done_structure_by_structure_when_a_label_comes(tree: WardTree) -> None:
    labels = Labels.of([3, 200, 350], [-3.0, -6.0, -9.0], ["a", "b", "c"])
    before = rank(tree, labels)
    more = labels.joined(Labels.of([77], [-4.0], ["d"]))
    after = rank(tree, more)

    compare_rankings(before, after, labels, more, tree=tree)

    by_structure = {"score", "uncertainty", "selected", "order", "place"}
    assert not by_structure & set(vars(before))
    assert not by_structure & set(vars(after))


def test_a_tree_with_more_rows_is_cut_anew(tree: WardTree) -> None:
    tree.cut(DEPTH)
    more = tree.with_rows_like(np.array([5, 5, 9]))

    assert more.cut(DEPTH).cluster[-3:].tolist() == tree.cut(DEPTH).cluster[[5, 5, 9]].tolist()
    assert more.cut(DEPTH).sizes.sum() == N_ROWS + 3
    assert tree.cut(DEPTH).sizes.sum() == N_ROWS


def test_rankings_at_different_depths_are_not_compared(tree: WardTree) -> None:
    labels = Labels.of([3], [-3.0], ["a"])
    with pytest.raises(ScreeningError, match="different clusters"):
        compare_rankings(rank(tree, labels, depth=10), rank(tree, labels, depth=20), labels, labels)
