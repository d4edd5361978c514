"""Headers of EC-Lab text files."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.biologic_header import beside, decode, parse_header

_HEADER = """
Galvano Electrochemical Impedance Spectroscopy

Run on channel : 3 (SN 00001)
User : someone
Acquisition started on : 12/08/2022 14:36:53.355
Technique started on : 12/08/2022 14:36:55.000
Device : VSP-300 (SN 0042)
EC-LAB for windows v11.61 (software)
Electrolyte : Li3BS3
Comments : first line
Comments : second line
Electrode surface area : {area}
Characteristic mass : 12,5 mg
Mode                Single sine         Multi sine
fi                  3.000               1.000
unit fi             MHz                 kHz
Ia                  30,000              10,000
unit  Ia            µA                  mA
""".strip("\n")


@pytest.mark.parametrize(
    ("area", "area_cm2"),
    [("0.317 cm²", 0.317), ("113,100 mm²", 1.131), ("0.001 cm˛", 0.001), ("2 m²", 2e4)],
)
def test_what_a_header_says(area: str, area_cm2: float) -> None:
    header = parse_header(_HEADER.format(area=area).splitlines())
    assert (header.technique, header.instrument, header.software) == (
        "GEIS", "VSP-300", "EC-Lab 11.61",
    )  # fmt: skip
    assert header.amplitude == "30 µA"
    assert header.settings["fi"] == "3.000"
    assert header.started_at is not None
    assert (header.started_at.iso, header.started_at.ambiguous) == ("2022-12-08T14:36:53.355", True)
    assert header.metadata["comments"] == "first line\nsecond line"
    assert header.metadata["electrode_surface_area_cm2"] == pytest.approx(area_cm2)
    assert header.metadata["electrode_surface_area_is_default"] is (area_cm2 == 0.001)
    assert header.metadata["characteristic_mass_mg"] == 12.5


@pytest.mark.parametrize(
    ("raw", "text"),
    [("µ²°".encode("cp1252"), "µ²°"), ("µ²°".encode(), "µ²°"), ("µ".encode("utf-16"), "µ"),
     (b"\x81", "\x81")],
)  # fmt: skip
def test_every_encoding_seen(raw: bytes, text: str) -> None:
    assert decode(raw) == text


def test_files_beside_are_found_with_and_without_the_channel(tmp_path: Path) -> None:
    (tmp_path / "run.mps").write_text("Device : VMP-300\n", encoding="cp1252")
    found = beside(tmp_path / "run_C07.mpr", (".mpl", ".mps"))
    assert found is not None
    assert (found[0], found[1].instrument) == ("run.mps", "VMP-300")
    assert beside(tmp_path / "other.mpr", (".mpl", ".mps")) is None
