"""What the API tells of a watched folder."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from labkit.web.models import Verdict


class WaitingFile(BaseModel):
    """A file that is not complete yet."""

    file: str
    size_bytes: int
    unchanged_s: float


class ArrivedFile(BaseModel):
    """A file that was imported from the folder."""

    file: str
    status: Literal["imported", "completed"]
    measurements: list[str]
    kind: str | None
    verdict: Verdict | None
    sigma_S_per_cm: float | None
    at: str


class RefusedThere(BaseModel):
    """A file of the folder that could not be imported, and why."""

    file: str
    error: str
    at: str


class WatchState(BaseModel):
    """A watched folder: what came, what waits to be complete, what was refused."""

    folder: str
    settle_s: float
    state: Literal["watching", "missing", "stopped"]
    line: str | None = Field(description="What is wrong, if anything.")
    looked_at: str | None
    waiting: list[WaitingFile]
    arrived: list[ArrivedFile]
    refused: list[RefusedThere]
    counts: dict[str, int] = Field(description="Since the server was started.")
