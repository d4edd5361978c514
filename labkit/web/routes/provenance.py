"""Why a number is what it is."""

from __future__ import annotations

from fastapi import APIRouter

from labkit.web.bench import TheLab
from labkit.web.models import Node
from labkit.web.routes.identifiers import AnyId
from labkit.workflows.explaining import explain

router = APIRouter(prefix="/why", tags=["provenance"])


@router.get("/{identifier}")
def why(identifier: AnyId, lab: TheLab) -> Node:
    """Return the chain from a label, ranking, analysis or measurement down to the raw file."""
    return Node.model_validate(explain(lab, identifier))
