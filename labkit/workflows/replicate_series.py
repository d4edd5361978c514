"""The Arrhenius lines of replicate pellets combined, where they are replicates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from db.pellets import get_pellet
from db.tables import Pellet
from labkit.errors import UsageError
from labkit.replicates import ReplicateError, combine_arrhenius
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import UNKNOWN_FORMULA
from labkit.workflows.series_selection import Selection
from labkit.workflows.temperature_series import collect_series, fit_with_segments

__all__ = ["combine_replicates", "refuse_repeated_pellets"]


def combine_replicates(
    lab: Lab,
    names: Sequence[str],
    *,
    convention: str = "sigma-T",
    include_review: bool = False,
    selection: Selection = Selection(),  # noqa: B008  (frozen)
) -> dict[str, Any]:
    """Combine the Arrhenius lines of replicate pellets.

    Parameters
    ----------
    lab : Lab
    names : sequence of str
        Pellets of one formula, two or more; of one batch where both are named.
    convention, include_review, selection
        As in `labkit.workflows.temperature_series.fit_series`.

    Returns
    -------
    dict
        The plain mean and standard deviation of Ea and sigma(25 C) beside the random-effects
        estimates, with what is random and what all pellets share.

    Raises
    ------
    UsageError
        When a pellet is given twice.
    ReplicateError
        When the pellets are no replicates of each other.
    UnknownPelletError, ArrheniusError
        As `fit_series`.
    """
    refuse_repeated_pellets(lab, names)
    with lab.database.reading() as session:
        collected = [
            collect_series(session, name, include_review=include_review, selection=selection)
            for name in names
        ]
    _refuse_other_materials([series.pellet for series in collected])
    combined = combine_arrhenius(
        [fit_with_segments(lab, series, convention)[0] for series in collected]
    )
    return combined.to_dict() | {"pellets": [series.pellet.name for series in collected]}


def refuse_repeated_pellets(lab: Lab, names: Sequence[str]) -> None:
    """Refuse a pellet that is named twice, by its name or by its number.

    Raises
    ------
    UsageError
        Naming the pellet.
    UnknownPelletError
        When there is no such pellet.
    """
    with lab.database.reading() as session:
        pellets = [get_pellet(session, name) for name in names]
    seen: set[int | None] = set()
    for pellet in pellets:
        if pellet.id in seen:
            raise UsageError(
                f"pellet {pellet.name} is given twice; replicates are different pellets"
            )
        seen.add(pellet.id)


def _refuse_other_materials(pellets: Sequence[Pellet]) -> None:
    """Refuse to average different compounds, or different batches of one."""
    for first, other in combinations(pellets, 2):
        one_batch = bool(first.batch) and first.batch == other.batch
        if UNKNOWN_FORMULA in (first.formula, other.formula) and not one_batch:
            why = f"the formula of {_unknown_of(first, other)} is unknown"
        elif (first.reduced_formula or first.formula) != (other.reduced_formula or other.formula):
            why = f"{first.name} is {first.formula} and {other.name} is {other.formula}"
        elif first.batch and other.batch and not one_batch:
            why = f"{first.name} is of batch {first.batch} and {other.name} of {other.batch}"
        else:
            continue
        raise ReplicateError(
            f"not combined: {why}; replicates are pellets of one formula, and of one batch where "
            "batches are named"
        )


def _unknown_of(first: Pellet, other: Pellet) -> str:
    return first.name if first.formula == UNKNOWN_FORMULA else other.name
