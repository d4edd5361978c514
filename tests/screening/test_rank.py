"""Both ranking rules."""

from __future__ import annotations

import numpy as np
import pytest

from screening.errors import LabelError, ScreeningError
from screening.rank import (
    Labels,
    distance_to_labelled,
    rank,
    rank_by_cluster_rule,
    rank_by_tree_mean,
)
from screening.tree import WardTree


@pytest.fixture
def tree(rng) -> WardTree:
    """Eight well separated groups of ten on a line; groups 0 and 1 are closest."""
    centre = np.array([0.0, 4.0, 20.0, 40.0, 60.0, 85.0, 110.0, 140.0])
    points = (centre[:, None] + rng.normal(0, 0.1, size=(8, 10))).reshape(-1, 1)
    return WardTree().fit(points, max_k=8, ids=[f"s{i}" for i in range(80)])


def test_cluster_of_a_high_label_and_its_neighbour_are_selected(tree) -> None:
    labels = Labels.of([3, 45, 72], [-3.0, -6.0, -8.0])
    ranking = rank_by_cluster_rule(tree, labels, depth=8)
    assert set(np.flatnonzero(ranking.score == 2)) == set(range(10))
    assert set(np.flatnonzero(ranking.score == 1)) == set(range(10, 20))
    assert set(ranking.top(20)) == set(range(20))
    assert ranking.selected.sum() == 20


def test_adjacency_can_be_the_tree_or_nothing(tree) -> None:
    labels = Labels.of([25], [-3.0])
    alone = rank_by_cluster_rule(tree, labels, depth=8, adjacency="none")
    assert set(np.flatnonzero(alone.selected)) == set(range(20, 30))
    sibling = rank_by_cluster_rule(tree, labels, depth=8, adjacency="sibling")
    assert alone.selected.sum() < sibling.selected.sum()
    with pytest.raises(ScreeningError, match="'centroid'"):
        rank_by_cluster_rule(tree, labels, depth=8, adjacency="touch")


def test_threshold_is_exclusive_and_bounds_never_count(tree) -> None:
    assert not rank_by_cluster_rule(tree, Labels.of([3], [-5.0]), depth=8).selected.any()
    bound = Labels.of([3], [-3.0], is_upper_bound=[True])
    assert not rank_by_cluster_rule(tree, bound, depth=8).selected.any()


def test_better_labels_come_first(tree) -> None:
    ranking = rank_by_cluster_rule(tree, Labels.of([3, 72], [-4.0, -2.0]), depth=8)
    assert set(ranking.top(10)) == set(range(70, 80))
    np.testing.assert_array_equal(np.sort(ranking.place), np.arange(1, 81))


def test_tree_mean_orders_groups_by_their_labels(tree) -> None:
    labels = Labels.of([1, 2, 22, 23, 62, 63], [-3, -3.1, -6, -6.1, -9, -9.1])
    ranking = rank_by_tree_mean(tree, labels)
    groups = ranking.score.reshape(8, 10)
    assert np.all(np.ptp(groups, axis=1) < 1e-12)
    assert groups[0, 0] > groups[2, 0] > groups[6, 0]
    assert groups[1, 0] > groups[2, 0]
    assert ranking.uncertainty[10] > ranking.uncertainty[0] > 0
    assert set(ranking.top(10)) == set(range(10))


def test_a_bound_that_the_others_agree_with_changes_nothing(tree) -> None:
    """``<1e-2`` from a hot measurement never lifts, ``>1e-7`` from a cold one never lowers."""
    exact = Labels.of([1, 2, 22, 23, 62], [-5.0, -5.1, -6, -6.1, -9], list("abcde"))
    bounds = Labels.of(
        [3, 24],
        [-2.0, -7.0],
        ["hot", "cold"],
        is_upper_bound=[True, False],
        is_lower_bound=[False, True],
    )
    alone = rank_by_tree_mean(tree, exact)
    both = rank_by_tree_mean(tree, exact.joined(bounds))
    np.testing.assert_array_equal(both.score, alone.score)
    assert both.parameters["bounds_not_telling"] == 2


def test_a_bound_that_the_others_contradict_counts_at_its_value(tree) -> None:
    exact = Labels.of([1, 2, 22, 23, 62], [-5.0, -5.1, -6, -6.1, -9], list("abcde"))
    low = Labels.of([3], [-8.0], ["low"], is_upper_bound=[True])
    high = Labels.of([63], [-4.0], ["high"], is_lower_bound=[True])
    alone = rank_by_tree_mean(tree, exact).score
    assert rank_by_tree_mean(tree, exact.joined(low)).score[0] < alone[0] - 0.3
    assert rank_by_tree_mean(tree, exact.joined(high)).score[60] > alone[60] + 0.3
    as_value = Labels.of([63], [-4.0], ["high"])
    np.testing.assert_array_equal(
        rank_by_tree_mean(tree, exact.joined(high)).score,
        rank_by_tree_mean(tree, exact.joined(as_value)).score,
    )


