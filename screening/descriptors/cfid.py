"""Classical force-field inspired descriptors: chemistry, and distributions of two to four bodies.

Choudhary et al., Phys. Rev. Materials 2018, 2, 083801. Element properties and core charges are
those of JARVIS as matminer ships them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, Descriptor
from screening.descriptors.cell import Density
from screening.errors import DescriptorError, MissingLibraryError
from screening.neighbours import image_offsets

__all__ = ["ForceFieldInspired"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CUTOFF_ANGSTROM, BIN_ANGSTROM = 10.0, 0.1
BROADEST_SHELL_ANGSTROM = 5.0
_EMPTY_BIN_ANGSTROM, _EMPTY_GAP_ANGSTROM = 0.11, 0.1
N_CHEMISTRY, N_CHARGE, N_ANGLE, N_RADIAL = 438, 378, 179, 100
# a distance on the edge of a bin falls into the upper one, whatever the rounding
_EDGE_ANGSTROM = 1e-7


@lru_cache(maxsize=1)
def _element_tables() -> dict[str, tuple[FloatArray, FloatArray]]:
    """Chemistry (438 numbers) and core charge (378) by element."""
    folder = "matminer.utils"
    try:
        data = files(folder) / "data_files" / "jarvis"
        chemistry = json.loads((data / "element_chem.json").read_text(encoding="utf-8"))
        charge = json.loads((data / "element_charges.json").read_text(encoding="utf-8"))
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise MissingLibraryError(
            "descriptor cfid needs the element tables of matminer; "
            "install them with 'python -m pip install \".[descriptors]\"'"
        ) from error
    table = {}
    for symbol in chemistry.keys() & charge.keys():
        listed = charge[symbol]
        if listed:
            values = np.array(list(chemistry[symbol].values()), dtype=np.float64)
            table[symbol] = (values, np.array(listed[0][1], dtype=np.float64))
    return table


class _Neighbours(NamedTuple):
    """Ordered pairs of sites within the cutoff, by site and distance."""

    site: IntArray
    neighbour: IntArray
    image: IntArray
    vector_angstrom: FloatArray
    distance_angstrom: FloatArray

    def within(self, radius_angstrom: float) -> _Neighbours:
        kept = self.distance_angstrom < radius_angstrom
        return _Neighbours(
            self.site[kept],
            self.neighbour[kept],
            self.image[kept],
            self.vector_angstrom[kept],
            self.distance_angstrom[kept],
        )


def _neighbours(crystal: Crystal) -> _Neighbours:
    lattice = crystal.lattice_angstrom
    inside = (crystal.fractional - np.floor(crystal.fractional)) @ lattice
    offsets = image_offsets(lattice, CUTOFF_ANGSTROM)
    shifts = offsets @ lattice
    parts = []
    for site in range(crystal.n_sites):
        delta = inside - inside[site]
        squared = 2.0 * delta @ shifts.T + np.einsum("ij,ij->i", shifts, shifts)
        squared += np.einsum("ij,ij->i", delta, delta)[:, None]
        near, image = np.nonzero(squared <= CUTOFF_ANGSTROM**2)
        vector = delta[near] + shifts[image]
        distance = np.sqrt(np.einsum("ij,ij->i", vector, vector))
        real = distance > 1e-8
        parts.append(
            (np.full(int(real.sum()), site), near[real], offsets[image[real]], vector[real])
        )
    sites = np.concatenate([part[0] for part in parts])
    neighbour = np.concatenate([part[1] for part in parts])
    image = np.concatenate([part[2] for part in parts]).astype(np.int64)
    vector = np.concatenate([part[3] for part in parts])
    distance = np.sqrt(np.einsum("ij,ij->i", vector, vector)) + _EDGE_ANGSTROM
    return _Neighbours(sites, neighbour, image, vector, distance)


@dataclass(frozen=True)
class ForceFieldInspired(Descriptor):
    """Chemistry, cell, core charges, and distributions of distances, angles and dihedrals.

    1557 values: 438 of chemistry and 378 of core charge (means over the elements), 4 of the cell
    (log of the volume per atom, density, volume per atom, packing fraction), the radial
    distribution (100), the distributions of angles up to the bonding and to the second shell
    (2 x 179), of dihedrals (179), and the number of neighbours by distance (100).

    Neighbours are those of the infinite crystal. matminer looks at nearest images in a supercell,
    shears cells that are oblique or long, and counts a dihedral for the end that comes first in
    the list of sites, so that its values depend on orientation and order.

    Parameters
    ----------
    faithful : bool
        Count a dihedral for the end that comes first in the list of sites, as matminer does,
        instead of both.
    """

    faithful: bool = False

    name: str = field(default="cfid", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("matminer",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 1557."""
        return N_CHEMISTRY + 4 + N_CHARGE + 3 * N_ANGLE + 2 * N_RADIAL

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        blocks = (
            ("chemistry", N_CHEMISTRY),
            ("cell", 4),
            ("core charge", N_CHARGE),
            ("radial", N_RADIAL),
            ("angle in bonds", N_ANGLE),
            ("angle in second shell", N_ANGLE),
            ("dihedral", N_ANGLE),
            ("neighbours", N_RADIAL),
        )
        return [f"{block} {position}" for block, size in blocks for position in range(size)]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:
        """Compute all blocks."""
        chemistry, charge = _element_means(crystal)
        density = Density().compute(crystal, mode).astype(np.float64)
        volume = np.log(crystal.volume_angstrom3 / crystal.n_sites)
        found = _neighbours(crystal)
        counted = np.bincount(
            (found.distance_angstrom / BIN_ANGSTROM).astype(np.int64), minlength=N_RADIAL
        )[:N_RADIAL].astype(np.float64)
        per_site = counted / crystal.n_sites
        edge = BIN_ANGSTROM * np.arange(N_RADIAL + 1)
        shell = 4.0 / 3.0 * np.pi * np.diff(edge**3)
        radial = per_site / shell / (crystal.n_sites / crystal.volume_angstrom3)
        first, second = _shells(per_site, crystal.material_id)
        bonding = _bonding_cutoff(crystal, found)
        blocks: list[FloatArray] = [
            chemistry,
            np.array([volume]),
            density,
            charge,
            np.round(radial, 4),
            _angles(found.within(bonding), crystal.n_sites),
            _angles(found.within(second), crystal.n_sites),
            _dihedrals(found.within(first), crystal.n_sites, faithful=self.faithful),
            per_site,
        ]
        return np.concatenate(blocks).astype(np.float32)


