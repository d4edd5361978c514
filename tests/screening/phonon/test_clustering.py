"""Clusters that are there are found, and silhouettes equal scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from screening.phonon.clustering import METHODS, ClusterError, cluster


def blobs(rng: np.random.Generator, k: int, n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    centres = 12.0 * np.eye(k, 4) + np.arange(k)[:, None]
    truth = np.repeat(np.arange(k), n)
    return centres[truth] + rng.normal(size=(k * n, 4)), truth


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_number_of_separate_blobs_is_found(
    method: str, k: int, rng: np.random.Generator
) -> None:
    points, truth = blobs(rng, k)

    found = cluster(points, method, k_max=7)

    assert found.best_by_silhouette == k
    assert found.best_by_variance in (k, max(2, k - 1))
    assert adjusted_rand_score(truth, found.labels[k]) == 1.0
    assert found.sizes(k) == [40] * k


@pytest.mark.parametrize("method", METHODS)
def test_silhouettes_are_scikit_learns(method: str, rng: np.random.Generator) -> None:
    points = rng.normal(size=(70, 3))

    found = cluster(points, method, k_max=6)

    for k, labels in found.labels.items():
        assert found.silhouettes[k] == pytest.approx(silhouette_samples(points, labels))
    within = list(found.within.values())
    assert all(0 < value < 1 for value in within)
    if method != "spectral":
        assert within == sorted(within, reverse=True)


def test_spectral_clustering_follows_rings(rng: np.random.Generator) -> None:
    angle = rng.uniform(0, 2 * np.pi, 300)
    truth = np.repeat([0, 1], 150)
    radius = np.where(truth == 0, 1.0, 4.0) + 0.05 * rng.normal(size=300)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])

    spectral = cluster(points, "spectral", k_max=3).labels[2]
    k_means = cluster(points, "k-means", k_max=3).labels[2]

    assert adjusted_rand_score(truth, spectral) == 1.0
    assert adjusted_rand_score(truth, k_means) < 0.5


def test_one_seed_gives_one_result(rng: np.random.Generator) -> None:
    points = rng.normal(size=(60, 5))

    first, second = (cluster(points, "spectral", seed=4) for _ in range(2))

    assert all(np.array_equal(first.labels[k], second.labels[k]) for k in first.labels)


def test_too_few_rows_and_unknown_methods_are_refused() -> None:
    with pytest.raises(ClusterError, match="1 distinct rows cannot be clustered into 2 to 3"):
        cluster(np.ones((9, 2)), "k-means", k_max=3)
    with pytest.raises(ClusterError, match="'dbscan' is no clustering"):
        cluster(np.arange(20.0)[:, None], "dbscan")
