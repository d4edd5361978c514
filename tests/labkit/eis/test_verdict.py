"""The gravest finding decides; a note never does."""

from __future__ import annotations

import pytest

from labkit.eis.verdict import Reason, conclude


@pytest.mark.parametrize(
    ("weights", "verdict"),
    [
        ([], "accepted"),
        (["note"], "accepted"),
        (["note", "review"], "review"),
        (["review", "rejected", "note"], "rejected"),
    ],
)
def test_the_gravest_finding_decides(weights: list[str], verdict: str) -> None:
    reasons = [Reason(weight, f"code-{k}", f"text {k}") for k, weight in enumerate(weights)]  # type: ignore[arg-type]
    got, codes, messages = conclude(reasons)
    assert got == verdict
    assert codes == tuple(f"code-{k}" for k in range(len(weights)))
    assert len(messages) == len(weights)
