"""``labkit why`` leads down to the raw file, ``labkit replay`` computes again."""

from __future__ import annotations

from typing import Any

import labkit as package
from labkit.wording import resistance_of, with_errors


def test_a_label_leads_to_raw_file_pellet_and_versions(measured_lab: Any) -> None:
    imported = measured_lab("eis", "M1", "--json").json
    measured_lab("label", "propose", "M1", "--by", "A. See")

    label = measured_lab("why", "L1", "--json").json

    (analysis,) = label["inputs"]
    assert analysis["identifier"] == imported["analysis"]
    assert analysis["details"]["labkit_version"] == package.__version__
    (measurement,) = analysis["inputs"]
    assert measurement["identifier"] == "M1"
    assert measurement["details"]["data_hash"] == imported["data_hash"]
    raw_file, pellet = measurement["inputs"]
    assert len(raw_file["details"]["sha256"]) == 64
    assert pellet["details"]["thickness_m"] == 0.8e-3


def test_an_arrhenius_fit_leads_to_every_conductivity(measured_lab: Any) -> None:
    fit = measured_lab("arrhenius", "LBS-1", "--json").json

    chain = measured_lab("why", fit["analysis"], "--json").json

    analyses = [node for node in chain["inputs"] if node["kind"] == "analysis"]
    assert len(analyses) == 7


def test_a_ranking_leads_to_its_labels(ranking_lab: Any) -> None:
    ranking_lab("rank")

    words = ranking_lab("why", "R1").out

    assert "L1" in words
    assert "L2" in words


def test_the_chain_is_printed_for_people(measured_lab: Any) -> None:
    words = measured_lab("why", "M1").out

    assert "M1: PEIS, sweep 1" in words
    assert "sha256" in words
    assert "{" not in words


def test_each_step_is_one_line_of_words_and_what_was_told_is_only_named(measured_lab: Any) -> None:
    fit = measured_lab("arrhenius", "LBS-1", "--json").json
    measured_lab("eis", "M3", "--mask", "p2", "--because", "mains pickup", "--by", "A. See")
    measured_lab("label", "propose", fit["analysis"], "--by", "A. See")

    lines = measured_lab("why", "L1").out.splitlines()

    # label, its history, the fit, seven results with measurement and file, pellet, the last line
    assert len(lines) == 1 + 1 + 1 + 7 * 3 + 1 + 1
    assert f"Ea = {with_errors(fit['ea_eV'], fit['ea_se_eV'])} eV" in lines[2]
    assert "proposed by A. See" in lines[1]
    assert sum(line.strip().startswith("P1:") for line in lines) == 1
    assert sum(line.endswith("; P1 above") for line in lines) == 6
    sweep = measured_lab("eis", "M1", "--json").json
    assert any(f"R = {resistance_of(sweep)}" in line for line in lines)
    for raw in ("_ohm", "_S_per_cm", "temperature_K", "{"):
        assert not any(raw in line for line in lines)
    assert "--full" in lines[-1]


def test_what_was_done_by_hand_stands_with_the_result(measured_lab: Any) -> None:
    measured_lab("eis", "M3", "--mask", "p2", "--because", "mains pickup", "--by", "A. See")
    newest = measured_lab("eis", "M3", "--json").json["analysis"]

    words = measured_lab("why", newest).out

    assert "mains pickup" in words and "A. See" in words


def test_full_tells_every_number_once(measured_lab: Any) -> None:
    fit = measured_lab("arrhenius", "LBS-1", "--json").json

    short = measured_lab("why", fit["analysis"]).out
    words = measured_lab("why", fit["analysis"], "--full").out

    assert "resistance_random_ohm" in words and "resistance_random_ohm" not in short
    assert words.count("thickness_m: 0.0008\n") == 1
    raw = measured_lab("why", fit["analysis"], "--json").json["inputs"][0]["inputs"][0]["inputs"][0]
    assert raw["details"]["sha256"] in words
    assert raw["details"]["sha256"] not in short


def test_published_labels_structures_and_rankings_have_words(ranking_lab: Any) -> None:
    ranking_lab("rank")

    label = ranking_lab("why", "L1").out
    structure = ranking_lab("why", "prototype-LiI-rocksalt").out

    assert "LiI: 1.00 × 10⁻⁷ S/cm" in label and "structure prototype-LiI-rocksalt" in label
    assert "prototype-LiI-rocksalt (LiI) from prototype" in structure
    assert "candidates from" in ranking_lab("why", "R1").out


def test_replay_finds_the_same_numbers(measured_lab: Any) -> None:
    result = measured_lab("replay", "--all", "--json")

    assert result.code == 0
    assert result.json == {"checked": 7, "equal": 7, "different": []}
    assert measured_lab("replay", "M3", "--json").json["checked"] == 1
    assert "7 of 7" in measured_lab("replay", "--all").out


def test_replay_keeps_a_window_that_was_set_by_hand(measured_lab: Any) -> None:
    measured_lab("eis", "M1", "--window", "0.2Hz", "1Hz", "--by", "A. See")

    assert measured_lab("replay", "M1", "--json").json == {
        "checked": 2,
        "equal": 2,
        "different": [],
    }


def test_replay_needs_one_thing_or_all(measured_lab: Any) -> None:
    for words in ((), ("M1", "--all")):
        done = measured_lab("replay", *words)
        assert done.code == 2
        assert "--all" in done.err
