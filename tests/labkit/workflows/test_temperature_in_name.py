"""Temperatures are read from names only where a name can mean one thing; the rest is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import SettingsError
from labkit.settings import read_settings
from labkit.workflows.temperature_in_name import FILE_NAME, notes_on_temperature, read_name

DASH = "read as a dash"


@pytest.mark.parametrize(
    ("name", "celsius", "said"),
    [
        ("PEIS_LPSCl_IonBlocking_-25C.mpr", -25.0, None),
        ("s04147-190deg.txt", 190.0, None),
        ("CHD048_CHD050_60C_C01.mpr", 60.0, None),
        ("cell 25 °C.mpt", 25.0, None),
        ("-10C_first.mpr", -10.0, None),
        ("pellet3_minus25C.mpr", -25.0, None),
        ("run_m15C.mpr", -15.0, None),
        ("LPSCl--25C.mpr", -25.0, None),
        ("LPSCl−25C.mpr", -25.0, None),  # the minus sign itself is no dash
        ("cell - 25C.mpr", 25.0, None),
        ("P1_37.5C_C02.mpr", 37.5, None),
        ("P1_37p5C.mpr", 37.5, None),
        ("k_25,5C.mpr", 25.5, None),
        ("Probe_25,5C.csv", 25.5, None),
        ("P1_25.00C.mpr", 25.0, None),
        ("P1_25C_again_25C.mpr", 25.0, None),
        ("P1_298K.mpr", 24.85, None),
        ("P1_298,15K.mpr", 25.0, None),
        ("P1_-298K.mpr", 24.85, None),
        ("v_70 Grad Celsius.mpr", 70.0, None),
        ("25oC_first.mpr", 25.0, None),
        ("i_T25C.mpr", 25.0, None),
        ("cell_T=-25C.mpr", -25.0, None),
        ("Temp 2C.mpr", 2.0, None),
        ("x_0C.mpr", 0.0, None),
        ("x_5C.mpr", 5.0, None),
        ("LPSCl_1_25C.mpr", 25.0, None),
        ("LPSCl, 25C.mpr", 25.0, None),
        # a sign or another number that was judged, and is told
        ("s04147-140deg.txt", 140.0, DASH),
        ("LPSCl-25C.mpr", 25.0, DASH),
        ("LPSCl-1-25C.mpr", 25.0, DASH),
        ("LPSCl(2)-25C.mpr", 25.0, DASH),
        ("PEIS_25C_0.1C_rate.mpr", 25.0, "'0.1C_rate' is not read"),
        ("LPSCl_1100C_25C.mpr", 25.0, "1100C in the name is outside"),
    ],
)
def test_temperature_in_the_name(name: str, celsius: float, said: str | None) -> None:
    reading = read_name(name)

    assert reading.temperature_K == pytest.approx(celsius + 273.15, abs=1e-6)
    assert len(reading.remarks) == (said is not None)
    assert (said or "") in "".join(reading.remarks)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pellet7.mpr", None),
        ("cell_C01.mpr", None),
        ("Li3BS3_100mg.mpr", None),
        ("PC06_100mg_10deg5.mpr", None),
        ("cell_25_OCV.mpr", None),
        ("25C.d/run.mpr", None),
        # other meanings
        ("ad_10K_steps.mpr", "'10K_steps' is not read"),
        ("a_5K-step.mpr", "'5K-step' is not read"),
        ("t_1C_rate.mpr", "'1C_rate' is not read"),
        ("t_1C-rate.mpr", "'1C-rate' is not read"),
        ("rate_5C.mpr", "'rate_5C' is not read"),
        ("cell_0.1C.mpr", "'0.1C' could be a C-rate"),
        ("cell_2C.mpr", "'2C' could be a C-rate"),
        ("test_10K.mpr", "10K in the name is outside -150 °C to 400 °C"),
        ("z_1000C.mpr", "1000C in the name is outside"),
        ("P1_-300C.mpr", "-300C in the name is outside"),
        ("sampleA25C.mpr", "'sampleA25C' is not read"),
        ("team25C.mpr", "'team25C' is not read"),
        # several meanings
        ("P1_25C_to_60C.mpr", "the name holds 25 °C and 60 °C"),
        ("LPSCl_25-60C.mpr", "'25-60C' could be a range"),
        ("LPSCl_-20-60C.mpr", "'-20-60C' could be a range"),
        ("LPSCl_25_to_60C.mpr", "'25_to_60C' could be a range"),
        ("P1_37.50C.mpr", "'37.50C' in the name could be 37.5 °C or 50 °C"),
        ("k_25_5C.mpr", "'25_5C' could be 25.5 or 5"),
        ("sintered_300C.mpr", "'sintered' in the name"),
        ("LPSCl_80C_2h_dried_25C.mpr", "'dried' in the name"),
        ("k_25, 5C.mpr", "'25, 5C' is not read"),
        ("k_.5C.mpr", "'.5C' is not read"),
        ("T-25C.mpr", "could be 25 °C or -25 °C"),
        # no number, no unit, no capital
        ("d_RT.mpr", "'RT' is no number"),
        ("i_T25.mpr", "'T25' has no unit (write T25C)"),
        ("s_25c.mpr", "'25c' could be a sample (write 25C"),
    ],
)
def test_no_temperature_is_guessed(name: str, said: str | None) -> None:
    reading = read_name(Path(name).name)

    assert reading.temperature_K is None
    assert len(reading.remarks) == (said is not None)
    assert (said or "") in "".join(reading.remarks)


def test_the_range_that_is_believed_is_set_in_the_lab(tmp_path: Path) -> None:
    settings = tmp_path / "lab.toml"
    settings.write_text("[cell]\ntemperature_range_C = [-200, 1000]\n", encoding="utf-8")
    believed_K = read_settings(settings).temperature_range_K

    assert read_name("LLZO_1000C.mpr", believed_K).temperature_K == pytest.approx(1273.15)
    assert read_name("LLZO_1001C.mpr", believed_K).temperature_K is None
    assert read_name("LLZO_100K.mpr", believed_K).temperature_K == pytest.approx(100.0)


@pytest.mark.parametrize("value", ["[400, -150]", "[25]", '["a", 3]', "[-300, 25]", "400"])
def test_a_range_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    settings = tmp_path / "lab.toml"
    settings.write_text(f"[cell]\ntemperature_range_C = {value}\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="temperature_range_C"):
        read_settings(settings)


@pytest.mark.parametrize(
    ("name", "taken_C", "source", "said"),
    [
        ("cell_140C.mpr", 25.0, "command line", "25 °C (command line) is taken, though"),
        ("cell_140C.mpr", 140.2, "sheet", None),
        ("LPSCl-25C.mpr", -25.0, "command line", None),  # that settles what the hyphen is
        ("LPSCl-25C.mpr", 25.0, FILE_NAME, DASH),
        ("P1_37.50C.mpr", 50.0, "command line", None),
        ("d_RT.mpr", 22.0, "A. See", None),
    ],
)
def test_what_is_taken_against_the_name_is_told(
    name: str, taken_C: float, source: str, said: str | None
) -> None:
    notes = notes_on_temperature(read_name(name), taken_C + 273.15, source)

    assert len(notes) == (said is not None)
    assert (said or "") in "".join(notes)


@given(st.text(alphabet="0123456789CKTmp.,-−_ °deg()AZ", max_size=30))
def test_any_name_is_read_within_the_range_or_not_at_all(name: str) -> None:
    reading = read_name(name)

    believed = [] if reading.temperature_K is None else [reading.temperature_K]
    assert all(123.15 <= kelvin <= 673.15 for kelvin in believed)
    assert set(believed) <= {round(kelvin, 6) for kelvin in reading.could_be_K}
    assert not any("\n" in remark for remark in reading.remarks)
