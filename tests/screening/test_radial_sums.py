"""Sums over a periodic grid against sums over images one by one."""

from __future__ import annotations

import numpy as np
import pytest

from screening.radial_sums import CLOSED, add_short_parts, smooth_sum, split_radial

LATTICE = np.array([[6.1, 0.0, 0.0], [-2.4, 5.2, 0.3], [1.9, -1.1, 6.4]])
CUTOFF = 10.0
SITES = np.array([[0.03, 0.98, 0.5], [0.41, 0.27, -0.2]])


def _morse(r: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * ((np.exp(1.7 * (2.2 - r)) - 1.0) ** 2 - 1.0))


def _screened(r: np.ndarray) -> np.ndarray:
    from scipy.special import erfc

    return np.asarray(9.0 / r * erfc(r / 2.1))


def _direct(function, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum, and the distance to the nearest site, at every point."""
    points = np.indices(shape).reshape(3, -1).T / np.array(shape)
    cells = np.indices((7, 7, 7)).reshape(3, -1).T - 3
    total, nearest = np.zeros(len(points)), np.full(len(points), np.inf)
    for site in SITES:
        for cell in cells:
            r = np.linalg.norm((points - site - cell) @ LATTICE, axis=1)
            inside = (r < CUTOFF) & (r > 0.05)
            total[inside] += function(r[inside])
            nearest = np.minimum(nearest, r)
    return total.reshape(shape), nearest.reshape(shape)


# fewer points than the smooth part has waves, more, and a flat one
@pytest.mark.parametrize("shape", [(7, 6, 8), (20, 26, 24), (5, 40, 9)])
@pytest.mark.parametrize("function", [_morse, _screened])
def test_the_sum_is_that_over_all_images(function, shape: tuple[int, int, int]) -> None:
    split = split_radial(function, CUTOFF)

    total = smooth_sum(LATTICE, shape, [(SITES, split)])
    add_short_parts(total, LATTICE, SITES, split)

    expected, nearest = _direct(function, shape)
    passable = nearest > 1.2
    np.testing.assert_allclose(total[passable], expected[passable], atol=3e-4)


def test_points_within_a_closed_radius_are_marked() -> None:
    shape = (20, 26, 24)
    split = split_radial(_screened, 12.0, closed_within_angstrom=1.4)

    total = smooth_sum(LATTICE, shape, [(SITES, split)])
    add_short_parts(total, LATTICE, SITES, split)

    _, nearest = _direct(_screened, shape)
    clear = np.abs(nearest - 1.4) > 1e-3
    assert np.array_equal((total > 0.5 * CLOSED)[clear], (nearest < 1.4)[clear])


def test_a_cell_smaller_than_the_short_part_sees_several_images() -> None:
    lattice = 2.0 * np.eye(3)
    split = split_radial(_morse, 12.0)
    small = smooth_sum(lattice, (10, 10, 10), [(np.zeros((1, 3)), split)])
    add_short_parts(small, lattice, np.zeros((1, 3)), split)

    doubled = np.array(list(np.ndindex(2, 2, 2))) / 2.0
    large = smooth_sum(2.0 * lattice, (20, 20, 20), [(doubled, split)])
    add_short_parts(large, 2.0 * lattice, doubled, split)

    np.testing.assert_allclose(np.tile(small, (2, 2, 2)), large, rtol=1e-5, atol=1e-4)
