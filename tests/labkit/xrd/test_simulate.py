"""Simulated patterns say what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from labkit.xrd.errors import XrdError
from labkit.xrd.phase import Phase, phase_from_cif_text
from labkit.xrd.radiation import parse_wavelength
from labkit.xrd.simulate import (
    SERIES_HOST_CIF,
    cif_of,
    simulate_pattern,
    simulate_substitution_series,
)
from labkit.xrd.standards import standard_named


def area(angle: NDArray[np.float64], counts: NDArray[np.float64], at: float, half: float) -> float:
    inside = np.abs(angle - at) < half
    return float((counts[inside] - np.minimum(counts[inside][0], counts[inside][-1])).sum())


def width(angle: NDArray[np.float64], counts: NDArray[np.float64], at: float) -> float:
    inside = np.abs(angle - at) < 0.6
    above = counts[inside] - counts[inside].min()
    return float(np.ptp(angle[inside][above > above.max() / 2]))


def test_the_same_seed_gives_the_same_pattern_and_another_does_not(li2s: Phase) -> None:
    first, again, other = (simulate_pattern([(li2s, 1.0)], seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.intensity_counts, again.intensity_counts)
    assert not np.array_equal(first.intensity_counts, other.intensity_counts)


def test_the_noise_is_that_of_counting(li2s: Phase) -> None:
    noisy = simulate_pattern([(li2s, 1.0)], seed=3).intensity_counts
    expected = simulate_pattern([(li2s, 1.0)], seed=3, noise=False).intensity_counts
    pull = (noisy - expected) / np.sqrt(expected)
    assert pull.std() == pytest.approx(1.0, abs=0.05)
    assert pull.mean() == pytest.approx(0.0, abs=0.06)


def test_peaks_stand_where_bragg_says_moved_by_displacement_and_zero() -> None:
    silicon = standard_named("Si").phase()
    place = 2 * np.degrees(np.arcsin(1.540593 / 2 * np.sqrt(3) / silicon.cell[0]))
    for zero, displacement in ((0.0, 0.0), (0.05, 0.0), (0.0, 0.1)):
        pattern = simulate_pattern(
            [(silicon, 1.0)], seed=1, two_theta=(27, 30, 0.005), noise=False, zero_deg=zero,
            displacement_deg=displacement, radiation=parse_wavelength("CuKa1"),
        )  # fmt: skip
        seen = pattern.two_theta_deg[pattern.intensity_counts.argmax()]
        shift = zero + displacement * np.cos(np.radians(place / 2))
        assert seen == pytest.approx(place + shift, abs=0.006)


def test_strain_and_small_crystals_broaden() -> None:
    silicon = standard_named("Si").phase()
    widths = [
        width(found.two_theta_deg, found.intensity_counts, 56.12)
        for found in (
            simulate_pattern(
                [(silicon, 1.0)], seed=1, two_theta=(54, 58, 0.005), noise=False,
                strain_percent=strain, size_angstrom=size,
            )
            for strain, size in ((0.0, 1500.0), (0.3, 1500.0), (0.0, 200.0))
        )
    ]  # fmt: skip
    assert widths[1] > 1.5 * widths[0]
    assert widths[2] > 1.5 * widths[0]


def test_shares_are_those_of_the_intensity(host: Phase, li2s: Phase) -> None:
    parts = [
        simulate_pattern([(host, 1 - s), (li2s, s)], seed=1, noise=False, background_counts=0.0)
        for s in (0.1, 0.2)
    ]
    heights = [
        float(p.intensity_counts[np.abs(p.two_theta_deg - 27.03) < 0.05].max()) for p in parts
    ]
    assert heights[1] / heights[0] == pytest.approx(2 * 0.9 / 0.8, rel=0.1)


def test_plates_raise_the_reflections_along_their_axis() -> None:
    cell = (4.0, 4.0, 6.0, 90, 90, 90)
    phase = phase_from_cif_text(cif_of("t", cell, "P 4/m m m", [("Zr", 0, 0, 0)]))
    plain = simulate_pattern([(phase, 1.0)], seed=1, noise=False, background_counts=0.0)
    plates = simulate_pattern(
        [(phase, 1.0)], seed=1, noise=False, background_counts=0.0,
        preferred_orientation=((0, 0, 1), 0.7),
    )  # fmt: skip
    angle = plain.two_theta_deg
    ratio = [
        area(angle, p.intensity_counts, 14.76, 0.4) / area(angle, p.intensity_counts, 22.21, 0.4)
        for p in (plain, plates)
    ]
    # March: W(0) / W(90 deg) = r^-3 / r^1.5
    assert ratio[1] / ratio[0] == pytest.approx(0.7**-4.5, rel=0.05)


def test_a_series_obeys_its_limit_and_says_its_truth() -> None:
    members = simulate_substitution_series((0.0, 0.05, 0.1), seed=4, limit=0.05)
    host = phase_from_cif_text(SERIES_HOST_CIF)
    assert members[0].true_cell == pytest.approx(host.cell)
    assert members[1].true_cell == pytest.approx(members[2].true_cell)
    assert members[1].true_cell[0] == pytest.approx(host.cell[0] + 0.32 * 0.05)
    assert [m.impurity_share for m in members] == pytest.approx([0.0, 0.0, 0.2])
    assert len({m.displacement_deg for m in members}) == 3


def test_a_phase_without_atoms_cannot_be_simulated() -> None:
    bare = phase_from_cif_text(cif_of("bare", (4, 4, 4, 90, 90, 90), "P m -3 m", []))
    with pytest.raises(XrdError, match="no atoms"):
        simulate_pattern([(bare, 1.0)], seed=1)
