"""The calculated pattern and its analytic derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.xrd.model import Intensities, Model
from labkit.xrd.phase import Phase
from labkit.xrd.radiation import parse_wavelength


def model_of(phases: list[Phase], mode: Intensities) -> tuple[Model, np.ndarray, np.ndarray]:
    angle = np.arange(15, 80, 0.03)
    model = Model(angle, phases, parse_wavelength("Cu"), [mode] * len(phases), background_terms=3)
    values = np.zeros(len(model.names))
    start = {
        "background 0": 10.0,
        "zero": 0.02,
        "displacement": 0.03,
        "axial": 1e-3,
        "U": 0.01,
        "V": -0.005,
        "W": 0.01,
    }
    for number, phase in enumerate(phases):
        start |= {f"X {number}": 0.03, f"Y {number}": 0.05}
        values[model.metric_of(number)] = phase.free_parameters()
        if mode == "structure":
            start |= {f"scale {number}": 1e-3, f"B {number}": 0.5}
    for name, value in start.items():
        values[model.index[name]] = value
    return model, values, 100 * np.random.default_rng(0).random(model.n_reflections)


@pytest.mark.parametrize("mode", ["free", "structure"])
def test_derivatives_are_those_of_the_pattern(mode: Intensities, host: Phase, li2s: Phase) -> None:
    model, values, intensity = model_of([host, li2s], mode)
    jacobian = model.evaluate(values, intensity).jacobian
    for column, name in enumerate(model.names):
        step = 1e-6 * values[column] if "metric" in name else 1e-4 * max(abs(values[column]), 1e-3)
        up, down = values.copy(), values.copy()
        up[column] += step
        down[column] -= step
        numeric = (model.evaluate(up, intensity).total - model.evaluate(down, intensity).total) / (
            2 * step
        )
        # a point that enters a window at its edge makes a step: quantile, not maximum
        worst = np.quantile(np.abs(numeric - jacobian[:, column]), 0.9)
        assert worst < 2e-3 * np.abs(numeric).max(), name


def test_a_reflection_has_the_area_of_its_intensity(lab6: Phase) -> None:
    model, values, _ = model_of([lab6], "free")
    intensity = np.zeros(model.n_reflections)
    intensity[2] = 500.0
    found = model.evaluate(values, intensity)
    area = np.trapezoid(found.total - found.background, model.two_theta)
    assert area == pytest.approx(1.5 * 500.0, rel=0.03)  # both lines of the doublet


def test_free_intensities_are_the_columns_of_the_shapes(host: Phase) -> None:
    model, values, intensity = model_of([host], "free")
    found = model.evaluate(values, intensity)
    assert found.background + found.shapes @ intensity == pytest.approx(found.total)
