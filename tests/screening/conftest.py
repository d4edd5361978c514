"""Small crystals shared by the screening tests."""

from __future__ import annotations

import numpy as np
import pytest

from screening.charges import decorate
from screening.crystal import Crystal
from screening.prototypes import prototypes


@pytest.fixture(scope="session")
def crystals() -> dict[str, Crystal]:
    """Prototype crystals by formula, decorated with charges."""
    made = {}
    for entry in prototypes():
        crystal = entry.record().crystal()
        made[entry.formula] = crystal.with_charges(decorate(crystal).charges)
    return made


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20231106)
