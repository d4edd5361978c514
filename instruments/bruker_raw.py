"""Bruker .raw: the binary files RAW1.01 and RAW4.00.

Offsets were found by looking up known values (wavelengths, first angle, step, number of steps) in
real files and by the sizes that must add up to the length of the file.
"""

from __future__ import annotations

import math
import struct

import numpy as np

from instruments.errors import EmptyFileError, LayoutError, TruncatedFileError
from instruments.panalytical import wavelengths
from instruments.reader import Parsed, Source, register
from instruments.records import DiffractionPattern, Timestamp
from instruments.timestamps import from_text

__all__ = ["read_raw1", "read_raw4"]

_MOST_STEPS = 10_000_000
_MOST_RANGES = 10_000
_RAW1_HEADER = 712
_RAW4_HEADER = 61
_RAW4_RANGE_HEADER = 160


def _ascii(content: bytes, offset: int, length: int) -> str:
    return content[offset : offset + length].split(b"\x00")[0].decode("latin-1").strip()


def _unpack(kind: str, content: bytes, offset: int) -> float:
    size = struct.calcsize(kind)
    if offset + size > len(content):
        raise TruncatedFileError("is cut off; copy it again", offset=len(content))
    value: float = struct.unpack_from(kind, content, offset)[0]
    return value


def _scan(
    content: bytes, data_at: int, n_steps: int, start_deg: float, step_deg: float
) -> tuple[np.ndarray, np.ndarray]:
    if not (0 < n_steps <= _MOST_STEPS and math.isfinite(start_deg) and 0 < step_deg < 90):
        raise LayoutError(
            f"describes a scan of {n_steps} steps of {step_deg} deg from {start_deg} deg: this "
            "form of .raw is not known; export it as .xy or .xye",
            offset=data_at,
        )
    if data_at + 4 * n_steps > len(content):
        raise TruncatedFileError(
            f"should hold {n_steps} steps and ends after "
            f"{max(0, len(content) - data_at) // 4}; copy it again"
        )
    counts = np.frombuffer(content, dtype="<f4", count=n_steps, offset=data_at)
    with np.errstate(invalid="ignore"):  # the record refuses what is not finite, by its point
        return start_deg + step_deg * np.arange(n_steps), counts.astype(np.float64)


def _sniff1(source: Source) -> bool:
    return source.content.startswith(b"RAW1.01")


@register("bruker-raw1", suffixes=(), sniff=_sniff1, version="1")
def read_raw1(source: Source) -> Parsed:
    """Bruker/Siemens DIFFRAC-plus RAW1.01 binary.

    Raises
    ------
    TruncatedFileError, LayoutError
        When the sizes do not fit the file.
    EmptyFileError
        When no range holds a step.
    """
    content = source.content
    n_ranges = int(_unpack("<I", content, 12))
    if not 0 < n_ranges <= _MOST_RANGES:
        raise LayoutError(f"says that it holds {n_ranges} ranges", offset=12)
    lines = wavelengths(
        _unpack("<d", content, 624), _unpack("<d", content, 632), _unpack("<d", content, 648)
    )
    started_at = from_text(f"{_ascii(content, 16, 10)} {_ascii(content, 26, 10)}")
    at = _RAW1_HEADER
    patterns = []
    for number in range(1, n_ranges + 1):
        header_size, n_steps = (int(_unpack("<I", content, at + k)) for k in (0, 4))
        extra = int(_unpack("<I", content, at + 256))
        if not 200 <= header_size <= 4096 or extra > len(content):
            raise LayoutError(f"has a range header of {header_size} bytes", offset=at)
        angle, counts = _scan(
            content,
            at + header_size + extra,
            n_steps,
            _unpack("<d", content, at + 16),
            _unpack("<d", content, at + 176),
        )
        patterns.append(
            _pattern(
                angle, counts, lines, _ascii(content, 608, 4) or None,
                _unpack("<f", content, at + 192), number, started_at, "RAW1.01",
                {"sample": _ascii(content, 326, 60) or None},
            )
        )  # fmt: skip
        at += header_size + extra + 4 * n_steps
    return Parsed(tuple(patterns), {"scans": len(patterns)})


def _pattern(
    angle: np.ndarray,
    counts: np.ndarray,
    lines: tuple[tuple[float, float], ...] | None,
    anode: str | None,
    time_s: float,
    number: int,
    started_at: Timestamp | None,
    form: str,
    metadata: dict[str, str | None],
) -> DiffractionPattern:
    return DiffractionPattern(
        two_theta_deg=angle,
        intensity_counts=counts,
        wavelength_angstrom=lines,
        anode=anode,
        counting_time_s=float(f"{time_s:.6g}") if math.isfinite(time_s) and time_s > 0 else None,
        scan=number,
        instrument="Bruker",
        software=form,
        started_at=started_at,
        metadata=metadata,
    )


def _sniff4(source: Source) -> bool:
    return source.content.startswith(b"RAW4.00")


@register("bruker-raw4", suffixes=(), sniff=_sniff4, version="1")
def read_raw4(source: Source) -> Parsed:
    """Bruker DIFFRAC RAW4.00 binary: tagged segments, then ranges.

    Raises
    ------
    TruncatedFileError, LayoutError
        When the sizes do not fit the file.
    EmptyFileError
        When no range holds a step.
    """
    content = source.content
    started_at = from_text(f"{_ascii(content, 12, 12)} {_ascii(content, 24, 12)}")
    metadata: dict[str, str | None] = {}
    lines: tuple[tuple[float, float], ...] | None = None
    anode: str | None = None
    patterns: list[DiffractionPattern] = []
    at = _RAW4_HEADER
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<II", content, at)
        if kind == 0:
            at, pattern = _raw4_range(content, at, lines, anode, started_at, metadata,
                                      len(patterns) + 1)  # fmt: skip
            patterns.append(pattern)
            continue
        if length < 8 or at + length > len(content):
            raise TruncatedFileError("is cut off inside its header; copy it again", offset=at)
        if kind == 10:
            key = _ascii(content, at + 12, 24).lower()
            value = content[at + 36 : at + length].split(b"\x00")[0].decode("latin-1").strip()
            if key in ("user", "sampleid", "comment", "creator", "site") and value:
                metadata[key] = value
        elif kind == 30 and length >= 120:
            lines = wavelengths(*(_unpack("<d", content, at + k) for k in (80, 88, 104)))
            anode = _ascii(content, at + 116, 4) or None
        at += length
    if not patterns:
        raise EmptyFileError("holds no range with steps")
    return Parsed(tuple(patterns), {"scans": len(patterns)})


def _raw4_range(
    content: bytes,
    at: int,
    lines: tuple[tuple[float, float], ...] | None,
    anode: str | None,
    started_at: Timestamp | None,
    metadata: dict[str, str | None],
    number: int,
) -> tuple[int, DiffractionPattern]:
    n_steps, value_bytes, extra = (int(_unpack("<I", content, at + k)) for k in (88, 136, 140))
    if value_bytes != 4 or extra > len(content):
        raise LayoutError(
            f"stores {value_bytes} bytes for a point: this form of RAW4 is not known; export it "
            "as .xy or .xye",
            offset=at,
        )
    data_at = at + _RAW4_RANGE_HEADER + extra
    angle, counts = _scan(
        content, data_at, n_steps, _unpack("<d", content, at + 72), _unpack("<d", content, at + 80)
    )
    pattern = _pattern(
        angle, counts, lines, anode, _unpack("<f", content, at + 92), number, started_at,
        "RAW4.00", metadata,
    )  # fmt: skip
    return data_at + 4 * n_steps, pattern
