"""Numbers of published labels, each with what it counts."""

from __future__ import annotations

from labkit.workflows.published_labels import matched_in_words


def test_labels_that_wait_for_a_structure_are_told_apart() -> None:
    assert matched_in_words({"matched": 355, "undecided": 0}) == (
        "355 of them on a structure of this lab"
    )
    assert matched_in_words({"matched": 355, "undecided": 9}).endswith(
        "9 of those once somebody says which ('labkit label match')"
    )
