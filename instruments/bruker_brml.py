"""Bruker .brml: a zip of XML, one RawData file per measurement."""

from __future__ import annotations

import re

import numpy as np

from instruments.archives import ZIP_MAGIC, member_bytes, open_archive
from instruments.errors import EmptyFileError, MalformedFileError, MissingColumnError
from instruments.panalytical import wavelengths
from instruments.reader import Parsed, Source, register
from instruments.records import DiffractionPattern
from instruments.timestamps import from_iso
from instruments.xml_text import Element, children, first, first_text, number, parse_xml

__all__ = ["read_brml"]

_RAW_DATA = re.compile(r"^Experiment\d+/RawData\d+\.xml$")


def _sniff(source: Source) -> bool:
    return source.content.startswith(ZIP_MAGIC) and b"Experiment0/" in source.content


@register("bruker-brml", suffixes=(".brml",), sniff=_sniff, version="1")
def read_brml(source: Source) -> Parsed:
    """Bruker DIFFRAC.MEASUREMENT file.

    Raises
    ------
    EmptyFileError
        When no scan holds a point.
    MalformedFileError, TruncatedFileError
        When the container or a scan is damaged.
    """
    archive = open_archive(source.content)
    patterns: list[DiffractionPattern] = []
    for name in sorted(n for n in archive.namelist() if _RAW_DATA.match(n)):
        root = parse_xml(member_bytes(archive, name))
        for route in children(root, "DataRoute"):
            pattern = _pattern(root, route, len(patterns) + 1)
            if pattern is not None:
                patterns.append(pattern)
    if not patterns:
        raise EmptyFileError("holds no scan with points")
    return Parsed(tuple(patterns), {"scans": len(patterns)})


def _value(root: Element, name: str) -> float | None:
    element = first(root, name)
    return None if element is None else number(element.get("Value"))


def _pattern(root: Element, route: Element, scan: int) -> DiffractionPattern | None:
    rows = [element.text or "" for element in children(route, "Datum")]
    if not rows:
        return None
    try:
        table = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    except ValueError as error:
        raise MalformedFileError(f"has a point that is no list of numbers: {error}") from error
    axes = [element.get("AxisId") for element in children(route, "ScanAxisInfo")]
    # A point is: time, a flag, one number for each scanned axis, the counts.
    if "TwoTheta" not in axes or table.ndim != 2 or table.shape[1] < 3 + len(axes):
        raise MissingColumnError(f"has a scan without 2Theta; its axes are {axes}")
    started = first_text(root, "TimeStampStarted")
    return DiffractionPattern(
        two_theta_deg=table[:, 2 + axes.index("TwoTheta")],
        intensity_counts=table[:, 2 + len(axes)],
        wavelength_angstrom=wavelengths(
            _value(root, "WaveLengthAlpha1"),
            _value(root, "WaveLengthAlpha2"),
            _value(root, "WaveLengthRatio"),
        ),
        anode=first_text(root, "TubeMaterial"),
        counting_time_s=number(first_text(route, "TimePerStepEffective"))
        or number(first_text(route, "TimePerStep")),
        scan=scan,
        instrument="Bruker",
        started_at=from_iso(started) if started else None,
        metadata={
            "scan_name": next((e.get("ScanName") for e in children(route, "ScanInformation")), None)
        },
    )
