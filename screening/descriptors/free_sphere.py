"""Largest free sphere: how wide the channels are once the lithium is taken out.

Method: the void space between spheres is a network of Voronoi vertices joined by edges (Willems et
al., Microporous Mesoporous Mater. 2012, 149, 134; with ionic radii by local environment: He et al.,
Sci. Data 2020, 7, 151). The network is that of the power diagram of the ions. A sphere passes along
an axis when the vertices it can visit are connected to their own periodic images that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from screening.bonding import crystal_bonds
from screening.crystal import Crystal
from screening.descriptors.base import Descriptor
from screening.errors import DescriptorError
from screening.neighbours import image_offsets

__all__ = ["FreeSphere", "free_sphere_radii", "ionic_radii"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_FIRST_REACH_ANGSTROM, _LONGEST_REACH_ANGSTROM = 12.0, 42.0
# beyond it no neighbour of a vertex touches ions out of reach
_SURE_REACH_ANGSTROM = 20.0
_SAME_ANGSTROM = 1e-4


@lru_cache(maxsize=4096)
def _shannon_radius(symbol: str, charge: float, coordination: int) -> float | None:
    """Shannon's radius for the nearest coordination that he lists; the plain one otherwise."""
    import warnings

    from pymatgen.core import Element, Species

    element = Element(symbol)
    by_charge = element.data.get("Shannon radii", {}).get(f"{charge:.0f}", {})
    numerals = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
    listed = sorted(
        (abs(numerals.index(name.rstrip("PYSQ")) + 1 - coordination), name)
        for name in by_charge
        if name.rstrip("PYSQ") in numerals
    )
    if listed:
        spins = by_charge[listed[0][1]]
        spin = "" if "" in spins else "High Spin" if "High Spin" in spins else next(iter(spins))
        return float(spins[spin]["ionic_radius"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = Species(symbol, charge).ionic_radius if charge else None
    radius = known or element.atomic_radius
    return None if radius is None else float(radius)


def ionic_radii(crystal: Crystal) -> FloatArray:
    """Ionic radius of every site by element, charge and coordination number, in angstrom.

    Shannon, Acta Cryst. A 1976, 32, 751, as pymatgen lists it; the number of neighbours is that of
    `screening.bonding.crystal_bonds`.

    Raises
    ------
    DescriptorError
        With the code ``no-element-data`` when an element has no radius.
    """
    charges = np.zeros(crystal.n_sites) if crystal.charges is None else crystal.charges
    coordination = np.bincount(crystal_bonds(crystal)[:, 0], minlength=crystal.n_sites)
    radii = [
        _shannon_radius(symbol, float(charge), int(number))
        for symbol, charge, number in zip(crystal.symbols, charges, coordination, strict=True)
    ]
    if None in radii:
        lacking = crystal.symbols[radii.index(None)]
        raise DescriptorError(
            "no-element-data", f"{crystal.material_id}: no radius of {lacking} is known"
        )
    return np.array(radii, dtype=np.float64)


@dataclass(frozen=True)
class FreeSphere(Descriptor):
    """Radii of the largest spheres that pass along three axes of the framework, ascending.

    The lithium is removed; each value is the radius in angstrom of the largest sphere that can
    move without end along one lattice vector. Zero where even a point cannot pass.
    """

    name: str = field(default="free_sphere", init=False)
    version: int = field(default=2, init=False)
    modes: tuple[str, ...] = field(default=("structure",), init=False)
    libraries: tuple[str, ...] = field(default=("scipy", "pymatgen-core"), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 3."""
        return 3

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        return ["least radius A", "middle radius A", "largest radius A"]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the three radii."""
        radii = ionic_radii(crystal)
        rest = np.array([symbol != "Li" for symbol in crystal.symbols])
        if not rest.any():
            raise DescriptorError(
                "no-framework", f"{crystal.material_id}: nothing but lithium is in the cell"
            )
        framework = Crystal(
            lattice_angstrom=crystal.lattice_angstrom,
            fractional=crystal.fractional[rest],
            symbols=tuple(np.array(crystal.symbols)[rest].tolist()),
            material_id=crystal.material_id,
        )
        return np.sort(free_sphere_radii(framework, radii[rest])).astype(np.float32)


class _Network(NamedTuple):
    """Edges between distinct vertices, widest first."""

    n_vertices: int
    first: IntArray
    second: IntArray
    image: IntArray
    radius_angstrom: FloatArray


def free_sphere_radii(crystal: Crystal, radii_angstrom: FloatArray) -> FloatArray:
    """Radius of the largest sphere that can pass along each lattice vector.

    Parameters
    ----------
    crystal : Crystal
    radii_angstrom : ndarray, shape (n,)
        Radius of each site.

    Returns
    -------
    ndarray, shape (3,)
        In angstrom; zero where nothing passes.

    Raises
    ------
    DescriptorError
        With the code ``voronoi`` when there is no tessellation.
    """
    reach = _FIRST_REACH_ANGSTROM
    while reach <= _LONGEST_REACH_ANGSTROM:
        network = _network(crystal, radii_angstrom, reach)
        if network is not None:
            return _percolation(network)
        reach *= 1.35
    raise DescriptorError(
        "voronoi",
        f"{crystal.material_id}: no Voronoi network with neighbours up to "
        f"{_LONGEST_REACH_ANGSTROM:.0f} angstrom",
    )


def _network(crystal: Crystal, radii: FloatArray, reach: float) -> _Network | None:
    """Vertices and edges of the power diagram; None when the images do not reach far enough."""
    from scipy.spatial import ConvexHull, QhullError, cKDTree

    lattice = crystal.lattice_angstrom
    inside = (crystal.fractional - np.floor(crystal.fractional)) @ lattice
    offsets = image_offsets(lattice, reach)
    images = (inside[None, :, :] + (offsets @ lattice)[:, None, :]).reshape(-1, 3)
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * 3)).reshape(3, -1).T @ lattice
    middle = lattice.sum(axis=0) / 2.0
    span = float(np.linalg.norm(corners - middle, axis=1).max())
    near = np.linalg.norm(images - middle, axis=1) <= span + reach
    # nor farther from the cell than the reach, measured across its faces
    apart = np.maximum(np.abs((images - middle) @ np.linalg.inv(lattice)) - 0.5, 0.0)
    spacing = 1.0 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    near &= (apart * spacing).max(axis=1) <= reach
    points, own = images[near], np.tile(radii, len(offsets))[near]
    if len(points) < 6:
        return None
    lifted = np.column_stack([points - middle, ((points - middle) ** 2).sum(axis=1) - own**2])
    try:
        hull = ConvexHull(lifted)
    except QhullError:
        return None
    lower = hull.equations[:, 3] < -1e-12
    plane = hull.equations[lower]
    vertices = -plane[:, :3] / (2.0 * plane[:, 3:4])
    power = plane[:, 4] / plane[:, 3]
    # power of a vertex: squared distance to its ions less their squared radius
    square = np.einsum("ij,ij->i", vertices, vertices) + power
    fractional = (vertices + middle) @ np.linalg.inv(lattice)
    cell = np.floor(fractional + 1e-7)
    # all ions that a vertex of this cell could touch are there: no smaller sphere is a false one
    complete = np.sqrt(np.maximum(square, 0.0)) + radii.max() <= reach
    home = complete & (cell == 0).all(axis=1)
    if not home.any():
        return None
    number = np.full(len(hull.equations), -1)
    number[np.flatnonzero(lower)] = np.arange(int(lower.sum()))
    ions = hull.simplices[lower]
    beyond = number[hull.neighbors[lower]]
    # vertices that are the same up to a lattice vector become one
    wrapped = (fractional - cell) @ lattice
    sites, label = _merge(wrapped[home], cKDTree)
    rows = np.flatnonzero(home)
    tree = cKDTree(sites)
    first, second, image, radius = [], [], [], []
    for corner in range(4):
        far = beyond[rows, corner]
        known = far >= 0
        a, b = rows[known], far[known]
        three = np.delete(ions, corner, axis=1)[a]
        radius.append(_edge_radius(vertices[a], vertices[b], points - middle, own, three))
        shift, node, gap = _locate(fractional[b], lattice, tree)
        if reach < _SURE_REACH_ANGSTROM and (gap > _SAME_ANGSTROM).any():
            # a neighbour that touches an ion out of reach, or that rounding has displaced
            return None
        first.append(label[known])
        second.append(node)
        image.append(shift)
    joined = np.concatenate(radius)
    order = np.argsort(-joined, kind="stable")
    return _Network(
        len(sites),
        np.concatenate(first)[order],
        np.concatenate(second)[order],
        np.concatenate(image)[order],
        joined[order],
    )


def _merge(points: FloatArray, tree_of: type) -> tuple[FloatArray, IntArray]:
    """Points that differ, and the number of the one that stands for each."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = tree_of(points).query_pairs(_SAME_ANGSTROM, output_type="ndarray")
    n = len(points)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    _, at = np.unique(label, return_index=True)
    return points[at], np.asarray(label, dtype=np.int64)


def _locate(
    fractional: FloatArray, lattice: FloatArray, tree: object
) -> tuple[IntArray, IntArray, FloatArray]:
    """Lattice translation, number in the cell, and distance from it of each vertex anywhere."""
    cell = np.floor(fractional + 1e-7)
    best = np.full(len(fractional), np.inf)
    node = np.zeros(len(fractional), dtype=np.int64)
    shift = cell.astype(np.int64)
    # rounding may put a vertex on a face of the cell on its other side
    for step in np.array(np.meshgrid(*[[0, 1, -1]] * 3)).reshape(3, -1).T:
        distance, found = tree.query((fractional - cell - step) @ lattice)  # type: ignore[attr-defined]
        better = distance < best - 1e-9
        best[better], node[better] = distance[better], found[better]
        shift[better] = (cell[better] + step).astype(np.int64)
        if (best < _SAME_ANGSTROM).all():
            break
    return shift, node, best


def _edge_radius(
    start: FloatArray, end: FloatArray, points: FloatArray, radii: FloatArray, ions: IntArray
) -> FloatArray:
    """Radius of the largest sphere that passes along each edge past its three ions."""
    along = end - start
    length = np.einsum("ij,ij->i", along, along)
    narrowest = np.full(len(start), np.inf)
    for column in range(3):
        ion, radius = points[ions[:, column]], radii[ions[:, column]]
        part = np.einsum("ij,ij->i", ion - start, along) / np.where(length > 0, length, 1.0)
        closest = start + np.clip(part, 0.0, 1.0)[:, None] * along
        narrowest = np.minimum(narrowest, np.linalg.norm(ion - closest, axis=1) - radius)
    return narrowest


class _Translations:
    """Which lattice translations connect a set of vertices to itself, by union and find."""

    def __init__(self, n: int) -> None:
        self.parent = list(range(n))
        self.offset = [np.zeros(3, dtype=np.int64) for _ in range(n)]
        self.loops: list[list[IntArray]] = [[] for _ in range(n)]

    def root(self, node: int) -> tuple[int, IntArray]:
        total = np.zeros(3, dtype=np.int64)
        while self.parent[node] != node:
            total = total + self.offset[node]
            node = self.parent[node]
        return node, total

    def join(self, first: int, second: int, image: IntArray) -> list[IntArray] | None:
        """Add an edge; return the loops of the cluster when they have changed."""
        (a, from_a), (b, from_b) = self.root(first), self.root(second)
        loop = from_a - image - from_b
        if a == b:
            if not loop.any() or _spanned(self.loops[a], loop):
                return None
            self.loops[a].append(loop)
            return self.loops[a]
        if len(self.loops[a]) < len(self.loops[b]):
            a, b, loop = b, a, -loop
        self.parent[b] = a
        self.offset[b] = loop
        new = [found for found in self.loops[b] if not _spanned(self.loops[a], found)]
        self.loops[a] += new
        return self.loops[a] if new else None


def _spanned(loops: list[IntArray], loop: IntArray) -> bool:
    if not loops:
        return False
    rank = int(np.linalg.matrix_rank(np.array(loops)))
    return int(np.linalg.matrix_rank(np.array([*loops, loop]))) == rank


def _percolation(network: _Network) -> FloatArray:
    """Widest radius at which some cluster of vertices runs along each lattice vector."""
    found = np.zeros(3)
    clusters = _Translations(network.n_vertices)
    edges = zip(
        network.first.tolist(),
        network.second.tolist(),
        network.image,
        network.radius_angstrom.tolist(),
        strict=True,
    )
    for first, second, image, radius in edges:
        if radius <= 0.0 or found.all():
            break
        loops = clusters.join(first, second, image)
        if loops is None:
            continue
        passes = np.any(np.array(loops) != 0, axis=0)
        found[passes & (found == 0.0)] = radius
    return found
