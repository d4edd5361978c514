"""Preparation names every failure and survives its own bytes."""

from __future__ import annotations

import numpy as np
import pytest

from screening.crystal import Crystal
from screening.errors import StructureError
from screening.prepare import pack_crystal, prepare, unpack_crystal
from screening.prototypes import prototype_records


def test_bytes_keep_everything() -> None:
    for record in prototype_records()[::7]:
        prepared = prepare(record)
        back = unpack_crystal(pack_crystal(prepared))
        assert back.crystal.content_hash == prepared.crystal.content_hash
        assert back.crystal.material_id == record.material_id
        assert back.charge_method == prepared.charge_method


def cube(symbols: tuple[str, ...], positions: list) -> Crystal:
    return Crystal(np.eye(3) * 4, np.array(positions, dtype=float), symbols, material_id="x")


BIG = Crystal(
    np.eye(3) * 50, np.random.default_rng(0).random((1000, 3)), ("Li",) * 1000, material_id="x"
)


@pytest.mark.parametrize(
    ("crystal", "code"),
    [
        (cube(("Na", "Cl"), [[0, 0, 0], [0.5, 0.5, 0.5]]), "no-ion"),
        (cube(("Li", "Cl"), [[0, 0, 0], [0.01, 0, 0]]), "overlapping-sites"),
        (cube(("Li", "Xx"), [[0, 0, 0], [0.5, 0.5, 0.5]]), "unknown-element"),
        (cube(("Li", "D"), [[0, 0, 0], [0.5, 0.5, 0.5]]), "deuterium"),
        (BIG, "too-many-sites"),
    ],
)
def test_bad_structures_have_a_code(crystal: Crystal, code: str) -> None:
    with pytest.raises(StructureError, match="x: ") as raised:
        prepare(crystal)
    assert raised.value.code == code
