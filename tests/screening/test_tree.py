"""The stored tree: nearest clusters, siblings, new structures, saving."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from screening.errors import CacheError, TreeError
from screening.tree import WardTree


@pytest.fixture
def points(rng) -> np.ndarray:
    return rng.normal(size=(150, 5))


def test_nearest_cluster_is_that_of_the_nearest_mean(points) -> None:
    tree = WardTree().fit(points, max_k=60)
    for k in (2, 9, 37, 60):
        label = tree.clusters_at(k)
        mean = np.array([points[label == c].mean(axis=0) for c in range(k)])
        distance = ((mean[:, None] - mean[None]) ** 2).sum(axis=-1)
        np.fill_diagonal(distance, np.inf)
        np.testing.assert_array_equal(tree.nearest_[k - 1, :k], distance.argmin(axis=1))
        assert (tree.nearest_[k - 1, k:] == -1).all()


def test_siblings_join_the_cluster_at_the_next_merge(points) -> None:
    tree = WardTree().fit(points, max_k=40)
    for cluster in range(40):
        rows = tree.clusters_at(40) == cluster
        joined = next(
            members
            for k in range(39, 0, -1)
            if (members := tree.clusters_at(k) == tree.clusters_at(k)[rows][0]).sum() > rows.sum()
        )
        expected = set(tree.clusters_at(40)[joined]) - {cluster}
        assert set(tree.siblings(40, cluster)) == expected


def test_a_known_structure_is_assigned_to_its_cluster_mean(points) -> None:
    tree = WardTree().fit(points, max_k=30)
    label = tree.clusters_at(30)
    means = np.array([points[label == c].mean(axis=0) for c in range(30)])
    cluster, distance = tree.assign(means, depth=30)[:2]
    np.testing.assert_array_equal(cluster, np.arange(30))
    assert distance.max() < 1e-3
    far = tree.assign(np.full((1, 5), 40.0), depth=30).distance
    assert far[0] > 50


def test_ward_cost_decides_the_assignment(points, rng) -> None:
    tree = WardTree().fit(points, max_k=20)
    new = rng.normal(size=(25, 5))
    label = tree.clusters_at(20)
    size = np.bincount(label)
    mean = np.array([points[label == c].mean(axis=0) for c in range(20)])
    cost = ((new[:, None] - mean[None]) ** 2).sum(axis=-1) * (size / (size + 1))
    np.testing.assert_array_equal(tree.assign(new, depth=20)[0], cost.argmin(axis=1))


def test_what_is_far_from_everything_is_out_of_domain(points) -> None:
    tree = WardTree().fit(points, max_k=30)
    inside = tree.assign(points, depth=10)
    assert inside.out_of_domain.mean() < 0.05
    assert ((inside.percentile >= 0) & (inside.percentile <= 100)).all()

    far = tree.assign(np.full((1, 5), 40.0), depth=10)
    assert far.out_of_domain.all()
    assert far.percentile[0] == 100.0


def test_a_new_row_that_is_not_finite_is_refused(points) -> None:
    with pytest.raises(TreeError, match="not a number"):
        WardTree().fit(points, max_k=5).assign(np.full((1, 5), np.nan))


def test_saved_tree_is_the_same_and_mapped(points, tmp_path: Path) -> None:
    ids = [f"mp-{i}" for i in range(150)]
    tree = WardTree().fit(points, max_k=50, ids=ids)
    back = WardTree.load(tree.save(tmp_path / "tree"))
    assert back.ids_ == tuple(ids)
    assert isinstance(back.membership_, np.memmap)
    for name in ("linkage_", "membership_", "nearest_", "centroids_", "sizes_", "split_parent_"):
        np.testing.assert_array_equal(getattr(back, name), getattr(tree, name))
    assert not list((tmp_path / "tree").glob("*.part"))


def test_incomplete_tree_is_refused(points, tmp_path: Path) -> None:
    folder = WardTree().fit(points, max_k=5).save(tmp_path / "tree")
    (folder / "nearest.npy").unlink()
    with pytest.raises(CacheError, match="build it again"):
        WardTree.load(folder)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((1, 3)), "at least two"),
        (np.zeros(5), "in rows"),
        (np.array([[0.0], [np.nan], [1.0]]), "row 1"),
    ],
)
def test_bad_features_are_refused(features, message) -> None:
    with pytest.raises(TreeError, match=message):
        WardTree().fit(features)


def test_all_rows_alike_is_one_cluster() -> None:
    tree = WardTree().fit(np.ones((6, 2)), max_k=4)
    assert tree.membership_.max() == 0
    assert (tree.nearest_ == -1).all()
