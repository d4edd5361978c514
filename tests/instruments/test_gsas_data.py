"""GSAS powder data."""

from __future__ import annotations

import numpy as np
import pytest

from instruments import DiffractionPattern, read
from instruments.errors import MalformedFileError, NoMeasurementError, TruncatedFileError


def _content(bank: str, *records: str, title: str = "PbSO4 neutron data") -> bytes:
    lines = [title.ljust(80), bank.ljust(80), *(r.ljust(80) for r in records)]
    return "\r\n".join(lines).encode() + b"\r\n"


def _pattern(content: bytes) -> DiffractionPattern:
    (record,) = read("a.gsas", content=content).records
    assert isinstance(record, DiffractionPattern)
    return record


def test_standard_form_with_its_number_of_detectors() -> None:
    pattern = _pattern(_content("BANK 1 3 1 CONST 1000 5 0 0", " 1   220 4   400       0"))
    assert pattern.two_theta_deg.tolist() == [10, 10.05, 10.1]
    assert pattern.intensity_counts.tolist() == [220, 400, 0]
    assert pattern.sigma_counts is not None
    assert pattern.sigma_counts == pytest.approx([np.sqrt(220), 10.0, 1.0])
    assert pattern.radiation == "neutron"


def test_numbers_that_fill_their_field() -> None:
    pattern = _pattern(_content("BANK 1 2 1 CONST 1000 5 0 0 STD", "  123456  654321"))
    assert pattern.intensity_counts.tolist() == [123456, 654321]


def test_esd_form() -> None:
    pattern = _pattern(
        _content("BANK 1 2 1 CONST 1000 5 0 0 ESD", "   220.0    14.8   221.0    14.9")
    )
    assert pattern.intensity_counts.tolist() == [220, 221]
    assert pattern.sigma_counts is not None
    assert pattern.sigma_counts.tolist() == [14.8, 14.9]


def test_fxye_form() -> None:
    rows = ("1000.0 220 14.8", "1005.5 221 14.9")
    pattern = _pattern(_content("BANK 1 2 2 CONST 1000 5 0 0 FXYE", *rows))
    assert pattern.two_theta_deg.tolist() == [10, 10.055]
    assert pattern.sigma_counts is not None
    assert pattern.sigma_counts.tolist() == [14.8, 14.9]


def test_trailing_zeros_are_said() -> None:
    content = _content("BANK 1 3 1 CONST 1000 5 0 0 STD", "     220       0       0")
    assert read("a.XRA", content=content).warnings == ("bank 1: the last 2 points hold no count",)


def test_what_is_not_read() -> None:
    with pytest.raises(NoMeasurementError, match="time of flight"):
        read("a.gsas", content=_content("BANK 1 3 1 SLOG 1000 5 0 0 FXYE", "1 2 3"))
    with pytest.raises(TruncatedFileError, match="should hold 99 points and holds 1"):
        read("a.gsas", content=_content("BANK 1 99 1 CONST 1000 5 0 0 STD", "     220"))
    with pytest.raises(MalformedFileError, match="holds a word"):
        read("a.gsas", content=_content("BANK 1 1 1 CONST 1000 5 0 0 STD", "     abc"))
    with pytest.raises(MalformedFileError, match="holds 999999999 points"):
        read("a.gsas", content=_content("BANK 1 999999999 1 CONST 1000 5 0 0 STD", "     1"))
