"""The barrier of long-range migration from the bands of single hops.

An ion crosses the crystal over a network of hops. Its barrier is the highest saddle on the
cheapest network that runs through the crystal, above the lowest site on the way: neither the
lowest hop nor, between sites of different energy, the barrier of any one hop. Bands of one crystal
in one supercell hold the same atoms, so their total energies can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screening.errors import StructureError
from screening.neb import NebResult
from screening.neb_hops import Hop
from screening.periodic_graph import percolate_graph

__all__ = ["HopKind", "NetworkBarrier", "needed_hops", "network_barrier"]

HopKind = tuple[Hop, list[tuple[int, int, tuple[int, int, int]]]]
"""A hop and every pair of sites that symmetry makes equal to it, from `neb_hops.distinct_hops`."""


@dataclass(frozen=True, slots=True)
class NetworkBarrier:
    """The barrier of long-range migration.

    Attributes
    ----------
    barrier_eV : float
        Highest saddle on the network above its lowest site.
    limiting : int
        Which of the hops holds that saddle.
    """

    barrier_eV: float
    limiting: int


def needed_hops(n_sites: int, hops: Sequence[HopKind], dimension: int) -> list[HopKind]:
    """Choose the hops that connect a crystal, as few as the lowest barriers allow.

    Parameters
    ----------
    n_sites : int
        Of the crystal.
    hops : sequence of HopKind
        Lowest barrier first.
    dimension : {1, 2, 3}

    Returns
    -------
    list of HopKind
        In the same order; the last limits.

    Raises
    ------
    StructureError
        When the hops do not connect in so many dimensions.
    """
    limit = _percolate(n_sites, hops, range(len(hops)), dimension)
    if limit is None:
        raise StructureError(f"the hops do not connect the crystal in {dimension} dimension(s)")
    chosen = list(range(int(limit) + 1))
    for place in reversed(chosen[:-1]):
        fewer = [other for other in chosen if other != place]
        if _percolate(n_sites, hops, fewer, dimension) is not None:
            chosen = fewer
    return [hops[place] for place in chosen]


def network_barrier(
    n_sites: int, hops: Sequence[HopKind], bands: Sequence[NebResult], dimension: int
) -> NetworkBarrier:
    """Find the barrier of the network from the bands of its hops.

    Parameters
    ----------
    n_sites : int
    hops : sequence of HopKind
    bands : sequence of NebResult
        Of each hop, all in one supercell.
    dimension : {1, 2, 3}

    Raises
    ------
    StructureError
        When the hops do not connect in so many dimensions.
    """
    saddle = [band.total_energy_eV + band.barrier_eV for band in bands]
    order = sorted(range(len(hops)), key=lambda place: saddle[place])
    limit = _percolate(n_sites, [hops[place] for place in order], range(len(hops)), dimension)
    if limit is None:
        raise StructureError(f"the hops do not connect the crystal in {dimension} dimension(s)")
    used = order[: int(limit) + 1]
    lowest = min(
        bands[place].total_energy_eV + min(0.0, float(bands[place].energy_eV[-1])) for place in used
    )
    return NetworkBarrier(saddle[used[-1]] - lowest, used[-1])


def _percolate(
    n_sites: int, hops: Sequence[HopKind], places: Sequence[int], dimension: int
) -> float | None:
    """Place of the hop that completes so many dimensions, adding hops in their order."""
    edges = [
        (start, end, cells, float(place))
        for place in places
        for start, end, cells in hops[place][1]
    ]
    reached = percolate_graph(n_sites, edges)
    return reached[dimension - 1] if len(reached) >= dimension else None
