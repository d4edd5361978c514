"""VersaStudio .par files."""

from __future__ import annotations

import pytest

from instruments import read
from instruments.errors import EmptyFileError, MalformedFileError, MissingColumnError

_HEAD = (
    "<Application>\nName=VersaStudio\nVersion=2.52.3.0\n</Application>\n\n"
    "<Instrument>\nType=VersaSTAT4\n</Instrument>\n\n"
    "<Experiment>\nTimeAcquired=9:40:30 AM\nDateAcquired=Thursday, July 19, 2018\n</Experiment>\n\n"
    "<Action1>\nAmplitude (mV RMS)=20\nName=Potentiostatic EIS\n</Action1>\n\n"
)
_SEGMENT = (
    "<Segment1>\nType=2\nDefinition=Segment #, Point #, E(V), I(A), Elapsed Time(s), "
    "Frequency(Hz), Z Real, Z Imag, 0\n"
    "0,0,0.1,1E-6,1.5,{f1},3,-4\n0,1,0.1,1E-6,2.5,{f2},5,-6\n</Segment1>\n"
)


def test_impedance() -> None:
    content = (_HEAD + _SEGMENT.format(f1=1000, f2=100)).encode()
    (spectrum,) = read("a.par", content=content).impedance_spectra()
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j]
    assert (spectrum.instrument, spectrum.technique) == ("VersaSTAT4", "PEIS")
    assert spectrum.amplitude == "20 mV rms"
    assert spectrum.started_at is not None
    assert spectrum.started_at.iso == "2018-07-19T09:40:30"


def test_a_segment_without_frequencies_is_a_transient() -> None:
    (record,) = read("a.par", content=(_HEAD + _SEGMENT.format(f1=0, f2=0)).encode()).records
    assert record.kind == "dc"
    assert record.time_s.tolist() == [1.5, 2.5]


def test_what_is_missing_is_named() -> None:
    segment = _SEGMENT.format(f1=0, f2=0)
    with pytest.raises(EmptyFileError, match="no segment"):
        read("a.par", content=_HEAD.encode())
    with pytest.raises(MalformedFileError, match="does not name its columns"):
        read("a.par", content=(_HEAD + segment.replace("Definition", "X")).encode())
    with pytest.raises(MissingColumnError, match="without Elapsed Time"):
        read("a.par", content=(_HEAD + segment.replace("Elapsed Time(s)", "T")).encode())
