"""Clustering distinct rows with multiplicities equals clustering all rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, is_valid_linkage, linkage

from screening.ward import ward_linkage
from screening.ward_weighted import expand_linkage, weighted_ward_merges


@given(st.integers(2, 25), st.integers(1, 3), st.integers(1, 6), st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_equals_scipys_tree_of_all_rows(distinct: int, d: int, most: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(distinct, d))
    count = random.integers(1, most + 1, distinct)
    member = random.permutation(np.repeat(np.arange(distinct), count))
    ours = expand_linkage(*weighted_ward_merges(rows, count), member)
    theirs = linkage(rows[member], "ward")
    assert is_valid_linkage(ours)
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], rtol=1e-6, atol=1e-6)
    for k in range(1, distinct + 1):
        first, second = (fcluster(tree, k, "maxclust") for tree in (ours, theirs))
        assert len(set(zip(first, second))) == len(set(first)) == len(set(second))


def test_many_repeats_take_this_way_and_few_do_not(rng) -> None:
    rows = rng.normal(size=(60, 3))
    repeated = np.concatenate([rows, rows[:40], rows[:40]])
    np.testing.assert_allclose(
        ward_linkage(repeated)[:, 2], linkage(repeated, "ward")[:, 2], atol=1e-6
    )
    assert np.count_nonzero(ward_linkage(repeated)[:, 2] == 0.0) == 80


def test_one_distinct_row() -> None:
    tree = ward_linkage(np.ones((5, 2)))
    assert is_valid_linkage(tree)
    assert not tree[:, 2].any()
