"""What was typed wrong of pellets and measurements: corrected, signed, with its history."""

from __future__ import annotations

from fastapi import APIRouter

from labkit.web.bench import Actor, TheLab
from labkit.web.correction_models import (
    CorrectedMeasurement,
    CorrectedPellet,
    MeasurementCorrection,
    PelletCorrection,
    Reason,
)
from labkit.web.routes.identifiers import MeasurementId, PelletName
from labkit.workflows.correcting_measurements import (
    correct_measurements,
    set_measurements_aside,
    take_measurements_back,
)
from labkit.workflows.correcting_pellets import PelletChange, correct_pellet

router = APIRouter(tags=["corrections"])


@router.patch("/pellets/{name:path}")
def pellet(
    name: PelletName, given: PelletCorrection, lab: TheLab, person: Actor
) -> CorrectedPellet:
    """Correct a pellet; conductivities are computed again, labels are named and stay.

    409 says that somebody else corrected it since you saw it.
    """
    change = PelletChange(**given.model_dump(exclude={"because", "seen"}))
    result = correct_pellet(
        lab, name, change, because=given.because, by=person.name, seen=given.seen
    )
    return CorrectedPellet.model_validate(result | {"name": result["pellet"]["name"]})


@router.patch("/measurements/{measurement}")
def measurement(
    measurement: MeasurementId, given: MeasurementCorrection, lab: TheLab, person: Actor
) -> CorrectedMeasurement:
    """Correct the temperature of a measurement, or move it to another pellet. 409 as above."""
    result = correct_measurements(
        lab,
        [measurement],
        temperature=given.temperature,
        pellet=given.pellet,
        because=given.because,
        by=person.name,
        seen=given.seen,
    )
    return CorrectedMeasurement.model_validate(result)


@router.post("/measurements/{measurement}/set-aside")
def set_aside(
    measurement: MeasurementId, given: Reason, lab: TheLab, person: Actor
) -> CorrectedMeasurement:
    """Leave a measurement out of series, labels and lists; it stays, with the reason."""
    result = set_measurements_aside(
        lab, [measurement], because=given.because, by=person.name, seen=given.seen
    )
    return CorrectedMeasurement.model_validate(result)


@router.post("/measurements/{measurement}/take-back")
def take_back(
    measurement: MeasurementId, given: Reason, lab: TheLab, person: Actor
) -> CorrectedMeasurement:
    """Use a measurement again that was set aside."""
    result = take_measurements_back(
        lab, [measurement], because=given.because, by=person.name, seen=given.seen
    )
    return CorrectedMeasurement.model_validate(result)
