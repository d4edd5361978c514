"""Every table of a lab, and the guards that keep histories append-only.

The tables live in five files by subject; import them from here.
"""

from __future__ import annotations

from db.columns import LabTable
from db.tables_bench import Analysis, AnalysisInput, Measurement, Pellet, RawFile, Spectrum
from db.tables_corrections import Correction
from db.tables_evidence import EvidenceRow, LiteratureEntry, ReviewItem, SourceDataset
from db.tables_labels import (
    ConflictDecision,
    Label,
    LabelEvent,
    LabelSnapshot,
    LabelStructure,
)
from db.tables_screening import Ranking, Structure

metadata = LabTable.metadata

# Rows of these tables are written once. The migrations create the triggers that refuse more.
FROZEN_TABLES = ("label_event", "label_snapshot", "correction")

__all__ = [
    "FROZEN_TABLES",
    "Analysis",
    "AnalysisInput",
    "ConflictDecision",
    "Correction",
    "EvidenceRow",
    "Label",
    "LabelEvent",
    "LabelSnapshot",
    "LabelStructure",
    "LiteratureEntry",
    "Measurement",
    "Pellet",
    "Ranking",
    "RawFile",
    "ReviewItem",
    "SourceDataset",
    "Spectrum",
    "Structure",
    "metadata",
]