def test_where_nothing_but_bounds_is_known_they_count(tree) -> None:
    bounds = Labels.of([1, 41], [-4.0, -9.0], is_upper_bound=[True, True])
    ranking = rank_by_tree_mean(tree, bounds)
    assert ranking.score[0] > ranking.score[40]


def test_floor_keeps_extrapolations_from_dominating(tree) -> None:
    labels = Labels.of([1, 41, 42], [-4, -23, -24])
    floored = rank_by_tree_mean(tree, labels)
    assert floored.score.min() >= -10.5
    assert rank_by_tree_mean(tree, labels, floor_log_sigma=None).score.min() < -15


def test_a_ranking_can_be_repeated_from_its_parameters(tree) -> None:
    labels = Labels.of([1, 22, 63], [-3, -6, -9])
    for method in ("tree-mean", "cluster-rule"):
        first = rank(tree, labels, method)
        again = rank(tree, labels, first.method, **first.parameters)
        np.testing.assert_array_equal(first.place, again.place)
        assert first.name(0) == "s0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"index": [1, 2], "log_sigma": [-3, -4], "names": ["L1", "L1"]}, "given twice"),
        ({"index": [1, 2], "log_sigma": [-3, -4], "names": ["L1"]}, "1 label names for 2"),
        ({"index": [1], "log_sigma": [np.nan]}, "nan"),
        ({"index": [1], "log_sigma": [-3], "is_upper_bound": [True, False]}, "upper-bound"),
        (
            {"index": [1], "log_sigma": [-3], "is_upper_bound": [True], "is_lower_bound": [True]},
            "at once",
        ),
    ],
)
def test_bad_labels(arguments, message) -> None:
    with pytest.raises(LabelError, match=message):
        Labels.of(**arguments)


def test_unknown_method_and_foreign_rows(tree) -> None:
    with pytest.raises(ScreeningError, match="'tree-mean'"):
        rank(tree, Labels.of([1], [-3]), "best")
    with pytest.raises(LabelError, match="80 structures"):
        rank(tree, Labels.of([80], [-3]))


@pytest.fixture
def points(rng) -> np.ndarray:
    return rng.normal(size=(150, 5))


def test_ties_inside_a_cluster_go_to_what_is_close_to_a_good_label(points) -> None:
    tree = WardTree().fit(points, max_k=10)
    labels = Labels.of([0, 1, 2], [-3.0, -8.0, -9.0])
    distance = distance_to_labelled(tree, labels, points, depth=5)
    ranking = rank_by_cluster_rule(tree, labels, depth=5, tie_break=distance)

    clusters = tree.clusters_at(5)
    members = np.flatnonzero(clusters == clusters[0])
    by_place = members[np.argsort(ranking.place[members])]
    assert (np.diff(distance[by_place]) >= 0).all()
    assert np.isinf(distance[~np.isin(clusters, clusters[[0, 1, 2]])]).all()
    # the order between classes is the rule's own
    plain = rank_by_cluster_rule(tree, labels, depth=5)
    np.testing.assert_array_equal(plain.score[plain.order], ranking.score[ranking.order])


def test_tie_break_by_energy_puts_unknown_last(points) -> None:
    tree = WardTree().fit(points, max_k=10)
    energy = np.linspace(1.0, 0.0, tree.n_rows)
    energy[5] = np.nan
    ranking = rank_by_tree_mean(tree, Labels.of([0], [-3.0]), depth=1, tie_break=energy)
    assert ranking.order[0] == tree.n_rows - 1
    assert ranking.order[-1] == 5
    with pytest.raises(LabelError, match="tie-breaking"):
        rank_by_tree_mean(tree, Labels.of([0], [-3.0]), tie_break=energy[:3])


def test_labels_are_equal_when_every_value_is() -> None:
    labels = Labels.of([1, 2], [-3.0, -5.0], ["L1", "L2"])
    assert labels.equals(Labels.of([1, 2], [-3.0, -5.0], ["L1", "L2"]))
    assert not labels.equals(Labels.of([1, 2], [-3.0, -5.1], ["L1", "L2"]))
    assert not labels.equals(Labels.of([1, 2], [-3.0, -5.0], ["L1", "L2"], [False, True]))
    assert not labels.equals(labels.without([0]))
