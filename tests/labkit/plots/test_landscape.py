"""The landscape is drawn where it is: channels, contours, and a path cut at the faces."""

from __future__ import annotations

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from labkit.plots.barrier import plot_barrier  # noqa: E402
from labkit.plots.landscape import plot_landscape  # noqa: E402

LATTICE = np.array([[6.0, 0.0, 0.0], [-2.0, 5.0, 0.0], [0.0, 0.0, 7.0]])


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def _channel_along_a() -> np.ndarray:
    """Low at b = 0.25, c = 0.5 of the cell, whatever a is."""
    b, c = np.arange(20) / 20, np.arange(14) / 14
    energy = 2.0 - np.cos(2 * np.pi * (b[:, None] - 0.25)) - np.cos(2 * np.pi * (c - 0.5))
    return np.repeat(energy[None], 12, axis=0)


def _shades(axes: Axes) -> np.ndarray:
    return np.asarray(axes.collections[0].get_array()).ravel()


def test_looking_along_a_channel_shows_its_outline(axes: Axes) -> None:
    plot_landscape(axes, LATTICE, _channel_along_a(), along=0, ceiling_eV=1.5)

    assert _shades(axes).size == 21 * 15  # the faces are repeated
    assert _shades(axes).min() == pytest.approx(0.0, abs=1e-9)
    assert _shades(axes).max() == pytest.approx(1.5)


@pytest.mark.parametrize(("along", "points"), [(1, 15 * 13), (2, 13 * 21)])
def test_looking_across_it_shows_an_open_line(axes: Axes, along: int, points: int) -> None:
    plot_landscape(axes, LATTICE, _channel_along_a(), along=along)

    assert _shades(axes).size == points
    assert np.count_nonzero(_shades(axes) < 1e-9) == 13


def test_contours_above_the_ceiling_are_left_out(axes: Axes) -> None:
    plot_landscape(axes, LATTICE, _channel_along_a(), along=0, ceiling_eV=1.0, levels_eV=(0.5, 9.0))

    assert list(axes.collections[1].levels) == [0.5]


def test_a_path_is_cut_where_it_leaves_the_cell(axes: Axes) -> None:
    path = np.array([[0.8, 0.25, 0.5], [0.95, 0.25, 0.5], [1.1, 0.25, 0.5]])
    plot_landscape(axes, LATTICE, _channel_along_a(), along=2, path=path, sites={"Li": path[:1]})

    (line,) = (line for line in axes.lines if line.get_label() == "path")
    x, y = np.asarray(line.get_data())
    assert np.isnan(x).sum() == 1
    # from 0.95 on to 1.1 past the face, then again from 0.1
    np.testing.assert_allclose(x, np.array([0.8, 0.95, 1.1, np.nan, 0.1]) * 6.0 - 0.5)
    np.testing.assert_allclose(y[~np.isnan(y)], 0.25 * 5.0)


def test_the_label_of_a_pass_at_the_end_stays_inside(axes: Axes) -> None:
    plot_barrier(axes, [0.0, 1.0, 2.0, 10.0], [0.6, 0.2, 0.1, 0.0])

    (label,) = axes.texts
    assert label.get_text() == "0.600 eV"
    assert label.xy == (pytest.approx(0.8), 0.6)


@pytest.mark.parametrize(("lowest", "told"), [(0.0, False), (0.159, True)])
def test_a_profile_names_its_zero_and_the_rise_of_a_path_that_lies_above_it(
    axes: Axes, lowest: float, told: bool
) -> None:
    energy = [lowest, 0.301, lowest]
    plot_barrier(axes, [0.0, 1.0, 2.0], energy, zero="the crystal's lowest site")

    assert axes.get_ylabel() == "energy above the crystal's lowest site (eV)"
    assert axes.get_ylim()[0] <= 0.0
    texts = " ".join(text.get_text() for text in axes.texts)
    assert ("rises 0.142 eV" in texts) == told
