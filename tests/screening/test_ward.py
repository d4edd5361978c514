"""Ward linkage and its cuts against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from screening.ward import condensed_distances, membership_from_linkage, ward_linkage


def same_partition(first, second) -> bool:
    pairs = len(set(zip(first, second, strict=True)))
    return pairs == len(set(first)) == len(set(second))


def test_distances_equal_scipys(rng) -> None:
    points = rng.normal(size=(90, 5)) + 50.0
    np.testing.assert_allclose(condensed_distances(points), pdist(points), atol=1e-6)


def test_identical_rows_are_exactly_zero_apart(rng) -> None:
    points = rng.normal(size=(30, 4)).astype(np.float32) * 300
    points[10:20] = points[3]
    distance = condensed_distances(points)
    assert np.array_equal(distance == 0, pdist(points) == 0)
    assert np.count_nonzero(distance == 0) == 55


@given(st.integers(2, 40), st.integers(1, 4), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_heights_equal_scipys(n: int, d: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(n, d))
    np.testing.assert_allclose(
        ward_linkage(points)[:, 2], linkage(points, "ward")[:, 2], rtol=1e-6, atol=1e-7
    )


def test_depth_k_gives_k_clusters_as_scipy_cuts_them(rng) -> None:
    points = rng.normal(size=(120, 3))
    tree = ward_linkage(points)
    membership, *_ = membership_from_linkage(tree, max_k=150)
    assert membership.dtype == np.int16
    for k in (1, 2, 3, 17, 60, 119, 120):
        assert same_partition(membership[:, k - 1], fcluster(tree, k, "maxclust"))
    np.testing.assert_array_equal(membership[:, 149], membership[:, 119])


@given(st.integers(3, 30), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_ties_are_cut_half_way_between_heights(n: int, seed: int) -> None:
    """The published rule on integer points, where many heights tie."""
    points = np.random.default_rng(seed).integers(0, 3, size=(n, 1)).astype(float)
    tree = ward_linkage(points)
    # heights that tie in exact arithmetic must tie here too
    tree[:, 2] = np.round(tree[:, 2], 9)
    membership, *_ = membership_from_linkage(tree, max_k=n)
    heights = np.append(tree[::-1, 2], 0.0)
    for k in range(2, n + 1):
        middle = 0.5 * (heights[k - 2] + heights[k - 1])
        expected = fcluster(tree, middle, "distance")
        assert same_partition(membership[:, k - 1], expected)


def test_identical_rows_never_part(rng) -> None:
    points = rng.normal(size=(40, 3))
    points[25:] = points[0]
    membership, *_ = membership_from_linkage(ward_linkage(points), max_k=40)
    assert (membership[25:] == membership[0]).all()
    assert membership[:, -1].max() + 1 == 25


def test_numbers_are_nested(rng) -> None:
    membership, parent, height, _ = membership_from_linkage(
        ward_linkage(rng.normal(size=(80, 4))), max_k=30
    )
    assert parent[0] == -1
    assert np.all(np.diff(height[1:]) <= 0)
    for k in range(1, 30):
        moved = membership[:, k] != membership[:, k - 1]
        assert set(membership[moved, k]) == {k}
        assert set(membership[moved, k - 1]) == {parent[k]}
        kept = np.count_nonzero(membership[:, k] == parent[k])
        assert np.count_nonzero(moved) <= kept


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_can_be_chosen(rng, dtype) -> None:
    points = rng.normal(size=(50, 6))
    np.testing.assert_allclose(condensed_distances(points, dtype=dtype), pdist(points), rtol=1e-4)
