"""Errors of a lattice from which single reflections may be off."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import refine_pattern
from labkit.xrd.phase import Phase
from labkit.xrd.reflection_scatter import jackknife_ratios, widened
from labkit.xrd.simulate import simulate_pattern


def line_with_noise(seed: int, m: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    error = rng.uniform(0.5, 2.0, m)
    design = np.stack([np.ones(m), np.linspace(-1, 1, m)], axis=1)
    return error * rng.standard_normal(m), error, design


def test_honest_noise_widens_hardly_anything() -> None:
    ratios = np.array([jackknife_ratios(*line_with_noise(seed)) for seed in range(200)])
    assert ratios.min() >= 1
    assert np.median(ratios) < 1.1


def test_one_reflection_that_is_off_widens_the_error_to_what_it_does() -> None:
    shift, error, design = line_with_noise(1)
    error[-1], shift[-1] = 0.1, 0.5  # precise and wrong, at the end: it holds the slope
    ratio = jackknife_ratios(shift, error, design)[1]
    kept = slice(0, -1)
    weight = 1 / error**2

    def slope_of(part: slice) -> float:
        normal = design[part].T @ (weight[part, None] * design[part])
        return float(np.linalg.solve(normal, design[part].T @ (weight[part] * shift[part]))[1])

    normal = design.T @ (weight[:, None] * design)
    moved = abs(slope_of(slice(None)) - slope_of(kept)) / np.sqrt(np.linalg.inv(normal)[1, 1])
    assert moved > 1
    assert ratio >= moved


def test_only_the_parameters_named_are_widened() -> None:
    matrix = np.array([[4.0, 1.0], [1.0, 9.0]])
    assert widened(matrix, ["a", "b"], {"b": 2.0}).tolist() == [[4.0, 2.0], [2.0, 36.0]]


def test_a_sample_without_impurity_keeps_its_errors_and_one_with_it_does_not(
    lab6: Phase, li2s: Phase
) -> None:
    pure = refine_pattern(simulate_pattern([(lab6, 1.0)], seed=4), [lab6])
    mixed = simulate_pattern([(lab6, 0.85), (li2s, 0.15)], seed=4)
    impure = refine_pattern(mixed, [lab6])
    blind = refine_pattern(mixed, [lab6], options=BuiltinOptions(single_peaks=False))
    a, b, c = (found.phases[0].cell_esd[0] for found in (pure, impure, blind))
    assert a is not None
    assert b is not None
    assert c is not None
    assert a == pytest.approx(2e-5, rel=0.7)
    assert b > a
