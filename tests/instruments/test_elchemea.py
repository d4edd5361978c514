"""Elchemea .i2b files."""

from __future__ import annotations

import pytest

from instruments import read
from instruments.errors import MalformedFileError, TruncatedFileError

_TEXT = "a comment\nof two lines\n\n2\n1000.0 3.0 -4.0\n100.0 5.0 -6.0\n"


def test_points_and_comment() -> None:
    (spectrum,) = read("a.i2b", content=_TEXT.encode()).impedance_spectra()
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j]
    assert spectrum.metadata["comments"] == "a comment\nof two lines"


def test_fewer_points_than_announced() -> None:
    with pytest.raises(TruncatedFileError, match="announces 3 points and holds 2"):
        read("a.i2b", content=_TEXT.replace("\n2\n", "\n3\n").encode())


def test_no_count() -> None:
    with pytest.raises(MalformedFileError, match="number of points"):
        read("a.i2b", content=b"nothing here\n")
