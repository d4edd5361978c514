"""The barrier of a network of hops, from bands whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from screening.errors import StructureError
from screening.neb import NebResult
from screening.neb_hops import Hop
from screening.neb_network import HopKind, needed_hops, network_barrier


def _kind(barrier_eV: float, *pairs: tuple[int, int, tuple[int, int, int]]) -> HopKind:
    start, end, cells = pairs[0]
    hop = Hop(start, end, cells, 3.0, barrier_eV, np.zeros((2, 3)))
    return hop, list(pairs)


def _band(first_eV: float, saddle_eV: float, last_eV: float) -> NebResult:
    energy = np.array([0.0, saddle_eV - first_eV, last_eV - first_eV])
    return NebResult(
        energy_eV=energy,
        length_angstrom=np.arange(3.0),
        barrier_eV=float(energy.max()),
        reverse_barrier_eV=float(energy.max() - energy[-1]),
        max_force_eV_per_angstrom=0.01,
        converged=True,
        n_atoms=10,
        seconds=1.0,
        total_energy_eV=first_eV,
    )


# sites 0 and 1 alternate along a: one hop inside the cell, one into the next
INSIDE = _kind(0.1, (0, 1, (0, 0, 0)))
ACROSS = _kind(0.3, (1, 0, (1, 0, 0)))
SIDEWAYS = _kind(0.5, (0, 0, (0, 1, 0)), (1, 1, (0, 1, 0)))


def test_a_hop_that_leads_nowhere_is_no_barrier_of_migration() -> None:
    hops = [INSIDE, ACROSS, SIDEWAYS]
    bands = [_band(-50.0, -49.8, -50.0), _band(-50.0, -49.6, -50.0), _band(-50.0, -49.3, -50.0)]

    assert network_barrier(2, hops, bands, 1).barrier_eV == pytest.approx(0.4)
    assert network_barrier(2, hops, bands, 1).limiting == 1
    assert network_barrier(2, hops, bands, 2).barrier_eV == pytest.approx(0.7)


def test_the_lowest_site_on_the_way_counts() -> None:
    # site 1 lies 0.25 eV above site 0: the second hop alone shows 0.15 eV
    bands = [_band(-50.0, -49.7, -49.75), _band(-49.75, -49.6, -50.0)]

    found = network_barrier(2, [INSIDE, ACROSS], bands, 1)

    assert found.barrier_eV == pytest.approx(0.4)
    assert found.limiting == 1


def test_the_bands_may_order_hops_differently_than_bond_valences() -> None:
    hops = [INSIDE, ACROSS, SIDEWAYS]
    bands = [_band(-50.0, -49.1, -50.0), _band(-50.0, -49.6, -50.0), _band(-50.0, -49.5, -50.0)]

    found = network_barrier(2, hops, bands, 1)

    assert found.barrier_eV == pytest.approx(0.5)
    assert found.limiting == 2


def test_only_hops_that_are_needed_are_chosen() -> None:
    short_cut = _kind(0.2, (0, 0, (1, 0, 0)))

    assert needed_hops(2, [INSIDE, short_cut, ACROSS], 1) == [short_cut]
    assert needed_hops(2, [INSIDE, ACROSS, SIDEWAYS], 1) == [INSIDE, ACROSS]
    assert needed_hops(2, [INSIDE, ACROSS, SIDEWAYS], 2) == [INSIDE, ACROSS, SIDEWAYS]


def test_hops_that_do_not_connect_are_refused() -> None:
    with pytest.raises(StructureError, match="in 3 dimension"):
        needed_hops(2, [INSIDE, ACROSS, SIDEWAYS], 3)
    with pytest.raises(StructureError, match="in 2 dimension"):
        network_barrier(2, [INSIDE], [_band(-50.0, -49.8, -50.0)], 2)
