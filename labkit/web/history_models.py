"""Corrections and what is left to do after them, as the API gives them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class CorrectionRow(BaseModel):
    """One correction: who, when, why, and the columns that changed with their units."""

    of: str = Field(examples=["P1", "M3"])
    action: Literal["changed", "set-aside", "taken-back"]
    words: str
    before: dict[str, Any]
    after: dict[str, Any]
    by: str
    because: str
    at: str


class LabelToLookAt(BaseModel):
    """A label that rests on what was corrected since; no correction changes it."""

    label: str
    state: Literal["proposed", "accepted"]
    because: str
    what_to_do: str
