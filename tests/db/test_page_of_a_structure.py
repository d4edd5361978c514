"""What the page of a structure asks holds on either database."""

from __future__ import annotations

from pathlib import Path

from db.session import Database
from labkit.settings import LabSettings
from labkit.workflows.demonstration import add_demonstration_labels
from labkit.workflows.lab import Lab
from labkit.workflows.structure_pool import PROTOTYPES, add_structures, show_structure


def test_labels_of_a_structure_are_listed_once(any_lab: Database, tmp_path: Path) -> None:
    lab = Lab(tmp_path, any_lab, LabSettings())
    add_structures(lab, [PROTOTYPES])
    add_demonstration_labels(lab, "tester")
    shown = show_structure(lab, "prototype-LiI-rocksalt")
    assert len(shown["labels"]) == 1
    assert shown["labels"][0].endswith("1e-07 S/cm")
