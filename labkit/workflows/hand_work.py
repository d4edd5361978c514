"""What people did by hand in the fits behind a result: windows set, points left out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlmodel import Session, col, select

from db.tables import Analysis, AnalysisInput
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.fit_choices import FitChoices, describe_masks

__all__ = ["describe_choices", "describe_hand_work", "hand_work_behind"]

_DEEPEST = 4


def describe_hand_work(analysis: Analysis) -> str:
    """Say in one line what was done by hand in a fit of a tail; empty where nothing was."""
    return describe_choices(FitChoices.of(analysis.parameters))


def describe_choices(choices: FitChoices) -> str:
    """Say in one line what people decided about a fit; empty where nobody did."""
    window = f"window set by {choices.window_set_by}" if choices.window_hz is not None else ""
    masks = describe_masks(choices.mask)
    return "; ".join(part for part in (window, f"left out: {masks}" if masks else "") if part)


def hand_work_behind(session: Session, analysis: Analysis) -> list[dict[str, Any]]:
    """Return what was done by hand in every fit of a tail that a result rests on.

    Parameters
    ----------
    session : Session
    analysis : Analysis
        The fit of a tail itself, or a result of several, such as an Arrhenius fit.

    Returns
    -------
    list of dict
        Per fit touched by hand: ``measurement``, ``analysis``, ``window_set_by``, ``masked``
        (index, frequency_hz, reason, by) and the same as a ``sentence``.
    """
    found: dict[int, dict[str, Any]] = {}
    _collect(session, analysis, found, 0)
    return [found[number] for number in sorted(found)]


def _collect(
    session: Session, analysis: Analysis, found: dict[int, dict[str, Any]], depth: int
) -> None:
    assert analysis.id is not None
    if analysis.kind == TAIL:
        sentence = describe_hand_work(analysis)
        if sentence:
            choices = FitChoices.of(analysis.parameters)
            measurement = f"M{analysis.measurement_id}"
            found[analysis.id] = {
                "measurement": measurement,
                "analysis": f"A{analysis.id}",
                "window_set_by": choices.window_set_by,
                "masked": [asdict(point) for point in choices.mask],
                "sentence": f"{measurement}: {sentence}",
            }
        return
    if depth == _DEEPEST:
        return
    inputs = session.exec(
        select(Analysis)
        .join(AnalysisInput, col(AnalysisInput.input_analysis_id) == col(Analysis.id))
        .where(AnalysisInput.analysis_id == analysis.id)
    )
    for source in inputs:
        _collect(session, source, found, depth + 1)
