"""Arrays that cannot be written: the columns of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from instruments.errors import RecordError

__all__ = [
    "ColumnSlice",
    "checked",
    "frozen_columns",
    "frozen_floats",
    "is_frozen",
    "must_be_finite",
]

FloatArray: TypeAlias = NDArray[np.float64]


class ColumnSlice(Mapping[str, FloatArray]):
    """Some rows of columns that all sweeps of a file share; converted when asked for.

    Parameters
    ----------
    table : mapping of str to ndarray, shape (n,)
        Columns of the whole file in whatever type they were stored.
    rows : slice or ndarray of int
        Rows of this sweep.
    n_rows : int
        How many they are.
    """

    __slots__ = ("_rows", "_table", "n_rows")

    def __init__(
        self, table: Mapping[str, NDArray[Any]], rows: slice | NDArray[np.intp], n_rows: int
    ) -> None:
        self._table = table
        self._rows = rows
        self.n_rows = n_rows

    def __getitem__(self, name: str) -> FloatArray:
        with np.errstate(invalid="ignore"):  # widening a signalling NaN
            values = np.array(self._table[name][self._rows], dtype=np.float64)
        values.flags.writeable = False
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return f"<{self.n_rows} rows of {', '.join(self._table)}>"


def is_frozen(values: object, dtype: type) -> bool:
    """Tell whether an array, and what it is a view of, can be kept without a copy."""
    return (
        isinstance(values, np.ndarray)
        and values.dtype == dtype
        and not values.flags.writeable
        and (values.base is None or not getattr(values.base.flags, "writeable", True))
    )


def frozen_floats(values: object, name: str, length: int | None = None) -> FloatArray:
    """Return a column of doubles that cannot be written; a copy unless it is that already."""
    if isinstance(values, np.ndarray) and is_frozen(values, np.float64):
        return checked(values, name, length)
    try:
        array = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise RecordError(f"{name} does not hold numbers: {error}") from error
    return checked(array, name, length)


def checked(array: NDArray[Any], name: str, length: int | None) -> NDArray[Any]:
    """Check that an array is one column of a length, and freeze it."""
    if array.ndim != 1:
        raise RecordError(f"{name} must be one column, not an array of {array.ndim} dimensions")
    if length is not None and array.size != length:
        raise RecordError(f"{name} has {array.size} values where {length} points were measured")
    if array.flags.writeable:
        array.flags.writeable = False
    return array


def frozen_columns(columns: Mapping[str, Any], length: int) -> Mapping[str, FloatArray]:
    """Freeze named columns of one length."""
    if isinstance(columns, ColumnSlice) and columns.n_rows == length:
        return columns
    return MappingProxyType(
        {name: frozen_floats(values, name, length) for name, values in columns.items()}
    )


def must_be_finite(array: NDArray[Any], name: str) -> None:
    """Refuse NaN and infinity by the number of the point."""
    if np.count_nonzero(np.isfinite(array)) != array.size:
        bad = np.flatnonzero(~np.isfinite(array))
        raise RecordError(f"{name} is not finite at point {int(bad[0]) + 1}")
