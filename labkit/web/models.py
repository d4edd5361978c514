"""What the API takes and gives, as OpenAPI describes it; units stand in the names."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from labkit import wording
from labkit.web.history_models import CorrectionRow, LabelToLookAt
from labkit.web.refinement_models import RefinedPattern

Verdict = Literal["accepted", "review", "rejected"]
Short = Field(min_length=1, max_length=200)
Index = Annotated[int, Field(ge=0, lt=10_000_000)]


class Given(BaseModel):
    """Base of what is sent: unknown names are refused, not ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class SignIn(Given):
    """A token, as ``labkit user add`` printed it."""

    token: str = Field(min_length=1, max_length=200)


class SignedIn(BaseModel):
    """Who uses the page."""

    name: str
    role: Literal["reader", "curator"]
    may_change: bool
    csrf: str = Field(description="Send it as X-Labkit-CSRF with every change.")


class SweepResult(BaseModel):
    """One measurement of a file with its newest result."""

    measurement: str
    sweep: int
    temperature_K: float | None = None
    set_aside_because: str | None = None
    verdict: Verdict | None = None
    reasons: list[str] = []
    resistance_ohm: float | None = None
    sigma_S_per_cm: float | None = None
    sigma_random_S_per_cm: float | None = None
    sigma_systematic_S_per_cm: float | None = None


class FileCard(BaseModel):
    """One raw file: what it is, what is known of it and what is missing."""

    file: str
    sha256: str
    format: str
    size_bytes: int
    kind: str
    technique: str | None
    instrument: str | None
    imported_at: str
    imported_by: str | None
    pellet: str | None
    pellet_guess: str | None
    temperature_K: float | None
    temperature_source: str | None
    missing: list[str]
    warnings: list[str]
    measurements: list[SweepResult]


class Inbox(BaseModel):
    """The raw files that came in last."""

    files: list[FileCard]
    total: int
    incomplete: int


class RefusedFile(BaseModel):
    """A file that could not be imported, and why."""

    file: str
    error: str


class ImportedFile(BaseModel):
    """A file that was imported, completed, or known already."""

    name: str
    status: Literal["imported", "completed", "known"]
    sha256: str
    format: str
    pellet: str | None
    warnings: list[str]
    sweeps: list[dict[str, Any]]
    transients: list[dict[str, Any]]


class ImportReport(BaseModel):
    """What became of an upload."""

    files: list[ImportedFile]
    refused: list[RefusedFile]
    imported: int
    completed: int
    known: int
    summary: str


class Completion(Given):
    """What was missing of a file."""

    pellet: str | None = Field(default=None, max_length=200)
    temperature: str | None = Field(default=None, max_length=60, examples=["25C"])


class MeasurementRow(BaseModel):
    """One line of the list of measurements."""

    measurement: str
    file: str
    pellet: str | None
    sweep: int
    temperature_K: float | None
    set_aside_because: str | None
    verdict: Verdict | None
    reasons: list[str] | None
    resistance_ohm: float | None
    sigma_S_per_cm: float | None
    sigma_random_S_per_cm: float | None
    sigma_systematic_S_per_cm: float | None


class MeasurementList(BaseModel):
    """Measurements page by page."""

    measurements: list[MeasurementRow]
    total: int
    verdicts: dict[str, int] = Field(description="Of the whole lab, without those set aside.")
    set_aside: int = Field(description="How many of the whole lab are set aside.")


class Masked(BaseModel):
    """A point left out of the fit, with its reason."""

    index: int = Field(description="Position in the order of measurement, from 0.")
    frequency_hz: float | None
    reason: str
    by: str | None = Field(default=None, description="Who left it out; null where labkit did.")


class Line(BaseModel):
    """The extrapolated line in the complex plane, from the real axis to the window's end."""

    z_real_ohm: list[float]
    z_imag_ohm: list[float]


class Words(BaseModel):
    """Results with their errors and units as text; random error first, then systematic."""

    resistance: str
    sigma: str
    window: str
    classical: str
    cpe: str
    exponent: str


class TriedFit(BaseModel):
    """What a window gives."""

    resistance_ohm: float | None
    resistance_random_ohm: float | None
    resistance_systematic_ohm: float | None
    sigma_S_per_cm: float | None
    sigma_random_S_per_cm: float | None
    sigma_systematic_S_per_cm: float | None
    window_hz: list[float | None] | None
    window_source: str | None
    n_points: int | None
    intercept_method: str | None
    classical_resistance_ohm: float | None
    cpe_resistance_ohm: float | None
    cpe_resistance_se_ohm: float | None
    cpe_n: float | None
    cpe_n_se: float | None
    masked: list[Masked]
    noise_relative: float | None
    residual_relative: float | None
    kramers_kronig_rms: float | None
    messages: list[str]
    line: Line | None
    verdict: Verdict
    reasons: list[str]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def words(self) -> Words:
        """The same numbers as people read them."""
        low, high = (*(self.window_hz or ()), None, None)[:2]
        return Words(
            resistance=wording.unbroken(
                wording.resistance(
                    self.resistance_ohm, self.resistance_random_ohm, self.resistance_systematic_ohm
                )
            ),
            sigma=wording.unbroken(
                wording.conductivity(
                    self.sigma_S_per_cm, self.sigma_random_S_per_cm, self.sigma_systematic_S_per_cm
                )
            ),
            window=f"{wording.frequency(low)} to {wording.frequency(high)}",
            classical=wording.resistance(self.classical_resistance_ohm),
            cpe=wording.resistance(self.cpe_resistance_ohm, self.cpe_resistance_se_ohm),
            exponent=wording.rounded(self.cpe_n, 3),
        )


