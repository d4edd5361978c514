"""Rigaku .rasx (zip of text and XML) and .ras (text)."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from instruments.archives import ZIP_MAGIC, member_bytes, open_archive
from instruments.delimited_text import decode_text
from instruments.errors import EmptyFileError, MalformedFileError, TruncatedFileError
from instruments.panalytical import wavelengths
from instruments.reader import Parsed, Source, register
from instruments.records import DiffractionPattern
from instruments.timestamps import from_iso, from_text
from instruments.xml_text import first, first_text, number, parse_xml

__all__ = ["read_ras", "read_rasx"]

_PROFILE = re.compile(r"^Data(\d+)/Profile\1\.txt$")
_RAS_KEY = re.compile(r'^\*(\w+)\s+"?(.*?)"?\s*$')
_SPEED_TO_DEG_PER_S = {"deg/min": 1 / 60, "deg/s": 1.0, "sec/step": None}


def _sniff_rasx(source: Source) -> bool:
    return source.content.startswith(ZIP_MAGIC) and b"Data0/Profile0.txt" in source.content


@register("rigaku-rasx", suffixes=(".rasx",), sniff=_sniff_rasx, version="1")
def read_rasx(source: Source) -> Parsed:
    """Rigaku SmartLab Studio file.

    Raises
    ------
    EmptyFileError
        When no profile is in it.
    MalformedFileError, TruncatedFileError
        When the container or a profile is damaged.
    """
    archive = open_archive(source.content)
    found = sorted((int(m[1]), name) for name in archive.namelist() if (m := _PROFILE.match(name)))
    patterns = [
        _rasx_pattern(
            member_bytes(archive, name),
            # The misspelling is the program's own.
            member_bytes(archive, f"Data{k}/MesurementConditions{k}.xml")
            if f"Data{k}/MesurementConditions{k}.xml" in archive.namelist()
            else b"",
            scan,
        )
        for scan, (k, name) in enumerate(found, start=1)
    ]
    if not patterns:
        raise EmptyFileError("holds no profile")
    return Parsed(tuple(patterns), {"scans": len(patterns)})


def _profile(lines: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return angles and intensities; the third column is the factor of the attenuator."""
    try:
        rows = [[float(word) for word in line.split()] for line in lines if line.strip()]
        table = np.array(rows, dtype=np.float64)
    except ValueError as error:
        raise MalformedFileError(f"has a profile that is no table of numbers: {error}") from error
    if table.ndim != 2 or table.shape[1] < 2:
        raise MalformedFileError("has a profile without angle and intensity")
    factor = table[:, 2] if table.shape[1] > 2 else 1.0
    return table[:, 0], table[:, 1] * factor


def _lines_of(
    alpha1: float | None, alpha2: float | None
) -> tuple[tuple[tuple[float, float], ...] | None, tuple[str, ...]]:
    """Return both lines of K-alpha, which Rigaku's files name without their weights.

    The two initial states hold four and two electrons, so that K-alpha2 has half the intensity of
    K-alpha1.
    """
    lines = wavelengths(alpha1, alpha2, 0.5)
    if lines is None or len(lines) < 2:
        return lines, ()
    return lines, (
        "does not say the weight of K-alpha2; 0.5 is taken, the ratio of the transitions: check it "
        "where a monochromator or slit takes K-alpha2 away",
    )


def _rasx_pattern(profile: bytes, conditions: bytes, scan: int) -> DiffractionPattern:
    angle, intensity = _profile(decode_text(profile).splitlines())
    root = parse_xml(conditions.removeprefix(b"\xef\xbb\xbf")) if conditions else None
    tube = first(root, "XrayGenerator")
    information = first(root, "ScanInformation")
    lines, notes = _lines_of(
        number(first_text(tube, "WavelengthKalpha1")), number(first_text(tube, "WavelengthKalpha2"))
    )
    started = first_text(information, "StartTime")
    return DiffractionPattern(
        two_theta_deg=angle,
        intensity_counts=intensity,
        wavelength_angstrom=lines,
        anode=first_text(tube, "TargetName"),
        counting_time_s=_step_time(
            number(first_text(information, "Step")),
            number(first_text(information, "Speed")),
            first_text(information, "SpeedUnit"),
        ),
        intensity_unit=_unit(first_text(information, "IntensityUnit")),
        scan=scan,
        instrument=f"Rigaku {first_text(root, 'SystemName') or ''}".strip(),
        started_at=from_iso(started) if started else None,
        metadata={
            "sample": first_text(root, "SampleName"),
            "operator": first_text(root, "Operator"),
            "tension_kV": number(first_text(tube, "Voltage")),
            "current_mA": number(first_text(tube, "Current")),
        },
        warnings=notes,
    )


def _unit(text: str | None) -> str:
    return {"counts": "counts", "cps": "counts/s"}.get((text or "counts").lower(), "arbitrary")


def _step_time(step_deg: float | None, speed: float | None, unit: str | None) -> float | None:
    factor = _SPEED_TO_DEG_PER_S.get(unit or "")
    if not step_deg or not speed or factor is None:
        return None
    return float(f"{step_deg / (speed * factor):.6g}")


def _sniff_ras(source: Source) -> bool:
    return source.content.lstrip(b"\xef\xbb\xbf").startswith(b"*RAS_DATA_START")


@register("rigaku-ras", suffixes=(".ras",), sniff=_sniff_ras, version="1")
def read_ras(source: Source) -> Parsed:
    """Rigaku RAS text file.

    Raises
    ------
    EmptyFileError
        When no block of intensities is in it.
    TruncatedFileError
        When a block of intensities does not end.
    """
    lines = decode_text(source.content).splitlines()
    patterns: list[DiffractionPattern] = []
    header: dict[str, str] = {}
    begin: int | None = None
    for index, line in enumerate(lines):
        if line.startswith("*RAS_HEADER_START"):
            header = {}
        elif line.startswith("*RAS_INT_START"):
            begin = index + 1
        elif line.startswith("*RAS_INT_END"):
            if begin is not None and begin < index:
                patterns.append(_ras_pattern(lines[begin:index], header, len(patterns) + 1))
            begin = None
        elif begin is None and (match := _RAS_KEY.match(line)):
            header[match[1]] = match[2]
    if begin is not None:
        raise TruncatedFileError("is cut off inside its intensities; copy it again", line=begin)
    if not patterns:
        raise EmptyFileError("holds no block of intensities")
    return Parsed(tuple(patterns), {"scans": len(patterns)})


def _ras_pattern(lines: list[str], header: dict[str, str], scan: int) -> DiffractionPattern:
    angle, intensity = _profile(lines)
    lines_of_source, notes = _lines_of(
        number(header.get("HW_XG_WAVE_LENGTH_ALPHA1")),
        number(header.get("HW_XG_WAVE_LENGTH_ALPHA2")),
    )
    return DiffractionPattern(
        two_theta_deg=angle,
        intensity_counts=intensity,
        wavelength_angstrom=lines_of_source,
        anode=header.get("HW_XG_TARGET_NAME"),
        counting_time_s=_step_time(
            number(header.get("MEAS_SCAN_STEP")),
            number(header.get("MEAS_SCAN_SPEED")),
            header.get("MEAS_SCAN_SPEED_UNIT"),
        ),
        intensity_unit=_unit(header.get("MEAS_SCAN_UNIT_Y")),
        scan=scan,
        instrument="Rigaku",
        started_at=from_text(header.get("MEAS_SCAN_START_TIME", ""), month_first=True),
        metadata={"sample": header.get("FILE_SAMPLE"), "operator": header.get("FILE_OPERATOR")},
        warnings=notes,
    )
