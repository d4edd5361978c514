"""Autolab FRA files."""

from __future__ import annotations

import pytest

from instruments import read
from instruments.errors import MalformedFileError, TruncatedFileError

_POINTS = [(1000.0, 3.0, 4.0), (100.0, 5.0, 6.0)]
_DFR = "VERSION8.0\n 2\n 1\n" + "".join(
    "".join(f" {v}\n" for v in (*point, 0, 0, 0, 0, 0, 0)) for point in _POINTS
)
_P00 = (
    "Procedure : test\n20.02.2020 10:00:00 - 20.02.2020 11:00:00\nDescription\nt =  7 s\n"
    " f/Hz       \t Z'/Ohm     \t -Z''/Ohm   \t time/s    \t Edc/V     \t Idc/A     \t\n 2 \n"
    + "".join(f" {f:.3e}\t {re:.3e}\t {im:.3e}\t 59.3\t 0.3\t 1e-8\t\n" for f, re, im in _POINTS)
)


@pytest.mark.parametrize(("name", "text"), [("a.dfr", _DFR), ("a.P00", _P00)])
def test_the_sign_is_turned_to_that_of_physics(name: str, text: str) -> None:
    (spectrum,) = read(name, content=text.encode()).impedance_spectra()
    assert spectrum.frequency_hz.tolist() == [1000, 100]
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j]


@pytest.mark.parametrize(("name", "text"), [("a.dfr", _DFR), ("a.P00", _P00)])
def test_fewer_points_than_announced(name: str, text: str) -> None:
    cut = text[: text.rstrip().rindex("\n")]
    with pytest.raises(TruncatedFileError, match="announces 2 points and holds 1"):
        read(name, content=cut.encode())


@pytest.mark.parametrize("count", ["x", "0", "99999999999"])
def test_a_count_that_is_none(count: str) -> None:
    with pytest.raises(MalformedFileError):
        read("a.dfr", content=_DFR.replace("\n 2\n", f"\n {count}\n", 1).encode())


def test_the_day_comes_first() -> None:
    moment = read("a.P00", content=_P00.encode()).records[0].started_at
    assert moment is not None
    assert moment.iso == "2020-02-20T10:00:00"
