"""The built-in set is made of chemically sensible crystals of the stated symmetry."""

from __future__ import annotations

import numpy as np
import pytest
import spglib

from screening.ordering import distance_matrix
from screening.prepare import prepare
from screening.prototypes import prototype_records, prototypes


def test_about_sixty_entries_with_names_of_their_own() -> None:
    entries = prototypes()
    assert len(entries) >= 60
    assert len({entry.material_id for entry in entries}) == len(entries)
    assert all(record.source.startswith("prototype: ") for record in prototype_records()[:3])


@pytest.mark.parametrize("entry", prototypes(), ids=lambda entry: entry.material_id)
def test_content_symmetry_and_contacts(entry) -> None:
    from pymatgen.core import Composition

    record = entry.record()
    crystal = record.crystal()
    assert crystal.reduced_formula == Composition(entry.formula).reduced_formula
    kinds = sorted(set(crystal.symbols))
    cell = (
        crystal.lattice_angstrom,
        crystal.fractional,
        [kinds.index(symbol) for symbol in crystal.symbols],
    )
    assert spglib.get_symmetry_dataset(cell, symprec=1e-3).number == record.space_group_number
    distance = distance_matrix(crystal) + 9 * np.eye(crystal.n_sites)
    assert 1.2 < distance.min() < 3.1
    assert prepare(record).crystal.n_sites == record.n_sites
