"""Identifiers as they stand in an address."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

MeasurementId = Annotated[str, Path(pattern="^[Mm][1-9][0-9]{0,15}$", examples=["M1"])]
AnalysisId = Annotated[str, Path(pattern="^[Aa][1-9][0-9]{0,15}$", examples=["A1"])]
ReportKind = Annotated[str, Path(pattern="^(batches|rankings)$")]
LabelId = Annotated[str, Path(pattern="^[Ll][1-9][0-9]{0,15}$", examples=["L1"])]
PelletName = Annotated[str, Path(min_length=1, max_length=200)]
StructureId = Annotated[str, Path(min_length=1, max_length=200, examples=["mp-985592"])]
AnyId = Annotated[str, Path(min_length=1, max_length=200, examples=["L7"])]
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
