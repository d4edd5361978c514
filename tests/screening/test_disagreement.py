"""Labels that others contradict: the three yardsticks, and what contradicts nothing."""

from __future__ import annotations

import numpy as np
import pytest

from screening.disagreement import disagreeing_labels
from screening.rank import Labels, Ranking, rank_by_tree_mean
from screening.tree import WardTree
from screening.tree_mean import fit_tree_mean


@pytest.fixture
def tree(rng) -> WardTree:
    """Sixty structures in twelve groups of five along a line."""
    centre = np.cumsum(rng.uniform(2.0, 9.0, size=12))
    points = (centre[:, None] + rng.normal(0, 0.1, size=(12, 5))).reshape(-1, 1)
    return WardTree().fit(points, max_k=12, ids=[f"s{i}" for i in range(60)])


def _calm(rng, tree: WardTree) -> Labels:
    """Two labels in each of eleven groups, around a value that drifts along the line."""
    rows = [5 * group + k for group in range(11) for k in (0, 1)]
    values = [-4.0 - 0.3 * (row // 5) + rng.normal(0, 0.3) for row in rows]
    return Labels.of(rows, values, [f"L{n}" for n in range(len(rows))])


def _rank(tree: WardTree, labels: Labels, calm: Labels) -> Ranking:
    """Rank with the variances that the calm labels have."""
    model = fit_tree_mean(tree, calm.index, calm.log_sigma, depth=12)
    return rank_by_tree_mean(tree, labels, depth=12, model=model)


def test_labels_as_the_model_expects_them_contradict_nothing(rng, tree) -> None:
    labels = _calm(rng, tree)

    assert disagreeing_labels(labels, rank_by_tree_mean(tree, labels, depth=12)) == []


def test_a_lone_label_is_held_against_the_tree(rng, tree) -> None:
    calm = _calm(rng, tree)
    labels = calm.joined(Labels.of([57], [-1.5], ["L99"]))

    (found,) = disagreeing_labels(labels, _rank(tree, labels, calm))

    assert found.against == "tree"
    assert labels.names[found.position] == "L99"
    assert found.others == ()


def test_the_expectation_without_a_label_is_that_of_a_ranking_without_it(rng, tree) -> None:
    calm = _calm(rng, tree)
    labels = calm.joined(Labels.of([57], [-1.5], ["L99"]))
    ranking = _rank(tree, labels, calm)
    without = fit_tree_mean(tree, calm.index, calm.log_sigma, depth=12)

    (found,) = disagreeing_labels(labels, ranking)

    cluster = int(tree.clusters_at(12)[57])
    assert found.others_log_sigma == pytest.approx(float(without.mean[cluster]), abs=1e-6)
    expected = np.hypot(without.standard_deviation[cluster], np.sqrt(without.label_variance))
    assert found.deviation == pytest.approx(float(expected), rel=1e-6)


def test_a_bound_above_the_expectation_contradicts_nothing(rng, tree) -> None:
    calm = _calm(rng, tree)
    labels = calm.joined(Labels.of([57], [-1.5], ["L99"], [True]))

    assert disagreeing_labels(labels, _rank(tree, labels, calm)) == []


def test_an_only_label_has_nothing_to_contradict_it(tree) -> None:
    labels = Labels.of([3], [-2.0], ["L1"])

    assert disagreeing_labels(labels, rank_by_tree_mean(tree, labels, depth=12)) == []
