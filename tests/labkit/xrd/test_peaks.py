"""Peak search and the amorphous verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from instruments import read
from instruments.errors import InstrumentFileError
from instruments.records import DiffractionPattern
from labkit.xrd.errors import PatternError
from labkit.xrd.peaks import crystallinity, pattern_peaks
from labkit.xrd.phase import Phase
from labkit.xrd.simulate import simulate_pattern

ANGLE = np.arange(10, 70, 0.02)


def halo(seed: int) -> DiffractionPattern:
    expected = 200 + 3000 * np.exp(-(((ANGLE - 23) / 4) ** 2))
    expected += 800 * np.exp(-(((ANGLE - 45) / 7) ** 2)) + 500 * np.exp(-ANGLE / 8)
    counts = np.random.default_rng(seed).poisson(expected).astype(float)
    return DiffractionPattern(two_theta_deg=ANGLE, intensity_counts=counts)


def test_a_halo_is_amorphous_and_the_criterion_is_told() -> None:
    found = [crystallinity(halo(seed)) for seed in range(15)]
    assert all(state.amorphous for state in found)
    assert found[0].halo_two_theta_deg == pytest.approx(23, abs=1.0)
    assert "standard errors" in found[0].criterion


def test_reflections_on_a_halo_are_crystalline(host: Phase) -> None:
    pattern = simulate_pattern([(host, 1.0)], seed=1, halo_counts=4000, peak_counts=1500)
    assert crystallinity(pattern).amorphous is False


def test_peaks_are_found_where_they_are(lab6: Phase) -> None:
    pattern = simulate_pattern([(lab6, 1.0)], seed=2)
    strongest = max(pattern_peaks(pattern), key=lambda peak: peak.height_counts)
    # 110 of LaB6 with Cu K-alpha1
    expected = 2 * np.degrees(np.arcsin(1.540593 / 2 * np.sqrt(2) / 4.157))
    assert strongest.two_theta_deg == pytest.approx(expected, abs=0.02)


def test_none_of_the_measured_crystalline_patterns_is_amorphous(data_dir: Path) -> None:
    seen = 0
    for path in sorted((data_dir / "xrd").rglob("*")):
        if not path.is_file():
            continue
        try:
            records = read(path).records
        except InstrumentFileError:
            continue
        for record in records:
            if isinstance(record, DiffractionPattern) and record.n_points >= 50:
                seen += 1
                assert not crystallinity(record).amorphous, path.name
    assert seen >= 13


def test_a_pattern_of_zeros_is_refused() -> None:
    zeros = DiffractionPattern(two_theta_deg=ANGLE, intensity_counts=np.zeros(ANGLE.size))
    with pytest.raises(PatternError, match="every count is zero"):
        crystallinity(zeros)
