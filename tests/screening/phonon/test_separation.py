"""Permutation tests find what was planted and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kruskal, spearmanr
from sklearn.metrics import roc_auc_score

from screening.errors import LabelError
from screening.phonon.separation import cluster_separation, feature_separation


def test_a_planted_feature_is_found_and_noise_is_not(rng: np.random.Generator) -> None:
    label = rng.normal(-8, 3, size=60)
    features = rng.normal(size=(60, 6))
    features[:, 2] = -label + rng.normal(size=60)

    found = feature_separation(features, list("abcdef"), label, threshold=-6.0, repeats=500)

    assert [one.p_corrected < 0.05 for one in found] == [i == 2 for i in range(6)]
    for i, one in enumerate(found):
        assert one.spearman == pytest.approx(spearmanr(features[:, i], label)[0])
        assert one.auc == pytest.approx(roc_auc_score(label >= -6.0, features[:, i]))
        assert one.p <= one.p_corrected


def test_p_is_uniform_when_nothing_is_there(rng: np.random.Generator) -> None:
    label = rng.normal(size=30)
    p = [one.p for one in feature_separation(
        rng.normal(size=(30, 200)), [str(i) for i in range(200)], label, repeats=400
    )]  # fmt: skip

    assert np.mean(np.array(p) < 0.1) == pytest.approx(0.1, abs=0.07)


def test_blocks_take_repeats_of_one_formula_as_one(rng: np.random.Generator) -> None:
    mean = rng.normal(size=6)
    label, feature = np.repeat(mean, 10), np.repeat(mean + rng.normal(size=6), 10)
    blocks = [str(i) for i in np.repeat(np.arange(6), 10)]

    free = feature_separation(feature[:, None], ["x"], label, repeats=500)[0]
    blocked = feature_separation(feature[:, None], ["x"], label, blocks=blocks, repeats=500)[0]

    assert blocked.p > free.p


def test_between_clusters_is_kruskals_statistic(rng: np.random.Generator) -> None:
    clusters = np.repeat([0, 1, 2], 20)
    label = rng.normal(size=60) + clusters

    found = cluster_separation(clusters, label, repeats=500)

    h, p = kruskal(*(label[clusters == c] for c in range(3)))
    # the statistic divides by the sample variance of the ranks, ours by their mean square
    assert found.between * 59 == pytest.approx(h)
    assert found.p == pytest.approx(p, abs=0.03)


def test_too_few_labels_are_refused() -> None:
    with pytest.raises(LabelError, match="four or more"):
        feature_separation(np.ones((3, 1)), ["x"], [1, 2, 3])
    with pytest.raises(LabelError, match="four or more"):
        cluster_separation([0, 1], [1, 2])
