"""Ivium .idf and .ids files."""

from __future__ import annotations

import pytest

from instruments import read
from instruments.errors import EmptyFileError, MalformedFileError, TruncatedFileError

_HEAD = (
    "\0\0H\0\0\0\r\nPeaks=false\r\nstarttime=22-8-2023 12:50:25\r\nMethod={method}\r\n"
    "Title=Test\r\n"
)
_BLOCK = "primary_data    \r\n3         \r\n2         \r\n{a}\r\n{b}\r\n7         \r\nosc_data\r\n"


def _content(method: str = "Impedance", blocks: int = 1) -> bytes:
    block = _BLOCK.format(a="3.0E+00  -4.0E+00\t1.0E+03 ", b="5.0E+00  -6.0E+00\t1.0E+02 ")
    return (_HEAD.format(method=method) + block * blocks).encode("latin-1")


def test_impedance() -> None:
    (spectrum,) = read("a.idf", content=_content()).impedance_spectra()
    assert spectrum.frequency_hz.tolist() == [1000, 100]
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j]
    assert spectrum.metadata["Title"] == "Test"
    assert spectrum.started_at is not None
    assert spectrum.started_at.iso == "2023-08-22T12:50:25"


def test_several_blocks_are_several_sweeps() -> None:
    spectra = read("a.ids", content=_content(blocks=3)).impedance_spectra()
    assert [s.sweep for s in spectra] == [1, 2, 3]


def test_a_transient() -> None:
    (record,) = read("a.idf", content=_content("ChronoAmperometry")).records
    assert record.kind == "dc"
    assert record.technique == "CA"


def test_damage() -> None:
    whole = _content()
    with pytest.raises(TruncatedFileError, match="announces 2 points and holds 1"):
        read("a.idf", content=whole[: whole.index(b"5.0E+00")])
    with pytest.raises(MalformedFileError, match="with a word"):
        read("a.idf", content=whole.replace(b"5.0E+00", b"5.0x+00"))
    with pytest.raises(MalformedFileError, match="999999999 rows"):
        read("a.idf", content=whole.replace(b"\n2         ", b"\n999999999 "))
    with pytest.raises(EmptyFileError, match="no data block"):
        read("a.idf", content=whole.replace(b"primary_data    \r\n3 ", b"primary_data    \r\nx "))
