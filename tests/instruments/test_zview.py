"""ZPlot/ZView files and their relatives."""

from __future__ import annotations

import pytest

from instruments import read
from instruments.errors import EmptyFileError, MalformedFileError

_NAMES = "  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange\n"
_ROWS = (
    "1.0E+03\t1.0E-02\t0\t1.5\t3.0\t-4.0\t0\t0\t5\n1.0E+02\t1.0E-02\t0\t2.5\t5.0\t-6.0\t0\t1\t5\n"
)
_NEW = (
    "ZPLOT2 ASCII\n  Measured Data, ZPlot:       3.2c\n"
    "  Experiment Type:            Sweep Frequency, Control Voltage\n"
    "  Date:                       10-22-2018\n  Time:                       11:04:34\n"
    "    Potential-AC:             10\n  Data Points:                {points}\n"
    + _NAMES + "End Comments\n"
)  # fmt: skip


def test_the_tabbed_form() -> None:
    measured = read("a.z", content=(_NEW.format(points=2) + _ROWS).encode())
    (spectrum,) = measured.impedance_spectra()
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j]
    assert spectrum.time_s is not None
    assert spectrum.time_s.tolist() == [1.5, 2.5]
    assert (spectrum.technique, spectrum.software, spectrum.amplitude) == (
        "PEIS", "ZPlot 3.2c", "10 mV",
    )  # fmt: skip
    assert spectrum.started_at is not None
    assert spectrum.started_at.iso == "2018-10-22T11:04:34"
    assert measured.warnings == ("1 points are marked with an error by the instrument",)


def test_points_that_are_missing_are_said() -> None:
    measured = read("a.z", content=(_NEW.format(points=9) + _ROWS).encode())
    assert "announces 9 points and holds 2" in measured.warnings


def test_the_older_form_with_commas() -> None:
    head = '"ZPlotW Data File: Version 3.2c"\n"Raw Data"\n"Sweep Frequency: Control Voltage"\n2\n'
    names = "\"  Freq(Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\"\n"
    content = head + names + _ROWS.replace("\t", ", ").replace(", 1, 5", ", 0, 5")
    (spectrum,) = read("a.z", content=content.encode()).impedance_spectra()
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j]


def test_no_column_names_and_no_points() -> None:
    with pytest.raises(MalformedFileError, match="has no line 'Freq"):
        read("a.z", content=b"ZPLOT2 ASCII\n1\t2\t3\n")
    with pytest.raises(EmptyFileError, match="no point below"):
        read("a.z", content=_NEW.format(points=2).encode())
