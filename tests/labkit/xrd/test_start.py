"""Before a refinement: does the phase resemble the pattern, and at which size."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.xrd.background import estimate_background
from labkit.xrd.phase import Phase
from labkit.xrd.radiation import parse_wavelength
from labkit.xrd.simulate import simulate_pattern
from labkit.xrd.start import best_anode, resemblance

CU = parse_wavelength("Cu")


def above(phase: Phase, **how: float) -> tuple[np.ndarray, np.ndarray]:
    pattern = simulate_pattern([(phase, 1.0)], seed=1, **how)  # type: ignore[arg-type]
    angle, counts = pattern.two_theta_deg, pattern.intensity_counts
    return angle, counts - estimate_background(angle, counts)


@pytest.mark.parametrize("scale", [0.985, 0.995, 1.0, 1.006, 1.015])
def test_the_size_of_the_cell_is_found(scale: float, host: Phase) -> None:
    a, b, c, *_ = host.cell
    angle, net = above(host.with_cell((a * scale, b * scale, c * scale, 90, 90, 90)))
    found = resemblance(angle, net, [host], CU)
    assert found.scales[0] == pytest.approx(scale, abs=8e-4)
    assert found.cosine > 0.95
    kept = resemblance(angle, net, [host], CU, search=False)
    assert kept.scales == (1.0,)


def test_the_right_phase_resembles_and_the_wrong_does_not(host: Phase, lab6: Phase) -> None:
    angle, net = above(host)
    assert resemblance(angle, net, [host], CU).cosine > 0.95
    assert resemblance(angle, net, [lab6], CU).cosine < 0.55


def test_two_phases_explain_more_than_one(host: Phase, li2s: Phase) -> None:
    pattern = simulate_pattern([(host, 0.6), (li2s, 0.4)], seed=2)
    angle, counts = pattern.two_theta_deg, pattern.intensity_counts
    net = counts - estimate_background(angle, counts)
    both = resemblance(angle, net, [host, li2s], CU)
    assert both.cosine > resemblance(angle, net, [host], CU).cosine + 0.05
    assert len(both.scales) == 2


def test_the_anode_that_was_used_is_named_instead_of_the_wrong_one(host: Phase) -> None:
    angle, net = above(host)
    found = best_anode(angle, net, [host], parse_wavelength("Mo"))
    assert found is not None
    assert found[0] == "Cu"
    assert best_anode(angle, net, [host], CU) is None
