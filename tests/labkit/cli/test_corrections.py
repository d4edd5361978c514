"""What was typed wrong is corrected from the shell, in one line that names what is left to do."""

from __future__ import annotations

from typing import Any

import pytest

WHY = ("--because", "caliper misread", "--by", "A. See")


def test_a_pellet_is_corrected_and_its_history_shown(measured_lab: Any) -> None:
    before = measured_lab("eis", "M1", "--json").json["sigma_S_per_cm"]
    said = measured_lab("pellet", "set", "LBS-1", "--thickness", "0.40mm+-0.01mm", *WHY)

    assert said.code == 0
    assert "P1: thickness 0.8 mm → 0.4 mm (A. See: caliper misread)" in said.out
    assert "the earlier results stay beside the new ones" in said.out
    assert measured_lab("eis", "M1", "--json").json["sigma_S_per_cm"] == pytest.approx(before / 2)
    told = measured_lab("why", "LBS-1").out
    assert "caliper misread" in told
    assert "thickness_m 0.0008 -> 0.0004" in told
    assert measured_lab("replay", "--all").out.startswith("14 of 14 are equal")
    assert measured_lab("doctor").code == 0


def test_a_label_is_named_with_the_command_that_revises_it(measured_lab: Any) -> None:
    measured_lab("label", "propose", "M1", "--by", "A")
    measured_lab("label", "accept", "L1", "--reason", "fine", "--by", "A")

    said = measured_lab("pellet", "set", "LBS-1", "--diameter", "6.00mm+-0.02mm", *WHY)

    line = "'labkit label revise L1 --evidence M1 --reason WHY'"
    assert "L1 (accepted) was not changed, but the geometry of pellet LBS-1" in said.out
    assert line in said.out
    words = line.strip("'").replace("WHY", "thickness").split()[1:]
    assert measured_lab(*words, "--by", "A").code == 0
    shown = measured_lab("label", "show", "L1").out
    assert "rests on what was corrected since: the geometry of pellet LBS-1" in shown


def test_a_measurement_is_corrected_set_aside_and_taken_back(measured_lab: Any) -> None:
    corrected = measured_lab("measurement", "set", "M1", "--temperature", "26C", *WHY, "--json")
    assert corrected.json["measurements"][0]["temperature_K"] == pytest.approx(299.15)
    assert len(corrected.json["recomputed"]) == 1

    aside = measured_lab(
        "measurement", "set-aside", "M1", "M2", "--because", "cracked", "--by", "A"
    )
    assert "M1: set aside (A: cracked)" in aside.out
    assert "set aside: cracked; no series" in measured_lab("eis", "M1").out
    assert "M1 left out: set aside (cracked)" in measured_lab("arrhenius", "LBS-1").out
    refused = measured_lab("label", "propose", "M1", "--by", "A")
    assert refused.code == 1
    assert "'labkit measurement take-back M1 --because WHY' uses it again" in refused.err
    assert measured_lab("measurement", "take-back", "M1", "M2", *WHY).code == 0
    assert measured_lab("label", "propose", "M1", "--by", "A").code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("pellet", "set", "LBS-1", "--batch", "x"), 2, "--because"),
        (("pellet", "set", "LBS-1", *WHY), 1, "name what is corrected"),
        (("pellet", "set", "LBS-1", "--thickness", "0.4", *WHY), 1, "has no unit"),
        (("pellet", "set", "nobody", "--batch", "x", *WHY), 1, "there is no pellet 'nobody'"),
        (("pellet", "set", "LBS-1", "--batch", "x", "--because", "y"), 1, "give --by NAME"),
        (("measurement", "set", "M1", *WHY), 1, "--temperature 25C or --pellet NAME"),
        (("measurement", "set", "M1", "--temperature", "25C", *WHY), 1, "nothing changes"),
        (("measurement", "set", "M99", "--temperature", "25C", *WHY), 1, "no measurement M99"),
        (("measurement", "take-back", "M1", *WHY), 1, "M1 is not set aside"),
        (
            ("pellet", "add", "LBS-1", "--formula", "Li3N", "--thickness", "1mm",
             "--diameter", "6mm"),
            1,
            "'labkit pellet set LBS-1'",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(
    measured_lab: Any, words: tuple[str, ...], code: int, said: str
) -> None:
    result = measured_lab(*words)

    assert result.code == code
    assert said in result.err
    assert result.err.count("\n") == 1
