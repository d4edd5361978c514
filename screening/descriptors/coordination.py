"""Descriptors from the Voronoi cells of the sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, Descriptor
from screening.descriptors.elements import element_data
from screening.errors import DescriptorError
from screening.voronoi import VoronoiFaces, voronoi_faces

__all__ = ["ChemicalOrdering", "OrbitalFieldMatrix", "StructuralHeterogeneity", "valence_shell"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ANGSTROM_IN_BOHR = 1.0 / 0.529177210903
_CAPACITY = {"s": 2, "p": 6, "d": 10, "f": 14}


@lru_cache(maxsize=256)
def valence_shell(symbol: str) -> FloatArray:
    """Valence subshells of an element as 39 zeros and ones.

    One position for every possible occupation of an s, p, d and f subshell (2 + 6 + 10 + 14), and
    one for the period (7). Counted are all subshells of the highest shell n, the d and f subshells
    of n - 1 and the f subshell of n - 2.
    """
    from pymatgen.core import Element

    data = element_data(symbol)
    listed = Element(symbol).full_electronic_structure
    shells = [(int(n), orbital, int(electrons)) for n, orbital, electrons in listed]
    # the table lists subshells by filling; the last one names the highest shell
    highest = shells[-1][0]
    vector = np.zeros(39)
    begin = {"s": 0, "p": 2, "d": 8, "f": 18}
    for n, orbital, electrons in shells:
        counted = n >= highest or (n == highest - 1 and orbital in "df")
        if counted or (n == highest - 2 and orbital == "f"):
            vector[begin[orbital] + electrons - 1] = 1.0
    vector[31 + (data.row if data.row <= 7 else data.row - 2)] = 1.0
    return vector


@dataclass(frozen=True)
class OrbitalFieldMatrix(Descriptor):
    """Valence subshells of each site times those of its neighbours, averaged over sites.

    Pham et al., Sci. Technol. Adv. Mater. 2017, 18, 756. Neighbours share a Voronoi face; their
    weight is the solid angle of the face relative to the largest of that site, over the distance
    in bohr. Rows are subshells of the neighbour, columns those of the site.
    """

    name: str = field(default="orbital_field_matrix", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("scipy", "pymatgen-core"), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 39 squared."""
        return 39 * 39

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        shells = [f"{o}{x}" for o, size in _CAPACITY.items() for x in range(1, size + 1)]
        names = [*shells, *(f"period {row}" for row in range(1, 8))]
        return [f"{neighbour} - {site}" for neighbour in names for site in names]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the matrix, row by row."""
        kinds = sorted(set(crystal.symbols))
        if any(element_data(kind).number > 94 for kind in kinds):
            raise DescriptorError(
                "no-element-data", f"{crystal.material_id}: holds an element beyond plutonium"
            )
        kind = np.array([kinds.index(symbol) for symbol in crystal.symbols])
        faces = voronoi_faces(crystal)
        largest = np.zeros(crystal.n_sites)
        np.maximum.at(largest, faces.site, faces.solid_angle)
        weight = faces.solid_angle / largest[faces.site]
        weight /= faces.distance_angstrom * ANGSTROM_IN_BOHR
        size = len(kinds)
        slot = kind[faces.neighbour] * size + kind[faces.site]
        between = np.bincount(slot, weight, size * size).reshape(size, size)
        shells = np.array([valence_shell(symbol) for symbol in kinds])
        matrix = shells.T @ between @ shells / crystal.n_sites
        return np.asarray(matrix, dtype=np.float32).reshape(-1)


def _mean_deviation(values: FloatArray) -> float:
    return float(np.abs(values - values.mean()).mean())


@dataclass(frozen=True)
class StructuralHeterogeneity(Descriptor):
    """How much bond lengths and cell volumes vary over the sites.

    Ward et al., Phys. Rev. B 2017, 96, 024104. Bond lengths are weighted by the area of the
    Voronoi faces. Values: mean deviation, maximum and minimum of the mean bond length of the sites
    relative to their average; minimum, maximum, range, mean and mean deviation of the variation of
    bond lengths at a site; mean deviation of the cell volumes relative to their average.
    """

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="structural_heterogeneity", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("scipy",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 9."""
        return 9

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        length = [f"{stat} mean bond length" for stat in ("deviation of", "maximum", "minimum")]
        stats = ("minimum", "maximum", "range", "mean", "deviation")
        return [*length, *(f"{stat} bond variation" for stat in stats), "deviation of volume"]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the nine values."""
        faces = voronoi_faces(crystal)
        n, site, area = crystal.n_sites, faces.site, faces.area_angstrom2
        total = np.bincount(site, area, n)
        mean = np.bincount(site, area * faces.distance_angstrom, n) / total
        deviation = np.abs(faces.distance_angstrom - mean[site])
        variation = np.bincount(site, area * deviation, n) / total / mean
        relative = mean / mean.mean()
        volume = np.bincount(site, faces.volume_angstrom3, n).astype(np.float64)
        values = [
            _mean_deviation(relative),
            relative.max(),
            relative.min(),
            variation.min(),
            variation.max(),
            np.ptp(variation),
            variation.mean(),
            _mean_deviation(variation),
            _mean_deviation(volume) / volume.mean(),
        ]
        return np.array(values, dtype=np.float32)


class _Faces:
    """Directed faces with weights, grouped by site, and a look-up by both ends and image."""

    def __init__(self, faces: VoronoiFaces, n_sites: int) -> None:
        order = np.argsort(faces.site, kind="stable")
        self.site, self.neighbour = faces.site[order], faces.neighbour[order]
        self.image = faces.image[order]
        area = faces.area_angstrom2[order]
        largest = np.zeros(n_sites)
        np.maximum.at(largest, self.site, area)
        self.weight = area / largest[self.site]
        self.begin = np.searchsorted(self.site, np.arange(n_sites))
        self.count = np.bincount(self.site, minlength=n_sites)
        self._n = n_sites
        keys = self._key(self.site, self.neighbour, self.image)
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def _key(
        self,
        site: npt.NDArray[np.int64],
        neighbour: npt.NDArray[np.int64],
        image: npt.NDArray[np.int64],
    ) -> IntArray:
        shifted = np.asarray(image, dtype=np.int64) + 512
        cell = (shifted[:, 0] * 1024 + shifted[:, 1]) * 1024 + shifted[:, 2]
        return np.asarray((site * self._n + neighbour) * 1024**3 + cell)

    def weight_of(
        self,
        site: npt.NDArray[np.int64],
        neighbour: npt.NDArray[np.int64],
        image: npt.NDArray[np.int64],
    ) -> FloatArray:
        """Weight of the face from a site to an image of another; zero where there is none."""
        wanted = self._key(site, neighbour, image)
        at = np.minimum(np.searchsorted(self._keys, wanted), self._keys.size - 1)
        return np.where(self._keys[at] == wanted, self.weight[self._order[at]], 0.0)


@dataclass(frozen=True)
class ChemicalOrdering(Descriptor):
    """How far the neighbours of each site are from a random mixture, in shells 1, 2 and 3.

    Ward et al., Phys. Rev. B 2017, 96, 024104: Warren-Cowley parameters over walks through Voronoi
    faces that never return to a site, each weighted by the product of the relative areas of its
    faces; the mean of their absolute values over sites and elements. Zeros for one element alone.
    """

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="chemical_ordering", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("scipy",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 3."""
        return 3

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        return [f"shell {shell}" for shell in (1, 2, 3)]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the ordering of the three shells."""
        kinds = sorted(set(crystal.symbols))
        if len(kinds) == 1:
            return np.zeros(3, dtype=np.float32)
        kind = np.array([kinds.index(symbol) for symbol in crystal.symbols])
        fraction = np.bincount(kind) / crystal.n_sites
        faces = _Faces(voronoi_faces(crystal), crystal.n_sites)
        values = []
        for reached in _walks(faces, kind, len(kinds)):
            share = reached / reached.sum(axis=1, keepdims=True)
            values.append(np.abs(1.0 - share / fraction).mean())
        return np.array(values, dtype=np.float32)


def _walks(faces: _Faces, kind: npt.NDArray[np.int64], n_kinds: int) -> list[FloatArray]:
    """Sum the weights of self-avoiding walks of 1, 2, 3 steps, by site and element reached."""
    n = kind.size
    unit = np.eye(n_kinds)[kind]
    back = faces.weight_of(faces.neighbour, faces.site, -faces.image)

    def gather(site: npt.NDArray[np.int64], values: FloatArray) -> FloatArray:
        columns = [np.bincount(site, values[:, t], n) for t in range(n_kinds)]
        return np.asarray(np.stack(columns, axis=1), dtype=np.float64)

    first = gather(faces.site, faces.weight[:, None] * unit[faces.neighbour])
    # one more step, less the one that goes straight back
    onward = first[faces.neighbour] - back[:, None] * unit[faces.site]
    second = gather(faces.site, faces.weight[:, None] * onward)

    # all pairs of consecutive faces (site -> middle -> last)
    steps = faces.count[faces.neighbour]
    one = np.repeat(np.arange(faces.site.size), steps)
    within = np.arange(one.size) - np.repeat(np.cumsum(steps) - steps, steps)
    two = faces.begin[faces.neighbour[one]] + within
    site, last = faces.site[one], faces.neighbour[two]
    image = faces.image[one] + faces.image[two]
    forward = ~((last == site) & (image == 0).all(axis=1))
    one, two, site, last, image = (a[forward] for a in (one, two, site, last, image))
    closing = faces.weight_of(last, site, -image)
    onward = first[last] - back[two][:, None] * unit[faces.site[two]]
    onward -= closing[:, None] * unit[site]
    third = gather(site, (faces.weight[one] * faces.weight[two])[:, None] * onward)
    return [first, second, third]
