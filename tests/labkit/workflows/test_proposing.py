"""How proposals changed, in sentences."""

from __future__ import annotations

from typing import Any

from labkit.workflows.proposing import plain_formula, proposals_since


def _proposal(structure: str, kind: str = "measure", label: str | None = None) -> dict[str, Any]:
    return {
        "structure": structure,
        "formula": "Li3N",
        "kind": kind,
        "label": label,
        "expected_log_sigma": -3.0,
        "reason": f"{structure} because",
    }


def test_new_ones_and_old_ones_are_told_with_why() -> None:
    before = [_proposal("mp-1"), _proposal("mp-2"), _proposal("mp-3", "repeat", "L7")]
    after = [_proposal("mp-2"), _proposal("mp-2", "repeat", "L9")]

    change = proposals_since(before, after, why=lambda row: f" as {row['reason']}")

    assert change["new"] == ["the repeat of label L9 on mp-2 as mp-2 because"]
    assert change["gone"] == [
        "mp-1 Li3N as mp-1 because",
        "the repeat of label L7 on mp-3 as mp-3 because",
    ]


def test_whole_numbers_lose_their_decimals() -> None:
    assert plain_formula("Li20.0Ge1.32Sn0.66P4.0S24.0") == "Li20Ge1.32Sn0.66P4S24"
    assert plain_formula("Li3PS4") == "Li3PS4"
    assert plain_formula("Li10.05O1.0") == "Li10.05O1"
