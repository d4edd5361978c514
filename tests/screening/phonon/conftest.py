"""Densities of states with known moments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from screening.phonon.dos import PhononDos

GRID = -10.0 + 0.25 * np.arange(180)


def gaussian(centre: float, width: float, states: float) -> np.ndarray:
    shape = np.exp(-0.5 * ((GRID - centre) / width) ** 2) / (width * np.sqrt(2 * np.pi))
    return np.asarray(states * shape)


@pytest.fixture
def two_peaks() -> Callable[..., PhononDos]:
    """Build a crystal of one lithium and one heavy atom, a Gaussian of three modes each."""

    def build(light: float = 12.0, heavy: float = 5.0, name: str = "x", width: float = 1.0):
        lithium = gaussian(light, width, 3.0)
        return PhononDos(name, "LiX", GRID, lithium + gaussian(heavy, width, 3.0), {"Li": lithium})

    return build
