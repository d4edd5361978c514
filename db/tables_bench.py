"""Tables of the bench: pellets, raw files, measurements, spectra, analyses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from db.columns import (
    LabTable,
    UtcDateTime,
    not_blank,
    not_negative,
    one_of,
    positive,
    utc_now,
)

MEASUREMENT_KINDS = ("impedance", "diffraction", "dc")
VERDICTS = ("accepted", "review", "rejected")


class Pellet(LabTable, table=True):
    """One pressed sample: what it is made of and its geometry with standard errors."""

    __tablename__ = "pellet"
    __table_args__ = (
        sa.UniqueConstraint("name"),
        not_blank("name"),
        positive("thickness_m"),
        not_negative("thickness_se_m"),
        positive("diameter_m"),
        not_negative("diameter_se_m"),
        sa.CheckConstraint(
            "relative_density > 0 AND relative_density <= 1.2", name="relative_density_plausible"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str
    formula: str
    reduced_formula: str | None = Field(default=None, index=True)
    batch: str | None = Field(default=None, index=True)
    thickness_m: float
    thickness_se_m: float = 0.0
    diameter_m: float
    diameter_se_m: float = 0.0
    electrode: str | None = None
    stack_pressure_Pa: float | None = None
    relative_density: float | None = None
    polymorph: str | None = None
    space_group_number: int | None = None
    composition_x: float | None = None
    note: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    created_by: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class RawFile(LabTable, table=True):
    """An imported file, kept byte for byte in the lab folder under its SHA-256."""

    __tablename__ = "raw_file"
    __table_args__ = (
        sa.UniqueConstraint("sha256"),
        sa.CheckConstraint("length(sha256) = 64", name="sha256_length"),
        not_negative("size_bytes"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sha256: str
    size_bytes: int
    file_name: str
    original_path: str | None = None
    stored_path: str | None = None
    format: str
    reader_version: str
    file_metadata: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    warnings: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    labkit_version: str | None = None
    imported_by: str | None = None
    imported_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Measurement(LabTable, table=True):
    """One sweep, pattern or transient of a raw file; `sweep` counts from 1 within its kind.

    `set_aside_because` holds why a measurement is not to be used; it is empty for all others.
    """

    __tablename__ = "measurement"
    __table_args__ = (
        sa.UniqueConstraint("raw_file_id", "kind", "sweep"),
        one_of("kind", MEASUREMENT_KINDS),
        positive("sweep"),
        positive("temperature_K"),
        not_negative("temperature_se_K"),
    )

    id: int | None = Field(default=None, primary_key=True)
    raw_file_id: int = Field(foreign_key="raw_file.id")
    pellet_id: int | None = Field(default=None, foreign_key="pellet.id", index=True)
    kind: str
    sweep: int = 1
    technique: str | None = None
    instrument: str | None = None
    software: str | None = None
    started_at: str | None = None
    started_at_zone: str | None = None
    started_at_ambiguous: bool = False
    amplitude: str | None = None
    temperature_K: float | None = None
    temperature_se_K: float | None = None
    temperature_source: str | None = None
    record_metadata: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    warnings: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    set_aside_because: str | None = None


class Spectrum(LabTable, table=True):
    """The arrays of one measurement: little-endian, one blob, with a table of contents."""

    __tablename__ = "spectrum"
    __table_args__ = (
        sa.UniqueConstraint("measurement_id"),
        not_negative("n_points"),
    )

    id: int | None = Field(default=None, primary_key=True)
    measurement_id: int = Field(foreign_key="measurement.id")
    data_hash: str = Field(index=True)
    n_points: int
    layout: list[dict[str, Any]] = Field(sa_type=sa.JSON)
    arrays: bytes = Field(sa_type=sa.LargeBinary)


class Analysis(LabTable, table=True):
    """A computed result: its input's hash, the parameters, the version and the verdict.

    A newer analysis of the same measurement is a new row; the old one stays.
    """

    __tablename__ = "analysis"
    __table_args__ = (
        one_of("verdict", VERDICTS),
        not_blank("kind"),
        sa.Index("ix_analysis_measurement_kind", "measurement_id", "kind", "id"),
        sa.Index("ix_analysis_pellet_kind", "pellet_id", "kind", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    measurement_id: int | None = Field(default=None, foreign_key="measurement.id")
    pellet_id: int | None = Field(default=None, foreign_key="pellet.id")
    batch: str | None = Field(default=None, index=True)
    parameters: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    result: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    input_hash: str | None = Field(default=None, index=True)
    verdict: str
    reasons: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    resistance_ohm: float | None = None
    sigma_S_per_cm: float | None = None
    sigma_random_S_per_cm: float | None = None
    sigma_systematic_S_per_cm: float | None = None
    temperature_K: float | None = None
    ea_eV: float | None = None
    ea_se_eV: float | None = None
    labkit_version: str
    created_by: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class AnalysisInput(LabTable, table=True):
    """What an analysis was computed from: measurements, or earlier analyses."""

    __tablename__ = "analysis_input"
    __table_args__ = (
        sa.UniqueConstraint("analysis_id", "position"),
        sa.CheckConstraint(
            "(measurement_id IS NULL) <> (input_analysis_id IS NULL)", name="exactly_one_input"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    analysis_id: int = Field(foreign_key="analysis.id")
    position: int = 0
    role: str | None = None
    measurement_id: int | None = Field(default=None, foreign_key="measurement.id", index=True)
    input_analysis_id: int | None = Field(default=None, foreign_key="analysis.id", index=True)
    data_hash: str | None = None
