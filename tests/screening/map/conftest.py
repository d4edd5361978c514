"""Crystals of known structure for the map."""

from __future__ import annotations

import numpy as np
import pytest

from screening.crystal import Crystal


@pytest.fixture
def antifluorite() -> Crystal:
    """Li2O, a = 4.62 angstrom, conventional cell."""
    oxygen = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    lithium = np.array(
        [[x, y, z] for x in (0.25, 0.75) for y in (0.25, 0.75) for z in (0.25, 0.75)]
    )
    return Crystal(
        4.62 * np.eye(3), np.vstack([oxygen, lithium]), ("O",) * 4 + ("Li",) * 8,
        material_id="Li2O",
    )  # fmt: skip


@pytest.fixture
def perovskite() -> Crystal:
    """LiLaTi2O6: two cubic cells of 3.87 angstrom, A sites ordered."""
    sites = [("Li", (0, 0, 0)), ("La", (0, 0, 0.5))]
    for z in (0.25, 0.75):
        sites += [("Ti", (0.5, 0.5, z)), ("O", (0.5, 0, z)), ("O", (0, 0.5, z))]
    sites += [("O", (0.5, 0.5, 0)), ("O", (0.5, 0.5, 0.5))]
    return Crystal(
        np.diag([3.87, 3.87, 7.74]),
        np.array([at for _, at in sites], dtype=float),
        tuple(symbol for symbol, _ in sites),
        material_id="LLTO",
    )
