"""``labkit export`` writes spectra and Arrhenius points as other programs want them."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_spectrum_is_written_point_by_point_and_reads_back_as_the_same(
    measured_lab: Any, lab: Any, tmp_path: Path
) -> None:
    file = tmp_path / "M1.csv"
    done = measured_lab("export", "spectra", "--measurement", "M1", "--output", file, "--json").json

    rows = _read(file)
    assert done == {"files": [str(file)], "spectra": 1, "rows": len(rows)}
    assert list(rows[0])[:3] == [
        "frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm",
    ]  # fmt: skip
    for row in rows:
        z = complex(float(row["real_impedance_ohm"]), float(row["imaginary_impedance_ohm"]))
        assert float(row["absolute_impedance_ohm"]) == pytest.approx(abs(z))
        assert math.radians(float(row["phase_degree"])) == pytest.approx(math.atan2(z.imag, z.real))
    (inspected,) = measured_lab("inspect", file, "--json").json
    (record,) = inspected["records"]
    assert record["data_hash"] == measured_lab("eis", "M1", "--json").json["data_hash"]


def test_points_left_out_carry_their_reason(measured_lab: Any, tmp_path: Path) -> None:
    measured_lab("eis", "M2", "--mask", "p3", "--because", "mains pickup", "--by", "A. See")

    measured_lab("export", "spectra", "--measurement", "M2", "--output", tmp_path / "M2.csv")

    rows = _read(tmp_path / "M2.csv")
    assert rows[3]["masked"] == "1"
    assert "mains pickup" in rows[3]["mask_reason"] and "A. See" in rows[3]["mask_reason"]
    assert rows[4]["masked"] == "0"


def test_a_folder_gets_a_file_and_an_excel_file_a_sheet_for_each_spectrum(
    measured_lab: Any, tmp_path: Path
) -> None:
    from openpyxl import load_workbook

    pellet = ("export", "spectra", "--pellet", "LBS-1", "--output")
    assert measured_lab(*pellet, tmp_path / "spectra").code == 0
    assert measured_lab(*pellet, tmp_path / "s.xlsx").code == 0
    measured_lab(*pellet, tmp_path / "s.json")

    files = sorted(path.name for path in (tmp_path / "spectra").iterdir())
    assert files[0] == "M1-simulated_25C.csv" and len(files) == 7
    book = load_workbook(tmp_path / "s.xlsx")
    assert book.sheetnames == [f"M{k}" for k in range(1, 8)]
    together = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert {row["measurement"] for row in together} == set(book.sheetnames)
    assert book["M1"].max_row == 1 + sum(row["measurement"] == "M1" for row in together)


def test_arrhenius_points_are_those_of_the_fit(measured_lab: Any, tmp_path: Path) -> None:
    fit = measured_lab("arrhenius", "LBS-1", "--json").json

    done = measured_lab(
        "export", "arrhenius", "--pellet", "LBS-1", "--output", tmp_path / "a.csv", "--json"
    ).json

    rows = _read(tmp_path / "a.csv")
    assert done["rows"] == len(rows) == fit["n_points"]
    assert [row["measurement"] for row in rows] == fit["measurements"]
    first = rows[0]
    kelvin, sigma = float(first["temperature_K"]), float(first["sigma_S_per_cm"])
    assert float(first["temperature_C"]) == 25.0
    assert float(first["inverse_temperature_1000_per_K"]) == pytest.approx(1000 / kelvin)
    assert float(first["ln_sigma_T_S_K_per_cm"]) == pytest.approx(math.log(sigma * kelvin))
    assert float(first["sigma_systematic_S_per_cm"]) > float(first["sigma_random_S_per_cm"]) > 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("spectra", "--measurement", "M99", "--output", "a.csv"), 1, "no measurement M99"),
        (("spectra", "--pellet", "nobody", "--output", "a.csv"), 1, "nobody"),
        (("spectra", "--output", "a.txt"), 1, "a folder, or a file that ends in"),
        (("spectra", "--output", "no/such/folder"), 1, "there is no folder"),
        (("arrhenius", "--output", "a.csv"), 1, "--pellet NAME"),
        (("labels", "--output", "."), 1, "must end in"),
        (("labels", "--pellet", "LBS-1", "--output", "a.csv"), 2, "belongs to spectra"),
        (("arrhenius", "--measurement", "M1", "--output", "a.csv"), 2, "belongs to spectra"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_line(
    measured_lab: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    done = measured_lab("export", *words)

    assert done.code == code
    (line,) = done.error_lines
    assert said in line
    assert not (tmp_path / "a.csv").exists()


def test_a_lab_without_spectra_says_so(lab: Any, tmp_path: Path) -> None:
    done = lab("export", "spectra", "--output", tmp_path / "s.xlsx")

    assert done.code == 1
    assert done.error_lines == ["labkit: this lab has no impedance spectrum"]
