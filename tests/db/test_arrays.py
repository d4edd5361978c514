"""Arrays come back from their blob as they went in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from db.arrays import pack_arrays, unpack_arrays
from db.errors import DatabaseStorageError, InvalidValueError


@given(
    hnp.arrays(
        dtype=hnp.floating_dtypes(sizes=(32, 64)) | hnp.complex_number_dtypes(sizes=(64, 128)),
        shape=hnp.array_shapes(max_dims=3, max_side=6),
    )
)
def test_values_and_shape_survive(array: np.ndarray) -> None:
    layout, blob = pack_arrays({"first": array, "second": np.arange(3)})
    back = unpack_arrays(layout, blob)
    np.testing.assert_array_equal(back["first"], array)
    np.testing.assert_array_equal(back["second"], [0, 1, 2])


def test_big_endian_is_stored_little_endian() -> None:
    layout, blob = pack_arrays({"x": np.array([1.0, 2.0], dtype=">f8")})
    assert layout[0]["dtype"] == "<f8"
    assert blob == np.array([1.0, 2.0], dtype="<f8").tobytes()


def test_text_columns_and_empty_arrays_are_kept() -> None:
    names = np.array(["mp-1", "mp-696128"])
    back = unpack_arrays(*pack_arrays({"material_id": names, "none": np.zeros((0, 3))}))
    assert back["material_id"].tolist() == names.tolist()
    assert back["none"].shape == (0, 3)


def test_arrays_come_back_read_only() -> None:
    back = unpack_arrays(*pack_arrays({"x": np.arange(4.0)}))
    with pytest.raises(ValueError, match="read-only"):
        back["x"][0] = 1.0


def test_objects_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="bad"):
        pack_arrays({"bad": np.array([{}, []], dtype=object)})


def test_a_short_blob_is_named() -> None:
    layout, blob = pack_arrays({"z_ohm": np.arange(4.0)})
    with pytest.raises(DatabaseStorageError, match="z_ohm is cut short"):
        unpack_arrays(layout, blob[:-1])
