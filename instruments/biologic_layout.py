"""Where each column lies in a row of an .mpr data module, and the proof that it lies there.

The module names its columns by number. A number that is not known does not stop the reading: the
width of a row says how many bytes the unknown columns take together, every way to share them out
is tried, and a way counts only when the numbers prove it: |Z|^2 = Re^2 + Im^2, the phase agrees,
frequencies are plausible and time runs forward. Columns that lie elsewhere in another proven way
are left out.
"""

from __future__ import annotations

import functools
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from instruments.biologic_columns import COLUMNS, FLAG_BITS
from instruments.errors import LayoutError

__all__ = ["DataHeader", "Table", "header_of", "read_table"]

_WIDTHS = (4, 8, 2, 1)
_MOST_WAYS = 4096
_MOST_COLUMNS = 500
_PROOF_ROWS = 2000
_MODULUS_TOLERANCE = 1e-4
_PHASE_TOLERANCE_DEG = 0.05
_PROVING = frozenset({4, 32, 35, 36, 37, 38})
_DEG_PER_RAD = 180.0 / np.pi

_Field: TypeAlias = tuple[int, int, int]  # id, offset in the row, width


@dataclass(frozen=True, slots=True)
class DataHeader:
    """Head of a data module.

    Attributes
    ----------
    n_rows : int
        Number of records.
    ids : tuple of int
        Column numbers in the order of the row.
    offset : int
        First byte of the first row in the body.
    """

    n_rows: int
    ids: tuple[int, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns, as stored, and the numbers of the columns that were not known."""

    columns: dict[str, NDArray[Any]]
    unknown_ids: tuple[int, ...]
    left_out: tuple[str, ...]


# (type of the count, offset of the first row): version 2 has room for 200 columns and no mark
# behind them, version 3 has the mark, versions 10 and 11 count in 16 bits and have room for 500.
_V2, _V3, _V11 = ("<B", 405), ("<B", 406), ("<H", 1007)
_HEAD_FORMS = {2: (_V2,), 3: (_V3,), 10: (_V11,), 11: (_V11,)}
_ANY_FORM = (_V11, _V3, _V2)


def header_of(body: memoryview | bytes, version: int) -> DataHeader:
    """Read the head of a data module.

    Parameters
    ----------
    body : bytes or memoryview
        Body of the module.
    version : int
        Version in the module's header; an unknown version is tried with every known form.

    Returns
    -------
    DataHeader
        Rows, columns and where they begin.

    Raises
    ------
    LayoutError
        When no form of the head fits the length of the module.
    """
    if len(body) < 5:
        raise LayoutError(f"its data module has {len(body)} bytes, too few for a head")
    (n_rows,) = struct.unpack_from("<I", body, 0)
    for count_type, offset in _HEAD_FORMS.get(version, _ANY_FORM):
        if len(body) < offset:
            continue
        (n_columns,) = struct.unpack_from(count_type, body, 4)
        at = 4 + struct.calcsize(count_type)
        if not 0 < n_columns <= min(_MOST_COLUMNS, (offset - at) // 2):
            continue
        data_bytes = len(body) - offset
        if n_rows == 0 or (data_bytes % n_rows == 0 and data_bytes >= n_rows):
            ids = struct.unpack_from(f"<{n_columns}H", body, at)
            return DataHeader(n_rows, ids, offset)
    raise LayoutError(
        f"the head of its data module (version {version}) does not fit the module's length: "
        f"{n_rows} records in {len(body)} bytes; please report the file, EC-Lab may have a new form"
    )


@functools.lru_cache(maxsize=256)
def _unknown(ids: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in ids if n not in COLUMNS and n not in FLAG_BITS)


@functools.lru_cache(maxsize=256)
def _fields(ids: tuple[int, ...], unknown_widths: tuple[int, ...]) -> tuple[_Field, ...]:
    """Return the fields of a row; flags share the byte of the first of them."""
    fields, at, flag_seen = [], 0, False
    unknown = iter(unknown_widths)
    for number in ids:
        if number in FLAG_BITS:
            if flag_seen:
                continue
            flag_seen = True
            width = 1
        elif number in COLUMNS:
            width = np.dtype(COLUMNS[number].dtype).itemsize
        else:
            width = next(unknown)
        fields.append((number, at, width))
        at += width
    return tuple(fields)


def _ways(n_unknown: int, n_bytes: int) -> Iterator[tuple[int, ...]]:
    """Share bytes out over unknown columns; likely widths first."""
    if n_unknown == 0:
        if n_bytes == 0:
            yield ()
        return
    if n_bytes == 4 * n_unknown:
        yield (4,) * n_unknown
    if n_bytes == 8 * n_unknown:
        yield (8,) * n_unknown
    if n_unknown > 8:
        return
    for way in itertools.product(_WIDTHS, repeat=n_unknown):
        if sum(way) == n_bytes and set(way) not in ({4}, {8}):
            yield way


def _proves_itself(records: NDArray[np.void], fields: tuple[_Field, ...]) -> bool:
    """Test a layout on the first rows."""
    first = records[:_PROOF_ROWS]
    # A signalling NaN of damaged rows would warn already when it is widened.
    with np.errstate(all="ignore"):
        found = {
            number: first[f"at{offset}"].astype(np.float64)
            for number, offset, _ in fields
            if number in _PROVING
        }
        if 4 in found and not _is_running_time(found[4]):
            return False
        if 32 not in found:
            return True
        frequency = found[32]
        measured = frequency > 0
        # Comparisons are false for NaN, so it is refused too; 0 stands in rows at rest.
        plausible = (frequency == 0) | ((frequency >= 1e-9) & (frequency <= 1e9))
        if np.count_nonzero(plausible) != plausible.size:
            return False
        modulus, phase = found.get(36), found.get(35)
        real, minus_imag = found.get(37), found.get(38)
        if real is None or minus_imag is None:
            if phase is not None and modulus is not None:
                return _nearly_all((np.abs(phase) <= 360.0) & (modulus >= 0), measured)
            return True
        if modulus is not None:
            # Single precision squared does not leave the range of double precision.
            computed = np.sqrt(real * real + minus_imag * minus_imag)
            scale = np.maximum(np.abs(modulus), 1e-30)
            agree = np.abs(computed - modulus) <= _MODULUS_TOLERANCE * scale
            if not _nearly_all(agree, measured):
                return False
        if phase is not None:
            turn = phase + np.arctan2(minus_imag, real) * _DEG_PER_RAD
            agree = np.abs(turn - 360.0 * np.rint(turn / 360.0)) <= _PHASE_TOLERANCE_DEG
            return _nearly_all(agree, measured)
    return True


def _is_running_time(time: NDArray[np.float64]) -> bool:
    if np.count_nonzero(np.abs(time) <= 1e10) != time.size:
        return False
    backwards = np.count_nonzero(time[1:] - time[:-1] < -1e-6 * np.abs(time[1:]))
    return bool(backwards <= 0.05 * (time.size - 1))


def _nearly_all(agree: NDArray[np.bool_], measured: NDArray[np.bool_]) -> bool:
    """Allow for a few rows whose point the instrument marked as lost."""
    return bool(np.count_nonzero(agree & measured) >= 0.98 * np.count_nonzero(measured))


def _proven_layout(
    header: DataHeader, body: memoryview | bytes, row_bytes: int
) -> tuple[NDArray[np.void], tuple[_Field, ...], frozenset[int]]:
    """Return the rows, the proven fields, and the positions of fields that are not certain."""
    unknown = _unknown(header.ids)
    *_, (_, last_at, last_width) = _fields(header.ids, (0,) * len(unknown))
    known_bytes = last_at + last_width
    spare = row_bytes - known_bytes
    rows: NDArray[np.void] | None = None
    proven: list[tuple[_Field, ...]] = []
    for way in itertools.islice(_ways(len(unknown), spare), _MOST_WAYS):
        fields = _fields(header.ids, way)
        records = np.frombuffer(
            body, dtype=_row_dtype(fields, row_bytes), count=header.n_rows, offset=header.offset
        )
        if _proves_itself(records, fields):
            proven.append(fields)
            rows = records if rows is None else rows
            if len(proven) > 64:
                break
    if rows is None:
        named = ", ".join(map(str, unknown))
        reason = (
            f"column ids {named} are not known and no way to share their {spare} bytes gives "
            "|Z|^2 = Re^2 + Im^2"
            if unknown
            else f"a row has {row_bytes} bytes and its columns take {known_bytes}"
            if spare
            else "its numbers do not obey |Z|^2 = Re^2 + Im^2, the phase and a running time"
        )
        raise LayoutError(
            f"the layout of its rows cannot be proven: {reason}; export the file as text (.mpt) "
            "in EC-Lab and import that",
            offset=header.offset,
        )
    first = proven[0]
    if len(proven) == 1:
        return rows, first, frozenset()
    uncertain = frozenset(
        i for i, field in enumerate(first) if any(other[i][1] != field[1] for other in proven[1:])
    )
    return rows, first, uncertain


def read_table(body: memoryview | bytes, header: DataHeader) -> Table:
    """Read every known column of a data module.

    Parameters
    ----------
    body : bytes
        Body of the module.
    header : DataHeader
        From `header_of`.

    Returns
    -------
    Table
        Views on the rows in the stored type, under the names of the text export.

    Raises
    ------
    LayoutError
        When no layout proves itself.
    """
    n = header.n_rows
    unknown_ids = tuple(dict.fromkeys(_unknown(header.ids)))
    if n == 0:
        names = [COLUMNS[i].name for i in header.ids if i in COLUMNS]
        return Table({name: np.empty(0) for name in names}, unknown_ids, ())
    row_bytes = (len(body) - header.offset) // n
    records, fields, uncertain = _proven_layout(header, body, row_bytes)
    places, left_out = _places(header.ids, fields, uncertain)
    table: dict[str, NDArray[Any]] = {}
    for name, key, mask, shift in places:
        table[name] = (records[key] & mask) >> shift if mask else records[key]
    return Table(table, unknown_ids, left_out)


@functools.lru_cache(maxsize=64)
def _places(
    ids: tuple[int, ...], fields: tuple[_Field, ...], uncertain: frozenset[int]
) -> tuple[tuple[tuple[str, str, int, int], ...], tuple[str, ...]]:
    """Return (name, field of the row, mask, shift) per column, and the names to leave out."""
    places: dict[str, tuple[str, str, int, int]] = {}
    left_out = []
    for position, (number, offset, _) in enumerate(fields):
        if number in FLAG_BITS:
            if position not in uncertain:
                for flag in dict.fromkeys(i for i in ids if i in FLAG_BITS):
                    name, mask, shift = FLAG_BITS[flag]
                    places[name] = (name, f"at{offset}", mask, shift)
        elif number in COLUMNS:
            name = COLUMNS[number].name
            if position in uncertain:
                left_out.append(name)
            elif name not in places:
                places[name] = (name, f"at{offset}", 0, 0)
    return tuple(places.values()), tuple(left_out)


@functools.lru_cache(maxsize=256)
def _row_dtype(fields: tuple[_Field, ...], row_bytes: int) -> np.dtype[np.void]:
    names, types, offsets = [], [], []
    for number, offset, _ in fields:
        if number in COLUMNS or number in FLAG_BITS:
            names.append(f"at{offset}")
            types.append("u1" if number in FLAG_BITS else COLUMNS[number].dtype)
            offsets.append(offset)
    return np.dtype({"names": names, "formats": types, "offsets": offsets, "itemsize": row_bytes})
