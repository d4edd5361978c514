"""What the API takes to correct a pellet or a measurement, and what it answers."""

from __future__ import annotations

from pydantic import BaseModel, Field

from labkit.web.history_models import CorrectionRow, LabelToLookAt
from labkit.web.models import Given, PelletRow, Verdict


class Reason(Given):
    """Why something is corrected; kept for ever."""

    because: str = Field(min_length=1, max_length=300)
    seen: int | None = Field(
        default=None,
        ge=0,
        lt=10_000_000,
        description="How many corrections you saw: where there are more, nothing happens.",
    )


class PelletCorrection(Reason):
    """New values of a pellet; what is left out stays, an empty fact is taken away."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    formula: str | None = Field(default=None, min_length=1, max_length=200)
    thickness: str | None = Field(
        default=None, min_length=1, max_length=60, examples=["0.81mm+-0.01mm"]
    )
    diameter: str | None = Field(
        default=None, min_length=1, max_length=60, examples=["6.35mm+-0.02mm"]
    )
    batch: str | None = Field(default=None, max_length=200)
    electrode: str | None = Field(default=None, max_length=200)
    pressure: str | None = Field(default=None, max_length=60, examples=["100MPa"])
    comment: str | None = Field(default=None, max_length=2000)


class MeasurementCorrection(Reason):
    """Another temperature, or another pellet; what is left out stays."""

    temperature: str | None = Field(default=None, min_length=1, max_length=60, examples=["25C"])
    pellet: str | None = Field(default=None, min_length=1, max_length=200)


class Recomputed(BaseModel):
    """A conductivity computed again, beside the earlier one."""

    measurement: str
    before: str
    analysis: str
    sigma_before_S_per_cm: float | None
    sigma_S_per_cm: float | None
    sigma_random_S_per_cm: float | None
    sigma_systematic_S_per_cm: float | None
    verdict: Verdict
    reasons: list[str]


class OutdatedFit(BaseModel):
    """A fit over a series that rests on what was corrected."""

    analysis: str
    kind: str
    pellet: str
    because: str
    what_to_do: str


class Corrected(BaseModel):
    """What a correction did, and what is left to do."""

    corrections: list[CorrectionRow]
    recomputed: list[Recomputed]
    outdated: list[OutdatedFit]
    labels: list[LabelToLookAt]
    notes: list[str]


class CorrectedPellet(Corrected):
    """The same with the pellet as it is now."""

    name: str
    pellet: PelletRow


class MeasurementState(BaseModel):
    """A measurement as it is now."""

    measurement: str
    pellet: str | None
    temperature_K: float | None
    set_aside_because: str | None


class CorrectedMeasurement(Corrected):
    """The same with the measurement as it is now."""

    measurements: list[MeasurementState]
