"""Pellets and batches."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from labkit.web.bench import Actor, TheLab
from labkit.web.models import ArrheniusOrder, BatchView, NewPellet, PelletRow, PelletView
from labkit.web.routes.identifiers import PelletName
from labkit.workflows.pellet_views import view_batch, view_pellet
from labkit.workflows.pellets import add_pellet, list_pellets
from labkit.workflows.temperature_series import fit_series

router = APIRouter(tags=["pellets"])


@router.get("/pellets")
def pellets(lab: TheLab) -> list[PelletRow]:
    """List the pellets."""
    return [PelletRow.model_validate(row) for row in list_pellets(lab)]


@router.post("/pellets", status_code=201)
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


@router.get("/pellets/{name:path}")
def pellet(
    name: PelletName,
    lab: TheLab,
    include_review: bool = False,
    convention: Annotated[str, Query(pattern="^(sigma-T|sigma)$")] = "sigma-T",
) -> PelletView:
    """Return a pellet with its temperature series; the fit is not stored."""
    found = view_pellet(lab, name, include_review=include_review, convention=convention)
    return PelletView.model_validate(found)


@router.post("/pellets/{name:path}/arrhenius", status_code=201)
def keep_fit(name: PelletName, given: ArrheniusOrder, lab: TheLab, person: Actor) -> dict[str, Any]:
    """Fit the temperature series of a pellet and keep the result; a label can come from it."""
    return fit_series(
        lab,
        name,
        convention=given.convention,
        include_review=given.include_review,
        actor=person.name,
    )


@router.get("/batches/{name:path}")
def batch(name: PelletName, lab: TheLab, include_review: bool = False) -> BatchView:
    """Return the pellets of a batch side by side, with diffraction and Vegard's law."""
    return BatchView.model_validate(view_batch(lab, name, include_review=include_review))
