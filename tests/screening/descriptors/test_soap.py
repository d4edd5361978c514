"""SOAP: the channels with sulfur of DScribe's outer average."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from dscribe.descriptors import SOAP

from screening.descriptors import descriptor
from screening.errors import DescriptorError
from screening.simplify import Simplifier


@pytest.mark.parametrize(
    ("mode", "length"), [("A", 60), ("AM", 160), ("CAN", 260), ("CAMN", 360), ("CAN40", 260)]
)
def test_lengths(mode: str, length: int) -> None:
    assert descriptor("soap").length(mode) == length


def test_equals_dscribe_with_only_the_channels_of_sulfur(crystals) -> None:
    reference = SOAP(
        species=["S", "Al", "Mg"], r_cut=3, n_max=5, l_max=3, periodic=True, average="outer"
    )
    for formula in ("LiCl", "LiFePO4", "LiAl"):
        simple = Simplifier("CAN").simplify(crystals[formula])
        atoms = Atoms(
            simple.symbols,
            positions=simple.cartesian_angstrom,
            cell=simple.lattice_angstrom,
            pbc=True,
        )
        full = reference.create(atoms)
        ours = descriptor("soap").compute(simple, "CAN")
        wanted = [full[reference.get_location(("S", x))] for x in ("Al", "Mg", "S")]
        np.testing.assert_allclose(ours, np.concatenate(wanted), rtol=1e-5, atol=1e-4)


def test_without_anions_every_channel_is_zero(crystals) -> None:
    simple = Simplifier("CAN").simplify(crystals["LiAl"])
    assert not descriptor("soap").compute(simple, "CAN").any()


def test_an_unsimplified_crystal_is_refused(crystals) -> None:
    with pytest.raises(DescriptorError, match="simplify") as raised:
        descriptor("soap").compute(crystals["LiFePO4"], "CAN")
    assert raised.value.code == "species"
