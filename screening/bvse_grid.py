"""Energies of a mobile ion on a periodic grid from the radial energies around each kind of site.

`interaction_energy` sums them by `screening.radial_sums`, to about 1e-4 eV where ions can pass.
The other functions cut a grid into blocks a few angstrom wide and list the distances of a block's
points to the images around it, for sums that are not plain sums of pairs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from screening.neighbours import image_offsets
from screening.radial_sums import CLOSED, SplitRadial, add_short_parts, smooth_sum, split_radial

__all__ = ["Interaction", "grid_blocks", "images_with_reach", "interaction_energy"]

FloatArray = npt.NDArray[np.float64]
SingleArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Shape = tuple[int, int, int]

_BLOCK_ANGSTROM = 2.4
_SHORTEST_ANGSTROM = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Interaction:
    """A radial energy around the sites of one kind of ion.

    Attributes
    ----------
    fractional : ndarray, shape (m, 3)
        Sites.
    cutoff_angstrom : float
    morse : tuple of float, optional
        Depth (eV), distance of the minimum (A) and alpha (1/A).
    coulomb : tuple of float, optional
        Prefactor (eV A) and screening length (A) of ``prefactor / r erfc(r / length)``.
    closed_within_angstrom : float
        Points nearer to a site than this are closed.
    """

    fractional: FloatArray
    cutoff_angstrom: float
    morse: tuple[float, float, float] | None = None
    coulomb: tuple[float, float] | None = None
    closed_within_angstrom: float = 0.0


def grid_blocks(
    lattice_angstrom: FloatArray, shape: Shape, width_angstrom: float = _BLOCK_ANGSTROM
) -> Iterator[tuple[tuple[slice, slice, slice], FloatArray]]:
    """Cut a periodic grid into blocks.

    Yields
    ------
    slices : tuple of slice
    position : ndarray, shape (points, 3)
        Cartesian positions of the block's points in angstrom.
    """
    lengths = np.linalg.norm(lattice_angstrom, axis=1)
    cuts = []
    for n, length in zip(shape, lengths, strict=True):
        pieces = max(1, min(n, int(np.ceil(length / width_angstrom))))
        edges = np.linspace(0, n, pieces + 1).round().astype(int).tolist()
        cuts.append([slice(a, b) for a, b in itertools.pairwise(edges) if b > a])
    axes = [np.arange(n) / n for n in shape]
    for first, second, third in itertools.product(*cuts):
        fractional = np.stack(
            np.meshgrid(axes[0][first], axes[1][second], axes[2][third], indexing="ij"), axis=-1
        ).reshape(-1, 3)
        yield (first, second, third), fractional @ lattice_angstrom


def images_with_reach(
    lattice_angstrom: FloatArray, fractional: FloatArray, reach_angstrom: float
) -> tuple[FloatArray, IntArray]:
    """Periodic images that come within reach of any point of the cell.

    Returns
    -------
    position : ndarray, shape (images, 3)
        Cartesian, in angstrom.
    site : ndarray of int, shape (images,)
    """
    wrapped = fractional - np.floor(fractional)
    offsets = image_offsets(lattice_angstrom, reach_angstrom)
    images = (wrapped[None, :, :] + offsets[:, None, :]).reshape(-1, 3)
    site = np.tile(np.arange(len(fractional)), len(offsets))
    # outside the cell by more than the reach along a plane normal: never within reach
    per_angstrom = np.linalg.norm(np.linalg.inv(lattice_angstrom), axis=0)
    margin = reach_angstrom * per_angstrom
    near = ((images >= -margin) & (images <= 1.0 + margin)).all(axis=1)
    return images[near] @ lattice_angstrom, site[near]


def relative_distances(block: FloatArray, images: FloatArray, centre: FloatArray) -> SingleArray:
    """Distances of all points of a block to some images, shape (points, images), single."""
    p = (block - centre).astype(np.float32)
    s = (images - centre).astype(np.float32)
    squared = p @ s.T
    squared *= np.float32(-2.0)
    squared += np.einsum("ij,ij->i", p, p)[:, None]
    squared += np.einsum("ij,ij->i", s, s)[None, :]
    np.maximum(squared, np.float32(_SHORTEST_ANGSTROM**2), out=squared)
    np.sqrt(squared, out=squared)
    return squared


def coulomb_energy(distance: SingleArray, prefactor: float, length: float) -> SingleArray:
    """Screened Coulomb energies, ``prefactor / r erfc(r / length)``."""
    from scipy.special import erfc

    return np.asarray(
        erfc(distance * np.float32(1.0 / length)) * (np.float32(prefactor) / distance),
        dtype=np.float32,
    )


def interaction_energy(
    lattice_angstrom: FloatArray,
    shape: Shape,
    interactions: list[Interaction],
    closed_eV: float,
) -> FloatArray:
    """Sum radial pair energies at every point of a periodic grid.

    Parameters
    ----------
    lattice_angstrom : ndarray, shape (3, 3)
    shape : tuple of int
        Points along each cell vector.
    interactions : list of Interaction
    closed_eV : float
        Energy of closed points.

    Returns
    -------
    ndarray, shape `shape`
        In eV.
    """
    parts = [
        (
            interaction.fractional,
            _split(
                interaction.morse,
                interaction.coulomb,
                interaction.cutoff_angstrom,
                interaction.closed_within_angstrom,
            ),
        )
        for interaction in interactions
    ]
    energy = smooth_sum(lattice_angstrom, shape, parts)
    for fractional, function in parts:
        add_short_parts(energy, lattice_angstrom, fractional, function)
    energy[energy > 0.5 * CLOSED] = closed_eV
    return energy


@lru_cache(maxsize=64)
def _split(
    morse: tuple[float, float, float] | None,
    coulomb: tuple[float, float] | None,
    cutoff_angstrom: float,
    closed_within_angstrom: float,
) -> SplitRadial:
    if morse is not None:
        depth, r_min, alpha = morse

        def function(r: FloatArray) -> FloatArray:
            return depth * ((np.exp(alpha * (r_min - r)) - 1.0) ** 2 - 1.0)
    else:
        from scipy.special import erfc

        assert coulomb is not None
        prefactor, length = coulomb

        def function(r: FloatArray) -> FloatArray:
            return np.asarray(prefactor / r * erfc(r / length))

    return split_radial(function, cutoff_angstrom, closed_within_angstrom=closed_within_angstrom)