class StoredFit(TriedFit):
    """A fit that is kept, with who made it."""

    analysis: str
    window_set_by: str | None
    created_by: str | None
    created_at: str


class Residuals(BaseModel):
    """Kramers-Kronig residuals relative to the modulus."""

    frequency_hz: list[float]
    residual_real: list[float | None]
    residual_imaginary: list[float | None]
    rms: float | None
    elements: int
    form: str


class MeasurementView(BaseModel):
    """Everything the page shows of one measurement; capacitive points have a negative imaginary."""

    measurement: str
    file: str
    sha256: str
    data_hash: str
    sweep: int
    technique: str | None
    instrument: str | None
    software: str | None
    amplitude: str | None
    started_at: str | None
    pellet: str | None
    formula: str | None
    temperature_K: float | None
    temperature_source: str | None
    set_aside_because: str | None
    corrections: list[CorrectionRow]
    labels_to_look_at: list[LabelToLookAt]
    metadata: dict[str, Any]
    warnings: list[str]
    leads_subtracted: bool
    frequency_hz: list[float | None]
    z_real_ohm: list[float | None]
    z_imag_ohm: list[float | None]
    fit: StoredFit | None
    kramers_kronig: Residuals | None
    earlier: list[dict[str, Any]]


class PointLeftOut(Given):
    """A point that a person leaves out."""

    index: Index
    reason: str = Field(min_length=1, max_length=300)


class ChangedFit(Given):
    """What a person changes of a fit; what is not named stays as it is."""

    low_hz: float | None = Field(
        default=None, gt=0, lt=1e15, allow_inf_nan=False, description="With high_hz: the window."
    )
    high_hz: float | None = Field(default=None, gt=0, lt=1e15, allow_inf_nan=False)
    automatic: bool = Field(default=False, description="The automatic window again.")
    mask: list[PointLeftOut] = Field(default=[], max_length=1000)
    unmask: list[Index] = Field(
        default=[], max_length=1000, description="Points left out by hand to be used again."
    )
    because: str | None = Field(
        default=None, max_length=300, description="Why points are used again."
    )
    seen: str | None = Field(
        default=None,
        pattern="^[Aa][1-9][0-9]{0,15}$",
        description="The newest result as you saw it: where there is a newer one, nothing happens.",
    )


class NewPellet(Given):
    """A pellet with its geometry; lengths carry a unit and, after +-, one standard error."""

    name: str = Short
    formula: str = Short
    thickness: str = Field(min_length=1, max_length=60, examples=["0.81mm+-0.01mm"])
    diameter: str = Field(min_length=1, max_length=60, examples=["6.35mm+-0.02mm"])
    batch: str | None = Field(default=None, max_length=200)
    electrode: str | None = Field(default=None, max_length=200)
    pressure: str | None = Field(default=None, max_length=60)
    comment: str | None = Field(default=None, max_length=2000)


class PelletRow(BaseModel):
    """One pellet."""

    id: str
    name: str
    formula: str
    batch: str | None
    electrode: str | None
    stack_pressure_Pa: float | None
    thickness_m: float
    thickness_se_m: float
    diameter_m: float
    diameter_se_m: float
    area_m2: float
    cell_constant_per_cm: float
    cell_constant_relative_se: float
    measurements: int
    comment: str | None
    notes: list[str] = []


class PelletView(PelletRow):
    """A pellet with its temperature series, fitted but not stored, and what a report needs."""

    series: dict[str, Any] | None
    series_message: str | None
    left_out: list[str]
    stored: dict[str, Any] | None
    checklist: list[dict[str, Any]]
    replicates: list[str]
    corrections: list[CorrectionRow]
    labels_to_look_at: list[LabelToLookAt]
    refinements: list[RefinedPattern] = []


class BatchView(BaseModel):
    """The pellets of a batch side by side, their replicates, diffraction and Vegard's law."""

    batch: str
    pellets: list[PelletView]
    replicates: dict[str, Any] | None
    replicates_message: str | None
    refinements: list[RefinedPattern]
    vegard: dict[str, Any] | None


class ArrheniusOrder(Given):
    """How a temperature series is to be fitted."""

    convention: Literal["sigma-T", "sigma"] = "sigma-T"
    include_review: bool = False


class Node(BaseModel):
    """One link of the chain behind a number."""

    kind: str
    identifier: str
    summary: str
    details: dict[str, Any]
    inputs: list[Node]
