"""``labkit eis`` looks at one measurement, moves its window and draws it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labkit.wording import conductivity, resistance

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_measurement_shows_resistance_window_and_verdict(
    measured_lab: Any, simulated_truth: Any
) -> None:
    result = measured_lab("eis", "M1", "--json").json

    truth = {spectrum["file"]: spectrum for spectrum in simulated_truth["spectra"]}
    assert result["resistance_ohm"] == pytest.approx(
        truth[result["file"]]["resistance_ohm"], rel=0.02
    )
    assert result["window_source"] == "automatic"
    assert result["verdict"] == "accepted"
    words = measured_lab("eis", "M1").out
    assert "each value ± its random ± its systematic standard error" in words
    numbers = [result[f"sigma_{part}S_per_cm"] for part in ("", "random_", "systematic_")]
    assert f"sigma = {conductivity(*numbers)}" in words
    assert "+-" not in words


def test_a_window_set_by_hand_is_signed_and_becomes_the_result(measured_lab: Any) -> None:
    automatic = measured_lab("eis", "M1", "--json").json

    moved = measured_lab("eis", "M1", "--window", "0.2Hz", "1Hz", "--by", "A. See", "--json").json

    assert moved["window_source"] == "set by hand"
    low, high = moved["window_hz"]
    assert 0.2 <= low < high <= 1.0
    assert moved["analysis"] != automatic["analysis"]
    assert measured_lab("eis", "M1", "--json").json["analysis"] == moved["analysis"]
    why = measured_lab("why", moved["analysis"]).out
    assert "A. See" in why


def test_a_window_may_be_given_either_way_round(measured_lab: Any) -> None:
    up = measured_lab("eis", "M1", "--window", "0.2Hz", "1Hz", "--by", "x", "--json").json
    down = measured_lab("eis", "M1", "--window", "1Hz", "200mHz", "--by", "x", "--json").json

    assert down["resistance_ohm"] == up["resistance_ohm"]


def test_an_unsigned_window_changes_nothing(measured_lab: Any) -> None:
    before = measured_lab("eis", "M1", "--json").json

    refused = measured_lab("eis", "M1", "--window", "1Hz", "30Hz")

    assert refused.code == 1
    assert "--by" in refused.err
    assert measured_lab("eis", "M1", "--json").json == before


def test_the_reviewer_of_the_lab_file_signs(measured_lab: Any, lab_folder: Path) -> None:
    (lab_folder / "lab.toml").write_text('[labels]\nreviewer = "K. Lab"\n', encoding="utf-8")

    moved = measured_lab("eis", "M1", "--window", "0.2Hz", "1Hz", "--json")

    assert moved.code == 0
    assert "K. Lab" in measured_lab("why", moved.json["analysis"]).out


@pytest.mark.parametrize(
    ("name", "start"), [("n.png", PNG), ("n.svg", b"<?xml"), ("n.pdf", b"%PDF")]
)
def test_the_nyquist_plot_is_drawn_in_the_format_of_its_name(
    measured_lab: Any, tmp_path: Path, name: str, start: bytes
) -> None:
    done = measured_lab("eis", "M1", "--plot", tmp_path / name)

    assert done.code == 0
    assert (tmp_path / name).read_bytes().startswith(start)


def test_residuals_bode_and_relaxation_times_are_drawn(measured_lab: Any, tmp_path: Path) -> None:
    plain, stacked, bode, drt = (tmp_path / f"{name}.png" for name in "abcd")
    measured_lab("eis", "M1", "--plot", plain)
    words = ("--plot", stacked, "--residuals", "--bode", bode, "--drt", drt)

    done = measured_lab("eis", "M1", *words, "--json")

    assert done.code == 0
    assert all(path.read_bytes().startswith(PNG) for path in (stacked, bode, drt))
    assert stacked.read_bytes() != plain.read_bytes()
    assert done.json["relaxation_times"]["resistance_ohm"] == pytest.approx(
        done.json["resistance_ohm"], rel=0.05
    )


def test_residuals_alone_have_no_figure_to_stand_in(measured_lab: Any) -> None:
    done = measured_lab("eis", "M1", "--residuals")

    assert done.code == 2
    assert "--plot" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--window", "0", "30Hz", "--by", "x"), "frequency"),
        (("--window", "1MHZ", "30Hz", "--by", "x"), "megahertz"),
        (("--window", "1Hz", "1Hz", "--by", "x"), "empty"),
        (("--window", "5MHz", "7MHz", "--by", "x"), "points"),
        (("--window", "auto"), "--by"),
        (("--mask", "50Hz", "--because", "mains", "--by", "x"), "nearest is at 51.95 Hz"),
        (("--mask", "52Hz", "--by", "x"), "--because"),
        (("--mask", "52Hz", "--because", "mains"), "--by"),
        (("--mask", "p999", "--because", "mains", "--by", "x"), "p999"),
        (("--mask", "0.1Hz-1MHz", "--because", "all bad", "--by", "x"), "no window is left"),
        (("--mask", "10mHz-9MHz", "--because", "all bad", "--by", "x"), "usable points"),
        (("--mask", "soon", "--because", "mains", "--by", "x"), "frequency"),
        (("--unmask", "52Hz", "--by", "x"), "not left out by hand"),
        (("--plot", "nyquist.docx"), ".png"),
    ],
)
def test_wrong_values_are_one_line(measured_lab: Any, words: tuple[str, ...], said: str) -> None:
    done = measured_lab("eis", "M1", *words)

    assert done.code == 1
    assert said in done.err
    assert len(done.error_lines) == 1


def test_points_left_out_by_hand_are_told_and_replayed(measured_lab: Any) -> None:
    before = measured_lab("eis", "M1", "--json").json
    words = ("--mask", "52Hz,1kHz-3kHz", "--mask", "p3", "--because", "mains pickup")

    done = measured_lab("eis", "M1", *words, "--by", "A. See", "--json")

    assert done.code == 0
    by_hand = [point for point in done.json["details"]["masked"] if point.get("by")]
    assert len(by_hand) == 7
    assert {point["reason"] for point in by_hand} == {"mains pickup"}
    assert done.json["resistance_ohm"] != before["resistance_ohm"]
    told = "left out by hand: 3.494 MHz, 1.055 kHz to 2.663 kHz (5 points), 51.95 Hz"
    assert f"{told} (mains pickup, A. See)" in measured_lab("eis", "M1").out
    assert "(mains pickup, A. See)" in measured_lab("why", done.json["analysis"]).out
    why = measured_lab("why", "--full", done.json["analysis"]).out
    assert "reason mains pickup, by A. See" in why
    assert measured_lab("replay", "M1", "--json").json == {
        "checked": 2,
        "equal": 2,
        "different": [],
    }


def test_points_are_used_again(measured_lab: Any) -> None:
    before = measured_lab("eis", "M1", "--json").json
    measured_lab("eis", "M1", "--mask", "1kHz-3kHz", "--because", "a door", "--by", "A. See")

    part = measured_lab("eis", "M1", "--unmask", "1kHz-2kHz", "--by", "B. Lee", "--json").json
    whole = measured_lab("eis", "M1", "--unmask", "all", "--by", "B. Lee", "--json").json

    assert [p["index"] for p in part["details"]["masked"]] == [34, 35]
    assert whole["details"]["masked"] == before["details"]["masked"]
    assert whole["resistance_ohm"] == before["resistance_ohm"]
    assert "unmasked" in measured_lab("why", "--full", part["analysis"]).out


@pytest.mark.parametrize("automatic", [("--window", "auto"), ("--window=auto",)])
def test_the_automatic_window_is_kept_again(measured_lab: Any, automatic: tuple[str, ...]) -> None:
    before = measured_lab("eis", "M1", "--json").json
    measured_lab("eis", "M1", "--window", "0.2Hz", "1Hz", "--by", "A. See")

    back = measured_lab("eis", "M1", *automatic, "--by", "B. Lee", "--json").json

    assert back["window_source"] == "automatic"
    assert back["window_hz"] == before["window_hz"]
    assert back["resistance_ohm"] == before["resistance_ohm"]
    assert back["analysis"] != before["analysis"]
    assert "accepted, by B. Lee, labkit" in measured_lab("why", back["analysis"]).out


def test_a_reason_alone_is_not_understood(measured_lab: Any) -> None:
    done = measured_lab("eis", "M1", "--because", "mains pickup")

    assert done.code == 2
    assert "--mask" in done.err


def test_any_reason_can_be_drawn(measured_lab: Any, tmp_path: Path) -> None:
    reason = "costs $5 and $x, " + "a long story " * 15
    measured_lab("eis", "M1", "--mask", "1kHz-3kHz", "--because", reason, "--by", "A. See")

    done = measured_lab("eis", "M1", "--plot", tmp_path / "n.png", "--bode", tmp_path / "b.png")

    assert done.code == 0
    assert (tmp_path / "n.png").read_bytes().startswith(PNG)


def test_a_label_shows_what_was_done_by_hand(measured_lab: Any) -> None:
    measured_lab("eis", "M1", "--mask", "52Hz", "--because", "mains", "--by", "A. See")

    proposed = measured_lab("label", "propose", "M1", "--by", "A. See")

    told = "by hand in M1: left out: 51.95 Hz (mains, A. See)"
    assert told in " ".join(proposed.out.split())
    assert told in " ".join(measured_lab("label", "show", "L1").out.split())


def test_a_circuit_is_told_with_q_and_n_units_and_the_error_of_its_resistance(
    measured_lab: Any,
) -> None:
    words = measured_lab("eis", "M1", "--circuit", "p(R1,CPE1)-CPE0").out
    fitted = measured_lab("eis", "M1", "--circuit", "p(R1,CPE1)-CPE0", "--json").json["circuit"]

    assert resistance(fitted["resistance_ohm"], fitted["resistance_se_ohm"]) in words
    for name in ("CPE1 Q", "CPE1 n", "CPE0 Q", "S sⁿ", "Ω"):
        assert name in words
    assert "CPE1_0" not in words and "Ohm" not in words
    assert [row["name"] for row in fitted["parameters"]][1] == "CPE1_0"
    assert abs(fitted["beside_tail"]["difference_sigma"]) < 2
