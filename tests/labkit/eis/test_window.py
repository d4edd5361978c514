"""The window of the tail: found where the line is straight, next to the foot."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.eis.spectrum import usable_points
from labkit.eis.window import (
    MINIMUM_WINDOW_POINTS,
    admissible,
    choose_window,
    find_tail,
    fit_lines,
    window_grid,
)

PELLET = Pellet(arcs=(Arc(1000.0, 1e-10, 0.9),), tail_q=1e-6, tail_n=0.9)
FREQUENCY = log_frequencies(7e6, 0.1)


def test_the_tail_begins_at_the_foot_of_the_arc() -> None:
    points = usable_points(simulate_pellet(PELLET, FREQUENCY, noise=0.001, seed=1))
    branch = find_tail(points)
    assert branch is not None
    assert branch.has_arc
    assert not branch.turns_back
    height = -PELLET.impedance(FREQUENCY).imag
    foot = int(np.argmin(height))
    assert abs(branch.start - foot) <= 2
    assert branch.stop == FREQUENCY.size


def test_an_arc_without_a_tail_has_none() -> None:
    pellet = Pellet(arcs=(Arc(1e5, 1e-9, 0.9),), tail_q=0.0)
    points = usable_points(simulate_pellet(pellet, log_frequencies(1e6, 1), noise=0.003, seed=1))
    assert find_tail(points) is None


def test_a_leaking_tail_turns_back() -> None:
    leaking = Pellet(arcs=(Arc(1000.0, 1e-10, 0.9),), tail_q=1e-6, leakage_ohm=2e4)
    branch = find_tail(usable_points(simulate_pellet(leaking, FREQUENCY, noise=0.003, seed=1)))
    assert branch is not None
    assert branch.turns_back


def test_windows_obey_the_rules_of_size_and_place() -> None:
    points = usable_points(simulate_pellet(PELLET, FREQUENCY, noise=0.003, seed=1))
    branch = find_tail(points)
    assert branch is not None
    first, last = window_grid(points, branch)
    log_f = np.log10(points.frequency_hz)
    assert np.all(last - first + 1 >= MINIMUM_WINDOW_POINTS)
    assert np.all(log_f[first] - log_f[last] >= 0.7 - 1e-9)
    assert np.all(first >= branch.start)


def test_many_lines_at_once_equal_one_at_a_time() -> None:
    odr = pytest.importorskip("scipy.odr")
    points = usable_points(simulate_pellet(PELLET, FREQUENCY, noise=0.01, seed=2))
    fits = fit_lines(points, np.array([45, 50]), np.array([60, 70]))
    for k in range(2):
        window = slice(int(fits.first[k]), int(fits.last[k]) + 1)
        z = points.z_ohm[window]
        size = np.abs(points.smooth_ohm[window])
        data = odr.RealData(-z.imag, z.real, sx=size, sy=size)
        model = odr.Model(lambda b, x: b[0] + b[1] * x)
        result = odr.ODR(data, model, beta0=[1000.0, 0.1]).run()
        assert fits.intercept[k] == pytest.approx(result.beta[0], rel=1e-4)
        assert fits.slope[k] == pytest.approx(result.beta[1], rel=1e-3)


def test_the_scatter_of_the_intercept_is_the_one_foreseen() -> None:
    first, last = np.array([45]), np.array([70])
    intercepts, foreseen = [], []
    for seed in range(300):
        points = usable_points(simulate_pellet(PELLET, FREQUENCY, noise=0.01, seed=seed))
        fits = fit_lines(points, first, last)
        intercepts.append(fits.intercept[0])
        foreseen.append(0.01 * np.sqrt(fits.unit_variance[0]))
    assert np.std(intercepts) == pytest.approx(np.median(foreseen), rel=0.15)


def test_a_window_over_the_arc_is_not_admissible() -> None:
    points = usable_points(simulate_pellet(PELLET, FREQUENCY, noise=0.001, seed=1))
    fits = fit_lines(points, np.array([5, 50]), np.array([40, 65]))
    assert admissible(fits, points, 1.0).tolist() == [False, True]


def test_the_chosen_window_lies_next_to_the_foot() -> None:
    points = usable_points(simulate_pellet(PELLET, FREQUENCY, noise=0.001, seed=1))
    branch = find_tail(points)
    assert branch is not None
    chosen = choose_window(points, branch)
    assert chosen is not None
    foot = points.frequency_hz[branch.start]
    assert foot / 30 < points.frequency_hz[chosen.first] < foot
    assert chosen.rivals >= 1
