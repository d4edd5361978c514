"""PANalytical .xrdml: XML, intensities or counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from instruments.errors import EmptyFileError, MalformedFileError, MissingColumnError
from instruments.reader import Parsed, Source, register
from instruments.records import DiffractionPattern
from instruments.timestamps import from_iso
from instruments.xml_text import (
    Element,
    children,
    first,
    first_text,
    number,
    numbers,
    parse_xml,
)

__all__ = ["read_xrdml"]


def _sniff(source: Source) -> bool:
    return b"<xrdMeasurements" in source.content[:4000]


@register("panalytical-xrdml", suffixes=(".xrdml",), sniff=_sniff, version="1")
def read_xrdml(source: Source) -> Parsed:
    """PANalytical XRDML.

    Raises
    ------
    EmptyFileError
        When no scan holds a point.
    MalformedFileError
        When the XML or a list of numbers is damaged.
    """
    root = parse_xml(source.content)
    patterns: list[DiffractionPattern] = []
    for measurement in children(root, "xrdMeasurement"):
        for scan in children(measurement, "scan"):
            pattern = _pattern(root, measurement, scan, len(patterns) + 1)
            if pattern is not None:
                patterns.append(pattern)
    if not patterns:
        raise EmptyFileError("holds no scan with points")
    return Parsed(tuple(patterns), {"scans": len(patterns)})


def wavelengths(
    alpha1: float | None, alpha2: float | None, ratio: float | None
) -> tuple[tuple[float, float], ...] | None:
    """Return the lines of the source; K-alpha2 only where its weight is not zero."""
    if alpha1 is None or not alpha1 > 0:
        return None
    if alpha2 is None or not alpha2 > 0 or ratio is None or not ratio > 0:
        return ((alpha1, 1.0),)
    return ((alpha1, 1.0), (alpha2, ratio))


def _pattern(
    root: Element, measurement: Element, scan: Element, index: int
) -> DiffractionPattern | None:
    points = first(scan, "dataPoints")
    if points is None:
        return None
    counted = first(points, "counts")
    listed = counted if counted is not None else first(points, "intensities")
    if listed is None:
        raise MissingColumnError("has a scan with neither <counts> nor <intensities>")
    intensity = numbers(listed.text, "intensities")
    factors = first(points, "beamAttenuationFactors")
    if counted is not None and factors is not None:
        factor = numbers(factors.text, "attenuation factors")
        if factor.size != intensity.size:
            raise MalformedFileError("has as many attenuation factors as it has no counts")
        intensity = intensity * factor
    if not intensity.size:
        return None
    wave = first(measurement, "usedWavelength")
    started = first_text(scan, "startTimeStamp")
    unit = listed.get("unit", "counts")
    return DiffractionPattern(
        two_theta_deg=_angles(points, intensity.size),
        intensity_counts=intensity,
        wavelength_angstrom=wavelengths(
            number(first_text(wave, "kAlpha1")),
            number(first_text(wave, "kAlpha2")),
            number(first_text(wave, "ratioKAlpha2KAlpha1")),
        ),
        anode=first_text(measurement, "anodeMaterial"),
        counting_time_s=number(first_text(points, "commonCountingTime")),
        intensity_unit="counts/s" if unit == "cps" else unit,
        scan=index,
        instrument="PANalytical",
        started_at=from_iso(started) if started else None,
        metadata={
            "sample": first_text(first(root, "sample"), "id"),
            "tension_kV": number(first_text(measurement, "tension")),
            "current_mA": number(first_text(measurement, "current")),
            "measurement_type": measurement.get("measurementType"),
            "status": scan.get("status"),
        },
    )


def _angles(points: Element, n: int) -> NDArray[np.float64]:
    for positions in children(points, "positions"):
        if positions.get("axis") != "2Theta":
            continue
        listed = first_text(positions, "listPositions")
        if listed is not None:
            angles = numbers(listed, "positions")
            if angles.size != n:
                raise MalformedFileError(f"has {angles.size} angles for {n} intensities")
            return angles
        start = number(first_text(positions, "startPosition"))
        end = number(first_text(positions, "endPosition"))
        if start is None or end is None:
            break
        return np.linspace(start, end, n)
    raise MissingColumnError("has a scan without 2Theta positions")
