"""Rigaku .rasx and .ras files."""

from __future__ import annotations

import io
import zipfile

import pytest

from instruments import DiffractionPattern, read
from instruments.errors import MalformedFileError, TruncatedFileError

_CONDITIONS = """\ufeff<?xml version="1.0" encoding="utf-8"?><MeasurementConditions>
<GeneralInformation><SampleName>x=0.05</SampleName><SystemName>SmartLab</SystemName>
</GeneralInformation><XrayGenerator><TargetName>Cu</TargetName>
<WavelengthKalpha1>1.540593</WavelengthKalpha1><WavelengthKalpha2>1.544414</WavelengthKalpha2>
</XrayGenerator><ScanInformation><Step>0.5</Step><Speed>12.0</Speed><SpeedUnit>deg/min</SpeedUnit>
<IntensityUnit>counts</IntensityUnit><StartTime>2025-03-07T13:28:15Z</StartTime></ScanInformation>
</MeasurementConditions>"""


def _rasx(profile: str = "\ufeff10.0\t5\t1\r\n10.5\t6\t10\r\n") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("Data0/Profile0.txt", profile)
        archive.writestr("Data0/MesurementConditions0.xml", _CONDITIONS)
    return stream.getvalue()


def test_the_container() -> None:
    (pattern,) = read("a.rasx", content=_rasx()).records
    assert isinstance(pattern, DiffractionPattern)
    assert pattern.two_theta_deg.tolist() == [10, 10.5]
    assert pattern.intensity_counts.tolist() == [5, 60]  # the third column is the attenuator
    assert pattern.wavelength_angstrom == ((1.540593, 1.0), (1.544414, 0.5))
    assert (pattern.anode, pattern.counting_time_s) == ("Cu", 2.5)
    assert pattern.instrument == "Rigaku SmartLab"
    assert pattern.started_at is not None
    assert pattern.started_at.zone == "UTC"


def test_a_damaged_container() -> None:
    with pytest.raises(TruncatedFileError):
        read("a.rasx", content=_rasx()[:-30])
    with pytest.raises(MalformedFileError, match="no table of numbers"):
        read("a.rasx", content=_rasx("10.0\tx\t1\r\n"))
    with pytest.raises(MalformedFileError, match="no table of numbers"):
        read("a.rasx", content=_rasx("10.0\t1\t1\r\n11\t1\r\n"))


_RAS = """*RAS_DATA_START
*RAS_HEADER_START
*FILE_SAMPLE "Li3BS3"
*HW_XG_TARGET_NAME "Cu"
*HW_XG_WAVE_LENGTH_ALPHA1 "1.540593"
*HW_XG_WAVE_LENGTH_ALPHA2 "1.544414"
*MEAS_SCAN_SPEED "12.0"
*MEAS_SCAN_SPEED_UNIT "deg/min"
*MEAS_SCAN_START_TIME "03/17/21 10:11:12"
*MEAS_SCAN_STEP "0.5"
*MEAS_SCAN_UNIT_Y "cps"
*RAS_HEADER_END
*RAS_INT_START
10.0 5.0 1.0
10.5 6.0 1.0
*RAS_INT_END
*RAS_DATA_END
"""


def test_the_text_form() -> None:
    (pattern,) = read("a.ras", content=_RAS.encode("cp932")).records
    assert isinstance(pattern, DiffractionPattern)
    assert pattern.intensity_counts.tolist() == [5, 6]
    assert (pattern.intensity_unit, pattern.counting_time_s) == ("counts/s", 2.5)
    assert pattern.metadata["sample"] == "Li3BS3"
    assert pattern.started_at is not None
    assert pattern.started_at.iso == "2021-03-17T10:11:12"


def test_a_text_that_is_cut_off() -> None:
    with pytest.raises(TruncatedFileError, match="inside its intensities"):
        read("a.ras", content=_RAS[: _RAS.index("10.5")].encode())
