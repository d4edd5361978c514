"""Patterns in columns."""

from __future__ import annotations

import pytest

from instruments import DiffractionPattern, read
from instruments.errors import EmptyFileError, MalformedFileError, UnknownFormatError


def _pattern(name: str, text: str) -> DiffractionPattern:
    (record,) = read(name, content=text.encode()).records
    assert isinstance(record, DiffractionPattern)
    return record


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xy", "10.0 5\n10.5 7\n"),
        ("a.xy", "angle,counts\n10.0,5\n10.5,7\n"),
        ("a.xy", "# comment\n10,0\t5\n10,5\t7\n".replace("10,", "10.")),
        ("a.dat", "10.0;5\r\n10.5;7\r\n"),
        ("a.xye", "10.0 5 2.2\n10.5 7 2.6\n"),
    ],
)
def test_forms_of_columns(name: str, text: str) -> None:
    pattern = _pattern(name, text)
    assert pattern.two_theta_deg.tolist() == [10, 10.5]
    assert pattern.intensity_counts.tolist() == [5, 7]
    assert pattern.intensity_unit == "counts"
    assert (pattern.sigma_counts is None) == (name != "a.xye")


def test_what_a_header_says() -> None:
    text = '\'Id: "" Anode: "Cu" TimePerStep: "96" \n5.00 4.852\n5.01 4.1\n'
    pattern = _pattern("a.xy", text)
    assert (pattern.anode, pattern.counting_time_s) == ("Cu", 96.0)
    assert pattern.intensity_unit == "arbitrary"
    pattern = _pattern("a.xye", "# Calibrated wavelength = 0.414581\n0.5 6 1\n0.6 7 1\n")
    assert pattern.wavelength_angstrom == ((0.414581, 1.0),)


def test_a_first_column_named_theta_is_said() -> None:
    assert _pattern("a.xy", "theta,intensity\n5,1\n6,2\n").warnings


def test_damage() -> None:
    with pytest.raises(MalformedFileError, match=r"do not increase.*\(line 3\)"):
        read("a.xy", content=b"10 1\n11 2\n10 3\n")
    with pytest.raises(MalformedFileError, match="no angle in degrees"):
        read("a.xy", content=b"1000 1\n1100 2\n")
    with pytest.raises(EmptyFileError, match="comments and no point"):
        read("a.xy", content=b"# nothing\n")
    with pytest.raises(UnknownFormatError, match="no columns of angle"):
        read("a.xy", content=b"words and words\n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xy", "10,00\t5,0\n10,02\t7,5\n"),
        ("a.xy", "10,00 5,0\n10,02 7,5\n"),
        ("a.csv", "2theta;I\n10,00;5,0\n10,02;7,5\n"),
        ("a.csv", "2Theta,Intensity\n10.00,5.0\n10.02,7.5\n"),
        ("a.txt", "# 2\u03b8 (deg) counts\n10.00 5.0\n10.02 7.5\n"),
        ("a.xy", "10.02 7.5\n10.00 5.0\n"),
    ],
)
def test_decimal_commas_tables_and_falling_angles_are_understood(name: str, text: str) -> None:
    pattern = _pattern(name, text)
    assert pattern.two_theta_deg.tolist() == [10.0, 10.02]
    assert pattern.intensity_counts.tolist() == [5.0, 7.5]


@pytest.mark.parametrize("name", ["d(A) I", "d-spacing\tcounts", "Q(1/A) I", "# d I"])
def test_another_axis_than_the_angle_is_refused(name: str) -> None:
    with pytest.raises(MalformedFileError, match=r"over 2-theta in degrees \(line 1\)"):
        _pattern("a.xy", f"{name}\n1.5 5\n1.6 7\n")


def test_a_missing_angle_is_told_with_its_line() -> None:
    with pytest.raises(MalformedFileError, match=r"no angle in this line \(line 2\)"):
        _pattern("a.xy", "10.00 5\nnan nan\n10.02 7\n")
