"""Voronoi cells fill space, and textbook cells have their textbook shape."""

from __future__ import annotations

import numpy as np
import pytest

from screening import voronoi
from screening.crystal import Crystal
from screening.errors import DescriptorError
from screening.voronoi import voronoi_faces


def test_cells_fill_the_crystal_and_close_around_each_site(crystals) -> None:
    for formula, crystal in crystals.items():
        faces = voronoi_faces(crystal)
        assert faces.volume_angstrom3.sum() == pytest.approx(crystal.volume_angstrom3), formula
        angle = np.bincount(faces.site, faces.solid_angle)
        np.testing.assert_allclose(angle, 4 * np.pi, rtol=1e-9, err_msg=formula)


def test_faces_are_shared(crystals) -> None:
    faces = voronoi_faces(crystals["LiFePO4"])
    there = sorted(zip(faces.site, faces.neighbour, np.round(faces.area_angstrom2, 6)))
    back = sorted(zip(faces.neighbour, faces.site, np.round(faces.area_angstrom2, 6)))
    assert there == back


def test_simple_cubic_cell_is_a_cube() -> None:
    faces = voronoi_faces(Crystal(np.eye(3) * 3.0, np.zeros((1, 3)), ("Li",)))
    large = faces.area_angstrom2 > 1e-6
    np.testing.assert_allclose(faces.area_angstrom2[large], 9.0)
    np.testing.assert_allclose(faces.distance_angstrom[large], 3.0)
    np.testing.assert_allclose(faces.solid_angle[large], 4 * np.pi / 6)


def test_a_wide_hole_widens_the_search() -> None:
    lattice = np.diag([3.0, 3.0, 25.0])
    faces = voronoi_faces(Crystal(lattice, np.zeros((1, 3)), ("Li",)))
    assert faces.volume_angstrom3.sum() == pytest.approx(225.0)


def test_scale_changes_nothing_but_the_numbers(crystals) -> None:
    plain = crystals["LiFePO4"]
    lattice = plain.lattice_angstrom * 40.0
    vast = Crystal(lattice, plain.fractional, plain.symbols, plain.charges)
    near, far = voronoi_faces(plain), voronoi_faces(vast)
    np.testing.assert_array_equal(far.neighbour, near.neighbour)
    np.testing.assert_allclose(far.distance_angstrom, near.distance_angstrom * 40.0)
    np.testing.assert_allclose(far.area_angstrom2, near.area_angstrom2 * 1600.0)
    np.testing.assert_allclose(far.volume_angstrom3, near.volume_angstrom3 * 64000.0)
    np.testing.assert_allclose(far.solid_angle, near.solid_angle)


def test_no_tessellation_is_a_named_failure(monkeypatch) -> None:
    monkeypatch.setattr(voronoi, "LARGEST_RADIUS_ANGSTROM", 2.0)
    voronoi._faces.cache_clear()
    with pytest.raises(DescriptorError, match="lone") as raised:
        voronoi_faces(Crystal(np.eye(3) * 3.0, np.zeros((1, 3)), ("Li",), material_id="lone"))
    assert raised.value.code == "voronoi"
    voronoi._faces.cache_clear()
