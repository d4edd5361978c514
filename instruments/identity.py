"""What makes two files, or two data blocks, the same measurement.

The hash of a file tells whether the bytes are the same. It is no identity of a measurement:
EC-Lab rewrites an ``.mpr`` when a text export is made, and the text itself has other bytes. The
canonical data hash is taken over the measured points alone.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from instruments.errors import FileAccessError, RecordError

__all__ = ["TIES_AWAY_FROM_ZERO", "canonical_array_hash", "canonical_data_hash", "file_sha256"]

_BLOCK_BYTES = 1 << 20
_FORMAT_LABEL = b"labkit-data-1\n"

# EC-Lab prints 136598.125 as 1.3659813E+005, C's printf as 1.3659812e+05 (half to even). Single
# precision meets such exact ties often; a nudge of four units in the last place of the double
# rounds them as EC-Lab does and moves nothing else that has 15 significant digits or fewer.
TIES_AWAY_FROM_ZERO = 1.0 + 2.0**-50


def file_sha256(source: Path | str | bytes) -> str:
    """Hash a file, or bytes already read, with SHA-256.

    Parameters
    ----------
    source : Path, str or bytes
        A path, or the content itself.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    FileAccessError
        When the path cannot be read.
    """
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    digest = hashlib.sha256()
    try:
        with Path(source).open("rb") as handle:
            while block := handle.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise FileAccessError(f"cannot be read: {error.strerror}", path=source) from error
    return digest.hexdigest()


def canonical_array_hash(*columns: ArrayLike) -> str:
    """Hash equally long columns, row by row, at eight significant digits.

    Text exports print eight significant digits of the single-precision numbers that binary files
    hold, so ``'%.7e'`` of the double is the finest form in which the two agree.

    Parameters
    ----------
    *columns : array_like, shape (n,)
        Real numbers.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    RecordError
        When the columns differ in length.
    """
    arrays: list[NDArray[np.float64]] = [
        # + 0.0 turns -0.0 into 0.0
        np.asarray(column, dtype=np.float64).ravel() * TIES_AWAY_FROM_ZERO + 0.0
        for column in columns
    ]
    if len({array.size for array in arrays}) > 1:
        raise RecordError("the columns to hash differ in length")
    digest = hashlib.sha256(_FORMAT_LABEL)
    table = np.column_stack(arrays) if arrays else np.empty((0, 0))
    row_format = ",".join(["%.7e"] * len(arrays)) + "\n"
    rows_per_block = 1 << 16
    for start in range(0, table.shape[0], rows_per_block):
        block = table[start : start + rows_per_block]
        text = (row_format * block.shape[0]) % tuple(block.ravel().tolist())
        digest.update(text.encode("ascii"))
    return digest.hexdigest()


def canonical_data_hash(frequency_hz: ArrayLike, z_ohm: ArrayLike) -> str:
    """Hash the (f, Z) block of one sweep: the identity of an impedance measurement.

    Rows without a positive frequency are left out, the order is the order of measurement, and
    every number is taken at eight significant digits, so that an ``.mpr`` file and its text export
    agree.

    Parameters
    ----------
    frequency_hz : array_like, shape (n,)
        Frequencies in Hz.
    z_ohm : array_like of complex, shape (n,)
        Impedance in ohm, physics sign.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    RecordError
        When the two differ in length.
    """
    frequency = np.asarray(frequency_hz, dtype=np.float64).ravel()
    impedance = np.asarray(z_ohm, dtype=np.complex128).ravel()
    if frequency.size != impedance.size:
        raise RecordError(
            f"{frequency.size} frequencies but {impedance.size} impedances cannot be hashed"
        )
    keep = frequency > 0
    return canonical_array_hash(frequency[keep], impedance.real[keep], impedance.imag[keep])
