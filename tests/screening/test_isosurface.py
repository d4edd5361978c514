"""Isosurfaces lie where the energy has the level, close on themselves, and know the cell."""

from __future__ import annotations

import numpy as np
import pytest

from screening.isosurface import Isosurface, isosurface

OBLIQUE = np.array([[6.0, 0.0, 0.0], [-2.0, 5.0, 0.0], [1.0, 0.5, 7.0]])


def _places(shape: tuple[int, int, int]) -> np.ndarray:
    axes = np.meshgrid(*(np.arange(n) / n for n in shape), indexing="ij")
    return np.stack(axes, axis=-1)


def _bowl(shape: tuple[int, int, int] = (30, 36, 40)) -> np.ndarray:
    """Squared distance from the middle of the cell, in square angstrom."""
    return np.asarray((((_places(shape) - 0.5) @ OBLIQUE) ** 2).sum(axis=-1))


def _corners(surface: Isosurface) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b, c = (surface.points_angstrom[surface.triangles[:, n]] for n in range(3))
    return a, b, c


def _uses_of_edges(surface: Isosurface) -> np.ndarray:
    pairs = np.sort(surface.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    return np.unique(pairs, axis=0, return_counts=True)[1]


def test_around_a_minimum_it_is_a_closed_sphere_of_the_right_size() -> None:
    surface = isosurface(_bowl(), OBLIQUE, 1.5**2)

    distance = np.linalg.norm(surface.points_angstrom - OBLIQUE.sum(axis=0) / 2.0, axis=1)
    assert distance == pytest.approx(1.5, abs=0.02)
    assert set(_uses_of_edges(surface)) == {2}
    faces, edges = len(surface.triangles), len(_uses_of_edges(surface))
    assert len(surface.points_angstrom) - edges + faces == 2  # Euler: a sphere
    a, b, c = _corners(surface)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0
    assert area == pytest.approx(4.0 * np.pi * 1.5**2, rel=0.01)


def test_its_triangles_face_the_higher_energy() -> None:
    """So the enclosed volume, which counts outward faces as positive, is that of the ball."""
    surface = isosurface(_bowl(), OBLIQUE, 1.5**2)
    a, b, c = (corner - OBLIQUE.sum(axis=0) / 2.0 for corner in _corners(surface))

    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0

    assert volume == pytest.approx(4.0 / 3.0 * np.pi * 1.5**3, rel=0.01)


def test_a_channel_is_open_at_the_faces_that_it_leaves_by() -> None:
    place = _places((16, 40, 40))
    across = (place[..., 1] - 0.5) ** 2 + (place[..., 2] - 0.5) ** 2
    lattice = 8.0 * np.eye(3)

    surface = isosurface(64.0 * across, lattice, 3.9)

    along = surface.points_angstrom[:, 0]
    assert (along.min(), along.max()) == (0.0, 8.0)
    # a pipe: no holes but its two ends, each a ring of as many points as edges
    points, faces = len(surface.points_angstrom), len(surface.triangles)
    assert points - len(_uses_of_edges(surface)) + faces == 0
    open_ends = np.count_nonzero(_uses_of_edges(surface) == 1)
    assert open_ends == np.count_nonzero((along == 0.0) | (along == 8.0))


def test_walls_of_any_height_leave_the_surface_where_it_is() -> None:
    bowl = _bowl()
    walled = np.where(bowl > 4.0, np.inf, bowl)

    surface = isosurface(walled, OBLIQUE, 1.5**2)

    assert surface.points_angstrom == pytest.approx(
        isosurface(bowl, OBLIQUE, 1.5**2).points_angstrom
    )


def test_a_thinned_surface_is_lighter_and_in_the_same_place() -> None:
    full = isosurface(_bowl(), OBLIQUE, 1.5**2)
    light = isosurface(_bowl(), OBLIQUE, 1.5**2, most_points=5000)

    assert len(light.triangles) < 0.5 * len(full.triangles)
    distance = np.linalg.norm(light.points_angstrom - OBLIQUE.sum(axis=0) / 2.0, axis=1)
    assert distance == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("level", [1e-6, 1e6])
def test_outside_the_range_there_is_nothing(level: float) -> None:
    surface = isosurface(_bowl() + 1e-3, OBLIQUE, level)

    assert surface.points_angstrom.shape == (0, 3)
    assert surface.triangles.shape == (0, 3)
