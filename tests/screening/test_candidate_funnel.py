"""The filter counts what it drops, and reproduces the published counts."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from screening.candidate_funnel import FunnelLimits, candidate_funnel
from screening.errors import ScreeningError


def test_each_step_counts_what_is_left() -> None:
    funnel = candidate_funnel(
        in_selected_cluster=[True, True, True, True, True, False],
        e_above_hull_eV=[0.0, 0.070, 0.071, 0.0, np.nan, 0.0],
        band_gap_eV=[1.0, 4.0, 4.0, 0.99, 4.0, 3.0],
        barrier_eV=[0.4, 0.2, 0.1, 0.1, 0.1, 0.3],
    )

    assert [step.passed for step in funnel.steps] == [6, 5, 3, 2, 2]
    assert [step.without_clustering for step in funnel.steps] == [6, 6, 4, 3, 3]
    assert [step.unknown for step in funnel.steps] == [0, 0, 1, 0, 0]
    assert funnel.candidates.tolist() == [1, 0]
    assert funnel.place(0) == 2
    assert funnel.place(5) is None
    assert funnel.passes_without_clustering.tolist() == [True, True, False, False, False, True]


def test_unknown_and_unconnected_barriers_do_not_pass() -> None:
    funnel = candidate_funnel([True] * 3, [0.0] * 3, [2.0] * 3, [np.nan, np.inf, 0.5])

    assert funnel.candidates.tolist() == [2]
    assert funnel.steps[-1].unknown == 1


def test_every_threshold_is_an_option() -> None:
    limits = FunnelLimits(e_above_hull_eV=0.0, band_gap_eV=3.0, barrier_eV=0.3)

    funnel = candidate_funnel([True] * 2, [0.0, 0.01], [3.0, 5.0], [0.29, 0.1], limits)

    assert funnel.candidates.tolist() == [0]
    assert [step.name for step in funnel.steps[2:]] == [
        "E_hull <= 0 meV/atom",
        "band gap >= 3 eV",
        "barrier < 0.3 eV",
    ]


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ScreeningError, match="one value of each kind"):
        candidate_funnel([True], [0.0, 0.1], [1.0], [0.2])


def test_the_counts_of_the_published_pool_without_clustering(data_dir: Path) -> None:
    path = data_dir / "bvse" / "li_pool_labels.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    hull, gap, barrier = (
        np.array([float(row[name] or "nan") for row in rows])
        for name in ("e_above_hull", "band_gap", "bvse_Ea_eV")
    )

    funnel = candidate_funnel(np.ones(len(rows), bool), hull, gap, barrier)

    assert funnel.steps[0].passed == 25193
    assert funnel.steps[3].passed == 6053
    assert funnel.steps[4].passed == 694
