"""Impedance measurements: listed, looked at, and given another window."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from labkit.errors import UsageError
from labkit.web.bench import Actor, TheLab
from labkit.web.models import MeasurementList, MeasurementView, TriedFit, Verdict, Window
from labkit.web.routes.identifiers import Limit, MeasurementId, Offset
from labkit.workflows.analysing import examine_measurement
from labkit.workflows.lab import Lab
from labkit.workflows.measurement_views import list_measurements, try_window, view_measurement

router = APIRouter(prefix="/measurements", tags=["measurements"])

Frequency = Annotated[float, Query(gt=0, lt=1e15, allow_inf_nan=False)]


@router.get("")
def measurements(
    lab: TheLab,
    pellet: Annotated[str | None, Query(max_length=200)] = None,
    verdict: Verdict | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> MeasurementList:
    """List measurements with their newest result, the newest first."""
    return MeasurementList.model_validate(
        list_measurements(lab, pellet=pellet, verdict=verdict, limit=limit, offset=offset)
    )


@router.get("/{measurement}")
def measurement(measurement: MeasurementId, lab: TheLab) -> MeasurementView:
    """Return points, fit, Kramers-Kronig residuals and earlier results of one measurement."""
    return MeasurementView.model_validate(view_measurement(lab, measurement))


@router.get("/{measurement}/window")
def another_window(
    measurement: MeasurementId,
    lab: TheLab,
    low_hz: Frequency | None = None,
    high_hz: Frequency | None = None,
) -> TriedFit:
    """Say what another window gives; nothing is stored. Without one, the automatic window."""
    return TriedFit.model_validate(try_window(lab, measurement, _window(low_hz, high_hz)))


def _window(low_hz: float | None, high_hz: float | None) -> tuple[float, float] | None:
    if low_hz is None and high_hz is None:
        return None
    if low_hz is None or high_hz is None or low_hz == high_hz:
        raise UsageError("a window needs two different frequencies, low_hz and high_hz")
    return min(low_hz, high_hz), max(low_hz, high_hz)


@router.post("/{measurement}/window")
def set_window(
    measurement: MeasurementId, given: Window, lab: TheLab, person: Actor
) -> MeasurementView:
    """Keep a window set by hand, signed; the earlier result stays beside it."""
    return _set(lab, measurement, given, person.name)


def _set(lab: Lab, measurement: str, given: Window, name: str) -> MeasurementView:
    examine_measurement(
        lab,
        measurement,
        window=(f"{given.low_hz!r} Hz", f"{given.high_hz!r} Hz"),
        set_by=name,
    )
    return MeasurementView.model_validate(view_measurement(lab, measurement))
