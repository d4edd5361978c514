"""Sums of radial pair energies over a periodic grid, block by block.

The grid is cut into blocks a few angstrom wide. For each block the periodic images within
reach are found once by a tree of their positions, and all distances of the block to them come from
one matrix product. Numbers are single precision and relative to the middle of the block, which
holds energies to about 1e-5 eV where ions can pass; sums over blocks are not needed, so the result
does not depend on the division.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.neighbours import image_offsets

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


def morse_energy(distance: SingleArray, depth: float, r_min: float, alpha: float) -> SingleArray:
    """Morse energies, ``depth [(exp(alpha (r_min - r)) - 1)^2 - 1]``; overwrites its input."""
    x = distance
    x -= np.float32(r_min)
    x *= np.float32(-alpha)
    np.exp(x, out=x)
    x *= x - np.float32(2.0)
    x *= np.float32(depth)
    return x


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
    from scipy.spatial import cKDTree

    energy = np.zeros(shape)
    prepared: list[tuple[Interaction, FloatArray, Any]] = []
    for interaction in interactions:
        images, _ = images_with_reach(
            lattice_angstrom, interaction.fractional, interaction.cutoff_angstrom
        )
        prepared.append((interaction, images, cKDTree(images)))
    # those that close points go first: what is closed needs no further energies
    prepared.sort(key=lambda item: -item[0].closed_within_angstrom)
    for slices, block in grid_blocks(lattice_angstrom, shape):
        centre = block.mean(axis=0)
        half = float(np.linalg.norm(block - centre, axis=1).max())
        total = np.full(len(block), closed_eV)
        open_points, part = np.arange(len(block)), np.zeros(len(block))
        for interaction, images, tree in prepared:
            near = tree.query_ball_point(centre, interaction.cutoff_angstrom + half)
            if not near or not open_points.size:
                continue
            distance = relative_distances(block[open_points], images[near], centre)
            if interaction.closed_within_angstrom:
                left = distance.min(axis=1) > interaction.closed_within_angstrom
                if not left.all():
                    open_points, part, distance = open_points[left], part[left], distance[left]
            part += _radial_sum(interaction, distance)
        total[open_points] = part
        energy[slices] = total.reshape(energy[slices].shape)
    return energy


def _radial_sum(interaction: Interaction, distance: SingleArray) -> FloatArray:
    """Sum of a radial energy over the sites within its cutoff, for every point."""
    if interaction.morse is not None:
        beyond = distance > np.float32(interaction.cutoff_angstrom)
        energies = morse_energy(distance, *interaction.morse)
        energies[beyond] = 0.0
        return np.asarray(energies @ np.ones(energies.shape[1], dtype=np.float32), dtype=np.float64)
    assert interaction.coulomb is not None
    # short-ranged: few of the candidates count
    row, column = np.nonzero(distance <= np.float32(interaction.cutoff_angstrom))
    values = coulomb_energy(distance[row, column], *interaction.coulomb)
    return np.asarray(np.bincount(row, values, len(distance)))
