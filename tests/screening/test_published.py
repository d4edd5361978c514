"""Published curves beside the random control of the same labels."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from screening.published import PUBLISHED_CURVES, published_z_scores
from screening.simplify import MODES


def test_the_published_curve_beats_the_control_by_what_was_found(data_dir: Path) -> None:
    with gzip.open(data_dir / "bvse" / "li_pool_labels.csv.gz", "rt", encoding="utf-8") as file:
        told = [row["conductivity_S_cm"] for row in csv.DictReader(file)]
    log_sigma = [np.log10(float(text)) for text in told if text]
    assert len(log_sigma) == 220

    z = published_z_scores("soap:CAN", log_sigma)
    assert z[50] == pytest.approx(-6.6, abs=0.8)
    assert z[241] == pytest.approx(-3.8, abs=0.6)
    # the sine Coulomb matrix alone is no better than labels in random clusters
    assert published_z_scores("sine_coulomb:structure", log_sigma)[241] > 0


def test_nothing_is_told_where_nothing_was_published() -> None:
    assert published_z_scores("density:CAN", [-3.0, -5.0]) == {}


def test_curves_fall_and_bear_names_that_can_be_compared() -> None:
    for name, curve in PUBLISHED_CURVES.items():
        assert name.split("+")[0].split(":")[1] in MODES
        values = [curve.w[k] for k in sorted(curve.w)]
        assert values == sorted(values, reverse=True)
