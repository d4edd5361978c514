"""``labkit rank`` orders the candidates and names the label behind every move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

import db.labels
from db.matching import match_labels
from db.tables import Structure
from labkit.workflows.lab import Lab
from labkit.workflows.simulating import simulate_temperature_series

LITHIUM_NITRIDE = "prototype-Li3N-lithium-nitride"


@pytest.fixture
def own_label(ranking_lab: Any, simulated_series: Path) -> Any:
    """Return a way to accept a measured label on lithium nitride; it gives the label's name."""

    def accept() -> str:
        ranking_lab(
            *("pellet", "add", "LN-1", "--formula", "Li3N"),
            *("--thickness", "8mm", "--diameter", "1mm"),
        )
        ranking_lab("import", "--pellet", "LN-1", simulated_series / "simulated_25C.mpr")
        propose = ("label", "propose", "M1", "--structure", LITHIUM_NITRIDE, "--by", "A. See")
        name: str = ranking_lab(*propose, "--json").json["label"]
        done = ranking_lab("label", "accept", name, "--by", "A. See", "--reason", "good")
        assert done.code == 0
        return name

    return accept


def test_every_structure_has_a_place_and_a_score(ranking_lab: Any) -> None:
    result = ranking_lab("rank", "--top", "100", "--json").json

    assert result["candidates"] == 63
    assert result["labels"] == 2
    assert result["labelled_structures"] == 2
    assert [row["rank"] for row in result["top"]] == list(range(1, 64))
    scores = [row["score"] for row in result["top"]]
    assert scores == sorted(scores, reverse=True)
    assert result["top"][0]["structure"] == "prototype-Li3OCl-antiperovskite"


def test_the_label_that_moved_a_structure_is_named(ranking_lab: Any, own_label: Any) -> None:
    before = ranking_lab("rank", "--json").json
    name = own_label()

    after = ranking_lab("rank", "--json").json

    assert after["previous"] == before["ranking"]
    assert [change["label"] for change in after["label_changes"]] == [name]
    assert after["moved"]
    assert {move["because_of"] for move in after["moved"]} == {name}
    own = next(move for move in after["moved"] if move["structure"] == LITHIUM_NITRIDE)
    assert own["place_after"] < own["place_before"]
    assert name in own["sentence"]


def test_the_words_tell_the_same_as_the_json(ranking_lab: Any, own_label: Any) -> None:
    ranking_lab("rank")
    name = own_label()

    words = ranking_lab("rank").out

    assert "since R1: 1 label changed" in words
    assert f"because label {name}" in words


def test_what_a_label_moved_alike_is_told_once(ranking_lab: Any, own_label: Any) -> None:
    ranking_lab("rank", "--depth", 8)
    own_label()

    told = ranking_lab("rank", "--depth", 8).out
    moved = ranking_lab("rank", "--depth", 8, "--since", "R1", "--json").json["moved"]

    _, _, moves = told.partition("since R1: ")
    sentences = [line for line in moves.splitlines() if "because label" in line]
    tales = [(line.split()[1], line.partition("(")[2].partition(";")[0]) for line in sentences]
    assert len(set(tales)) == len(tales) < len(moved)
    assert "likewise" in moves


def test_unchanged_labels_make_no_new_ranking(ranking_lab: Any) -> None:
    first = ranking_lab("rank", "--json").json
    second = ranking_lab("rank", "--json").json

    assert second["ranking"] == first["ranking"]
    assert second["moved"] == []
    assert "No label changed" in second["summary"]


def test_an_older_ranking_can_be_compared_with(ranking_lab: Any, own_label: Any) -> None:
    first = ranking_lab("rank", "--json").json["ranking"]
    name = own_label()
    ranking_lab("rank")

    again = ranking_lab("rank", "--since", first, "--json").json

    assert {move["because_of"] for move in again["moved"]} == {name}


def test_the_papers_rule_selects_around_high_labels(ranking_lab: Any, own_label: Any) -> None:
    own_label()

    result = ranking_lab("rank", "--method", "cluster-rule", "--top", "63", "--json").json

    selected = {row["structure"] for row in result["top"] if row["selected"]}
    assert LITHIUM_NITRIDE in selected
    assert "prototype-LiI-rocksalt" not in selected
    assert 0 < len(selected) < 63


def test_rankings_made_differently_are_not_compared(ranking_lab: Any) -> None:
    ranking_lab("rank")

    done = ranking_lab("rank", "--depth", "30", "--since", "R1")

    assert done.code == 1
    assert "depth" in done.err


def test_a_lab_without_labels_says_how_to_get_some(lab: Any) -> None:
    lab("structures", "add", "prototypes")

    done = lab("rank")

    assert done.code == 1
    assert "labkit label import" in done.err


