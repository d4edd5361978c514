"""Labels as the API takes and gives them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from labkit.web.models import Given

Text = Field(min_length=1, max_length=2000)


class Proposal(Given):
    """What a label is proposed from."""

    evidence: str = Field(min_length=2, max_length=20, examples=["M1", "A3"])
    structures: list[str] = Field(default=[], max_length=20)
    polymorph: str | None = Field(default=None, max_length=200)
    space_group_number: int | None = Field(default=None, ge=1, le=230)


class Decision(Given):
    """Accept or reject, with the reason that stays with the label."""

    reason: str = Text
    because: str | None = Field(
        default=None,
        max_length=2000,
        description="Why evidence whose verdict is not 'accepted' is trusted all the same.",
    )
    seen: int | None = Field(
        default=None,
        ge=0,
        lt=2**31,
        description="change_count of the label as you saw it: where it has grown, nothing happens.",
    )


class Revision(Given):
    """New values of a label; what is left out stays."""

    reason: str = Text
    evidence: str | None = Field(
        default=None,
        pattern="^[AaMm][1-9][0-9]{0,15}$",
        description="A measurement or a fit from which everything follows anew.",
    )
    sigma_S_per_cm: float | None = Field(
        default=None,
        gt=0,
        lt=1e6,
        allow_inf_nan=False,
        description="Without errors of its own, the new value has none.",
    )
    sigma_random_S_per_cm: float | None = Field(default=None, ge=0, lt=1e6, allow_inf_nan=False)
    sigma_systematic_S_per_cm: float | None = Field(default=None, ge=0, lt=1e6, allow_inf_nan=False)
    qualifier: Literal["=", "<", ">"] | None = None
    temperature: str | None = Field(default=None, max_length=60)
    formula: str | None = Field(default=None, min_length=1, max_length=200)
    polymorph: str | None = Field(default=None, max_length=200)
    space_group_number: int | None = Field(default=None, ge=1, le=230)
    contribution: Literal["total", "bulk", "grain-boundary", "unknown"] | None = None
    note: str | None = Field(default=None, max_length=2000)


class Tie(Given):
    """Structures that a label belongs to, said by hand."""

    structures: list[str] = Field(min_length=1, max_length=20)


class LabelRow(BaseModel):
    """One label."""

    model_config = ConfigDict(extra="allow")

    label: str
    state: Literal["proposed", "accepted", "rejected", "superseded"]
    version: int
    change_count: int
    formula: str
    qualifier: str
    sigma_S_per_cm: float
    sigma_random_S_per_cm: float | None
    sigma_systematic_S_per_cm: float | None
    temperature_K: float | None
    extrapolated: bool
    ea_eV: float | None
    source: str
    reviewed_by: str | None
    review_reason: str | None
    structures: list[str]
    matches: list[dict[str, Any]]
    notes: list[str] = []


class LabelList(BaseModel):
    """Labels page by page."""

    labels: list[LabelRow]
    total: int
    counts: dict[str, int]


class LabelView(LabelRow):
    """A label with its history, its evidence and what others published."""

    content: dict[str, Any]
    history: list[dict[str, Any]]
    evidence: dict[str, Any] | None
    literature: list[dict[str, Any]]


class Conflicts(BaseModel):
    """Cells that a person must read, and compositions whose values disagree."""

    review: list[dict[str, Any]]
    disagreements: list[dict[str, Any]]
    decades: float


class ConflictDecision(Given):
    """What was decided about conflicting values."""

    formula: str = Field(min_length=1, max_length=200)
    decision: str = Field(min_length=1, max_length=500)
    reason: str = Field(min_length=1, max_length=2000)


class Reading(Given):
    """How a cell of a published table is to be read."""

    reason: str = Field(min_length=1, max_length=2000)
    value: str | None = Field(default=None, max_length=100)
    dismiss: bool = False