def _element_means(crystal: Crystal) -> tuple[FloatArray, FloatArray]:
    table = _element_tables()
    kinds = sorted(set(crystal.symbols))
    unknown = [kind for kind in kinds if kind not in table]
    if unknown:
        raise DescriptorError(
            "no-element-data", f"{crystal.material_id}: no properties of {', '.join(unknown)}"
        )
    return (
        np.mean([table[kind][0] for kind in kinds], axis=0),
        np.mean([table[kind][1] for kind in kinds], axis=0),
    )


def _shells(per_site: FloatArray, name: str) -> tuple[float, float]:
    """Distances of the first and the second gap between occupied bins."""
    occupied = BIN_ANGSTROM * np.flatnonzero(per_site > 0)
    at = 1
    while at < occupied.size:
        if occupied[at] - occupied[at - 1] >= _EMPTY_BIN_ANGSTROM:
            break
        if occupied[at] >= BROADEST_SHELL_ANGSTROM:
            break
        at += 1
    if at + 1 >= occupied.size:
        raise DescriptorError("no-shells", f"{name}: has no two shells of neighbours in 10 A")
    first = float(occupied[at] + occupied[at - 1]) / 2.0
    inner, outer = at, at + 1
    while (
        outer + 1 < occupied.size
        and occupied[outer] - occupied[inner] < _EMPTY_BIN_ANGSTROM
        and occupied[outer] < BROADEST_SHELL_ANGSTROM
    ):
        inner, outer = inner + 1, outer + 1
    return first, float(occupied[outer] + occupied[inner]) / 2.0


def _bonding_cutoff(crystal: Crystal, found: _Neighbours) -> float:
    """Distance that includes the first shell of every pair of elements."""
    kinds = sorted(set(crystal.symbols))
    kind = np.array([kinds.index(symbol) for symbol in crystal.symbols])
    low = np.minimum(kind[found.site], kind[found.neighbour])
    high = np.maximum(kind[found.site], kind[found.neighbour])
    pair = low * len(kinds) + high
    cutoff = 0.0
    for one in np.unique(pair):
        distance = np.sort(found.distance_angstrom[pair == one])
        if distance.size < 2:
            continue
        gap = np.diff(distance) >= _EMPTY_GAP_ANGSTROM
        at = int(np.argmax(gap)) if gap.any() else distance.size - 2
        cutoff = max(cutoff, float(distance[at] + distance[at + 1]) / 2.0)
    return cutoff


