"""858 numbers of a structure: radial and angular distributions, Voronoi cells.

Yamaguchi et al., Sci. Rep. 2023, 13, 16799, name the three kinds and the total, after Jalem et al.,
Sci. Rep. 2018, 8, 5845, but not the bins. Here the sites are lithium (Li), oxygen (O) and all
other cations (M):

* radial distributions g(r) of Li-Li, Li-O, Li-M, O-O, O-M, M-M: 100 bins of 0.1 angstrom to 10
  angstrom, smeared by 0.5 angstrom (600);
* distributions of the angles O-Li-O, O-M-O and (Li, M)-O-(Li, M): 60 bins of 3 degrees, smeared by
  9 degrees, over pairs of Voronoi neighbours whose faces cover at least a tenth of the solid angle
  of the largest (180);
* per class of site, the distribution of the volume of its Voronoi cell, 10 bins of 4 cubic
  angstrom, and of its number of such neighbours, 1 to 16, smeared by one bin and a half (78).

The smearing (Gaussian, standard deviations are given) lets crystals whose bonds differ by some
0.3 angstrom or angles by 10 degrees lie near each other. Each of the fifteen distributions is
scaled by a maximum of its own, like each property of the composition: under one maximum for all
radial and one for all Voronoi numbers, those 78 carry two fifths of the variance and hide the rest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.map.selection import MapError
from screening.neighbours import image_offsets
from screening.voronoi import VoronoiFaces, voronoi_faces

__all__ = ["KINDS", "LENGTH", "RADIUS_ANGSTROM", "structure_descriptor"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PAIRS = ("Li-Li", "Li-O", "Li-M", "O-O", "O-M", "M-M")
_PAIR_NUMBER = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])
RADIUS_ANGSTROM, RADIAL_BINS = 10.0, 100
ANGLES = ("O-Li-O", "O-M-O", "cation-O-cation")
ANGLE_BINS = 60
VOLUME_BINS, VOLUME_STEP_ANGSTROM3, LARGEST_NUMBER = 10, 4.0, 16
_RADIAL_SMEAR_BINS, _ANGLE_SMEAR_BINS, _CELL_SMEAR_BINS = 5.0, 3.0, 1.5
_FACE_SHARE = 0.1
_RADIAL, _ANGULAR = len(PAIRS) * RADIAL_BINS, len(ANGLES) * ANGLE_BINS
_PER_CLASS = VOLUME_BINS + LARGEST_NUMBER
LENGTH = _RADIAL + _ANGULAR + 3 * _PER_CLASS


def _kinds() -> tuple[tuple[str, slice], ...]:
    lengths = [(f"g(r) {pair}", RADIAL_BINS) for pair in PAIRS]
    lengths += [(f"angles {angle}", ANGLE_BINS) for angle in ANGLES]
    for site in ("Li", "O", "M"):
        lengths += [(f"cell volumes {site}", VOLUME_BINS), (f"neighbours {site}", LARGEST_NUMBER)]
    ends = np.cumsum([length for _, length in lengths]).tolist()
    return tuple(
        (name, slice(end - length, end)) for (name, length), end in zip(lengths, ends, strict=True)
    )


#: columns that are scaled by one maximum
KINDS: tuple[tuple[str, slice], ...] = _kinds()


def structure_descriptor(crystal: Crystal) -> FloatArray:
    """Describe one ordered crystal, not yet scaled.

    Parameters
    ----------
    crystal : Crystal
        Every site full.

    Returns
    -------
    ndarray, shape (858,)

    Raises
    ------
    MapError
        When a site is shared, or lithium or oxygen is missing.
    DescriptorError
        When there is no Voronoi tessellation.
    """
    if not crystal.is_ordered:
        raise MapError(f"{crystal.material_id}: has shared sites; order it first")
    symbols = np.array(crystal.symbols)
    kind = np.where(symbols == "Li", 0, np.where(symbols == "O", 1, 2))
    for number, element in enumerate(("Li", "O")):
        if not (kind == number).any():
            raise MapError(
                f"{crystal.material_id}: holds no {element}; the map is for compounds of lithium "
                "and oxygen"
            )
    faces = voronoi_faces(crystal)
    return np.concatenate([_radial(crystal, kind), *_angular_and_voronoi(crystal, kind, faces)])


def _radial(crystal: Crystal, kind: IntArray) -> FloatArray:
    """Radial distributions of the six pairs, one after the other."""
    lattice = crystal.lattice_angstrom
    at = (crystal.fractional - np.floor(crystal.fractional)) @ lattice
    shifts = image_offsets(lattice, RADIUS_ANGSTROM) @ lattice
    shift_square = np.einsum("ij,ij->i", shifts, shifts)
    counted = np.zeros(_RADIAL)
    step = RADIUS_ANGSTROM / RADIAL_BINS
    for site in range(crystal.n_sites):
        delta = at - at[site]
        squared = np.einsum("ij,ij->i", delta, delta)[:, None] + shift_square[None, :]
        squared += 2.0 * delta @ shifts.T
        inside = (squared > 1e-6) & (squared < RADIUS_ANGSTROM**2)
        other, _ = np.nonzero(inside)
        bins = np.minimum((np.sqrt(squared[inside]) / step).astype(np.int64), RADIAL_BINS - 1)
        slot = _PAIR_NUMBER[kind[site], kind[other]] * RADIAL_BINS + bins
        counted += np.bincount(slot, minlength=_RADIAL)
    number = np.bincount(kind, minlength=3).astype(np.float64)
    edges = step * np.arange(RADIAL_BINS + 1)
    shell = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    found = counted.reshape(len(PAIRS), RADIAL_BINS)
    for a in range(3):
        for b in range(a, 3):
            pairs = number[a] * number[b] * (1.0 if a == b else 2.0)
            if pairs:
                found[_PAIR_NUMBER[a, b]] *= crystal.volume_angstrom3 / (pairs * shell)
    return _smear(found, _RADIAL_SMEAR_BINS).ravel()


def _smear(rows: FloatArray, bins: float) -> FloatArray:
    offset = np.arange(rows.shape[1])[:, None] - np.arange(rows.shape[1])[None, :]
    kernel = np.exp(-0.5 * (offset / bins) ** 2)
    kernel /= kernel.sum(axis=1).max()
    return np.asarray(rows @ kernel)


def _angular_and_voronoi(
    crystal: Crystal, kind: IntArray, faces: VoronoiFaces
) -> tuple[FloatArray, FloatArray]:
    n = crystal.n_sites
    lattice = crystal.lattice_angstrom
    inside = (crystal.fractional - np.floor(crystal.fractional)) @ lattice
    largest = np.zeros(n)
    np.maximum.at(largest, faces.site, faces.solid_angle)
    near = faces.solid_angle >= _FACE_SHARE * largest[faces.site]
    site, beyond = faces.site[near], faces.neighbour[near]
    vector = inside[beyond] + faces.image[near] @ lattice - inside[site]
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    angular = _angles(kind, site, beyond, vector)
    volume = np.bincount(faces.site, faces.volume_angstrom3, minlength=n)
    number = np.bincount(site, minlength=n)
    parts = []
    for one in range(3):
        own = kind == one
        share = 1.0 / max(int(own.sum()), 1)
        bins = np.minimum((volume[own] / VOLUME_STEP_ANGSTROM3).astype(np.int64), VOLUME_BINS - 1)
        parts.append(share * np.bincount(bins, minlength=VOLUME_BINS))
        counts = np.clip(number[own], 1, LARGEST_NUMBER) - 1
        parts.append(share * np.bincount(counts, minlength=LARGEST_NUMBER))
    rows = [np.asarray(part[None], dtype=np.float64) for part in parts]
    return angular, np.concatenate([_smear(row, _CELL_SMEAR_BINS)[0] for row in rows])


def _angles(kind: IntArray, site: IntArray, beyond: IntArray, vector: FloatArray) -> FloatArray:
    """Distributions of the angles of all pairs of neighbours of unlike kind, each of sum one."""
    # oxygen around a cation, cations around oxygen
    kept = (kind[site] == 1) != (kind[beyond] == 1)
    site, vector = site[kept], vector[kept]
    order = np.argsort(site, kind="stable")
    site, vector = site[order], vector[order]
    begin = np.flatnonzero(np.diff(site, prepend=-1))
    found = np.zeros((len(ANGLES), ANGLE_BINS))
    which = np.array([0, 2, 1])
    for start, end in zip(begin, [*begin[1:], site.size], strict=True):
        near = vector[start:end]
        first, second = np.triu_indices(len(near), k=1)
        cosine = np.clip(np.einsum("ij,ij->i", near[first], near[second]), -1.0, 1.0)
        bins = np.minimum(
            (np.degrees(np.arccos(cosine)) / 180.0 * ANGLE_BINS).astype(np.int64), ANGLE_BINS - 1
        )
        found[which[kind[site[start]]]] += np.bincount(bins, minlength=ANGLE_BINS)
    total = found.sum(axis=1, keepdims=True)
    shares = np.asarray(np.divide(found, total, out=np.zeros_like(found), where=total > 0))
    return _smear(shares, _ANGLE_SMEAR_BINS).ravel()
