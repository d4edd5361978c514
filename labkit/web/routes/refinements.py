"""Refined diffraction patterns with their curves."""

from __future__ import annotations

from fastapi import APIRouter

from labkit.web.bench import TheLab
from labkit.web.refinement_models import RefinementView
from labkit.web.routes.identifiers import AnalysisId
from labkit.workflows.refinement_views import view_refinement

router = APIRouter(prefix="/refinements", tags=["refinements"])


@router.get("/{analysis}")
def refinement(analysis: AnalysisId, lab: TheLab) -> RefinementView:
    """Return a stored refinement: observed, calculated, difference, reflections, cells."""
    return RefinementView.model_validate(view_refinement(lab, analysis))
