"""What a density of states must be, and what is set aside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.phonon.dos import PhononDos, PhononDosError, stack_of

GRID = -10.0 + 0.25 * np.arange(180)


def peak(centre: float, width: float = 1.0) -> np.ndarray:
    return np.exp(-0.5 * ((GRID - centre) / width) ** 2)


def test_a_negative_density_is_refused_with_its_frequency() -> None:
    values = peak(8.0)
    values[100] = -0.4

    with pytest.raises(PhononDosError, match=r"mp-1: total density is negative at 15 THz"):
        PhononDos("mp-1", "Li", GRID, values)


def test_a_rounding_below_zero_is_set_to_zero() -> None:
    values = peak(8.0)
    values[170] = -1e-5

    assert PhononDos("mp-1", "Li", GRID, values).total.min() == 0.0


def test_only_imaginary_modes_are_refused() -> None:
    with pytest.raises(PhononDosError, match="only imaginary modes"):
        PhononDos("mp-1", "Li", GRID, peak(-5.0, 0.7))


@pytest.mark.parametrize(
    ("frequency", "total", "words"),
    [
        (GRID[:4], np.ones(4), "too few"),
        (GRID[::-1], peak(5.0), "fall"),
        (np.sqrt(np.arange(180.0)), peak(5.0), "not evenly spaced"),
        (GRID, np.ones(179), "179 densities for 180"),
        (GRID, np.where(GRID == 2.0, np.nan, 1.0), "at 2 THz is not a number"),
        (GRID, np.zeros(180), "every density is zero"),
    ],
)
def test_what_is_no_density_of_states_is_refused(
    frequency: np.ndarray, total: np.ndarray, words: str
) -> None:
    with pytest.raises(PhononDosError, match=words):
        PhononDos("mp-1", "Li", frequency, total)


def test_imaginary_modes_are_counted_and_set_aside() -> None:
    total = 3.0 * peak(9.0) + peak(-4.0)
    dos = PhononDos("mp-1", "Li", GRID, total, {"Li": total})

    stack = stack_of([dos])

    assert dos.is_unstable
    assert dos.imaginary_share == pytest.approx(0.25, abs=1e-3)
    assert stack.frequency_THz.min() > 0
    assert stack.total.sum() * stack.step_THz == pytest.approx(1.0)
    assert stack.ion @ stack.frequency_THz * 0.25 == pytest.approx([9.0], abs=1e-3)


def test_smearing_below_zero_is_not_imaginary() -> None:
    assert not PhononDos("mp-1", "Li", GRID, peak(9.0) + 0.01 * peak(0.0, 0.2)).is_unstable
    assert not PhononDos("m", "Li", GRID, peak(9.0), lowest_THz=-0.1).is_unstable


@given(st.floats(6.0, 20.0), st.floats(0.5, 2.0), st.sampled_from([0.05, 0.1, 0.5, 1.0]))
def test_another_grid_keeps_modes_and_centre(centre: float, width: float, step: float) -> None:
    dos = PhononDos("mp-1", "Li", GRID, peak(centre, width))
    grid = np.arange(-5.0, 40.0, step)

    moved = dos.on_grid(grid)

    assert moved.n_modes == pytest.approx(dos.n_modes, rel=1e-6)
    assert moved.total @ grid / moved.total.sum() == pytest.approx(
        dos.total @ GRID / dos.total.sum(), abs=0.02
    )


def test_nothing_selected_and_no_projection_are_refused() -> None:
    with pytest.raises(PhononDosError, match="no density of states was selected"):
        stack_of([])
    with pytest.raises(PhononDosError, match="mp-1: has no projection on Li"):
        stack_of([PhononDos("mp-1", "Na", GRID, peak(5.0))])
