"""Temperatures are read from names only where a name can mean one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit.errors import UsageError
from labkit.workflows.sample_conditions import read_condition_sheet, temperature_from_name


@pytest.mark.parametrize(
    ("name", "celsius"),
    [
        ("PEIS_LPSCl_IonBlocking_-25C.mpr", -25.0),
        ("s04147-140deg.txt", 140.0),
        ("CHD048_CHD050_60C_C01.mpr", 60.0),
        ("cell 25 °C.mpt", 25.0),
        ("-10C_first.mpr", -10.0),
        ("pellet3_minus25C.mpr", -25.0),
        ("run_m15C.mpr", -15.0),
        ("P1_37.5C_C02.mpr", 37.5),
        ("P1_37p5C.mpr", 37.5),
        ("P1_25C_again_25C.mpr", 25.0),
        ("P1_298K.mpr", 24.85),
    ],
)
def test_temperature_in_the_name(name: str, celsius: float) -> None:
    assert temperature_from_name(name) == pytest.approx(celsius + 273.15, abs=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        "pellet7.mpr",
        "cell_C01.mpr",
        "P1_25C_to_60C.mpr",
        "Li3BS3_100mg.mpr",
        "PC06_100mg_10deg5.mpr",
        "sampleA25C.mpr",
        "P1_-300C.mpr",
        "25C.d/run.mpr",
    ],
)
def test_no_temperature_is_guessed(name: str) -> None:
    assert temperature_from_name(Path(name).name) is None


def test_sheet_gives_pellet_and_temperature(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "\ufefffile;pellet;temperature\na.mpr;P1;25C\nb.mpr;P2;-10 C\nc.mpr;;\n",
        encoding="utf-8",
    )
    read = read_condition_sheet(sheet)
    assert read["a.mpr"].pellet == "P1"
    assert read["a.mpr"].temperature_K == pytest.approx(298.15)
    assert read["b.mpr"].temperature_K == pytest.approx(263.15)
    assert read["b.mpr"].temperature_source == "sheet"
    assert read["c.mpr"].temperature_K is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,pellet\na,P1\n", "no column 'file'"),
        ("file,temperature\na.mpr,25\n", "line 2"),
        ("file,pellet\na.mpr,P1\na.mpr,P2\n", "twice"),
    ],
)
def test_unreadable_sheet_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said) as refused:
        read_condition_sheet(sheet)
    assert "\n" not in str(refused.value)
