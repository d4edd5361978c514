"""Verdicts: what a result is good for, and why, in codes and in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["accepted", "review", "rejected"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding: how much it weighs, its code for machines, its sentence for people."""

    weight: Literal["note", "review", "rejected"]
    code: str
    message: str


def conclude(reasons: Iterable[Reason]) -> tuple[Verdict, tuple[str, ...], tuple[str, ...]]:
    """Return the verdict, the codes and the sentences; a note does not weigh on the verdict."""
    found = list(reasons)
    weights = {reason.weight for reason in found}
    verdict: Verdict = (
        "rejected" if "rejected" in weights else "review" if "review" in weights else "accepted"
    )
    return verdict, tuple(r.code for r in found), tuple(r.message for r in found)
