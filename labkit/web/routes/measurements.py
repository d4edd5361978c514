"""Impedance measurements: listed, looked at, and fitted again by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from labkit.errors import UsageError
from labkit.web.bench import Actor, TheLab
from labkit.web.models import (
    ChangedFit,
    Index,
    MeasurementList,
    MeasurementView,
    TriedFit,
    Verdict,
)
from labkit.web.routes.identifiers import Limit, MeasurementId, Offset
from labkit.workflows.measurement_views import (
    list_measurements,
    view_measurement,
    view_tried_fit,
)
from labkit.workflows.refitting import FitChange, keep_fit

router = APIRouter(prefix="/measurements", tags=["measurements"])

Points = Annotated[tuple[Index, ...], Query(max_length=1000)]
Frequency = Annotated[float, Query(gt=0, lt=1e15, allow_inf_nan=False)]


@router.get("")
def measurements(
    lab: TheLab,
    pellet: Annotated[str | None, Query(max_length=200)] = None,
    verdict: Verdict | None = None,
    set_aside: bool = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> MeasurementList:
    """List measurements with their newest result, the newest first.

    Those that were set aside are left out unless `set_aside` asks for them as well.
    """
    found = list_measurements(
        lab, pellet=pellet, verdict=verdict, set_aside=set_aside, limit=limit, offset=offset
    )
    return MeasurementList.model_validate(found)


@router.get("/{measurement}")
def measurement(measurement: MeasurementId, lab: TheLab) -> MeasurementView:
    """Return points, fit, Kramers-Kronig residuals and earlier results of one measurement."""
    return MeasurementView.model_validate(view_measurement(lab, measurement))


@router.get("/{measurement}/window")
def another_window(
    measurement: MeasurementId,
    lab: TheLab,
    person: Actor,
    low_hz: Frequency | None = None,
    high_hz: Frequency | None = None,
    as_it_is: bool = False,
    mask: Points = (),
    unmask: Points = (),
) -> TriedFit:
    """Say what another window and other points give; nothing is stored.

    Without frequencies, the automatic window, or with `as_it_is` that of the stored result.
    Points that are left out by hand stay left out unless `unmask` names them.
    """
    change = FitChange(
        window=_window(low_hz, high_hz) or (None if as_it_is else "automatic"),
        mask=dict.fromkeys(mask, "not kept yet"),
        unmask=unmask,
    )
    return TriedFit.model_validate(view_tried_fit(lab, measurement, change, by=person.name))


def _window(low_hz: float | None, high_hz: float | None) -> tuple[float, float] | None:
    if low_hz is None and high_hz is None:
        return None
    if low_hz is None or high_hz is None or low_hz == high_hz:
        raise UsageError("a window needs two different frequencies, low_hz and high_hz")
    return min(low_hz, high_hz), max(low_hz, high_hz)


@router.post("/{measurement}/window")
def change_fit(
    measurement: MeasurementId, given: ChangedFit, lab: TheLab, person: Actor
) -> MeasurementView:
    """Keep a window or points changed by hand, signed; the earlier result stays beside it."""
    keep_fit(lab, measurement, _change(given), by=person.name, seen=given.seen)
    return MeasurementView.model_validate(view_measurement(lab, measurement))


def _change(given: ChangedFit) -> FitChange:
    window = _window(given.low_hz, given.high_hz)
    if given.automatic and window is not None:
        raise UsageError("the automatic window has no frequencies: choose one of the two")
    mask = {point.index: point.reason for point in given.mask}
    if len(mask) < len(given.mask):
        raise UsageError("a point is to be left out twice; give each one reason")
    return FitChange(
        window="automatic" if given.automatic else window,
        mask=mask,
        unmask=given.unmask,
        because=given.because,
    )
