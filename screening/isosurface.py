"""Surfaces of equal energy through a periodic landscape, as triangles.

Every cube between grid points is cut into six tetrahedra around its diagonal, and each of these
holds at most two triangles of the surface (marching tetrahedra: Doi & Koide, IEICE Trans. 1991,
E74, 214). Unlike cubes, tetrahedra leave no ambiguous case, so the surface has no holes, in a
lattice of any shape. Fewer lines than an imaging library is megabytes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Isosurface", "isosurface"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Six tetrahedra of a unit cube: along its edges from 000 to 111, one for each order of the axes.
_CORNERS = np.array(
    [np.cumsum([(0, 0, 0), *np.eye(3, dtype=int)[list(order)]], axis=0)
     for order in itertools.permutations(range(3))]
)  # fmt: skip


def _triangles_of(inside: tuple[bool, ...]) -> list[tuple[tuple[int, int], ...]]:
    """Triangles that part the inner corners of a tetrahedron from the outer, as edges they cut."""
    within = [corner for corner in range(4) if inside[corner]]
    beyond = [corner for corner in range(4) if not inside[corner]]
    if len(within) in (1, 3):
        return [tuple((a, b) for a in within for b in beyond)]
    if len(within) == 2:
        (a, b), (c, d) = within, beyond
        return [((a, c), (a, d), (b, d)), ((a, c), (b, d), (b, c))]
    return []


@dataclass(frozen=True, slots=True, eq=False)
class Isosurface:
    """Where a landscape has one energy.

    Attributes
    ----------
    level_eV : float
    points_angstrom : ndarray, shape (n, 3)
        Cartesian, inside the cell or on its faces.
    triangles : ndarray of int, shape (m, 3)
        Points of each triangle, counter-clockwise seen from where the energy is higher.
    """

    level_eV: float
    points_angstrom: FloatArray
    triangles: IntArray


def isosurface(
    energy_eV: npt.ArrayLike,
    lattice_angstrom: npt.ArrayLike,
    level_eV: float,
    *,
    most_points: int | None = None,
) -> Isosurface:
    """Return the surface between points up to a level and points above it.

    Parameters
    ----------
    energy_eV : array_like, shape (n1, n2, n3)
        Above the lowest point, on a periodic grid without repeated faces.
    lattice_angstrom : array_like, shape (3, 3)
        Vectors of the cell in rows.
    level_eV : float
        Positive.
    most_points : int, optional
        A finer grid is first thinned to about so many points, for a lighter drawing.

    Returns
    -------
    Isosurface
        Empty where the level lies outside the range of the landscape.
    """
    energy = np.asarray(energy_eV, float)
    lattice = np.asarray(lattice_angstrom, float)
    # energies rise a thousandfold next to an ion; bounded, the crossing is found more smoothly
    bounded = 0.5 - level_eV / (energy + level_eV)
    if most_points is not None and energy.size > most_points:
        bounded = _thinned(bounded, (most_points / energy.size) ** (1.0 / 3.0))
    values = np.pad(bounded, [(0, 1)] * 3, mode="wrap")
    tetrahedra = _crossed(values)
    flat = values.ravel()
    inside = flat[tetrahedra] <= 0.0
    ends: list[IntArray] = []
    for pattern in itertools.product((False, True), repeat=4):
        found = tetrahedra[(inside == pattern).all(axis=1)]
        # ends of the cut edges: (triangles, three edges of each, inner and outer corner)
        ends.extend(found[:, np.array(triangle)] for triangle in _triangles_of(pattern))
    edges = np.concatenate(ends).reshape(-1, 2)
    unique, number = np.unique(edges[:, 0] * flat.size + edges[:, 1], return_inverse=True)
    low, high = np.divmod(unique, flat.size)
    part = flat[low] / (flat[low] - flat[high])
    at_low, at_high = (np.column_stack(np.unravel_index(end, values.shape)) for end in (low, high))
    fractional = (at_low + part[:, None] * (at_high - at_low)) / np.array(bounded.shape)
    points = fractional @ lattice
    triangles = number.reshape(-1, 3).astype(np.int64)
    outward = ((at_high - at_low) / np.array(bounded.shape) @ lattice)[triangles[:, 0]]
    return Isosurface(level_eV, points, _facing(points, triangles, outward))


def _crossed(values: FloatArray) -> IntArray:
    """Corners, as flat indices, of the tetrahedra of every cube that the surface may cross."""
    inside = values <= 0.0
    n1, n2, n3 = (n - 1 for n in values.shape)
    count = np.zeros((n1, n2, n3), dtype=np.int8)
    for i, j, k in itertools.product((0, 1), repeat=3):
        count += inside[i : i + n1, j : j + n2, k : k + n3]
    cubes = np.argwhere((count > 0) & (count < 8))
    corners = cubes[:, None, None, :] + _CORNERS
    strides = np.array([values.shape[1] * values.shape[2], values.shape[2], 1])
    return np.asarray(corners @ strides, dtype=np.int64).reshape(-1, 4)


def _thinned(values: FloatArray, share: float) -> FloatArray:
    """Values on a periodic grid with fewer points along each axis, interpolated."""
    from scipy.ndimage import map_coordinates

    shape = [max(4, round(n * share)) for n in values.shape]
    places = np.meshgrid(
        *(np.arange(m) * n / m for m, n in zip(shape, values.shape, strict=True)), indexing="ij"
    )
    return np.asarray(map_coordinates(values, places, order=1, mode="grid-wrap"), dtype=float)


def _facing(points: FloatArray, triangles: IntArray, outward: FloatArray) -> IntArray:
    """Turn triangles so that their normals point outward."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), outward) < 0.0
    turned = triangles.copy()
    turned[inward] = turned[inward][:, ::-1]
    return turned
