"""Numpy arrays in one database blob: little-endian bytes and a table of contents beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.errors import DatabaseStorageError, InvalidValueError

# Complex numbers are stored as the two float64 that they are: real, imaginary, real, ...
_KINDS = "biufcU"


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> tuple[list[dict[str, Any]], bytes]:
    """Lay arrays end to end.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Boolean, integer, float, complex or fixed-width text arrays, by name.

    Returns
    -------
    layout : list of dict
        Per array: name, dtype (little-endian), shape, offset, nbytes.
    blob : bytes

    Raises
    ------
    InvalidValueError
        For arrays of Python objects.
    """
    layout: list[dict[str, Any]] = []
    parts: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        values = np.asarray(array)
        if values.dtype.kind not in _KINDS:
            raise InvalidValueError(f"the array {name} of type {values.dtype} cannot be stored")
        little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        part = little.tobytes()
        layout.append(
            {
                "name": name,
                "dtype": little.dtype.str,
                "shape": list(values.shape),
                "offset": offset,
                "nbytes": len(part),
            }
        )
        parts.append(part)
        offset += len(part)
    return layout, b"".join(parts)


def unpack_arrays(layout: Sequence[Mapping[str, Any]], blob: bytes) -> dict[str, NDArray[Any]]:
    """Read the arrays that `pack_arrays` laid down, as read-only views on the blob.

    Raises
    ------
    DatabaseStorageError
        If the blob is shorter than its table of contents says.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for entry in layout:
        end = entry["offset"] + entry["nbytes"]
        if end > len(blob):
            raise DatabaseStorageError(
                f"the stored array {entry['name']} is cut short: {len(blob)} bytes of {end}"
            )
        flat = np.frombuffer(blob[entry["offset"] : end], dtype=np.dtype(entry["dtype"]))
        arrays[entry["name"]] = flat.reshape(entry["shape"])
    return arrays
