"""A stored sweep fitted again as a person wants it: another window, other points; tried or kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from db.measurements import get_measurement, latest_analysis
from db.tables import Analysis, Measurement, Pellet
from labkit.errors import ChangedMeanwhileError, NotFoundError, UsageError
from labkit.grammar import with_article
from labkit.workflows.conductivity_of_sweep import (
    TAIL,
    CellSweep,
    analyse_stored_sweep,
    analyse_sweep,
    cell_sweep,
)
from labkit.workflows.fit_choices import FitChoices
from labkit.workflows.lab import Lab
from labkit.workflows.masking import with_points_changed
from labkit.workflows.pellets import geometry_of
from labkit.workflows.signing import OF_A_FIT, signer_of

__all__ = ["FitChange", "WindowChoice", "keep_fit", "store_change", "try_fit"]

WindowChoice: TypeAlias = tuple[float, float] | Literal["automatic"] | None
"""Lowest and highest frequency in Hz; chosen by labkit; or as it is."""


@dataclass(frozen=True, kw_only=True)
class FitChange:
    """What a person changes of the fit in force; what is not named stays as it is.

    Attributes
    ----------
    window : WindowChoice
    mask : mapping of int to str
        Points to leave out: reason by index in the order of measurement.
    unmask : collection of int
        Points left out by hand that are to be used again.
    because : str or None
        Why they are used again.
    """

    window: WindowChoice = None
    mask: Mapping[int, str] = field(default_factory=dict)
    unmask: Collection[int] = ()
    because: str | None = None

    @property
    def is_empty(self) -> bool:
        """True where nothing is to change."""
        return self.window is None and not self.mask and not self.unmask

    def applied_to(
        self, choices: FitChoices, frequency_hz: NDArray[np.float64], by: str
    ) -> FitChoices:
        """Return the choices that follow from those in force, signed by `by`.

        Raises
        ------
        UsageError
            When a point cannot be left out or taken back.
        """
        if self.window == "automatic":
            choices = replace(choices, window_hz=None, window_set_by=None)
        elif self.window is not None:
            choices = replace(choices, window_hz=self.window, window_set_by=by)
        return with_points_changed(
            choices,
            frequency_hz,
            mask=self.mask,
            unmask=self.unmask,
            because=self.because,
            by=by,
        )


def try_fit(
    lab: Lab, identifier: str, change: FitChange, *, by: str
) -> tuple[CellSweep, dict[str, Any]]:
    """Return what a change would give; nothing is stored.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``M3``.
    change : FitChange
    by : str
        Who tries it.

    Returns
    -------
    tuple
        The sweep, and the result with ``verdict`` and ``reasons``.

    Raises
    ------
    UnknownMeasurementError
        When there is none of this number.
    UsageError
        When a point cannot be left out or taken back, or no window is left.
    SpectrumError
        When the window holds too few points.
    """
    with lab.database.reading() as session:
        measurement = impedance_measurement(session, identifier)
        newest = _newest(session, measurement)
        sweep = cell_sweep(session, measurement)
        pellet = session.get(Pellet, measurement.pellet_id) if measurement.pellet_id else None
    choices = change.applied_to(sweep.choices, sweep.frequency_hz, by)
    found = analyse_sweep(
        sweep.frequency_hz,
        sweep.z_ohm,
        data_hash="",
        geometry=None if pellet is None else geometry_of(pellet),
        temperature_K=measurement.temperature_K,
        choices=replace(choices, leads=None),  # subtracted already
    )
    _check_window_left(newest, found.result, choices)
    return sweep, {**found.result, "verdict": found.verdict, "reasons": list(found.reasons)}


def keep_fit(
    lab: Lab, identifier: str, change: FitChange, *, by: str | None, seen: str | None = None
) -> str:
    """Fit a measurement again as a person wants it, and keep the result beside the others.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``M3``.
    change : FitChange
    by : str or None
        Who changes it; the reviewer of ``lab.toml`` otherwise.
    seen : str, optional
        The newest result as that person saw it, ``A7``; where there is a newer one nothing happens.

    Returns
    -------
    str
        The new analysis.

    Raises
    ------
    ChangedMeanwhileError
        When somebody else kept another result since it was seen.
    UsageError, SpectrumError
        As for `try_fit`, and when nothing is to change or nobody signs.
    """
    signer = signer_of(lab, by, OF_A_FIT)
    with lab.database.session() as session:
        measurement = impedance_measurement(session, identifier)
        newest = _newest(session, measurement)
        if seen is not None and seen.upper() != f"A{newest.id}":
            raise ChangedMeanwhileError(
                f"A{newest.id} was kept in the meantime by {newest.created_by or 'an import'}; "
                "nothing of yours was stored: load the page again"
            )
        return f"A{store_change(session, measurement, change, signer).id}"


def store_change(
    session: Session, measurement: Measurement, change: FitChange, signer: str
) -> Analysis:
    """Store the fit that follows from a change beside the earlier ones, signed.

    Raises
    ------
    UsageError, SpectrumError
        As for `keep_fit`.
    """
    if change.is_empty:
        raise UsageError("nothing is to change: name a window or points")
    newest = _newest(session, measurement)
    sweep = cell_sweep(session, measurement)
    choices = change.applied_to(sweep.choices, sweep.frequency_hz, signer)
    stored = analyse_stored_sweep(session, measurement, choices=choices, actor=signer)
    _check_window_left(newest, stored.result, choices)
    return stored


def impedance_measurement(session: Session, identifier: str) -> Measurement:
    """Return a measurement, which must be an impedance.

    Raises
    ------
    UnknownMeasurementError
        When there is none of this number.
    UsageError
        When it is no impedance.
    """
    measurement = get_measurement(session, identifier)
    if measurement.kind != "impedance":
        raise UsageError(
            f"M{measurement.id} is {with_article(measurement.kind)} measurement, no impedance"
        )
    return measurement


def _newest(session: Session, measurement: Measurement) -> Analysis:
    found = latest_analysis(session, TAIL, measurement_id=measurement.id)
    if found is None:
        raise NotFoundError(f"M{measurement.id} has no result yet; import its file again")
    return found


def _check_window_left(newest: Analysis, result: Mapping[str, Any], choices: FitChoices) -> None:
    """Refuse a change after which R would no longer come from the tail.

    The fit would then fall back to the low end of the arc without being asked: another quantity,
    reached by leaving points out.
    """
    had_tail = newest.result.get("intercept_method") == "blocking-tail"
    if choices.mask and had_tail and result.get("intercept_method") != "blocking-tail":
        raise UsageError(
            f"with {len(choices.mask)} points left out by hand no window is left in the tail "
            "(at least 6 points over 0.7 decade in a straight line); use some of them again"
        )
