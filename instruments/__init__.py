"""A raw instrument file in, a typed record out.

This package knows file formats. It knows nothing of samples, databases or physics.

>>> from instruments import read
>>> measured = read("cell-3.mpr")                       # doctest: +SKIP
>>> [s.n_points for s in measured.impedance_spectra()]  # doctest: +SKIP
[79]
"""

from __future__ import annotations

from instruments.errors import InstrumentFileError
from instruments.identity import canonical_data_hash, file_sha256
from instruments.reader import formats, read
from instruments.records import (
    Chronoamperometry,
    DiffractionPattern,
    ImpedanceSpectrum,
    MeasuredFile,
    Record,
    Timestamp,
)

__all__ = [
    "Chronoamperometry",
    "DiffractionPattern",
    "ImpedanceSpectrum",
    "InstrumentFileError",
    "MeasuredFile",
    "Record",
    "Timestamp",
    "canonical_data_hash",
    "file_sha256",
    "formats",
    "read",
]
