"""Pellets."""

from __future__ import annotations

from fastapi import APIRouter

from labkit.web.bench import Actor, TheLab
from labkit.web.models import NewPellet, PelletRow
from labkit.workflows.pellets import add_pellet, list_pellets

router = APIRouter(prefix="/pellets", tags=["pellets"])


@router.get("")
def pellets(lab: TheLab) -> list[PelletRow]:
    """List the pellets."""
    return [PelletRow.model_validate(row) for row in list_pellets(lab)]


@router.post("", status_code=201)
def add(given: NewPellet, lab: TheLab, person: Actor) -> PelletRow:
    """Add a pellet."""
    return PelletRow.model_validate(
        add_pellet(
            lab,
            given.name,
            formula=given.formula,
            thickness=given.thickness,
            diameter=given.diameter,
            batch=given.batch or None,
            electrode=given.electrode or None,
            pressure=given.pressure or None,
            comment=given.comment or None,
            actor=person.name,
        )
    )
