"""Scores of a map: three ways to count what is explained, and targets that few values dominate."""

from __future__ import annotations

import numpy as np
import pytest

from screening.map.scores import reconstruction_r2, target_scores


def test_the_mean_profile_explains_most_about_one_mean_and_nothing_about_the_columns() -> None:
    random = np.random.default_rng(1)
    profile = np.exp(-0.5 * ((np.arange(50) - 20) / 4.0) ** 2)
    values = profile + 0.05 * random.normal(size=(200, 50))
    mean = np.broadcast_to(values.mean(axis=0), values.shape)

    of_the_mean = reconstruction_r2(values, mean)

    assert of_the_mean.about_mean > 0.95
    assert of_the_mean.about_materials > 0.95
    assert of_the_mean.about_columns == pytest.approx(0.0, abs=1e-9)


def test_a_perfect_reconstruction_is_one_by_every_definition() -> None:
    values = np.random.default_rng(1).normal(size=(20, 5))

    assert reconstruction_r2(values, values) == pytest.approx((1.0, 1.0, 1.0))


def test_each_material_weighs_the_same_about_its_own_mean() -> None:
    values = np.array([[0.0, 1.0], [0.0, 1000.0]])
    predicted = np.array([[0.0, 1.0], [500.0, 500.0]])  # the first right, the second its mean

    assert reconstruction_r2(values, predicted).about_materials == pytest.approx(0.5)


def test_a_few_large_targets_do_not_decide_the_clipped_score() -> None:
    truth = np.array([0.2, 0.5, 0.8, 1.1, 8.0, 7.5])
    only_the_large = np.array([0.8, 0.2, 1.1, 0.5, 8.0, 7.5])

    scores = target_scores(truth, only_the_large, clip=1.2)

    assert scores is not None
    assert scores.r2 == pytest.approx(0.98, abs=0.02)
    assert scores.r2_clipped is not None and scores.r2_clipped < 0.4
    assert scores.mae == pytest.approx((0.6 + 0.3 + 0.3 + 0.6) / 6)
    assert scores.spearman is not None and scores.spearman < 0.9


def test_unknown_targets_are_left_out_and_one_is_too_few() -> None:
    truth = np.array([np.nan, 1.0, 2.0, 3.0])

    scores = target_scores(truth, np.array([9.0, 1.0, 2.0, 3.0]))

    assert scores == pytest.approx((1.0, None, 0.0, 1.0))
    assert target_scores(np.array([np.nan, 1.0]), np.zeros(2)) is None
    alike = target_scores(np.ones(3), np.array([1.0, 2.0, 3.0]))
    assert alike is not None
    assert (alike.r2, alike.spearman, alike.mae) == (None, None, 1.0)
