"""``labkit pellet`` keeps a sample's geometry with its error."""

from __future__ import annotations

import math
from typing import Any

import pytest


def test_a_pellet_is_kept_in_metres_with_its_cell_constant(lab: Any) -> None:
    added = lab(
        *("pellet", "add", "LBS-1", "--formula", "Li3BS3", "--batch", "B7"),
        *("--thickness", "0.80mm+-0.01mm", "--diameter", "6.35mm+-0.02mm"),
        *("--electrode", "Au", "--pressure", "100MPa", "--comment", "pressed twice", "--json"),
    ).json

    assert added["thickness_m"] == pytest.approx(0.80e-3)
    assert added["diameter_se_m"] == pytest.approx(0.02e-3)
    assert added["stack_pressure_Pa"] == pytest.approx(100e6)
    assert added["electrode"] == "Au"
    area_cm2 = math.pi / 4 * 0.635**2
    assert added["cell_constant_per_cm"] == pytest.approx(0.080 / area_cm2)
    relative = math.hypot(0.01 / 0.80, 2 * 0.02 / 6.35)
    assert added["cell_constant_relative_se"] == pytest.approx(relative, rel=1e-3)


def test_the_list_counts_measurements(measured_lab: Any) -> None:
    (row,) = measured_lab("pellet", "list", "--json").json

    assert (row["name"], row["formula"], row["measurements"]) == ("LBS-1", "Li3BS3", 7)
    assert "LBS-1" in measured_lab("pellet", "list").out


def test_the_list_tells_errors_and_where_none_was_given(measured_lab: Any) -> None:
    bare = ("--formula", "Li3N", "--thickness", "1mm", "--diameter", "6mm+-0.02mm")
    added = measured_lab("pellet", "add", "bare", *bare).out

    words = measured_lab("pellet", "list").out.replace("\u202f", "")

    assert "0.80 ± 0.01 mm" in words and "6.35 ± 0.02 mm" in words
    assert "0.2526 ± 0.0035 cm⁻¹ (1.4 %)" in words
    assert "1 mm (error unknown)" in words
    assert "cm⁻¹, error unknown" in added and "0 %" not in added


def test_defaults_of_the_lab_file_are_taken_unless_given(lab: Any, lab_folder: Any) -> None:
    settings = '[cell]\nelectrode = "Pt"\npressure_MPa = 50\n'
    (lab_folder / "lab.toml").write_text(settings, encoding="utf-8")
    geometry = ("--formula", "Li3N", "--thickness", "1mm", "--diameter", "6mm", "--json")

    plain = lab("pellet", "add", "a", *geometry).json
    given = lab("pellet", "add", "b", "--electrode", "Au", *geometry).json

    assert (plain["electrode"], plain["stack_pressure_Pa"]) == ("Pt", 50e6)
    assert given["electrode"] == "Au"


def test_a_name_is_taken_once(measured_lab: Any) -> None:
    again = measured_lab(
        *("pellet", "add", "LBS-1", "--formula", "Li3N"),
        *("--thickness", "1mm", "--diameter", "6mm"),
    )

    assert again.code == 1
    assert "LBS-1 is already there" in again.err
    assert measured_lab("pellet", "list", "--json").json[0]["formula"] == "Li3BS3"


@pytest.mark.parametrize(
    ("formula", "thickness", "diameter", "said"),
    [
        ("Li3N", "0.8", "6mm", "unit"),
        ("Li3N", "0.8mm", "-6mm", "diameter"),
        ("Li3N", "0mm", "6mm", "thickness"),
        ("Li3N", "0.8V", "6mm", "thickness"),
        ("Xy3@", "0.8mm", "6mm", "formula"),
    ],
)
def test_wrong_values_are_refused_before_anything_is_stored(
    lab: Any, formula: str, thickness: str, diameter: str, said: str
) -> None:
    done = lab(
        *("pellet", "add", "a", "--formula", formula),
        *("--thickness", thickness, "--diameter", diameter),
    )

    assert done.code == 1
    assert said in done.err
    assert len(done.error_lines) == 1
    assert lab("pellet", "list", "--json").json == []
