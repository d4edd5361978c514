"""Voronoi faces of all sites of a crystal, by one tessellation per crystal.

A general neighbour finder tessellates a sphere around every site in turn. Here the sites of the
cell and the images around them are tessellated once, and all faces are measured in array
operations. The images reach at least twice as far as the farthest corner of any cell, which makes
the cells exact.

Uniform scaling does not change which sites are neighbours, so every crystal is tessellated at one
size per site and the faces are scaled back. The last few tessellations are kept: the descriptors of
a crystal, and its copy of another size, share one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.errors import DescriptorError
from screening.neighbours import image_offsets

__all__ = ["VoronoiFaces", "voronoi_faces"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

VOLUME_PER_SITE_ANGSTROM3 = 12.0
FIRST_RADIUS_ANGSTROM = 6.0
LARGEST_RADIUS_ANGSTROM = 60.0
_KEPT = 16
# copies of one crystal that differ in size agree in so many decimals
_DECIMALS = 12


class VoronoiFaces(NamedTuple):
    """Faces of the Voronoi cells of the sites in one cell.

    Attributes
    ----------
    site, neighbour : ndarray of int, shape (faces,)
        Site whose cell the face belongs to, and the site (of which it is an image) beyond it.
    image : ndarray of int, shape (faces, 3)
        Cell of that image, for coordinates wrapped into 0 ... 1.
    distance_angstrom : ndarray, shape (faces,)
        Distance of the two atoms; the face lies half-way.
    area_angstrom2, solid_angle, volume_angstrom3 : ndarray, shape (faces,)
        Area, solid angle in steradian, and volume of the pyramid over the face.
    """

    site: IntArray
    neighbour: IntArray
    image: IntArray
    distance_angstrom: FloatArray
    area_angstrom2: FloatArray
    solid_angle: FloatArray
    volume_angstrom3: FloatArray


def voronoi_faces(crystal: Crystal) -> VoronoiFaces:
    """Tessellate a crystal.

    Raises
    ------
    DescriptorError
        With the code ``voronoi`` when there is no tessellation: a hole wider than five times the
        mean distance of the sites.
    """
    per_site = crystal.volume_angstrom3 / crystal.n_sites
    size = (per_site / VOLUME_PER_SITE_ANGSTROM3) ** (1.0 / 3.0)
    lattice = np.round(crystal.lattice_angstrom / size, _DECIMALS)
    inside = crystal.fractional - np.floor(crystal.fractional)
    faces = _faces(lattice.tobytes(), inside.tobytes())
    if faces is None:
        raise DescriptorError(
            "voronoi",
            f"{crystal.material_id}: no Voronoi cells with neighbours up to "
            f"{size * LARGEST_RADIUS_ANGSTROM:.0f} angstrom",
        )
    return faces._replace(
        distance_angstrom=faces.distance_angstrom * size,
        area_angstrom2=faces.area_angstrom2 * size**2,
        volume_angstrom3=faces.volume_angstrom3 * size**3,
    )


@lru_cache(maxsize=_KEPT)
def _faces(lattice_bytes: bytes, fractional_bytes: bytes) -> VoronoiFaces | None:
    """Faces of sites with coordinates in 0 ... 1; None when there is no tessellation."""
    lattice = np.frombuffer(lattice_bytes).reshape(3, 3)
    fractional = np.frombuffer(fractional_bytes).reshape(-1, 3)
    radius = FIRST_RADIUS_ANGSTROM
    while radius <= LARGEST_RADIUS_ANGSTROM:
        faces, needed = _tessellate(lattice, fractional, radius)
        if faces is not None and needed <= radius:
            for array in faces:
                array.flags.writeable = False
            return faces
        radius = max(1.5 * radius, min(1.05 * needed, LARGEST_RADIUS_ANGSTROM))
    return None


def _tessellate(
    lattice: FloatArray, fractional: FloatArray, radius: float
) -> tuple[VoronoiFaces | None, float]:
    """Faces, and the radius of images that makes them exact."""
    from scipy.spatial import QhullError, Voronoi, cKDTree

    inside = fractional @ lattice
    n = len(inside)
    offsets = image_offsets(lattice, radius)
    offsets = offsets[np.abs(offsets).sum(axis=1) > 0]
    images = (inside[None, :, :] + (offsets @ lattice)[:, None, :]).reshape(-1, 3)
    near, _ = cKDTree(inside).query(images, distance_upper_bound=radius)
    kept = np.flatnonzero(np.isfinite(near))
    points = np.concatenate([inside, images[kept]])
    original = np.concatenate([np.arange(n), kept % n])
    cells = np.concatenate([np.zeros((n, 3)), offsets[kept // n]]).astype(np.int64)
    if len(points) < 5:
        return None, 2.0 * radius
    try:
        tessellation = Voronoi(points)
    except QhullError:  # all points in one plane: look further
        return None, 2.0 * radius
    pairs = np.asarray(tessellation.ridge_points, dtype=np.int64)
    wanted = np.flatnonzero((pairs < n).any(axis=1))
    polygons = [tessellation.ridge_vertices[ridge] for ridge in wanted]
    if any(-1 in polygon for polygon in polygons):
        return None, 2.0 * radius
    return _measure(points, original, cells, n, pairs[wanted], polygons, tessellation.vertices)


def _measure(
    points: FloatArray,
    original: IntArray,
    cells: IntArray,
    n: int,
    pairs: IntArray,
    polygons: list[list[int]],
    vertices: FloatArray,
) -> tuple[VoronoiFaces, float]:
    """Measure all faces as fans of triangles seen from their site."""
    # a face between two sites of the cell counts for both
    both = (pairs < n).all(axis=1)
    first = np.where(pairs[:, 0] < n, pairs[:, 0], pairs[:, 1])
    second = np.where(pairs[:, 0] < n, pairs[:, 1], pairs[:, 0])
    site = np.concatenate([first, second[both]])
    beyond = np.concatenate([second, first[both]])
    source = np.concatenate([np.arange(len(pairs)), np.flatnonzero(both)])

    corners = np.array([len(polygon) for polygon in polygons])
    flat = np.concatenate([np.asarray(polygon) for polygon in polygons])
    begin = np.concatenate([[0], np.cumsum(corners)[:-1]])
    triangles = corners[source] - 2
    face = np.repeat(np.arange(len(source)), triangles)
    step = np.arange(len(face)) - np.repeat(np.cumsum(triangles) - triangles, triangles)
    start = begin[source][face]
    centre = points[site[face]]
    a = vertices[flat[start]] - centre
    b = vertices[flat[start + step + 1]] - centre
    c = vertices[flat[start + step + 2]] - centre
    triple = np.einsum("ij,ij->i", a, np.cross(b, c))
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    below = (
        la * lb * lc
        + np.einsum("ij,ij->i", a, b) * lc
        + np.einsum("ij,ij->i", a, c) * lb
        + np.einsum("ij,ij->i", b, c) * la
    )
    angle = np.bincount(face, 2.0 * np.arctan2(np.abs(triple), below), len(source))
    volume = np.bincount(face, np.abs(triple) / 6.0, len(source))
    distance = np.linalg.norm(points[site] - points[beyond], axis=1)
    faces = VoronoiFaces(
        site=site,
        neighbour=original[beyond],
        image=cells[beyond] - cells[site],
        distance_angstrom=distance,
        area_angstrom2=6.0 * volume / distance,
        solid_angle=np.asarray(angle),
        volume_angstrom3=np.asarray(volume),
    )
    return faces, 2.0 * float(max(la.max(), lb.max(), lc.max()))
