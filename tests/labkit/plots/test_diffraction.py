"""Figures of diffraction: a fit, a series, Vegard's law."""

from __future__ import annotations

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from labkit.plots.pattern import plot_pattern  # noqa: E402
from labkit.plots.vegard import plot_vegard  # noqa: E402
from labkit.plots.waterfall import plot_waterfall  # noqa: E402
from labkit.vegard import fit_vegard  # noqa: E402
from labkit.xrd.engine import refine_pattern  # noqa: E402
from labkit.xrd.phase import phase_from_cif_text  # noqa: E402
from labkit.xrd.simulate import SERIES_IMPURITY_CIF, simulate_pattern  # noqa: E402
from labkit.xrd.standards import standard_named  # noqa: E402


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_fit_shows_every_point_its_reflections_and_what_is_left(axes: Axes) -> None:
    silicon = standard_named("Si").phase()
    li2s = phase_from_cif_text(SERIES_IMPURITY_CIF, name="Li2S")
    result = refine_pattern(
        simulate_pattern([(silicon, 0.9), (li2s, 0.1)], seed=1, two_theta=(20, 60, 0.03)),
        [silicon],
    )
    plot_pattern(axes, result, label="sample")
    lines = {line.get_label(): line for line in axes.lines}
    assert np.array_equal(lines["observed"].get_ydata(), result.curves.observed)
    difference = np.asarray(lines["difference"].get_ydata())
    expected = result.curves.observed - result.curves.calculated
    assert difference - difference[0] == pytest.approx(expected - expected[0])
    assert difference.max() < 0  # below the pattern, never over it
    (ticks,) = axes.collections
    inside = [t for t in result.curves.reflections_deg[0] if 20 <= t <= 60 - 0.03]
    assert len(ticks.get_segments()) == pytest.approx(len(inside), abs=1)
    assert texts(axes)[0] == "impurity?"
    assert "sample" in axes.get_title(loc="left")


def test_a_waterfall_keeps_the_order_and_marks_what_is_unexplained(axes: Axes) -> None:
    angle = np.linspace(10, 60, 200)
    patterns = [
        (f"x = {number}", angle, 10 + 100 * np.exp(-((angle - 20 - number) ** 2)))
        for number in range(3)
    ]
    plot_waterfall(axes, patterns, marks_deg=[[], [30.0, 40.0], []])
    levels = [float(np.min(line.get_ydata())) for line in axes.lines]
    assert levels == sorted(levels)
    assert texts(axes).count("?") == 2
    assert [t.strip() for t in texts(axes) if "x =" in t] == ["x = 0", "x = 1", "x = 2"]


def test_a_limit_is_drawn_with_its_plateau_and_a_line_without(axes: Axes) -> None:
    x = [0.0, 0.025, 0.05, 0.075, 0.1]
    esd = [2e-4] * 5
    bent = [8.144 + 0.4 * min(v, 0.06) + d for v, d in zip(x, (1e-4, -1e-4, 0, 1e-4, -1e-4))]
    plot_vegard(axes, fit_vegard(x, bent, esd, quantity="a"))
    labels = axes.get_legend_handles_labels()[1]
    assert any("solubility limit 0.06" in text for text in labels)
    other = Figure().subplots()
    straight = [8.144 + 0.4 * v for v in x]
    known = {"end": (1.0, 8.6, 0.05)}
    plot_vegard(other, fit_vegard(x, straight, esd, quantity="a", end_members=known))
    labels = other.get_legend_handles_labels()[1]
    assert not any("solubility" in text for text in labels)
    assert any("known" in text for text in labels)
    assert other.get_ylabel() == "a (Å)"
