"""Where a sweep begins, and what is no point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import EmptyFileError
from instruments.sweeps import spectra_of_points, sweep_starts


@given(
    st.lists(st.integers(2, 30), min_size=1, max_size=6),
    st.booleans(),
    st.floats(1e-3, 10),
)
def test_sweeps_over_the_same_range_are_parted(
    lengths: list[int], upwards: bool, lowest: float
) -> None:
    parts = [np.geomspace(1e6, lowest, n)[:: -1 if upwards else 1] for n in lengths]
    # The direction is that of most steps, so sweeps of two points only must not outnumber them.
    if sum(n - 1 for n in lengths) <= 2 * (len(lengths) - 1):
        return
    starts = sweep_starts(np.concatenate(parts))
    assert starts.tolist() == [0, *np.cumsum(lengths)[:-1].tolist()]


def test_frequencies_in_no_order_within_half_the_range_stay_one_sweep() -> None:
    assert sweep_starts(np.array([1e5, 1e4, 2e4, 1e3, 5e3, 1e2, 1e1])).tolist() == [0]


def test_no_points_no_sweeps() -> None:
    assert sweep_starts(np.empty(0)).tolist() == []
    assert sweep_starts(np.array([5.0])).tolist() == [0]


def test_what_is_no_point_is_counted() -> None:
    spectra, warnings = spectra_of_points([10, 0, 5, 2], [1 - 1j, 9, np.nan, 2 - 2j])
    assert [s.n_points for s in spectra] == [2]
    assert warnings == (
        "1 of 4 rows have no frequency and are no impedance points",
        "1 rows hold an impedance that is no number; left out",
    )


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(EmptyFileError, match="no impedance point"):
        spectra_of_points([0.0, np.nan], [1, 2])
