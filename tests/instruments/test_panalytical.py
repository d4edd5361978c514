"""PANalytical .xrdml files."""

from __future__ import annotations

import pytest

from instruments import DiffractionPattern, read
from instruments.errors import EmptyFileError, MalformedFileError, MissingColumnError

_SCAN = """<scan status="Completed"><header>
<startTimeStamp>2021-05-20T15:55:51+02:00</startTimeStamp>
</header><dataPoints><positions axis="Omega" unit="deg"><startPosition>5</startPosition>
<endPosition>6</endPosition></positions><positions axis="2Theta" unit="deg">{positions}</positions>
<commonCountingTime unit="seconds">50.5</commonCountingTime>{data}</dataPoints></scan>"""
_RANGE = "<startPosition>10</startPosition><endPosition>12</endPosition>"
_FILE = """<?xml version="1.0"?><xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/1.6">
<sample><id>Li3BS3</id></sample><xrdMeasurement measurementType="Scan"><usedWavelength>
<kAlpha1 unit="Angstrom">1.540598</kAlpha1><kAlpha2 unit="Angstrom">1.544426</kAlpha2>
<ratioKAlpha2KAlpha1>{ratio}</ratioKAlpha2KAlpha1></usedWavelength>
<anodeMaterial>Cu</anodeMaterial>{scans}</xrdMeasurement></xrdMeasurements>"""


def _content(*data: str, positions: str = _RANGE, ratio: float = 0.5) -> bytes:
    scans = "".join(_SCAN.format(positions=positions, data=d) for d in data)
    return _FILE.format(ratio=ratio, scans=scans).encode()


@pytest.mark.parametrize("tag", ["intensities", "counts"])
def test_both_names_of_the_data(tag: str) -> None:
    data = f'<{tag} unit="counts">7 8 9</{tag}>'
    (pattern,) = read("a.xrdml", content=_content(data)).records
    assert isinstance(pattern, DiffractionPattern)
    assert pattern.two_theta_deg.tolist() == [10, 11, 12]
    assert pattern.intensity_counts.tolist() == [7, 8, 9]
    assert pattern.wavelength_angstrom == ((1.540598, 1.0), (1.544426, 0.5))
    assert (pattern.anode, pattern.counting_time_s) == ("Cu", 50.5)
    assert pattern.metadata["sample"] == "Li3BS3"
    assert pattern.started_at is not None
    assert pattern.started_at.zone == "+02:00"


def test_raw_counts_are_multiplied_by_the_attenuator_and_intensities_are_not() -> None:
    factors = "<beamAttenuationFactors>1 1 10</beamAttenuationFactors>"
    raw = read("a.xrdml", content=_content(f"{factors}<counts>7 8 9</counts>")).records[0]
    done = read("a.xrdml", content=_content(f"{factors}<intensities>7 8 9</intensities>")).records[
        0
    ]
    assert isinstance(raw, DiffractionPattern)
    assert isinstance(done, DiffractionPattern)
    assert raw.intensity_counts.tolist() == [7, 8, 90]
    assert done.intensity_counts.tolist() == [7, 8, 9]


def test_a_monochromator_leaves_one_line() -> None:
    content = _content("<counts>7 8</counts>", ratio=0.0)
    (pattern,) = read("a.xrdml", content=content).records
    assert pattern.wavelength_angstrom == ((1.540598, 1.0),)  # type: ignore[union-attr]


def test_listed_positions_and_several_scans() -> None:
    content = _content(
        "<counts>7 8</counts>", "<counts>9 10</counts>",
        positions="<listPositions>10 10.5</listPositions>",
    )  # fmt: skip
    patterns = read("a.xrdml", content=content).records
    assert [p.two_theta_deg.tolist() for p in patterns] == [[10, 10.5]] * 2  # type: ignore[union-attr]
    assert [p.scan for p in patterns] == [1, 2]  # type: ignore[union-attr]


def test_damage() -> None:
    with pytest.raises(EmptyFileError, match="no scan with points"):
        read("a.xrdml", content=_content())
    with pytest.raises(MissingColumnError, match="neither <counts> nor"):
        read("a.xrdml", content=_content("<other>1</other>"))
    with pytest.raises(MissingColumnError, match="without 2Theta"):
        read("a.xrdml", content=_content("<counts>7 8</counts>", positions=""))
    with pytest.raises(MalformedFileError, match="no numbers"):
        read("a.xrdml", content=_content("<counts>7 x</counts>"))
    with pytest.raises(MalformedFileError, match="no whole XML"):
        read("a.xrdml", content=_content("<counts>7 8</counts>")[:-20])
