"""``labkit arrhenius`` finds the activation energy that went into the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labkit.workflows.simulating import simulate_temperature_series


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
    ("words", "said", "code"),
    [
        (("--joint",), "--arcs", 2),
        (("--because", "a door"), "--exclude", 1),
        (("--exclude", "M99"), "M99 is no impedance measurement of LBS-1", 1),
        (("--from", "80C", "--to", "30C"), "give the lower one first", 1),
        (("--from", "30"), "has no unit", 1),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    measured_lab: Any, words: tuple[str, ...], said: str, code: int
) -> None:
    done = measured_lab("arrhenius", "LBS-1", *words)

    assert done.code == code
    assert said in done.err


def test_the_arcs_have_a_figure(measured_lab: Any, tmp_path: Path) -> None:
    done = measured_lab("arrhenius", "LBS-1", "--arcs", "--plot", tmp_path / "arcs.png")

    assert done.code == 0
    assert (tmp_path / "arcs.png").stat().st_size > 10_000


@pytest.mark.parametrize("more", [(), ("--arcs",)])
def test_the_table_says_what_was_fitted(measured_lab: Any, more: tuple[str, ...]) -> None:
    assert "Ea (eV), ln(sigma T)" in measured_lab("arrhenius", "LBS-1", *more).out
    words = ("arrhenius", "LBS-1", "--convention", "sigma", *more)
    assert "Ea (eV), ln(sigma)" in measured_lab(*words).out


def test_the_arcs_say_which_energy_to_quote_and_what_the_error_holds(measured_lab: Any) -> None:
    out = measured_lab("arrhenius", "LBS-1", "--arcs").out

    assert "quote the first" in out
    assert "random only" in out
    assert "the geometry adds 1.4%" in out


def test_one_measurement_is_left_out_by_hand(measured_lab: Any) -> None:
    words = ("arrhenius", "LBS-1", "--exclude", "M5", "--because", "bad contact", "--by", "A. See")
    fit = measured_lab(*words, "--json").json
    done = measured_lab(*words)

    assert "M5" not in fit["measurements"]
    assert fit["n_points"] == 6
    assert "left-out-by-hand" in fit["reasons"]
    assert done.out.count("M5 left out by hand (bad contact, A. See)") == 1
    assert measured_lab("arrhenius", "LBS-1", "--json").json["n_points"] == 7


def test_a_range_of_temperature_is_fitted(measured_lab: Any) -> None:
    done = measured_lab("arrhenius", "LBS-1", "--from", "35C", "--to", "75C")
    fit = measured_lab("arrhenius", "LBS-1", "--from", "35C", "--to", "75C", "--json").json

    low, high = fit["temperature_range_K"]
    assert low >= 308
    assert high <= 348.7
    assert "left out by hand, below 35 C (no reason given)" in done.out


def test_a_pellet_given_twice_is_refused(measured_lab: Any) -> None:
    done = measured_lab("arrhenius", "LBS-1", "P1")

    assert done.code == 1
    assert done.error_lines == [
        "labkit: pellet LBS-1 is given twice; replicates are different pellets"
    ]


@pytest.fixture
def two_pellets(measured_lab: Any, tmp_path: Path) -> Any:
    """Return the measured lab with a second pellet of its own series, whose formula is given."""

    def add(formula: str) -> Any:
        measured_lab(
            *("pellet", "add", "other", "--formula", formula),
            *("--thickness", "0.80mm+-0.01mm", "--diameter", "6.35mm+-0.02mm"),
        )
        simulate_temperature_series(tmp_path / "other", count=5, seed=12, ea_eV=0.41)
        measured_lab("import", "--pellet", "other", *sorted((tmp_path / "other").glob("*.mpr")))
        return measured_lab

    return add


def test_two_pellets_have_a_mean_and_no_interval(two_pellets: Any) -> None:
    done = two_pellets("Li3BS3")("arrhenius", "LBS-1", "other")

    assert done.code == 0
    assert "2 pellets, Ea of ln(sigma T): mean" in done.out
    assert "an interval needs three" in done.out
    assert "shared" not in done.out
    assert "random effects" not in done.out


def test_pellets_of_other_compounds_are_listed_side_by_side(two_pellets: Any) -> None:
    done = two_pellets("LiCl")("arrhenius", "LBS-1", "other")

    assert done.code == 0
    assert "not combined: LBS-1 is Li3BS3 and other is LiCl" in done.out
    assert "mean" not in done.out
    assert "other" in done.out.splitlines()[3]
