"""Second-order representations: distances add up, weights are those of the paper."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from screening.errors import ScreeningError
from screening.mixing import SCANNED_WEIGHTS, mix


def test_squared_distances_add_with_the_weight_squared(rng) -> None:
    first = rng.normal(size=(12, 5)).astype(np.float32)
    second = rng.normal(size=(12, 3)).astype(np.float32)
    names = [f"s{number}" for number in range(12)]
    order = rng.permutation(12)

    ids, values = mix(names, first, [names[row] for row in order], second[order], 0.25)

    assert ids == tuple(names)
    np.testing.assert_allclose(
        pdist(values) ** 2, pdist(first) ** 2 + 0.25**2 * pdist(second) ** 2, rtol=1e-5
    )


def test_structures_without_one_of_the_two_are_left_out(rng) -> None:
    first, second = rng.normal(size=(3, 2)), rng.normal(size=(2, 2))
    ids, values = mix(["a", "b", "c"], first, ["c", "a"], second, 1.0)
    assert ids == ("a", "c")
    np.testing.assert_allclose(values[1], [*first[2], *second[0]], rtol=1e-6)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_a_weight_that_is_none_is_refused(weight) -> None:
    with pytest.raises(ScreeningError, match="positive number"):
        mix(["a"], np.ones((1, 1)), ["a"], np.ones((1, 1)), weight)


def test_nothing_in_common_is_refused() -> None:
    with pytest.raises(ScreeningError, match="both"):
        mix(["a"], np.ones((1, 1)), ["b"], np.ones((1, 1)), 1.0)


def test_the_scanned_weights_are_those_of_the_paper() -> None:
    assert len(SCANNED_WEIGHTS) == 21
    assert {1e-6, 2e-6, 9e-5, 1e-3, 4e-3, 1e-2} <= set(SCANNED_WEIGHTS)
    assert list(SCANNED_WEIGHTS) == sorted(SCANNED_WEIGHTS)
