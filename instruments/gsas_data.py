"""GSAS powder data (.gsas, .gsa, .gda, .raw, .fxye, .XRA, .CWN): BANK ... CONST STD/ESD/FXYE."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from instruments.errors import MalformedFileError, NoMeasurementError, TruncatedFileError
from instruments.reader import Parsed, Source, register
from instruments.records import DiffractionPattern

__all__ = ["read_gsas"]

_BANK = re.compile(
    rb"^BANK[ \t]+(\d+)[ \t]+(\d+)[ \t]+(\d+)[ \t]+(\w+)[ \t]+([-+\d.eE]+)[ \t]+([-+\d.eE]+)"
    rb"[^\r\n]*?(?:[ \t](STD|ESD|FXYE|FXY|ALT))?[ \t]*\r?\n",
    re.MULTILINE,
)
_CENTIDEGREES = 100.0
_FIELD = 8
_RECORD = 80
_MOST_POINTS = 10_000_000


def _sniff(source: Source) -> bool:
    head = source.content[:4000]
    return b"BANK" in head and bool(_BANK.search(head))


@register(
    "gsas", suffixes=(".gsas", ".gsa", ".gda", ".fxye", ".xra", ".cwn"), sniff=_sniff, version="1"
)
def read_gsas(source: Source) -> Parsed:
    """GSAS constant-wavelength powder data.

    Raises
    ------
    NoMeasurementError
        When a bank is measured by time of flight.
    MalformedFileError, TruncatedFileError
        When a bank cannot be read, or is shorter than it says.
    """
    content = source.content
    banks = list(_BANK.finditer(content))
    if not banks:
        raise MalformedFileError("has no line 'BANK ... CONST start step'")
    title = content[: banks[0].start()].splitlines()
    name = title[0].decode("latin-1").strip() if title else ""
    records, warnings = [], []
    for number, bank in enumerate(banks, start=1):
        end = banks[number].start() if number < len(banks) else len(content)
        pattern = _bank(bank, content[bank.end() : end], name, number)
        zeros = int(np.argmax(pattern.intensity_counts[::-1] != 0))
        if zeros:
            warnings.append(f"bank {number}: the last {zeros} points hold no count")
        records.append(pattern)
    return Parsed(tuple(records), {"title": name}, tuple(warnings))


def _bank(bank: re.Match[bytes], body: bytes, title: str, number: int) -> DiffractionPattern:
    n_points, binning = int(bank[2]), bank[4].decode("ascii")
    form = (bank[7] or b"STD").decode("ascii")
    if binning not in ("CONST", "CONS"):
        raise NoMeasurementError(
            f"bank {number} is binned as {binning}: time of flight is not read"
        )
    if not 0 < n_points <= _MOST_POINTS:
        raise MalformedFileError(f"bank {number} says that it holds {n_points} points")
    try:
        start, step = float(bank[5]) / _CENTIDEGREES, float(bank[6]) / _CENTIDEGREES
        angle: NDArray[np.float64] = start + step * np.arange(n_points, dtype=np.float64)
        if form == "STD":
            intensity, sigma = _standard(body, n_points)
        elif form == "ESD":
            intensity, sigma = _columns(_fields(body, 2 * n_points), 2)
        elif form in ("FXYE", "FXY"):
            n_columns = 3 if form == "FXYE" else 2
            columns = _columns(np.array(body.split(), dtype=np.float64), n_columns, n_points)
            angle, intensity = columns[0] / _CENTIDEGREES, columns[1]
            sigma = columns[2] if form == "FXYE" else np.sqrt(np.maximum(intensity, 1.0))
        else:
            raise MalformedFileError(f"bank {number} has the form {form}, which is not read")
    except ValueError as error:
        raise MalformedFileError(f"bank {number} holds a word: {error}") from error
    lower = title.lower()
    return DiffractionPattern(
        two_theta_deg=angle,
        intensity_counts=intensity,
        sigma_counts=sigma,
        scan=number,
        radiation="neutron" if "neutron" in lower else "x-ray" if "x-ray" in lower else "unknown",
        metadata={"title": title, "form": form},
        warnings=("the file does not say the wavelength; it is in the instrument file (.prm)",),
    )


def _fields(body: bytes, n: int) -> NDArray[np.float64]:
    """Cut records of 80 characters into fields of 8; an empty field is missing."""
    words: list[bytes] = []
    for line in body.splitlines():
        record = line.ljust(_RECORD)[:_RECORD] if len(line) > _FIELD else line
        words.extend(record[k : k + _FIELD] for k in range(0, len(record), _FIELD))
        if len(words) >= n:
            break
    filled = [word for word in words[:n] if word.strip()]
    if len(filled) < n:
        raise TruncatedFileError(f"should hold {n} values and holds {len(filled)}; copy it again")
    return np.array([word.replace(b" ", b"") for word in filled], dtype="S8").astype(np.float64)


def _standard(body: bytes, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read STD: in each field two characters count the detectors, six hold their mean."""
    detectors, counts = [], []
    for line in body.splitlines():
        record = line.rstrip()
        for k in range(0, len(record), _FIELD):
            field = record[k : k + _FIELD]
            if field.strip():
                detectors.append(float(field[:2].strip() or 1))
                counts.append(float(field[2:].strip() or 0))
        if len(counts) >= n:
            break
    if len(counts) < n:
        raise TruncatedFileError(f"should hold {n} points and holds {len(counts)}; copy it again")
    intensity = np.array(counts[:n])
    sigma = np.sqrt(np.maximum(intensity, 1.0) / np.maximum(np.array(detectors[:n]), 1.0))
    return intensity, sigma


def _columns(
    values: NDArray[np.float64], n_columns: int, n_points: int | None = None
) -> NDArray[np.float64]:
    wanted = values.size if n_points is None else n_points * n_columns
    if values.size < wanted:
        raise TruncatedFileError(
            f"should hold {n_points} points and holds {values.size // n_columns}; copy it again"
        )
    return values[:wanted].reshape(-1, n_columns).T
