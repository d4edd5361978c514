"""Barriers of hops kept in the lab: with the structure, the engine and all settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import labkit
from db.columns import plain_json
from db.measurements import NewAnalysis, list_analyses, store_analysis

if TYPE_CHECKING:
    from labkit.workflows.lab import Lab
    from screening.neb import NebResult

__all__ = ["BAND", "explain_reasons", "store_band"]

BAND = "nudged-band"

_REASONS = {
    "not-converged": "forces are left on the band: run again to go on",
    "no-saddle-between-ends": "the highest image is an end point: this is no barrier of the hop",
    "minimum-between-ends": "an image lies below both ends: they are no minima, or the hop "
    "passes an empty site; relax with a smaller --force",
}


def explain_reasons(reasons: list[str]) -> list[str]:
    """Say in a sentence what each reason means."""
    return [_REASONS[reason] for reason in reasons]


def store_band(
    lab: Lab, result: NebResult, *, content_hash: str, parameters: dict[str, Any]
) -> str:
    """Store a barrier with what it was computed from, unless it is there already.

    Parameters
    ----------
    lab : Lab
    result : NebResult
    content_hash : str
        Of the crystal.
    parameters : dict
        Structure, hop, engine and settings.

    Returns
    -------
    str
        The analysis, as ``A12``.
    """
    new = NewAnalysis(
        kind=BAND,
        result={k: v for k, v in result.to_dict().items() if k != "seconds"},
        verdict="accepted" if not result.reasons else "review",
        reasons=result.reasons,
        parameters=parameters,
        input_hash=content_hash,
        labkit_version=labkit.__version__,
    )
    with lab.database.session() as session:
        for known in list_analyses(session, kind=BAND):
            if (known.input_hash, known.parameters, known.result) == (
                content_hash,
                plain_json(parameters),
                plain_json(new.result),
            ):
                return f"A{known.id}"
        return f"A{store_analysis(session, new).id}"
