"""Structures in textbook coordinates, and the phases made of them."""

from __future__ import annotations

import pytest

from labkit.xrd.phase import Phase, phase_from_cif_text
from labkit.xrd.simulate import SERIES_HOST_CIF, SERIES_IMPURITY_CIF, cif_of

LAB6 = cif_of("LaB6", (4.157,) * 3 + (90,) * 3, "P m -3 m", [("La", 0, 0, 0), ("B", 0.2, 0.5, 0.5)])
FLUORAPATITE = cif_of(
    "Ca5(PO4)3F",
    (9.37, 9.37, 6.88, 90, 90, 120),
    "P 63/m",
    [
        ("Ca", 1 / 3, 2 / 3, 0.0),
        ("Ca", 0.242, 0.993, 0.25),
        ("P", 0.398, 0.368, 0.25),
        ("F", 0, 0, 0.25),
        ("O", 0.325, 0.484, 0.25),
        ("O", 0.592, 0.470, 0.25),
        ("O", 0.340, 0.258, 0.07),
    ],
    z=2,
)


@pytest.fixture
def lab6() -> Phase:
    return phase_from_cif_text(LAB6, name="LaB6")


@pytest.fixture
def fluorapatite() -> Phase:
    return phase_from_cif_text(FLUORAPATITE, name="fluorapatite")


@pytest.fixture
def host() -> Phase:
    return phase_from_cif_text(SERIES_HOST_CIF, name="Li3BS3")


@pytest.fixture
def li2s() -> Phase:
    return phase_from_cif_text(SERIES_IMPURITY_CIF, name="Li2S")
