"""How proposals changed, in sentences."""

from __future__ import annotations

from typing import Any

from labkit.workflows.proposing import proposals_since


def _proposal(structure: str, kind: str = "measure", label: str | None = None) -> dict[str, Any]:
    return {
        "structure": structure,
        "formula": "Li3N",
        "kind": kind,
        "label": label,
        "expected_log_sigma": -3.0,
        "reason": f"{structure} because",
    }


def test_new_ones_are_told_with_their_reason_and_old_ones_with_what_was_expected() -> None:
    before = [_proposal("mp-1"), _proposal("mp-2"), _proposal("mp-3", "repeat", "L7")]
    after = [_proposal("mp-2"), _proposal("mp-2", "repeat", "L9")]

    change = proposals_since(before, after)

    assert change["new"] == ["mp-2 because"]
    assert change["gone"] == [
        "mp-1 Li3N, of which 1.0e-03 S/cm was expected",
        "the repeat of label L7 on mp-3",
    ]
