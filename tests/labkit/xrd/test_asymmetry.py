"""A cell that rests on the model of the peaks is told; one that does not is left alone."""

from __future__ import annotations

import pytest

from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import refine_pattern
from labkit.xrd.phase import Phase
from labkit.xrd.simulate import simulate_pattern


def test_leaning_peaks_are_told_and_refining_them_gives_the_cell(host: Phase) -> None:
    pattern = simulate_pattern([(host, 1.0)], seed=1, displacement_deg=0.03, axial=0.0015)
    plain = refine_pattern(pattern, [host])
    (note,) = plain.warnings
    assert "axial divergence" in note
    assert abs(plain.phases[0].cell[0] / host.cell[0] - 1) > 1e-4
    leaning = refine_pattern(pattern, [host], options=BuiltinOptions(axial=True))
    assert leaning.warnings == ()
    assert leaning.parameters["axial"] == pytest.approx(0.0015, rel=0.1)
    for value, esd, true in zip(leaning.phases[0].cell, leaning.phases[0].cell_esd, host.cell):
        assert abs(value - true) < 4 * (esd or 1e-6)


@pytest.mark.parametrize("seed", [2, 3])
def test_upright_peaks_give_no_warning(seed: int, host: Phase) -> None:
    pattern = simulate_pattern([(host, 1.0)], seed=seed, displacement_deg=-0.05)
    assert refine_pattern(pattern, [host]).warnings == ()
