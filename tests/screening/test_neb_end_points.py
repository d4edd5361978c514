"""End points of a hop in a supercell, and the first band between them: the vacancy of copper."""

from __future__ import annotations

import numpy as np
import pytest

from screening.crystal import Crystal
from screening.neb_end_points import hop_end_points, initial_band, smallest_supercell
from screening.neb_hops import Hop


def _copper() -> Crystal:
    fractional = np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]])
    return Crystal(np.eye(3) * 3.59, fractional, ("Cu",) * 4)


def _hop() -> Hop:
    path = np.linspace([0.0, 0.0, 0.0], [0.5, 0.5, 0.0], 5)
    return Hop(0, 1, (0, 0, 0), 3.59 / np.sqrt(2.0), 0.0, path)


def test_end_points_hold_one_vacancy_and_differ_by_one_ion() -> None:
    first, last, path = hop_end_points(_copper(), _hop(), least_width_angstrom=7.0)

    assert len(first) == len(last) == 4 * 8 - 1
    np.testing.assert_allclose(first.positions[:-1], last.positions[:-1])
    np.testing.assert_allclose(last.positions[-1] - first.positions[-1], path[-1] - path[0])
    assert first.get_all_distances(mic=True)[np.triu_indices(31, 1)].min() > 2.5


def test_the_supercell_is_wide_enough_in_every_direction() -> None:
    first, _, _ = hop_end_points(_copper(), _hop(), least_width_angstrom=10.0)

    assert first.cell.lengths() == pytest.approx([10.77] * 3)


def _primitive_copper() -> Crystal:
    lattice = 3.59 * np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])
    return Crystal(lattice, np.zeros((1, 3)), ("Cu",))


def test_a_centred_cell_is_repeated_as_its_conventional_one_where_that_is_smaller() -> None:
    wide = smallest_supercell(_primitive_copper(), 7.0)
    narrow = smallest_supercell(_primitive_copper(), 4.1)

    # 2 x 2 x 2 cubes hold 32 atoms; the primitive cell would be taken 4 x 4 x 4 times
    assert round(abs(np.linalg.det(wide))) == 32
    assert narrow.tolist() == [[2, 0, 0], [0, 2, 0], [0, 0, 2]]


def test_the_hop_is_the_same_in_a_supercell_of_either_kind() -> None:
    path = np.linspace([0.0, 0.0, 0.0], [1.0, 0.0, 0.0], 5)
    hop = Hop(0, 0, (1, 0, 0), 3.59 / np.sqrt(2.0), 0.0, path)

    first, last, _ = hop_end_points(_primitive_copper(), hop, least_width_angstrom=7.0)
    cubic, _, _ = hop_end_points(_copper(), _hop(), least_width_angstrom=7.0)

    assert len(first) == 31
    assert abs(first.get_volume()) == pytest.approx(cubic.get_volume())
    np.testing.assert_allclose(
        np.sort(first.get_all_distances(mic=True).ravel()),
        np.sort(cubic.get_all_distances(mic=True).ravel()),
        atol=1e-6,
    )
    hopped = np.linalg.norm(last.positions[-1] - first.positions[-1])
    assert hopped == pytest.approx(3.59 / np.sqrt(2.0))


def test_the_band_follows_the_path_between_relaxed_ends() -> None:
    first, last, path = hop_end_points(_copper(), _hop(), least_width_angstrom=7.0)
    detour = path + np.array([0.0, 0.0, 0.4]) * np.sin(np.linspace(0, np.pi, len(path)))[:, None]

    images = initial_band(first, last, detour, 5)

    np.testing.assert_allclose(images[0].positions, first.positions)
    np.testing.assert_allclose(images[-1].positions, last.positions, atol=1e-12)
    middle = images[2].positions[-1]
    np.testing.assert_allclose(middle[2], 0.4, atol=0.02)
