"""``labkit arrhenius`` finds the activation energy that went into the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_ea_and_sigma25_agree_with_the_simulated_truth(
    measured_lab: Any, simulated_truth: Any
) -> None:
    fit = measured_lab("arrhenius", "LBS-1", "--json").json

    assert abs(fit["ea_eV"] - simulated_truth["ea_eV"]) < 3 * fit["ea_se_eV"]
    low, high = fit["sigma25_interval95_S_per_cm"]
    assert low < simulated_truth["sigma25_S_per_cm"] < high
    assert fit["convention"] == "ln(sigma T)"
    assert fit["n_points"] == 7
    assert fit["sigma25_extrapolated"] is False


def test_the_temperature_error_of_the_lab_file_decides_the_error_of_ea(
    measured_lab: Any, lab_folder: Path
) -> None:
    loose = measured_lab("arrhenius", "LBS-1", "--json").json
    (lab_folder / "lab.toml").write_text("[cell]\ntemperature_se_K = 0.1\n", encoding="utf-8")
    tight = measured_lab("arrhenius", "LBS-1", "--json").json

    assert tight["ea_se_eV"] < 0.5 * loose["ea_se_eV"]


def test_the_convention_is_kept_with_the_result(measured_lab: Any) -> None:
    with_t = measured_lab("arrhenius", "LBS-1", "--json").json
    without = measured_lab("arrhenius", "LBS-1", "--convention", "sigma", "--json").json

    assert without["convention"] == "ln(sigma)"
    # d ln(T) / d(1/T) = -T: the two differ by kB T of the middle of the range
    assert with_t["ea_eV"] - without["ea_eV"] == pytest.approx(8.617e-5 * 328, abs=0.002)


def test_sigma25_outside_the_measured_range_is_tagged(lab: Any, simulated_series: Path) -> None:
    lab(
        *("pellet", "add", "hot", "--formula", "Li3BS3"),
        *("--thickness", "0.80mm", "--diameter", "6.35mm"),
    )
    hot = [simulated_series / f"simulated_{celsius}C.mpr" for celsius in (55, 65, 75, 85)]
    lab("import", "--pellet", "hot", *hot)

    assert lab("arrhenius", "hot", "--json").json["sigma25_extrapolated"] is True
    assert "extrapolated" in lab("arrhenius", "hot").out


def test_the_same_fit_is_stored_once(measured_lab: Any) -> None:
    first = measured_lab("arrhenius", "LBS-1", "--json").json["analysis"]

    assert measured_lab("arrhenius", "LBS-1", "--json").json["analysis"] == first


def test_one_temperature_is_not_enough(lab: Any, simulated_series: Path) -> None:
    lab(
        *("pellet", "add", "one", "--formula", "Li3BS3"),
        *("--thickness", "0.80mm", "--diameter", "6.35mm"),
    )
    lab("import", "--pellet", "one", simulated_series / "simulated_25C.mpr")

    done = lab("arrhenius", "one")

    assert done.code == 1
    assert "at least two temperatures" in done.err


def test_the_figure_is_drawn(measured_lab: Any, tmp_path: Path) -> None:
    done = measured_lab("arrhenius", "LBS-1", "--plot", tmp_path / "arrhenius.png")

    assert done.code == 0
    assert (tmp_path / "arrhenius.png").stat().st_size > 10_000


def test_arcs_are_told_apart_in_a_table_of_their_own(measured_lab: Any) -> None:
    result = measured_lab("arrhenius", "LBS-1", "--arcs", "--json").json
    done = measured_lab("arrhenius", "LBS-1", "--arcs")

    total = result["arcs"][-1]
    assert total["role"] == "total"
    assert total["ea_eV"] == pytest.approx(0.40, abs=0.01)
    assert len(total["sigma_S_per_cm"]) == 7
    assert done.code == 0
    assert "sigma total (S/cm)" in done.out
    assert result["analysis"] in done.out


@pytest.mark.parametrize(
    ("words", "said"), [(("--joint",), "--arcs"), (("--arcs", "--plot", "a.png"), "no figure")]
)
def test_options_that_do_not_go_together_are_refused(
    measured_lab: Any, words: tuple[str, ...], said: str
) -> None:
    done = measured_lab("arrhenius", "LBS-1", *words)

    assert done.code == 2
    assert said in done.err
