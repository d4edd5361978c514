"""``labkit label``: proposed from evidence, decided once by a named person, never lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labkit.wording import conductivity_of


@pytest.fixture
def proposed(measured_lab: Any) -> Any:
    done = measured_lab("label", "propose", "M1", "--by", "A. See", "--json")
    assert done.code == 0
    assert done.json["label"] == "L1"
    return measured_lab


def test_a_measurement_becomes_a_proposed_label_with_its_errors(proposed: Any) -> None:
    sweep = proposed("eis", "M1", "--json").json
    label = proposed("label", "show", "L1", "--json").json

    assert label["state"] == "proposed"
    assert label["formula"] == "Li3BS3"
    for name in ("sigma_S_per_cm", "sigma_random_S_per_cm", "sigma_systematic_S_per_cm"):
        assert label[name] == sweep[name]
    assert label["temperature_K"] == pytest.approx(sweep["temperature_K"])


def test_an_arrhenius_fit_becomes_a_label_with_its_activation_energy(measured_lab: Any) -> None:
    fit = measured_lab("arrhenius", "LBS-1", "--json").json

    label = measured_lab("label", "propose", fit["analysis"], "--by", "A. See", "--json").json

    assert label["ea_eV"] == fit["ea_eV"]
    assert label["sigma_S_per_cm"] == fit["sigma25_S_per_cm"]
    assert label["temperature_K"] == pytest.approx(298.15)
    assert label["ea_convention"] == "ln(sigma T)"


def test_the_list_tells_error_evidence_and_extrapolation(measured_lab: Any) -> None:
    fit = measured_lab("arrhenius", "LBS-1", "--json").json
    measured_lab("label", "propose", fit["analysis"], "--by", "A. See")
    measured_lab("label", "propose", "M2", "--by", "A. See")

    words = measured_lab("label", "list").out
    sweep, series = measured_lab("label", "list", "--json").json

    for label in (sweep, series):
        assert conductivity_of(label, unit="") in words
        assert label["evidence_verdict"] == "accepted"
    assert ("extrapolated" in words) is series["extrapolated"]
    assert "each value ± its random ± its systematic standard error" in words


def test_a_label_without_a_structure_says_that_it_will_not_count(measured_lab: Any) -> None:
    done = measured_lab("label", "propose", "M1", "--by", "A. See")

    assert "will not count in a ranking" in done.out


def test_acceptance_keeps_who_and_why(proposed: Any) -> None:
    done = proposed(
        "label", "accept", "L1", "--by", "A. See", "--reason", "three pellets agree", "--json"
    ).json

    assert done["state"] == "accepted"
    history = proposed("label", "show", "L1", "--json").json["history"]
    assert [(event["action"], event["actor"]) for event in history] == [
        ("proposed", "A. See"),
        ("accepted", "A. See"),
    ]
    assert history[1]["reason"] == "three pellets agree"


def test_a_rejected_label_stays_with_its_reason(proposed: Any) -> None:
    proposed("label", "reject", "L1", "--by", "A. See", "--reason", "the pellet was cracked")

    label = proposed("label", "show", "L1", "--json").json
    assert label["state"] == "rejected"
    assert label["history"][-1]["reason"] == "the pellet was cracked"
    assert "cracked" in proposed("label", "show", "L1").out


def test_a_label_is_accepted_once(proposed: Any) -> None:
    accept = ("label", "accept", "L1", "--by", "A. See", "--reason", "good")
    proposed(*accept)

    again = proposed(*accept)

    assert again.code == 1
    assert "A. See" in again.err
    assert len(proposed("label", "show", "L1", "--json").json["history"]) == 2


def test_one_analysis_makes_one_label(proposed: Any) -> None:
    again = proposed("label", "propose", "M1", "--by", "A. See")

    assert again.code == 1
    assert "already label L1" in again.err


def test_nothing_is_decided_unsigned(proposed: Any) -> None:
    done = proposed("label", "accept", "L1", "--reason", "good")

    assert done.code == 1
    assert "--by" in done.err
    assert proposed("label", "show", "L1", "--json").json["state"] == "proposed"


def test_evidence_that_was_not_accepted_needs_a_because(lab: Any, leaky_file: Path) -> None:
    lab(
        *("pellet", "add", "leaky", "--formula", "Li3BS3"),
        *("--thickness", "0.80mm", "--diameter", "6.35mm"),
    )
    (sweep,) = lab("import", "--pellet", "leaky", leaky_file, "--json").json["files"][0]["sweeps"]
    assert sweep["verdict"] == "review"
    lab("label", "propose", sweep["measurement"], "--by", "A. See")
    accept = ("label", "accept", "L1", "--by", "A. See", "--reason", "good")

    refused = lab(*accept)
    accepted = lab(*accept, "--because", "the contact was poor but stable", "--json")

    assert refused.code == 1
    assert "because" in refused.err
    assert accepted.json["state"] == "accepted"


def test_a_label_that_fits_several_structures_waits_for_a_person(
    lab: Any, measured_lab: Any, tmp_path: Path
) -> None:
    for name in ("alpha", "beta"):
        lab("structures", "add", _cif(tmp_path / f"{name}.cif"))
    proposed = lab("label", "propose", "M1", "--by", "A. See", "--json").json

    assert {match["structure"] for match in proposed["matches"]} == {"cif-alpha", "cif-beta"}
    assert not any(match["counts"] for match in proposed["matches"])
    assert any("labkit label match L1" in note for note in proposed["notes"])
    matched = lab("label", "match", "L1", "cif-beta", "--by", "A. See", "--json").json["matches"]

    (counting,) = [match for match in matched if match["counts"]]
    assert (counting["structure"], counting["kind"]) == ("cif-beta", "by-hand")


def test_the_list_is_filtered_by_state_and_composition(proposed: Any) -> None:
    def names(*words: str) -> list[str]:
        return [row["label"] for row in proposed("label", "list", *words, "--json").json]

    assert names("--state", "proposed") == ["L1"]
    assert names("--state", "accepted") == []
    assert names("--formula", "B2 Li6 S6") == ["L1"]
    assert names("--formula", "LiI") == []


def test_conflicts_of_an_empty_lab_are_none(lab: Any) -> None:
    found = lab("label", "conflicts", "--json").json

    assert found == {"review": [], "disagreements": [], "decades": 1.0}


def test_values_that_disagree_are_shown(ranking_lab: Any, simulated_series: Path) -> None:
    """Two decades between a measured and a printed value of Li3BS3."""
    ranking_lab(
        *("pellet", "add", "LBS-1", "--formula", "Li3BS3"),
        *("--thickness", "80mm", "--diameter", "6.35mm"),
    )
    ranking_lab("import", "--pellet", "LBS-1", simulated_series / "simulated_25C.mpr")
    own = ranking_lab("label", "propose", "M1", "--by", "x", "--json").json["label"]
    ranking_lab("label", "accept", own, "--by", "x", "--reason", "good")

    (row,) = ranking_lab("label", "conflicts", "--json").json["disagreements"]

    assert row["decades"] == pytest.approx(2.14, abs=0.05)
    assert {value["reference"] for value in row["values"]} == {"L3", own}


def test_published_labels_that_are_not_at_hand_are_refused_in_one_line(lab: Any) -> None:
    done = lab("label", "import", "obelix")

    assert done.code == 1
    assert "LABKIT_DATA" in done.err
    assert lab("label", "list", "--json").json == []


def _cif(path: Path) -> Path:
    """Write a made-up Li3BS3 cell; the name of the file is the only difference."""
    lines = [
        "data_Li3BS3",
        "_cell_length_a 6",
        "_cell_length_b 7",
        "_cell_length_c 8",
        "_cell_angle_alpha 90",
        "_cell_angle_beta 90",
        "_cell_angle_gamma 90",
        "_symmetry_space_group_name_H-M 'P 1'",
        "loop_",
        "_symmetry_equiv_pos_as_xyz",
        "'x, y, z'",
        "loop_",
        "_atom_site_type_symbol",
        "_atom_site_label",
        "_atom_site_fract_x",
        "_atom_site_fract_y",
        "_atom_site_fract_z",
        "_atom_site_occupancy",
        "Li Li0 0.1 0.1 0.1 1",
        "Li Li1 0.6 0.1 0.1 1",
        "Li Li2 0.1 0.6 0.1 1",
        "B B3 0.5 0.5 0.5 1",
        "S S4 0.5 0.7 0.6 1",
        "S S5 0.7 0.4 0.6 1",
        "S S6 0.3 0.4 0.6 1",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
