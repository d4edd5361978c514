"""Bruker binary patterns, written here after the offsets that real files have."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from instruments import DiffractionPattern, InstrumentFileError, read
from instruments.errors import EmptyFileError, LayoutError, TruncatedFileError

_COUNTS = np.array([5, 7, 11, 6], dtype="<f4")


def _raw1(n_ranges: int = 1, step: float = 0.02, n_steps: int = 4) -> bytes:
    head = bytearray(712)
    head[:7] = b"RAW1.01"
    struct.pack_into("<I", head, 12, n_ranges)
    head[16:34] = b"01/22/18\0\00016:34:23"
    head[326:332] = b"Li3BS3"
    head[608:610] = b"Cu"
    struct.pack_into("<5d", head, 616, 1.54184, 1.5406, 1.54439, 1.39222, 0.5)
    content = bytes(head)
    for number in range(n_ranges):
        scan = bytearray(304)
        struct.pack_into("<II", scan, 0, 304, n_steps)
        struct.pack_into("<d", scan, 16, 10.0 + number)
        struct.pack_into("<d", scan, 176, step)
        struct.pack_into("<f", scan, 192, 95.0)
        struct.pack_into("<I", scan, 256, 40)
        content += bytes(scan) + bytes(40) + _COUNTS.tobytes()
    return content


def _raw4(n_steps: int = 4, value_bytes: int = 4) -> bytes:
    head = bytearray(61)
    head[:7] = b"RAW4.00"
    head[12:22], head[24:32] = b"07/21/2018", b"15:55:31"
    text = struct.pack("<II4x24s", 10, 40, b"SAMPLEID") + b"TiO2"
    source = bytearray(136)
    struct.pack_into("<II", source, 0, 30, 136)
    struct.pack_into("<5d", source, 72, 1.54184, 1.5406, 1.54439, 1.39222, 0.5)
    source[116:118] = b"Cu"
    scan = bytearray(160)
    struct.pack_into("<dd", scan, 72, 10.0, 0.02)
    struct.pack_into("<If", scan, 88, n_steps, 77.9)
    struct.pack_into("<II", scan, 136, value_bytes, 16)
    return bytes(head) + text + bytes(source) + bytes(scan) + bytes(16) + _COUNTS.tobytes()


@pytest.mark.parametrize(("content", "time_s"), [(_raw1(), 95.0), (_raw4(), 77.9)])
def test_angles_counts_lines_and_time(content: bytes, time_s: float) -> None:
    (pattern,) = read("a.raw", content=content).records
    assert isinstance(pattern, DiffractionPattern)
    assert pattern.two_theta_deg == pytest.approx([10, 10.02, 10.04, 10.06])
    assert pattern.intensity_counts.tolist() == [5, 7, 11, 6]
    assert pattern.wavelength_angstrom == ((1.5406, 1.0), (1.54439, 0.5))
    assert (pattern.anode, pattern.counting_time_s) == ("Cu", time_s)
    assert pattern.started_at is not None
    assert pattern.started_at.iso.startswith("2018-")
    assert {"Li3BS3", "TiO2"} & set(pattern.metadata.values())


def test_several_ranges() -> None:
    patterns = read("a.raw", content=_raw1(n_ranges=3)).records
    assert [p.two_theta_deg[0] for p in patterns] == [10, 11, 12]  # type: ignore[union-attr]


@pytest.mark.parametrize("content", [_raw1(), _raw4()])
def test_a_file_cut_anywhere(content: bytes) -> None:
    for end in range(8, len(content) - 1, 7):
        with pytest.raises(InstrumentFileError):
            read("a.raw", content=content[:end])


def test_other_forms_are_refused() -> None:
    with pytest.raises(LayoutError, match="steps of nan deg"):
        read("a.raw", content=_raw1(step=float("nan")))
    with pytest.raises(TruncatedFileError, match="should hold 5 steps"):
        read("a.raw", content=_raw1(n_steps=5))
    with pytest.raises(LayoutError, match="stores 8 bytes for a point"):
        read("a.raw", content=_raw4(value_bytes=8))
    with pytest.raises(EmptyFileError, match="no range"):
        read("a.raw", content=_raw4()[:61])