def _joined(degrees: FloatArray, site: int, n_sites: int) -> npt.NDArray[np.int32]:
    """Join an angle in thousandths of a degree and its site to one number; there may be millions.

    180 degrees at the last of ten thousand sites still fit.
    """
    return np.round(degrees * 1000.0).astype(np.int32) * np.int32(n_sites) + np.int32(site)


def _histogram(parts: Sequence[npt.NDArray[np.int32]], n_sites: int) -> FloatArray:
    """How often each angle occurs per site that has it, summed in bins of one degree."""
    joined = np.concatenate([np.empty(0, dtype=np.int32), *parts])
    if joined.size == 0:
        return np.zeros(N_ANGLE)
    joined.sort()
    fresh = np.flatnonzero(np.diff(joined, prepend=np.int32(-1)))
    # one entry per angle and site from here on
    step = joined[fresh].astype(np.int64) // n_sites
    begin = np.flatnonzero(np.diff(step, prepend=-1))
    sites = np.diff(begin, append=step.size)
    count = np.diff(fresh[begin], append=joined.size)
    slot = np.clip(step[begin] // 1000 - 1, -1, N_ANGLE - 1)
    kept = slot >= 0
    return np.bincount(slot[kept], (count / sites)[kept], N_ANGLE).astype(np.float64)


def _by_site(found: _Neighbours) -> Iterator[IntArray]:
    order = np.argsort(found.site, kind="stable")
    begin = np.flatnonzero(np.diff(found.site[order], prepend=-1))
    yield from np.split(order, begin[1:]) if order.size else []


def _angles(found: _Neighbours, n_sites: int) -> FloatArray:
    """Angles at each site between all pairs of its neighbours."""
    length = np.sqrt(np.einsum("ij,ij->i", found.vector_angstrom, found.vector_angstrom))
    unit = found.vector_angstrom / length[:, None]
    parts = []
    for own in _by_site(found):
        upper = np.triu_indices(own.size, k=1)
        # rounding must not tell two straight angles apart
        cosine = np.clip((unit[own] @ unit[own].T)[upper], -1.0 + 1e-6, 1.0 - 1e-6)
        parts.append(_joined(np.degrees(np.arccos(cosine)), int(found.site[own[0]]), n_sites))
    return _histogram(parts, n_sites)


def _dihedrals(found: _Neighbours, n_sites: int, *, faithful: bool) -> FloatArray:
    """Dihedral angles k - i - j - l around all bonds i - j."""
    order = np.argsort(found.site, kind="stable")
    site, far, image = found.site[order], found.neighbour[order], found.image[order]
    vector = found.vector_angstrom[order]
    begin = np.searchsorted(site, np.arange(n_sites + 1))
    # each bond once; it counts at both of its ends
    ahead = (image * np.array([4096, 64, 1])).sum(axis=1)
    parts = []
    for bond in np.flatnonzero((far > site) | ((far == site) & (ahead > 0))).tolist():
        i, j = int(site[bond]), int(far[bond])
        one, two = slice(begin[i], begin[i + 1]), slice(begin[j], begin[j + 1])
        others = np.arange(begin[i], begin[i + 1]) != bond
        back = (far[two] == i) & (image[two] == -image[bond]).all(axis=1)
        angle = _angles_around(vector[bond], vector[one][others], vector[two][~back])
        parts.append(_joined(angle, i, n_sites))
        if i == j or not faithful:
            parts.append(_joined(angle, j, n_sites))
    return _histogram(parts, n_sites)


def _angles_around(axis: FloatArray, first: FloatArray, last: FloatArray) -> FloatArray:
    """Dihedral angles in degrees of all pairs of vectors at the two ends of a bond."""
    x, y, z = axis.tolist()
    across = np.array([[0.0, z, -y], [-z, 0.0, x], [y, -x, 0.0]])
    # normals of the planes (k, i, j) and (i, j, l); three atoms in a line span no plane
    one, two = first @ across, last @ across
    first = first[np.einsum("ij,ij->i", one, one) > 1e-6]
    one = one[np.einsum("ij,ij->i", one, one) > 1e-6]
    two = two[np.einsum("ij,ij->i", two, two) > 1e-6]
    sine = np.sqrt(x * x + y * y + z * z) * first @ two.T
    return np.asarray(np.degrees(np.arctan2(np.abs(sine), one @ two.T))).reshape(-1)
