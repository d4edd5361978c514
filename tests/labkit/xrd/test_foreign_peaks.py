"""An impurity that nobody named must not move the cell of the phase that was."""

from __future__ import annotations

import pytest

from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import refine_pattern
from labkit.xrd.phase import Phase
from labkit.xrd.result import RefinementResult
from labkit.xrd.simulate import simulate_pattern


def pulls(found: RefinementResult, truth: Phase) -> list[float]:
    main = found.phases[0]
    return [
        (value - true) / (esd or 1.0)
        for value, true, esd in zip(main.cell[:3], truth.cell, main.cell_esd[:3])
    ]


@pytest.mark.parametrize("seed", [2, 3])
def test_an_unnamed_impurity_does_not_pull_the_cell(seed: int, host: Phase, li2s: Phase) -> None:
    # at this cell 022 of Li2S lies 0.04 degrees below a reflection of the host, hidden under it
    host = host.with_cell((8.1616, 10.2109, 6.1742, 90, 90, 90))
    pattern = simulate_pattern([(host, 0.92), (li2s, 0.08)], seed=seed, displacement_deg=0.02)
    found = refine_pattern(pattern, [host])
    assert max(abs(pull) for pull in pulls(found, host)) < 3.5
    assert max(esd or 1.0 for esd in found.phases[0].cell_esd[:3]) < 2.5e-4
    assert "unexplained-peaks" in found.reasons
    (note,) = found.warnings
    assert "left out of the fit" in note
    assert "44." in note
    # a range left out shows no more than the pattern holds
    curves = found.curves
    inside = (curves.two_theta_deg > 44.0) & (curves.two_theta_deg < 69.0)
    assert (curves.observed - curves.calculated)[inside].min() > -0.03 * curves.observed.max()
    plain = refine_pattern(pattern, [host], options=BuiltinOptions(single_peaks=False))
    assert abs(pulls(plain, host)[2]) > 3.5  # what it is for


def test_the_figure_and_the_residual_still_show_what_no_phase_explains(
    host: Phase, li2s: Phase
) -> None:
    pattern = simulate_pattern([(host, 0.92), (li2s, 0.08)], seed=4)
    found = refine_pattern(pattern, [host])
    curves = found.curves
    at = abs(curves.two_theta_deg - 27.03) < 0.05
    assert (curves.observed - curves.calculated)[at].max() > 2000
    assert found.gof > 2
    assert len(curves.reflections_deg) == 1
    assert found.phases[0].intensity_share == pytest.approx(0.95, abs=0.03)


def test_a_pattern_without_foreign_peaks_is_left_as_it_was(host: Phase) -> None:
    pattern = simulate_pattern([(host, 1.0)], seed=5)
    with_rule = refine_pattern(pattern, [host])
    without = refine_pattern(pattern, [host], options=BuiltinOptions(single_peaks=False))
    assert with_rule.phases[0].cell == without.phases[0].cell
    assert with_rule.warnings == ()
