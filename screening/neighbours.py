"""Periodic images and pairs of sites within a radius, by array operations."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

__all__ = ["image_offsets", "images_needed"]

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
