"""Hops between sites: equal ones once, along the valley, and the one that limits."""

from __future__ import annotations

import numpy as np
import pytest

from screening.bvse import EnergyLandscape
from screening.crystal import Crystal
from screening.errors import StructureError
from screening.neb_hops import distinct_hops, limiting_hop


def _landscape(pass_along_b_eV: float = 0.4) -> EnergyLandscape:
    """One lithium per orthorhombic cell: passes of 0.2, given and 0.9 eV along a, b and c."""
    phase = 2.0 * np.pi * np.arange(16) / 16
    a, b, c = (0.5 * h * (1.0 - np.cos(phase)) for h in (0.2, pass_along_b_eV, 0.9))
    energy = a[:, None, None] + b[None, :, None] + c[None, None, :]
    crystal = Crystal(
        np.diag([3.0, 3.4, 3.8]),
        np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]),
        ("Li", "Cl"),
        np.array([1.0, -1.0]),
    )
    return EnergyLandscape(energy, crystal, ("Li", 1))


def test_equal_hops_are_kept_once_with_their_barriers() -> None:
    hops = distinct_hops(_landscape(), longest_angstrom=4.0)

    assert [hop.distance_angstrom for hop, _ in hops] == pytest.approx([3.0, 3.4, 3.8])
    assert [hop.barrier_eV for hop, _ in hops] == pytest.approx([0.2, 0.4, 0.9], abs=0.03)
    assert [len(members) for _, members in hops] == [1, 1, 1]


def test_the_limiting_hop_is_the_one_that_connects() -> None:
    landscape = _landscape()
    hops = distinct_hops(landscape, longest_angstrom=4.0)

    for dimension, length in ((1, 3.0), (2, 3.4), (3, 3.8)):
        hop = limiting_hop(landscape, hops, dimension)
        assert hop.distance_angstrom == pytest.approx(length)


def test_the_way_ends_at_both_sites() -> None:
    hop = distinct_hops(_landscape(), longest_angstrom=3.2)[0][0]

    np.testing.assert_allclose(hop.path_fractional[0], [0.0, 0.0, 0.0])
    np.testing.assert_allclose(hop.path_fractional[-1], hop.cells)
    assert np.abs(hop.cells).tolist() == [1, 0, 0]


def test_sites_too_far_apart_are_refused() -> None:
    landscape = _landscape()
    with pytest.raises(StructureError, match=r"no two Li sites lie within 2 angstrom"):
        distinct_hops(landscape, longest_angstrom=2.0)
    with pytest.raises(StructureError, match="do not connect in 3"):
        limiting_hop(landscape, distinct_hops(landscape, longest_angstrom=3.5), 3)
