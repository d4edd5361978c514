"""The three nulls agree where they must and separate signal from noise."""

from __future__ import annotations

import numpy as np
import pytest

from screening.errors import LabelError
from screening.nulltest import (
    adjusted_p_values,
    analytic_null,
    permutation_null,
    random_assignment_control,
)
from screening.tree import WardTree
from screening.variance import w_sigma_curve


@pytest.fixture
def grouped(rng):
    """Two hundred structures in ten groups; the label follows the group."""
    group = np.repeat(np.arange(10), 20)
    features = rng.normal(size=(200, 3)) + 30.0 * rng.normal(size=(10, 3))[group]
    tree = WardTree().fit(features, max_k=60)
    index = rng.choice(200, 70, replace=False)
    return tree, index, group[index] * 1.0 + rng.normal(0, 0.3, 70)


def test_permutations_average_to_the_analytic_null(grouped) -> None:
    tree, index, values = grouped
    null = permutation_null(tree.membership_, index, values, repeats=400, frozen=False, k_max=60)
    expected = analytic_null(tree.membership_, index, values, k_max=60)
    error = null.standard_deviation / np.sqrt(400) + 1e-9
    assert np.max(np.abs(null.mean - expected) / error) < 4.5


def test_permuted_curves_equal_the_curve_of_permuted_labels(grouped) -> None:
    tree, index, values = grouped
    null = permutation_null(tree.membership_, index, values, repeats=3, k_max=60, seed=5)
    random = np.random.default_rng(5)
    for curve in null.curves:
        direct = w_sigma_curve(tree.membership_, index, random.permutation(values), k_max=60)
        np.testing.assert_allclose(curve, direct, rtol=1e-9, atol=1e-9)


def test_signal_stands_out_and_noise_does_not(grouped, rng) -> None:
    tree, index, values = grouped
    curve = w_sigma_curve(tree.membership_, index, values, k_max=60)
    null = permutation_null(tree.membership_, index, values, repeats=200, k_max=60)
    assert null.z_score(curve)[9] < -5
    assert null.reduction(curve)[9] > 0.9
    assert null.p_value(curve)[9] == pytest.approx(1 / 201)
    noise = rng.permutation(values)
    noisy = w_sigma_curve(tree.membership_, index, noise, k_max=60)
    assert abs(null.z_score(noisy)[9]) < 4


def test_control_is_reproducible_and_starts_at_the_total(grouped) -> None:
    _, _, values = grouped
    control = random_assignment_control(values, k_max=40, repeats=20, seed=3)
    again = random_assignment_control(values, k_max=40, repeats=20, seed=3)
    np.testing.assert_array_equal(control.curves, again.curves)
    total = ((values - values.mean()) ** 2).sum()
    np.testing.assert_allclose(control.curves[:, 0], total)
    unfrozen = random_assignment_control(values, k_max=40, repeats=300, frozen=False)
    # expected clusters in use when n labels fall into k at random
    used = 10 * (1 - (1 - 1 / 10) ** values.size)
    expected = total * (values.size - used) / (values.size - 1)
    assert unfrozen.mean[9] == pytest.approx(expected, rel=0.03)


def test_blocks_move_together(grouped) -> None:
    tree, index, values = grouped
    one_block = permutation_null(
        tree.membership_, index, values, blocks=["a"] * 70, repeats=3, k_max=10
    )
    observed = w_sigma_curve(tree.membership_, index, values, k_max=10)
    np.testing.assert_allclose(one_block.curves, np.tile(observed, (3, 1)), rtol=1e-9)
    with pytest.raises(LabelError, match="2 block names for 70"):
        permutation_null(tree.membership_, index, values, blocks=["a", "b"])


def test_choosing_the_best_of_many_costs(grouped, rng) -> None:
    tree, index, values = grouped
    trees = [tree, *(WardTree().fit(rng.normal(size=(200, 3)), max_k=60) for _ in range(6))]
    curves = [w_sigma_curve(t.membership_, index, values, k_max=60) for t in trees]
    nulls = [permutation_null(t.membership_, index, values, repeats=99, k_max=60) for t in trees]
    p = adjusted_p_values(curves, nulls, depths=[10, 20, 50])
    assert p[0] == pytest.approx(0.01)
    alone = [adjusted_p_values([c], [n], depths=[10, 20, 50])[0] for c, n in zip(curves, nulls)]
    assert np.all(p >= np.array(alone) - 1e-12)
    assert p[1:].min() > 0.02


def test_rounding_is_no_deviation() -> None:
    values = np.random.default_rng(5).normal(0.6, 2.0, 4000)
    null = random_assignment_control(values, k_max=3, repeats=20)
    total = float(((values - values.mean()) ** 2).sum())
    assert null.z_score([total * (1 + 1e-14), total, total])[0] == 0.0
