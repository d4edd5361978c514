"""What raw files hold, without storing anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from instruments import read
from instruments.errors import InstrumentFileError
from instruments.records import Chronoamperometry, DiffractionPattern, ImpedanceSpectrum, Record
from labkit.json_ready import json_ready
from labkit.workflows.temperature_in_name import read_name

__all__ = ["inspect_files"]


def inspect_files(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Read files and describe what they hold.

    Parameters
    ----------
    paths : iterable of Path

    Returns
    -------
    list of dict
        One per file; a file that cannot be read has the key ``error`` with its line.
    """
    return [_describe_file(path) for path in paths]


def _describe_file(path: Path) -> dict[str, Any]:
    try:
        file = read(path)
    except InstrumentFileError as error:
        return {"file": str(path), "error": str(error)}
    in_name = read_name(path.name)
    return {
        "file": str(path),
        "format": file.format,
        "reader_version": file.reader_version,
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
        "temperature_in_name_K": in_name.temperature_K,
        "metadata": json_ready(dict(file.metadata)),
        "warnings": [*file.warnings, *_record_warnings(file.records), *in_name.remarks],
        "records": [_describe_record(record) for record in file.records],
    }


def _record_warnings(records: Iterable[Record]) -> list[str]:
    return list(dict.fromkeys(warning for record in records for warning in record.warnings))


def _describe_record(record: Record) -> dict[str, Any]:
    described: dict[str, Any] = {
        "kind": record.kind,
        "points": record.n_points,
        "instrument": record.instrument,
        "software": record.software,
        "started_at": str(record.started_at) if record.started_at else None,
        "data_hash": record.data_hash,
        "columns": list(record.columns),
        "metadata": json_ready(dict(record.metadata)),
        "range": "",
    }
    if isinstance(record, ImpedanceSpectrum):
        described |= {"sweep": record.sweep, "technique": record.technique}
        if record.n_points:
            low, high = float(record.frequency_hz.min()), float(record.frequency_hz.max())
            described |= {"frequency_hz": [low, high], "range": f"{low:.4g} - {high:.4g} Hz"}
    elif isinstance(record, DiffractionPattern):
        described |= {
            "sweep": record.scan,
            "technique": "diffraction",
            "wavelength_angstrom": json_ready(record.wavelength_angstrom),
            "anode": record.anode,
            "counting_time_s": record.counting_time_s,
        }
        if record.n_points:
            low, high = float(record.two_theta_deg[0]), float(record.two_theta_deg[-1])
            described |= {"two_theta_deg": [low, high], "range": f"{low:.4g} - {high:.4g} deg"}
    elif isinstance(record, Chronoamperometry):
        described |= {"sweep": record.sweep, "technique": record.technique}
        if record.n_points:
            low, high = float(record.time_s.min()), float(record.time_s.max())
            described |= {"time_s": [low, high], "range": f"{low:.4g} - {high:.4g} s"}
    return described