def test_proposals_say_why_and_leave_out_what_was_measured(
    ranking_lab: Any, own_label: Any
) -> None:
    before = ranking_lab("rank", "--propose", 5, "--json").json
    own_label()
    after = ranking_lab("rank", "--propose", 5, "--json").json

    for result in (before, after):
        assert len(result["proposals"]) == 5
        assert len({row["formula"] for row in result["proposals"]}) == 5
        assert all("S/cm" in row["reason"] for row in result["proposals"])
    assert "proposals_changed" not in before
    assert LITHIUM_NITRIDE not in {
        row["structure"] for row in after["proposals"] if row["kind"] == "measure"
    }
    named = {row["structure"] for row in after["proposals"]}
    stayed = named & {row["structure"] for row in before["proposals"]}
    assert len(after["proposals_changed"]["new"]) == 5 - len(stayed)


def test_a_surprising_own_measurement_is_repeated_before_it_is_followed(
    ranking_lab: Any, copy_of_pool_lab: Lab, tmp_path: Path
) -> None:
    placed = ranking_lab("rank", "--top", "100", "--json").json["top"]
    names = [row["structure"] for row in placed if not row["own_labels"]]
    surprising = "prototype-Li2O-antifluorite"
    poor = [name for name in names if "perovskite" not in name and name != surprising]
    _from_literature(
        copy_of_pool_lab, {name: 2e-9 * (1 + number % 5) for number, name in enumerate(poor)}
    )
    before = ranking_lab("rank", "--propose", 6, "--json").json
    simulate_temperature_series(tmp_path / "files", count=1, sigma25_S_per_cm=2e-2)
    ranking_lab(
        *("pellet", "add", "P-1", "--formula", "Li2O"),
        *("--thickness", "0.80mm", "--diameter", "6.35mm"),
    )
    ranking_lab("import", "--pellet", "P-1", tmp_path / "files" / "simulated_25C.mpr")
    words = ("label", "propose", "M1", "--structure", surprising, "--by", "A. See", "--json")
    name = ranking_lab(*words).json["label"]
    ranking_lab("label", "accept", name, "--by", "B. Lee", "--reason", "good")

    after = ranking_lab("rank", "--propose", 6, "--json").json
    told = ranking_lab("rank", "--propose", 6, "--since", before["ranking"]).out

    assert name not in {row["label"] for row in before["proposals"]}
    first = after["proposals"][0]
    assert (first["kind"], first["structure"], first["label"]) == ("repeat", surprising, name)
    assert f"repeat the measurement behind {name} (Li2O, 2.0e-02 S/cm)" in first["reason"]
    assert f"new since {before['ranking']}: the repeat of label {name}" in " ".join(told.split())
    fresh = {row["structure"] for row in after["proposals"] if row["kind"] == "measure"}
    assert fresh
    assert not fresh & {surprising, *poor}

    assert f"second-read {name}' that it was checked" in told
    ranking_lab("label", "second-read", name, "--by", "C. Roe", "--reason", "a second pellet")
    checked = ranking_lab("rank", "--propose", 6, "--json").json
    assert name not in {row["label"] for row in checked["proposals"]}


def _from_literature(lab: Lab, sigma_of: dict[str, float]) -> None:
    with lab.database.session() as session:
        db.labels.propose_many(
            session,
            [
                {
                    "formula": structure.split("-")[1],
                    "material_id": structure,
                    "sigma_S_per_cm": sigma,
                    "source_kind": "literature",
                    "temperature_K": 298.15,
                }
                for structure, sigma in sigma_of.items()
            ],
            by="A. See",
            reason="typed",
            accepted_by="A. See",
            acceptance_reason="typed",
        )
        match_labels(session)


def test_proposals_are_told_in_words(ranking_lab: Any) -> None:
    done = ranking_lab("rank", "--propose", 3, "--target", "1e-3")

    assert "measure next:" in done.out
    assert "to beat 1.0e-03 S/cm" in done.out


def test_what_lies_too_far_above_the_hull_is_not_proposed(
    ranking_lab: Any, copy_of_pool_lab: Lab
) -> None:
    best = ranking_lab("rank", "--propose", 1, "--json").json["proposals"][0]["structure"]
    with copy_of_pool_lab.database.session() as session:
        session.connection().execute(
            sa.update(Structure)
            .where(col(Structure.material_id) == best)
            .values(e_above_hull_eV=0.12, band_gap_eV=2.5)
        )

    usual = ranking_lab("rank", "--propose", 1, "--json").json["proposals"][0]
    lenient = ranking_lab("rank", "--propose", 1, "--hull", 0.2, "--json").json["proposals"][0]
    insulating = ranking_lab("rank", "--propose", 1, "--hull", 0.2, "--gap", 3, "--json")

    assert usual["structure"] != best
    assert lenient["structure"] == best
    assert lenient["reason"].endswith("computed: 120 meV/atom above the hull, a band gap of 2.5 eV")
    assert insulating.json["proposals"][0]["structure"] != best


def test_proposals_need_the_tree_mean(ranking_lab: Any) -> None:
    done = ranking_lab("rank", "--propose", 3, "--method", "cluster-rule")

    assert done.code == 1
    assert "--method tree-mean" in done.err
