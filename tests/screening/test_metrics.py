"""Metrics against scikit-learn's definition, enumeration and simple cases."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.errors import LabelError
from screening.metrics import (
    area_under_curve,
    bootstrap,
    bootstrap_gain,
    enrichment_factor,
    expected_hits,
    precision_at,
    recall_at,
)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=6),
    st.integers(1, 6),
)
@settings(max_examples=60, deadline=None)
def test_hits_are_the_mean_over_all_orders_of_ties(cases, count) -> None:
    score = np.array([case[0] for case in cases])
    good = np.array([case[1] for case in cases])
    orders = [
        order
        for order in itertools.permutations(range(len(cases)))
        if all(score[a] >= score[b] for a, b in itertools.pairwise(order))
    ]
    mean = np.mean([good[list(order)[:count]].sum() for order in orders])
    assert expected_hits(score, good, count) == pytest.approx(mean)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_area_is_the_share_of_ordered_pairs(cases) -> None:
    good = [score for score, positive in cases if positive]
    bad = [score for score, positive in cases if not positive]
    area = area_under_curve(*zip(*cases, strict=True))
    if not good or not bad:
        assert np.isnan(area)
        return
    wins = [(g > b) + 0.5 * (g == b) for g in good for b in bad]
    assert area == pytest.approx(np.mean(wins))


def test_perfect_and_constant_scores() -> None:
    good = np.arange(100) < 10
    assert enrichment_factor(-np.arange(100), good) == pytest.approx(10.0)
    assert enrichment_factor(np.zeros(100), good) == pytest.approx(1.0)
    assert area_under_curve(np.zeros(100), good) == 0.5
    assert precision_at(-np.arange(100), good, 20) == pytest.approx(0.5)
    assert recall_at(-np.arange(100), good, 5) == pytest.approx(0.5)


def test_interval_holds_the_value_and_repeats(rng) -> None:
    score = rng.normal(size=80)
    good = score + rng.normal(size=80) > 1
    found = bootstrap(area_under_curve, score, good, repeats=200)
    assert found.low < found.value < found.high
    assert found == bootstrap(area_under_curve, score, good, repeats=200)


def test_a_gain_is_judged_case_by_case(rng) -> None:
    good = rng.random(120) < 0.3
    noisy = good + rng.normal(0, 1.0, 120)
    # a little better everywhere: too little for the two intervals, enough for their difference
    better = noisy + 0.3 * good
    gain = bootstrap_gain(area_under_curve, better, noisy, good, repeats=300)
    assert gain.low > 0
    first = bootstrap(area_under_curve, better, good, repeats=300)
    second = bootstrap(area_under_curve, noisy, good, repeats=300)
    assert gain.value == pytest.approx(first.value - second.value)
    assert first.low < second.value
    same = bootstrap_gain(area_under_curve, noisy, noisy, good, repeats=50)
    assert same == (0.0, 0.0, 0.0)


def test_sizes_must_agree() -> None:
    with pytest.raises(LabelError, match="3 scores for 2"):
        area_under_curve([1, 2, 3], [True, False])
