"""A left-out label is never used, and structure in the data is found."""

from __future__ import annotations

import numpy as np
import pytest

from screening.backtest import fixed_split, held_out_structures, leave_group_out
from screening.errors import LabelError
from screening.rank import Labels, rank_by_tree_mean
from screening.tree import WardTree


@pytest.fixture
def case(rng):
    group = np.repeat(np.arange(12), 15)
    points = rng.normal(size=(180, 3)) + 40 * rng.normal(size=(12, 3))[group]
    tree = WardTree().fit(points, max_k=40)
    index = rng.choice(180, 90, replace=False)
    level = np.where(group % 4 == 0, -3.5, -8.0)
    labels = Labels.of(index, level[index] + rng.normal(0, 0.4, 90))
    return tree, labels, group[index]


def test_leaving_single_labels_out_finds_the_families(case) -> None:
    tree, labels, _ = case
    singles = leave_group_out(tree, labels, [str(i) for i in range(90)])
    assert singles.mean_absolute_error < 0.6
    assert singles.constant_mean_absolute_error > 1.2
    found = singles.summary(repeats=50)
    assert found["auc"].value > 0.95
    assert found["auc_constant"].value < 0.5


def test_leaving_families_out_leaves_nothing_to_find(case) -> None:
    tree, labels, family = case
    families = leave_group_out(tree, labels, [str(f) for f in family])
    assert families.mean_absolute_error > 1.2


def test_each_prediction_is_that_of_the_other_labels(case) -> None:
    tree, labels, family = case
    result = leave_group_out(tree, labels, [str(f) for f in family])
    out = np.flatnonzero(family == family[0])
    direct = rank_by_tree_mean(tree, labels.without(out.tolist()))
    np.testing.assert_allclose(result.score[out], direct.score[labels.index[out]])


def test_a_split_hides_the_other_labels_of_a_tested_structure(case) -> None:
    tree, labels, _ = case
    doubled = labels.joined(Labels.of(labels.index[:10], np.full(10, 9.0)))
    is_test = np.arange(100) < 10
    with_twins = fixed_split(tree, doubled, is_test)
    without = fixed_split(tree, labels, is_test[:90])
    np.testing.assert_allclose(with_twins.score, without.score)


def test_the_published_rule_can_be_tested_too(case) -> None:
    tree, labels, _ = case
    result = leave_group_out(
        tree, labels, [str(i) for i in range(90)], method="cluster-rule", depth=12
    )
    assert set(np.unique(result.score)) <= {0.0, 1.0, 2.0}
    assert result.summary(repeats=20)["auc"].value > 0.7


def test_bad_input(case) -> None:
    tree, labels, _ = case
    with pytest.raises(LabelError, match="one group"):
        leave_group_out(tree, labels, ["a"] * 90)
    with pytest.raises(LabelError, match="2 groups for 90"):
        leave_group_out(tree, labels, ["a", "b"])
    with pytest.raises(LabelError, match="0 tested"):
        fixed_split(tree, labels, np.zeros(90, dtype=bool))


def test_structures_outside_the_tree_are_placed_and_predicted(rng) -> None:
    group = np.repeat(np.arange(12), 15)
    points = rng.normal(size=(180, 3)) + 40 * rng.normal(size=(12, 3))[group]
    level = np.where(group % 4 == 0, -3.5, -8.0)
    out = rng.choice(180, 30, replace=False)
    kept = np.setdiff1d(np.arange(180), out)
    tree = WardTree().fit(points[kept], max_k=40)
    labels = Labels.of(np.arange(0, 150, 2), level[kept][::2])

    found = held_out_structures(tree, labels, points[out], level[out])

    assert found.mean_absolute_error < 0.6
    assert found.summary(repeats=20)["auc"].value > 0.95
    with pytest.raises(LabelError, match="left out"):
        held_out_structures(tree, labels, points[:0], level[:0])
