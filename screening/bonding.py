"""Bonds of every site, by Voronoi faces weighted with chemistry and distance.

Method: Pan et al., Inorg. Chem. 2021, 60, 1590 (CrystalNN), as pymatgen computes it with its
default settings. All faces come from one tessellation per crystal.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.errors import DescriptorError
from screening.voronoi import voronoi_faces

__all__ = ["Bonds", "crystal_bonds", "species_text"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# (site, neighbour), one row per bond and end
Bonds = IntArray

_ELECTRONEGATIVITY_WEIGHT = 3.0
_LARGEST_DIFFERENCE = 3.3
_FULL_BOND_ANGSTROM, _NO_BOND_ANGSTROM = 0.5, 1.0


def species_text(symbol: str, charge: float) -> str:
    """Write an element with its charge: Li+, O2-, Fe2.67+; a charge of zero as Mg0+."""
    from pymatgen.core import Species

    return str(Species(symbol, charge))


@lru_cache(maxsize=4096)
def _radius(symbol: str, charge: float | None) -> tuple[float, float]:
    """Radius by charge (0 when none is known) and the covalent or atomic one, in angstrom."""
    from pymatgen.analysis.molecule_structure_comparator import CovalentRadius
    from pymatgen.core import Element

    element = Element(symbol)
    plain = CovalentRadius.radius.get(symbol, element.atomic_radius)
    default = float(plain) if plain is not None else 0.0
    if charge is None:
        return 0.0, default
    if charge == 0.0:
        return default, default
    radii: dict[Any, float] = element.ionic_radii
    if charge in radii:
        return float(radii[charge]), default
    low, high = int(np.floor(charge)), int(np.ceil(charge))
    if low in radii and high in radii:
        return float(radii[low] + (charge - low) * (radii[high] - radii[low])), default
    mean = element.average_cationic_radius if charge > 0 else element.average_anionic_radius
    return float(mean), default


def _semicircle(x: FloatArray) -> FloatArray:
    """Area under a unit quarter circle from 0 to x."""
    return np.asarray(0.5 * (x * np.sqrt(np.maximum(1.0 - x**2, 0.0)) + np.arcsin(x)))


def _coordination(weight: FloatArray) -> int:
    """Most likely number of neighbours for weights in falling order.

    Every distinct weight is a possible limit; its likelihood is the part of a quarter circle
    between it and the next.
    """
    distinct, first_from_end = np.unique(weight[::-1], return_index=True)
    edges = np.concatenate([[0.0], distinct])
    likelihood = np.diff(_semicircle(edges))[::-1] / (0.25 * np.pi)
    count = (weight.size - first_from_end)[::-1]
    none = 1.0 - likelihood.sum()
    best = int(np.argmax(likelihood))
    return int(count[best]) if likelihood[best] >= none else 0


def crystal_bonds(crystal: Crystal) -> Bonds:
    """Find the bonds of every site.

    Parameters
    ----------
    crystal : Crystal

    Returns
    -------
    ndarray of int, shape (bonds, 2)
        Site and neighbour; a bond is listed from each end that counts it.

    Raises
    ------
    DescriptorError
        With the code ``voronoi`` when there is no tessellation, or ``no-element-data`` when an
        element has no radius at all.
    """
    from pymatgen.core import Element

    faces = voronoi_faces(crystal)
    n = crystal.n_sites
    site, neighbour = faces.site, faces.neighbour
    weight = _relative(faces.solid_angle, site, n) * faces.solid_angle / faces.area_angstrom2
    x = np.array([_electronegativity(Element(symbol)) for symbol in crystal.symbols])
    difference = np.abs(x[site] - x[neighbour])
    chemical = 1.0 + _ELECTRONEGATIVITY_WEIGHT * np.sqrt(difference / _LARGEST_DIFFERENCE)
    weight = weight * np.where(np.isfinite(chemical), chemical, 1.0)
    weight = _relative(weight, site, n)
    weight = weight * _distance_weight(crystal, site, neighbour, faces.distance_angstrom)
    weight = np.round(weight, 3)
    order = np.lexsort((-weight, site))
    order = order[weight[order] > 0]
    begin = np.searchsorted(site[order], np.arange(n + 1))
    kept = []
    for one in range(n):
        own = order[begin[one] : begin[one + 1]]
        if own.size:
            kept.append(own[: _coordination(weight[own])])
    chosen = np.concatenate(kept) if kept else np.empty(0, dtype=np.int64)
    return np.column_stack([site[chosen], neighbour[chosen]])


def _electronegativity(element: Any) -> float:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns where it has none
        return float(element.X)


def _relative(weight: FloatArray, site: IntArray, n: int) -> FloatArray:
    largest = np.zeros(n)
    np.maximum.at(largest, site, weight)
    return np.asarray(weight / np.where(largest > 0, largest, 1.0)[site])


def _distance_weight(
    crystal: Crystal, site: IntArray, neighbour: IntArray, distance_angstrom: FloatArray
) -> FloatArray:
    """1 up to half an angstrom beyond the sum of radii, falling to 0 half an angstrom further."""
    charges: Sequence[float | None] = (
        [None] * crystal.n_sites if crystal.charges is None else crystal.charges.tolist()
    )
    radii = np.array([_radius(s, q) for s, q in zip(crystal.symbols, charges, strict=True)])
    if (radii.max(axis=1) <= 0).any():
        lacking = crystal.symbols[int(np.flatnonzero(radii.max(axis=1) <= 0)[0])]
        raise DescriptorError(
            "no-element-data", f"{crystal.material_id}: no radius of {lacking} is known"
        )
    both_known = (radii[site, 0] > 0) & (radii[neighbour, 0] > 0)
    column = np.where(both_known, 0, 1)
    together = radii[site, column] + radii[neighbour, column]
    beyond = (distance_angstrom - together - _FULL_BOND_ANGSTROM) / (
        _NO_BOND_ANGSTROM - _FULL_BOND_ANGSTROM
    )
    return np.asarray(0.5 * (np.cos(np.clip(beyond, 0.0, 1.0) * np.pi) + 1.0))
