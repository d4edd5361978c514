"""Periodic images and pairs of sites within a radius, by array operations."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal

__all__ = ["image_offsets", "images_needed", "pair_distances"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def images_needed(lattice_angstrom: FloatArray, radius_angstrom: float) -> IntArray:
    """Return how many cells to look at in each direction for coordinates wrapped into 0 ... 1."""
    reciprocal = np.linalg.inv(lattice_angstrom)
    # one over the spacing of the lattice planes
    per_angstrom = np.linalg.norm(reciprocal, axis=0)
    return np.asarray(np.ceil(radius_angstrom * per_angstrom + 1e-9), dtype=np.int64)


def image_offsets(lattice_angstrom: FloatArray, radius_angstrom: float) -> FloatArray:
    """Integer offsets of all cells that can hold a neighbour within a radius.

    Parameters
    ----------
    lattice_angstrom : ndarray, shape (3, 3)
    radius_angstrom : float

    Returns
    -------
    ndarray, shape (images, 3)
        For sites whose fractional coordinates lie in 0 ... 1.
    """
    reach = images_needed(lattice_angstrom, radius_angstrom)
    ranges = [range(-int(cells), int(cells) + 1) for cells in reach]
    return np.array(list(itertools.product(*ranges)), dtype=np.float64)


def pair_distances(crystal: Crystal, radius_angstrom: float) -> tuple[FloatArray, FloatArray]:
    """Distances of all pairs of sites up to a radius, each unordered pair once.

    Parameters
    ----------
    crystal : Crystal
    radius_angstrom : float

    Returns
    -------
    distance : ndarray, shape (pairs,)
        In angstrom.
    times : ndarray, shape (pairs,)
        How often the pair occurs among ordered pairs in one cell: 2 for two different sites, 1
        for a site and its own image (whose mirror image is listed too).
    """
    lattice = crystal.lattice_angstrom
    cartesian = (crystal.fractional - np.floor(crystal.fractional)) @ lattice
    shifts = image_offsets(lattice, radius_angstrom) @ lattice
    first, second = np.triu_indices(crystal.n_sites, k=1)
    delta = cartesian[second] - cartesian[first]
    shift_square = np.einsum("ij,ij->i", shifts, shifts)
    limit = radius_angstrom**2
    found = [shift_square[(shift_square > 1e-12) & (shift_square <= limit)]]
    found[0] = np.tile(found[0], crystal.n_sites)
    rows = max(1, 2_000_000 // len(shifts))
    for start in range(0, len(delta), rows):
        part = delta[start : start + rows]
        squared = 2.0 * part @ shifts.T
        squared += np.einsum("ij,ij->i", part, part)[:, None]
        squared += shift_square[None, :]
        found.append(squared[squared <= limit])
    distance = np.sqrt(np.maximum(np.concatenate(found), 0.0))
    times = np.full(distance.size, 2.0)
    times[: found[0].size] = 1.0
    return distance, times
