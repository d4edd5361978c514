"""Columns that cannot be written."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.errors import RecordError
from instruments.frozen_arrays import (
    ColumnSlice,
    checked,
    frozen_columns,
    frozen_floats,
    is_frozen,
    must_be_finite,
)


def test_shared_columns_give_the_rows_of_the_sweep_in_double_precision() -> None:
    table = {"Ewe_V": np.arange(6, dtype=np.float32)}
    part = ColumnSlice(table, slice(2, 4), 2)
    assert part["Ewe_V"].dtype == np.float64
    assert part["Ewe_V"].tolist() == [2.0, 3.0]
    assert list(part) == ["Ewe_V"]
    with pytest.raises(ValueError, match="read-only"):
        part["Ewe_V"][0] = 1.0


def test_a_frozen_column_is_kept_and_another_copied() -> None:
    owner = np.arange(3.0)
    assert frozen_floats(owner, "a") is not owner
    assert owner.flags.writeable
    owner.flags.writeable = False
    assert is_frozen(owner, np.float64)
    assert frozen_floats(owner, "a") is owner
    assert not is_frozen(owner, np.complex128)


def test_a_slice_of_another_length_is_measured_again() -> None:
    part = ColumnSlice({"a": np.arange(6.0)}, slice(0, 2), 2)
    assert frozen_columns(part, 2) is part
    with pytest.raises(RecordError, match="a has 2 values where 3"):
        frozen_columns(part, 3)


def test_tables_and_infinities_are_refused() -> None:
    with pytest.raises(RecordError, match="2 dimensions"):
        checked(np.zeros((2, 2)), "a", None)
    with pytest.raises(RecordError, match="not finite at point 2"):
        must_be_finite(np.array([1.0, np.inf]), "a")
