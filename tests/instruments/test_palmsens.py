"""PalmSens sessions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from instruments import read
from instruments.errors import EmptyFileError, MalformedFileError


def _session(**arrays: list[float]) -> dict[str, Any]:
    values = [{"Description": k, "DataValues": [{"V": v} for v in vs]} for k, vs in arrays.items()]
    measurement = {
        "Title": "cell 1", "UTCTimeStamp": 638282936195322907, "DeviceSerial": "PS4",
        "DataSet": {"Values": values},
    }  # fmt: skip
    return {"Type": "PalmSens.DataFiles.SessionFile", "CoreVersion": "5.9",
            "Measurements": [measurement]}  # fmt: skip


def _content(session: dict[str, Any]) -> bytes:
    return b"\xff\xfe" + (json.dumps(session) + "\ufeff").encode("utf-16-le")


def test_impedance_with_the_sign_turned_and_a_time_in_utc() -> None:
    content = _content(_session(Frequency=[1000, 100], ZRe=[3, 5], ZIm=[4, 6]))
    (spectrum,) = read("a.pssession", content=content).impedance_spectra()
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j]
    assert spectrum.started_at is not None
    assert spectrum.started_at.zone == "UTC"
    assert spectrum.started_at.iso == "2023-08-22T09:33:39.532+00:00"


def test_damage() -> None:
    whole = _content(_session(Frequency=[1000, 100], ZRe=[3, 5], ZIm=[4, 6]))
    with pytest.raises(MalformedFileError, match="no whole session"):
        read("a.pssession", content=whole[:-40])
    with pytest.raises(MalformedFileError, match="different lengths"):
        read("a.pssession", content=_content(_session(Frequency=[1], ZRe=[3, 5], ZIm=[4, 6])))
    with pytest.raises(EmptyFileError, match="no measurement"):
        read("a.pssession", content=_content(_session(Frequency=[1])))
    with pytest.raises(MalformedFileError, match="no list of measurements"):
        read("a.pssession", content=_content({"Type": "PalmSens.DataFiles.SessionFile"}))
    broken = _session(Frequency=[1])
    broken["Measurements"] = [3]
    with pytest.raises(MalformedFileError, match="of another form"):
        read("a.pssession", content=_content(broken))
