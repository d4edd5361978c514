"""Disordered structures as the mean over random orderings; ordered ones as ever."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from screening.crystal import Crystal
from screening.descriptors import descriptor
from screening.featurize import featurize
from screening.prototypes import prototype_records
from screening.sampled import SampledStructure, featurize_sampled


@dataclass(frozen=True)
class Given:
    """A crystal as a source."""

    material_id: str
    content_hash: str
    cell: Crystal

    def crystal(self) -> Crystal:
        return self.cell


@pytest.fixture(scope="module")
def half_full() -> Given:
    """Return rock salt LiCl, two cells wide, with half of the lithium missing and chlorine gone."""
    grid = np.array([[i, j, k] for i in range(4) for j in range(2) for k in range(2)], dtype=float)
    even = grid.sum(axis=1) % 2 == 0
    symbols = tuple("Li" if one else "Cl" for one in even)
    shares = tuple((("Li", 0.5),) if one else (("Cl", 1.0),) for one in even)
    return Given(
        "half",
        "0" * 32,
        Crystal(
            lattice_angstrom=np.diag([10.28, 5.14, 5.14]),
            fractional=grid / [4, 2, 2],
            symbols=symbols,
            occupancies=shares,
            material_id="half",
        ),
    )


def test_the_values_are_the_mean_over_the_orderings(half_full: Given, tmp_path: Path) -> None:
    ordered = prototype_records()[0]
    soap = descriptor("rdf")

    table = featurize_sampled([ordered, half_full], soap, "structure", tmp_path, orderings=4)

    plain = featurize([ordered, half_full], soap, "structure", tmp_path)
    drawn = [SampledStructure(half_full, sample) for sample in (1, 2, 3, 4)]
    each = featurize(drawn, soap, "structure", tmp_path).values
    assert table.ids == plain.ids
    np.testing.assert_array_equal(table.values[0], plain.values[0])
    np.testing.assert_allclose(table.values[1], each.mean(axis=0), rtol=1e-5)
    # the orderings differ, or nothing was averaged
    assert np.ptp(each, axis=0).max() > 0


def test_the_same_orderings_are_drawn_again(half_full: Given, tmp_path: Path) -> None:
    first = SampledStructure(half_full, 3).crystal()
    again = SampledStructure(half_full, 3).crystal()
    np.testing.assert_array_equal(first.fractional, again.fractional)
    assert (
        SampledStructure(half_full, 3).content_hash != SampledStructure(half_full, 2).content_hash
    )


def test_columns_that_depend_on_the_structures_are_common(half_full: Given, tmp_path: Path) -> None:
    records = prototype_records()[:3]
    table = featurize_sampled(
        [*records, half_full], descriptor("bond_fraction"), "structure", tmp_path, orderings=2
    )
    assert table.values.shape == (len(table.ids), len(table.columns))
