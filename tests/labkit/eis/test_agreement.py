"""R of a circuit beside R of the tail."""

from __future__ import annotations

import math

import pytest

from labkit.eis.agreement import compare_with_tail
from labkit.geometry import Measured


def test_a_difference_within_the_errors_is_none() -> None:
    beside = compare_with_tail(Measured(1000.0, 3.0, 4.0), 1009.0, 1.0)
    assert beside.difference_relative == pytest.approx(0.009)
    assert beside.difference_sigma == pytest.approx(9 / math.sqrt(26))
    assert not beside.disagrees
    assert beside.reasons == ()


def test_a_difference_beyond_the_errors_is_for_review() -> None:
    (reason,) = compare_with_tail(Measured(2.223e6, 2e3, 1.1e4), 2.158e6, 7e3).reasons
    assert (reason.weight, reason.code) == ("review", "circuit-disagrees")
    assert "-2.9%" in reason.message
    assert "4.9 times" in reason.message


@pytest.mark.parametrize("resistance", [math.nan, -5.0, 0.0])
def test_without_a_resistance_there_is_nothing_to_compare(resistance: float) -> None:
    assert not compare_with_tail(Measured(resistance, 1.0), 1000.0, 1.0).disagrees
    assert not compare_with_tail(Measured(1000.0), 1100.0, 0.0).disagrees
