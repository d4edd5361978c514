"""``labkit status`` says what is in a lab."""

from __future__ import annotations

from typing import Any

from labkit.wording import conductivity_of


def test_an_empty_lab_says_how_to_begin(lab: Any) -> None:
    done = lab("status")

    assert done.code == 0
    assert "labkit import" in done.out
    told = lab("status", "--json").json
    assert (told["pellets"], told["measurements"], told["labels"]) == (0, {}, {})
    assert told["last_import"] is told["newest_ranking"] is None
    assert told["newest"] == []


def test_everything_measured_and_labelled_is_counted(measured_lab: Any) -> None:
    measured_lab("label", "propose", "M1", "--by", "A. See")
    measured_lab("label", "propose", "M2", "--by", "A. See")
    measured_lab("label", "accept", "L1", "--by", "A. See", "--reason", "long tail")
    measured_lab("eis", "M7", "--window", "100kHz", "1MHz", "--by", "A. See")

    told = measured_lab("status", "--newest", "2", "--json").json
    words = measured_lab("status").out

    assert told["pellets"] == 1
    assert told["measurements"] == {"impedance": 7}
    verdict = measured_lab("eis", "M7", "--json").json["verdict"]
    assert verdict != "accepted"
    assert told["verdicts"] == {"accepted": 6, verdict: 1}
    assert told["labels"] == {"accepted": 1, "proposed": 1}
    assert [row["measurement"] for row in told["newest"]] == ["M7", "M6"]
    assert told["last_import"]["file"] == "simulated_85C.mpr"
    for text in ("1 accepted, 1 proposed", "7 impedance (6 accepted", "simulated_85C.mpr", "85 °C"):
        assert text in words.replace("\u00a0", " ")
    assert conductivity_of(told["newest"][1], unit="") in words


def test_structures_and_rankings_are_counted(ranking_lab: Any) -> None:
    ranked = ranking_lab("rank", "--json").json

    told = ranking_lab("status", "--json").json

    assert told["structures"] > 50
    assert told["rankings"] == 1
    assert told["newest_ranking"]["ranking"] == "R1"
    assert told["newest_ranking"]["labels"] == ranked["labels"]
    assert "the newest R1" in ranking_lab("status").out
