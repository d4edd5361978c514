"""Messages on the tree give the exact posterior of the Gaussian model."""

from __future__ import annotations

import numpy as np
import pytest

from screening.errors import LabelError, ScreeningError
from screening.tree import WardTree
from screening.tree_mean import _branches, fit_tree_mean


def dense_posterior(tree, index, values, fitted, depth, branch_length):
    """Solve the same model written as one covariance matrix with a vague root."""
    chain = _branches(tree, depth, branch_length)
    edges: dict[int, list[tuple[str, int, float]]] = {0: []}
    for split in range(1, depth):
        kept, base = chain.parent[split], edges[chain.parent[split]]
        edges[kept] = [*base, ("kept", split, chain.branch_kept[split])]
        edges[split] = [*base, ("new", split, chain.branch_new[split])]
    shared = np.array(
        [
            [sum(e[2] for e in set(edges[i]) & set(edges[j])) for j in range(depth)]
            for i in range(depth)
        ]
    )
    prior = shared * fitted.drift_variance + 1e6
    where = tree.clusters_at(depth)[index]
    noisy = prior[np.ix_(where, where)] + np.eye(len(values)) * fitted.label_variance
    gain = np.linalg.solve(noisy, prior[:, where].T).T
    mean = values.mean() + gain @ (values - values.mean())
    return mean, np.sqrt(np.diag(prior - gain @ prior[:, where].T))


@pytest.mark.parametrize("branch_length", ["log-height", "height", "unit"])
def test_equals_the_dense_gaussian_posterior(rng, branch_length: str) -> None:
    tree = WardTree().fit(rng.normal(size=(80, 3)), max_k=25)
    index, values = rng.choice(80, 30), rng.normal(-6, 2, 30)
    fitted = fit_tree_mean(tree, index, values, depth=25, branch_length=branch_length)
    mean, deviation = dense_posterior(tree, index, values, fitted, 25, branch_length)
    np.testing.assert_allclose(fitted.mean, mean, atol=1e-4)
    np.testing.assert_allclose(fitted.standard_deviation, deviation, atol=1e-4)


def test_shrinks_toward_the_parent_and_spreads_where_nothing_is_known(rng) -> None:
    points = np.concatenate([rng.normal(c, 0.1, size=(20, 2)) for c in (0, 5, 50)])
    tree = WardTree().fit(points, max_k=3)
    label = tree.clusters_at(3)
    index = np.array([0, 1, 2, 40, 41, 42])
    values = np.array([-3.0, -3.2, -2.8, -9.0, -9.2, -8.8])
    fitted = fit_tree_mean(tree, index, values, depth=3)
    known, near, far = fitted.mean[label[0]], fitted.mean[label[20]], fitted.mean[label[40]]
    assert far < near < known
    assert -9.1 < far < -8
    spread = fitted.standard_deviation
    assert spread[label[20]] > max(spread[label[0]], spread[label[40]])


def test_one_label_is_everywhere(rng) -> None:
    tree = WardTree().fit(rng.normal(size=(20, 2)), max_k=6)
    fitted = fit_tree_mean(tree, np.array([4]), np.array([-5.0]), depth=6)
    np.testing.assert_allclose(fitted.mean, -5.0)


def test_bad_input(rng) -> None:
    tree = WardTree().fit(rng.normal(size=(20, 2)), max_k=6)
    with pytest.raises(LabelError, match="no label"):
        fit_tree_mean(tree, np.array([], dtype=int), np.array([]), depth=6)
    with pytest.raises(ScreeningError, match="log-height"):
        fit_tree_mean(tree, np.array([1]), np.array([1.0]), depth=6, branch_length="cubic")
