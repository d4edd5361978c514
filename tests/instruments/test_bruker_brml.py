"""Bruker .brml containers."""

from __future__ import annotations

import io
import zipfile

import pytest

from instruments import DiffractionPattern, read
from instruments.errors import EmptyFileError, MalformedFileError, MissingColumnError

_RAW = """<?xml version="1.0"?><RawData><TimeStampStarted>2025-02-26T10:47:52.8708798+00:00
</TimeStampStarted><TubeMaterial>Cu</TubeMaterial><WaveLengthAlpha1 Unit="A" Value="1.5406" />
<WaveLengthAlpha2 Unit="A" Value="1.54439" /><WaveLengthRatio Unit="" Value="0.5" />
<DataRoutes><DataRoute><ScanInformation ScanName="LockedCoupled">
<TimePerStepEffective>124.8</TimePerStepEffective><ScanAxes>
<ScanAxisInfo AxisId="{axis}" /><ScanAxisInfo AxisId="Theta" /></ScanAxes></ScanInformation>
{data}</DataRoute></DataRoutes></RawData>"""


def _content(*points: str, axis: str = "TwoTheta") -> bytes:
    stream = io.BytesIO()
    data = "".join(f"<Datum>{point}</Datum>" for point in points)
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("Experiment0/RawData0.xml", _RAW.format(axis=axis, data=data))
    return stream.getvalue()


def test_a_scan() -> None:
    content = _content("124.8,1,10.0,5.0,4471", "124.8,1,10.5,5.25,4545")
    (pattern,) = read("a.brml", content=content).records
    assert isinstance(pattern, DiffractionPattern)
    assert pattern.two_theta_deg.tolist() == [10, 10.5]
    assert pattern.intensity_counts.tolist() == [4471, 4545]
    assert pattern.wavelength_angstrom == ((1.5406, 1.0), (1.54439, 0.5))
    assert (pattern.anode, pattern.counting_time_s) == ("Cu", 124.8)


def test_damage() -> None:
    with pytest.raises(EmptyFileError, match="no scan with points"):
        read("a.brml", content=_content())
    with pytest.raises(MissingColumnError, match="without 2Theta"):
        read("a.brml", content=_content("1,1,10,5,4", axis="Phi"))
    with pytest.raises(MalformedFileError, match="no list of numbers"):
        read("a.brml", content=_content("1,1,10,5,x"))
    with pytest.raises(MalformedFileError):
        read("a.brml", content=_content("1,1,10,5,4", "1,1,10,5"))
