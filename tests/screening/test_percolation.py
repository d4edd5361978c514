"""Barriers on grids where they are known, and on random grids by another algorithm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.errors import ScreeningError
from screening.percolation import percolate


def _walls(n: int, heights: tuple[float, float, float]) -> np.ndarray:
    """Cosine landscape: passes of the given heights along the three axes."""
    phase = 2.0 * np.pi * np.arange(n) / n
    wave = [0.5 * height * (1.0 - np.cos(phase)) for height in heights]
    return wave[0][:, None, None] + wave[1][None, :, None] + wave[2][None, None, :]


def test_a_separable_landscape_has_the_heights_of_its_waves() -> None:
    found = percolate(_walls(12, (0.4, 0.1, 0.9)))

    assert found.barriers_eV == pytest.approx((0.1, 0.4, 0.9))
    assert found.minimum_eV == 0.0


def test_a_channel_percolates_in_one_dimension_only() -> None:
    grid = np.full((6, 6, 6), np.inf)
    grid[2, 3, :] = [0.0, 0.1, 0.3, 0.2, 0.1, 0.0]

    assert percolate(grid).barriers_eV == (pytest.approx(0.3), None, None)


def test_a_diagonal_channel_is_one_dimension_however_many_axes_it_crosses() -> None:
    grid = np.full((8, 8, 8), np.inf)
    index = np.arange(8)
    grid[index, index, index] = 0.1
    grid[0, 0, 0] = 0.0

    found = percolate(grid)

    assert found.barriers_eV == (pytest.approx(0.1), None, None)
    assert found.cycles[0].winding in [(1, 1, 1), (-1, -1, -1)]


def test_a_spiral_that_closes_only_after_two_cells_still_percolates() -> None:
    # goes half a turn along b for every cell along a
    grid = np.full((12, 12, 5), np.inf)
    for i in range(12):
        for j in (i // 2, i // 2 + 6):
            grid[i, j, 2] = 0.0 if i else -0.5

    found = percolate(grid)

    assert found.barriers_eV[0] == pytest.approx(0.5)
    assert np.abs(found.cycles[0].winding).tolist() == [2, 1, 0]


def test_a_dead_end_is_no_barrier() -> None:
    grid = np.full((6, 6, 6), 5.0)
    grid[1:5, 3, 3] = 0.0  # does not reach around the cell

    assert percolate(grid).barriers_eV[0] == pytest.approx(5.0)


def test_two_channels_that_never_meet_do_not_add_up() -> None:
    grid = np.full((8, 8, 8), 3.0)
    grid[:, 2, 2] = 0.0
    grid[2, :, 6] = 0.0

    assert percolate(grid).barriers_eV == (0.0, 3.0, 3.0)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(*(st.integers(1, 6),) * 3),
    st.sampled_from([6, 18, 26]),
)
def test_barriers_are_those_of_flooding_step_by_step(
    seed: int, shape: tuple[int, int, int], connectivity: int
) -> None:
    energy = np.random.default_rng(seed).integers(0, 12, shape).astype(float)

    found = percolate(energy, connectivity=connectivity).barriers_eV

    assert found == _flooded(energy, connectivity)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.tuples(*(st.integers(0, 9),) * 3))
def test_barriers_do_not_depend_on_the_origin(seed: int, shift: tuple[int, int, int]) -> None:
    energy = np.random.default_rng(seed).random((7, 5, 9))

    moved = np.roll(energy, shift, axis=(0, 1, 2))

    assert percolate(moved).barriers_eV == percolate(energy).barriers_eV


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(2, 1, 1), (1, 3, 1), (2, 2, 1), (1, 2, 3)]))
def test_barriers_do_not_depend_on_repeating_the_cell(
    seed: int, repeat: tuple[int, int, int]
) -> None:
    energy = np.random.default_rng(seed).random((5, 6, 4))

    tiled = np.tile(energy, repeat)

    assert percolate(tiled).barriers_eV == percolate(energy).barriers_eV


def test_the_window_widens_until_it_percolates() -> None:
    high = _walls(8, (50.0, 20.0, 10.0))

    assert percolate(high).barriers_eV == pytest.approx((10.0, 20.0, 50.0))
    assert percolate(high, window_eV=15.0).barriers_eV[1:] == (None, None)


def test_a_grid_without_energies_is_refused() -> None:
    with pytest.raises(ScreeningError, match="finite"):
        percolate(np.full((3, 3, 3), np.nan))
    with pytest.raises(ScreeningError, match="6, 18 or 26"):
        percolate(np.zeros((3, 3, 3)), connectivity=8)


def _flooded(energy: np.ndarray, connectivity: int) -> tuple[float | None, ...]:
    """Barriers by raising the level one value at a time and walking the flooded region."""
    reach = {6: 1, 18: 2, 26: 3}[connectivity]
    steps = [
        step for step in np.ndindex(3, 3, 3) if 0 < sum(abs(part - 1) for part in step) <= reach
    ]
    barriers: list[float | None] = [None, None, None]
    for level in np.unique(energy):
        rank = _winding_rank(energy <= level, steps)
        for dimension in range(rank):
            if barriers[dimension] is None:
                barriers[dimension] = float(level - energy.min())
    return tuple(barriers)


def _winding_rank(open_points: np.ndarray, steps: list[tuple[int, ...]]) -> int:
    shape = np.array(open_points.shape)
    cell_of: dict[tuple[int, ...], np.ndarray] = {}
    best = 0
    for start in zip(*np.nonzero(open_points), strict=True):
        if start in cell_of:
            continue
        cell_of[start] = np.zeros(3, dtype=int)
        stack, loops = [start], [np.zeros(3, dtype=int)]
        while stack:
            point = stack.pop()
            for step in steps:
                moved = np.array(point) + np.array(step) - 1
                cells = moved // shape
                beyond = tuple(int(part) for part in moved - cells * shape)
                if not open_points[beyond]:
                    continue
                reached = cell_of[point] + cells
                if beyond not in cell_of:
                    cell_of[beyond] = reached
                    stack.append(beyond)
                else:
                    loops.append(reached - cell_of[beyond])
        best = max(best, int(np.linalg.matrix_rank(np.array(loops))))
    return best
