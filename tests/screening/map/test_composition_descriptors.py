"""1782 numbers of a composition, and the fractions read back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.map.composition_descriptors import (
    BINS,
    KINDS,
    LENGTH,
    PROPERTIES,
    composition_descriptor,
    element_table,
    fractions_from,
)
from screening.map.selection import ELEMENTS, MapError

amounts = st.dictionaries(
    st.sampled_from(ELEMENTS[2:]), st.floats(0.1, 5.0), min_size=1, max_size=4
).map(lambda rest: {"Li": 1.0, "O": 3.0, **rest})


def test_the_length_is_that_of_the_paper() -> None:
    assert LENGTH == 1782 == composition_descriptor({"Li": 2, "O": 1}).size
    assert len(ELEMENTS) == 27
    assert KINDS[-1][1].stop == LENGTH


def test_properties_are_those_of_the_elements() -> None:
    row = dict(zip(PROPERTIES, element_table()[ELEMENTS.index("Ti")], strict=True))

    assert row["atomic number"] == 22
    assert row["electronegativity"] == pytest.approx(1.54)
    assert row["melting point"] == pytest.approx(1941)
    assert [row[f"{k} electrons"] for k in "spdf"] == [8, 12, 2, 0]
    assert (element_table()[:, :7] > 0).all()


@settings(deadline=None)
@given(amounts, st.floats(0.5, 10.0))
def test_only_ratios_count_and_histograms_hold_all_atoms(
    amount: dict[str, float], factor: float
) -> None:
    values = composition_descriptor(amount)

    assert values == pytest.approx(
        composition_descriptor({e: factor * a for e, a in amount.items()})
    )
    for _, part in KINDS:
        assert values[part].sum() == pytest.approx(1.0)
    total = sum(amount.values())
    read = fractions_from(values)
    assert read == pytest.approx({e: a / total for e, a in amount.items()})


def test_like_elements_lie_near_each_other() -> None:
    def zirconate(metal: str) -> np.ndarray:
        return composition_descriptor({"Li": 2, metal: 1, "O": 3})[2 * len(ELEMENTS) :]

    zr, hf, p = zirconate("Zr"), zirconate("Hf"), zirconate("P")

    assert np.linalg.norm(zr - hf) < np.linalg.norm(zr - p)
    assert zr.size == BINS * len(PROPERTIES)


def test_foreign_elements_are_refused() -> None:
    with pytest.raises(MapError, match="LiCoO2: holds Co"):
        composition_descriptor({"Li": 1, "Co": 1, "O": 2}, "LiCoO2")
