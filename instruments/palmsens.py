"""PalmSens PSTrace .pssession: JSON in UTF-16."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from instruments.errors import EmptyFileError, MalformedFileError
from instruments.reader import Parsed, Source, register
from instruments.records import ImpedanceSpectrum, Timestamp
from instruments.sweeps import complex_z, spectra_of_points

__all__ = ["read_pssession"]

_DOTNET_EPOCH = datetime(1, 1, 1)
_FREQUENCY, _REAL, _MINUS_IMAG = "Frequency", "ZRe", "ZIm"


def _sniff(source: Source) -> bool:
    head = source.content[:400].replace(b"\x00", b"")
    return b"PalmSens.DataFiles.SessionFile" in head


def _json_of(content: bytes) -> Any:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\x00" in content[:100]:
        encoding = "utf-16-le"
    try:
        text = content.decode(encoding).strip("\ufeff\x00 \r\n")
        return orjson.loads(text)
    except (UnicodeDecodeError, UnicodeEncodeError, orjson.JSONDecodeError) as error:
        raise MalformedFileError(f"is no whole session file: {error}; save it again") from error


@register("palmsens-pssession", suffixes=(".pssession",), sniff=_sniff, version="1")
def read_pssession(source: Source) -> Parsed:
    """PalmSens PSTrace session.

    Raises
    ------
    MalformedFileError
        When the JSON is not whole or not of this program.
    EmptyFileError
        When no measurement holds impedance.
    """
    session = _json_of(source.content)
    measurements = session.get("Measurements") if isinstance(session, dict) else None
    if not isinstance(measurements, list):
        raise MalformedFileError("holds no list of measurements; save it again in PSTrace")
    spectra: list[ImpedanceSpectrum] = []
    warnings: list[str] = []
    for measurement in measurements:
        found, notes = _measurement(measurement, session)
        title = measurement.get("Title", "") if isinstance(measurement, dict) else ""
        if not found:
            warnings.append(f"measurement {title!r} holds no impedance; left out")
        spectra.extend(found)
        warnings.extend(notes)
    if not spectra:
        raise EmptyFileError("no measurement of the session holds impedance")
    numbered = tuple(dataclasses.replace(s, sweep=i) for i, s in enumerate(spectra, start=1))
    return Parsed(numbered, {"measurements": len(measurements)}, tuple(warnings))


def _arrays(data_set: Any) -> dict[str, NDArray[np.float64]]:
    arrays: dict[str, NDArray[np.float64]] = {}
    for entry in data_set.get("Values", []):
        name = entry.get("Description")
        if name in (_FREQUENCY, _REAL, _MINUS_IMAG) and name not in arrays:
            arrays[name] = np.array([v["V"] for v in entry["DataValues"]], dtype=np.float64)
    return arrays


def _measurement(
    measurement: Any, session: dict[str, Any]
) -> tuple[tuple[ImpedanceSpectrum, ...], tuple[str, ...]]:
    try:
        data_sets = [measurement["DataSet"]]
        data_sets.extend(d["DataSet"] for d in measurement.get("EISDataList") or [])
        arrays = next((a for d in data_sets if len(a := _arrays(d)) == 3), None)
        if arrays is None:
            return (), ()
        n_points = {values.size for values in arrays.values()}
        if len(n_points) > 1:
            raise MalformedFileError("has impedance columns of different lengths")
        # ZIm is stored as -Im Z: capacitive points are positive in it.
        return spectra_of_points(
            arrays[_FREQUENCY],
            complex_z(arrays[_REAL], -arrays[_MINUS_IMAG]),
            instrument=f"PalmSens {measurement.get('DeviceSerial', '')}".strip(),
            software=f"PSTrace {session.get('CoreVersion', '')}".strip(),
            started_at=_started_at(measurement.get("UTCTimeStamp")),
            metadata={"title": str(measurement.get("Title", ""))},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise MalformedFileError(
            f"has a measurement of another form ({type(error).__name__}: {error})"
        ) from error


def _started_at(ticks: Any) -> Timestamp | None:
    """Convert 100 ns since the year 1, UTC."""
    if not isinstance(ticks, int) or not 6.3e17 < ticks < 7e17:
        return None
    moment = _DOTNET_EPOCH + timedelta(microseconds=ticks // 10)
    return Timestamp(f"{moment.isoformat(timespec='milliseconds')}+00:00", zone="UTC")
