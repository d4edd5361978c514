"""Refined diffraction patterns as the API gives them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from labkit.xrd.result import Verdict


class RefinedPattern(BaseModel):
    """The refinement of one pattern, without its curves."""

    analysis: str
    measurement: str
    file: str | None
    sha256: str | None
    sample: str | None
    x: float | None
    batch: str | None
    pellet: str | None
    engine: str | None
    r_wp: float | None
    gof: float | None
    phase: str | None
    cell: list[float] | None = Field(description="Edges in angstrom, angles in degrees.")
    cell_esd: list[float | None] | None
    cell_words: str
    volume_angstrom3: float | None
    unexplained_peaks: int
    verdict: Verdict
    reasons: list[str]
    messages: list[str]


class RefinementView(RefinedPattern):
    """A refined pattern with the curves of its figure, in counts over degrees 2-theta."""

    residual_peaks: list[dict[str, Any]] = Field(description="Maxima that no phase explains.")
    phases: list[dict[str, Any]]
    wavelength_angstrom: list[list[float]]
    warnings: list[str]
    two_theta_deg: list[float]
    observed: list[float | None]
    calculated: list[float | None]
    background: list[float | None]
    difference: list[float | None]
