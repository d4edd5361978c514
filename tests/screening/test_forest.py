"""The baseline learns what is there, and never from a group that it is asked about."""

from __future__ import annotations

import numpy as np
import pytest

from screening.errors import LabelError
from screening.forest import _folds, forest_held_out, forest_leave_group_out


@pytest.fixture(autouse=True)
def _small_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screening.forest._TREES", 30)


def test_a_dependence_on_the_features_is_learned(rng) -> None:
    features = rng.uniform(-1, 1, size=(160, 4))
    truth = -6 + 2 * features[:, 1]
    found = forest_held_out(features[:120], truth[:120], features[120:], truth[120:])
    assert found.mean_absolute_error < 0.5 * found.constant_mean_absolute_error


def test_no_group_is_learned_from_while_it_is_asked_about(rng) -> None:
    # every group has features of its own, and values that only its own labels could tell
    group = np.repeat(np.arange(8), 5)
    features = 10.0 * group[:, None] + rng.normal(size=(40, 2))
    values = np.where(group % 2, -4.0, -9.0)
    names = [f"g{number}" for number in group]
    found = forest_leave_group_out(features, values, names, folds=8)
    assert found.mean_absolute_error > 2.0
    singles = forest_leave_group_out(features, values, [str(i) for i in range(40)])
    assert singles.mean_absolute_error < 1.0


def test_folds_keep_groups_whole_and_even() -> None:
    groups = ["a"] * 30 + ["b"] * 10 + ["c"] * 10 + ["d"] * 9
    fold = _folds(groups, 59, 2)
    assert len(set(zip(groups, fold.tolist(), strict=True))) == 4
    assert sorted(np.bincount(fold)) == [29, 30]


def test_a_prediction_does_not_look_at_the_tested_values(rng) -> None:
    features, values = rng.normal(size=(60, 3)), rng.normal(-6, 2, 60)
    first = forest_held_out(features[:50], values[:50], features[50:], values[50:])
    second = forest_held_out(features[:50], values[:50], features[50:], np.full(10, 99.0))
    np.testing.assert_array_equal(first.score, second.score)


def test_bad_input() -> None:
    with pytest.raises(LabelError, match="one group"):
        forest_leave_group_out(np.ones((3, 1)), [1.0, 2.0, 3.0], ["a"] * 3)
    with pytest.raises(LabelError, match="2 groups for 3"):
        forest_leave_group_out(np.ones((3, 1)), [1.0, 2.0, 3.0], ["a", "b"])
    with pytest.raises(LabelError, match="0 to be tested"):
        forest_held_out(np.ones((2, 1)), [1.0, 2.0], np.ones((0, 1)), [])
