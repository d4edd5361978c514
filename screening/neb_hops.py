"""Hops of the mobile ion between its own sites, with the path and the barrier BVSE gives each.

Neighbouring sites are joined by the way of least resistance over the energy landscape (Dijkstra's
algorithm; the resistance of a step is its length times exp(E / 0.1 eV), so that the way follows
the valleys). Hops that symmetry makes equal are kept once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.bond_valence import equivalent_sites
from screening.bvse import EnergyLandscape
from screening.errors import StructureError
from screening.neighbours import image_offsets
from screening.periodic_graph import percolate_graph

__all__ = ["Hop", "distinct_hops", "limiting_hop"]

FloatArray = npt.NDArray[np.float64]

LONGEST_HOP_ANGSTROM = 5.0
_SOFTNESS_EV = 0.1
_MARGIN_ANGSTROM = 1.5
_POINT_ANGSTROM = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Hop:
    """A hop of the ion into a neighbouring vacancy.

    Attributes
    ----------
    start, end : int
        Sites.
    cells : tuple of int
        Whole cells from the start's cell to the end's.
    distance_angstrom : float
    barrier_eV : float
        Highest energy on the way above the lower end.
    path_fractional : ndarray, shape (n, 3)
        From site to site, not wrapped.
    """

    start: int
    end: int
    cells: tuple[int, int, int]
    distance_angstrom: float
    barrier_eV: float
    path_fractional: FloatArray


def distinct_hops(
    landscape: EnergyLandscape, *, longest_angstrom: float = LONGEST_HOP_ANGSTROM
) -> list[tuple[Hop, list[tuple[int, int, tuple[int, int, int]]]]]:
    """Find the hops between neighbouring sites of the mobile ion, lowest barrier first.

    Parameters
    ----------
    landscape : EnergyLandscape
    longest_angstrom : float
        Sites further apart are not joined.

    Returns
    -------
    list of (Hop, list of (start, end, cells))
        One hop of each kind, and every pair of sites that it stands for.

    Raises
    ------
    StructureError
        When no two sites of the ion are near enough.
    """
    crystal = landscape.crystal
    sites = [i for i, symbol in enumerate(crystal.symbols) if symbol == landscape.mobile[0]]
    orbit = equivalent_sites(crystal)
    kinds: dict[tuple[object, ...], list[tuple[int, int, tuple[int, int, int], float]]] = {}
    offsets = image_offsets(crystal.lattice_angstrom, longest_angstrom)
    for start in sites:
        for end in sites:
            moved = crystal.fractional[end] + offsets - crystal.fractional[start]
            # image_offsets wants wrapped coordinates; sites outside the cell cost nothing here
            distance = np.linalg.norm(moved @ crystal.lattice_angstrom, axis=1)
            for k in np.flatnonzero((distance > 0.5) & (distance <= longest_angstrom)).tolist():
                cells = (int(offsets[k, 0]), int(offsets[k, 1]), int(offsets[k, 2]))
                if (end, cells) < (start, tuple(-c for c in cells)):
                    continue  # the same pair seen from the other side
                # around the middle of equal hops everything else lies at equal distances
                middle = crystal.fractional[start] + 0.5 * moved[k]
                kind = (
                    tuple(sorted((int(orbit[start]), int(orbit[end])))),
                    round(float(distance[k]), 2),
                    _surroundings(landscape, middle),
                )
                kinds.setdefault(kind, []).append((start, end, cells, float(distance[k])))
    if not kinds:
        raise StructureError(
            f"{crystal.material_id or 'structure'}: no two {landscape.mobile[0]} sites lie within "
            f"{longest_angstrom:g} angstrom"
        )
    found = []
    for members in kinds.values():
        start, end, cells, length = members[0]
        path, barrier = _way(landscape, start, end, cells)
        hop = Hop(start, end, cells, length, barrier, path)
        found.append((hop, [(s, e, c) for s, e, c, _ in members]))
    found.sort(key=lambda item: (item[0].barrier_eV, item[0].distance_angstrom))
    return found


def _surroundings(landscape: EnergyLandscape, middle: FloatArray) -> tuple[float, ...]:
    crystal = landscape.crystal
    wrapped = crystal.fractional - np.floor(crystal.fractional)
    offsets = image_offsets(crystal.lattice_angstrom, 3.5)
    delta = wrapped[None] + offsets[:, None] - (middle - np.floor(middle))
    distance = np.linalg.norm(delta @ crystal.lattice_angstrom, axis=2).min(axis=0)
    return tuple(np.sort(np.round(distance[distance < 3.5], 1)).tolist())


def limiting_hop(
    landscape: EnergyLandscape,
    hops: list[tuple[Hop, list[tuple[int, int, tuple[int, int, int]]]]],
    dimension: int = 1,
) -> Hop:
    """Return the hop whose barrier completes a network through the crystal.

    Parameters
    ----------
    landscape : EnergyLandscape
    hops : list
        From `distinct_hops`.
    dimension : {1, 2, 3}

    Raises
    ------
    StructureError
        When the hops do not connect in so many dimensions.
    """
    edges = [
        (start, end, cells, float(place))
        for place, (_, members) in enumerate(hops)
        for start, end, cells in members
    ]
    reached = percolate_graph(landscape.crystal.n_sites, edges)
    if len(reached) < dimension:
        raise StructureError(
            f"{landscape.crystal.material_id or 'structure'}: hops of at most "
            f"{LONGEST_HOP_ANGSTROM:g} angstrom do not connect in {dimension} dimension(s)"
        )
    return hops[int(reached[dimension - 1])][0]


def _way(
    landscape: EnergyLandscape, start: int, end: int, cells: tuple[int, int, int]
) -> tuple[FloatArray, float]:
    """Way of least resistance between two sites, and the highest energy above the lower end."""
    from scipy.ndimage import map_coordinates
    from scipy.sparse import coo_matrix, csgraph

    crystal = landscape.crystal
    ends = np.array([crystal.fractional[start], crystal.fractional[end] + np.array(cells)])
    inverse_width = np.linalg.norm(np.linalg.inv(crystal.lattice_angstrom), axis=0)
    low = ends.min(axis=0) - _MARGIN_ANGSTROM * inverse_width
    high = ends.max(axis=0) + _MARGIN_ANGSTROM * inverse_width
    lengths = np.linalg.norm(crystal.lattice_angstrom, axis=1)
    shape = np.maximum(np.ceil((high - low) * lengths / _POINT_ANGSTROM).astype(int) + 1, 3)
    axes = [np.linspace(low[i], high[i], shape[i]) for i in range(3)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    energy = map_coordinates(
        np.minimum(landscape.above_minimum_eV, 20.0),
        (points * np.array(landscape.energy_eV.shape)).T,
        order=1,
        mode="grid-wrap",
    )
    index = np.arange(len(points)).reshape(shape)
    cartesian = points @ crystal.lattice_angstrom
    rows, columns = [], []
    for step in np.ndindex(3, 3, 3):
        move = np.array(step) - 1
        if tuple(move) <= (0, 0, 0):
            continue
        here = tuple(slice(max(0, -m), n - max(0, m)) for m, n in zip(move, shape, strict=True))
        there = tuple(slice(max(0, m), n - max(0, -m)) for m, n in zip(move, shape, strict=True))
        rows.append(index[here].ravel())
        columns.append(index[there].ravel())
    first, second = np.concatenate(rows), np.concatenate(columns)
    step_length = np.linalg.norm(cartesian[first] - cartesian[second], axis=1)
    top = np.minimum(np.maximum(energy[first], energy[second]), 10.0)
    cost = step_length * np.exp(top / _SOFTNESS_EV)
    graph = coo_matrix((cost, (first, second)), shape=(len(points), len(points))).tocsr()
    near = [
        int(np.argmin(np.linalg.norm(cartesian - place @ crystal.lattice_angstrom, axis=1)))
        for place in ends
    ]
    dijkstra: Any = csgraph.dijkstra
    _, before = dijkstra(graph, directed=False, indices=near[0], return_predecessors=True)
    way = [near[1]]
    while way[-1] != near[0]:
        way.append(int(before[way[-1]]))
    chain = way[::-1]
    path = np.concatenate([ends[:1], points[chain[1:-1]], ends[1:]])
    along = energy[chain]
    return path, float(along.max() - min(along[0], along[-1]))
