"""Candidates, structures and clusters as the API gives them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class RankingView(BaseModel):
    """The candidate list, what moved, and which label moved it."""

    model_config = ConfigDict(extra="allow")

    ranking: str | None = Field(description="None where it has not been stored yet.")
    method: str
    candidates: int
    labels: int = Field(description="Accepted labels on these structures.")
    labelled_structures: int = Field(description="Structures that carry one or more of them.")
    previous: str | None
    top: list[dict[str, Any]]
    moved: list[dict[str, Any]]
    structures_moved: int
    summary: str
    label_changes: list[dict[str, Any]]


class Atom(BaseModel):
    """One atom of the drawing."""

    symbol: str
    x_angstrom: float
    y_angstrom: float
    z_angstrom: float
    radius_angstrom: float
    colour: str


class StructureView(BaseModel):
    """A crystal structure and its atoms in space."""

    structure: str
    formula: str
    reduced_formula: str
    source: str
    sites: int
    ordered: bool
    volume_angstrom3: float
    space_group: str | None
    band_gap_eV: float | None
    e_above_hull_eV: float | None
    labels: list[str]
    cif: str
    atoms: list[Atom]
    bonds: list[list[int]]
    cell: list[list[float]]


class LandscapeSurface(BaseModel):
    """A surface of equal energy as triangles."""

    name: str
    points_angstrom: list[list[float]]
    triangles: list[list[int]]


class LandscapeView(BaseModel):
    """Where an ion can go: its barriers, the surfaces just above them, and its path."""

    structure: str
    ion: str
    barriers_eV: list[float | None]
    surfaces: list[LandscapeSurface]
    path_angstrom: list[list[float] | None]


class ClusterOverview(BaseModel):
    """Where the clusters lie, how they hang together, and what labels say of them."""

    depth: int
    structures: int
    labels: int
    explained: list[float]
    clusters: list[dict[str, Any]]
    tree: dict[str, Any]
