"""Features of densities of states whose moments are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from screening.phonon.dos import PhononDos, PhononDosError, stack_of
from screening.phonon.features import (
    FEATURES,
    FeatureOptions,
    features_of,
    ion_centres,
    scalar_table,
)


def test_moments_of_gaussians_come_back(two_peaks: Callable[..., PhononDos]) -> None:
    stack = stack_of([two_peaks(12.0, 5.0), two_peaks(14.0, 7.0)])

    values, names = scalar_table(stack)
    row = dict(zip(names, values[0], strict=True))

    assert row["centre-ion"] == pytest.approx(12.0, abs=1e-3)
    assert row["centre-rest"] == pytest.approx(5.0, abs=1e-3)
    assert row["centre-total"] == pytest.approx(8.5, abs=1e-3)
    assert row["second-ion"] == pytest.approx(12.0**2 + 1.0, rel=1e-3)
    assert row["width-ion"] == pytest.approx(1.0, rel=1e-2)
    assert row["debye-ion"] == pytest.approx(np.sqrt(5 / 3 * 145.0), rel=1e-3)
    # the bin at the cut reaches half a step beyond it
    assert row["below-ion"] == pytest.approx(norm.cdf(5.125 - 12.0), abs=1e-4)
    assert row["below-total"] == pytest.approx(0.5 * norm.cdf(0.125), abs=2e-3)


@given(st.floats(5.0, 12.0), st.floats(1.01, 1.4))
def test_stiffer_lattices_have_higher_centres_and_lower_heat_capacity(
    centre: float, factor: float
) -> None:
    grid = 0.25 * np.arange(-40, 140)

    def crystal(at: float) -> PhononDos:
        total = np.exp(-0.5 * ((grid - at) / (0.1 * at)) ** 2)
        return PhononDos("x", "Li", grid, total, {"Li": total})

    values, names = scalar_table(stack_of([crystal(centre), crystal(centre * factor)]))
    soft, stiff = (dict(zip(names, row, strict=True)) for row in values)

    assert stiff["centre-total"] == pytest.approx(factor * soft["centre-total"], rel=1e-2)
    assert stiff["heat-capacity"] < soft["heat-capacity"]
    assert stiff["free-energy"] > soft["free-energy"]


def test_every_feature_set_is_finite_and_centred(two_peaks: Callable[..., PhononDos]) -> None:
    stack = stack_of([two_peaks(8.0 + i, 3.0 + 0.3 * i, f"m{i}") for i in range(9)])

    for name in FEATURES:
        found = features_of(stack, name)
        assert found.values.shape == (9, len(found.columns)) == found.raw.shape
        assert np.isfinite(found.values).all()
        assert np.abs(found.values.mean(axis=0)).max() < 1e-9
        assert (found.values**2).sum(axis=1).mean() == pytest.approx(1.0)


def test_arrays_count_all_modes(two_peaks: Callable[..., PhononDos]) -> None:
    stack = stack_of([two_peaks(), two_peaks(13.0, 6.0)])

    binned = features_of(stack, "binned-total", FeatureOptions(bin_THz=0.5)).raw
    cumulative = features_of(stack, "cumulative-ion").raw

    assert binned.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert cumulative[:, -1] == pytest.approx([1.0, 1.0])
    assert (np.diff(cumulative, axis=1) >= -1e-12).all()


def test_sets_are_joined_and_unknown_ones_refused(two_peaks: Callable[..., PhononDos]) -> None:
    stack = stack_of([two_peaks(9.0 + i, 4.0) for i in range(4)])

    joined = features_of(stack, "centre-ion+binned-total")

    assert joined.values.shape[1] == 1 + features_of(stack, "binned-total").values.shape[1]
    with pytest.raises(PhononDosError, match="'centre' is no phonon feature; choose among"):
        features_of(stack, "centre")


def test_every_element_has_its_centre(two_peaks: Callable[..., PhononDos]) -> None:
    dos = two_peaks(12.0, 5.0)
    parts = {"Li": dos.by_element["Li"], "X": dos.total - dos.by_element["Li"]}

    assert ion_centres(dos.frequency_THz, parts) == pytest.approx({"Li": 12.0, "X": 5.0}, abs=1e-3)
