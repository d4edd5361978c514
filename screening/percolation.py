"""Percolation barriers of an energy landscape on a periodic grid, exactly and in one pass.

A threshold energy percolates in d dimensions when one connected region below it contains closed
walks around the periodic cell in d independent directions. The region grows as the threshold
rises, and everything about its connectivity is held by the minimum spanning tree of the grid
graph, in which an edge weighs as much as the higher of its two points.

1. Every point is joined to its lowest neighbour. These are edges of the minimum spanning tree
   (Boruvka's first round; Nesetril et al., Discrete Math. 2001, 233, 3) and gather the grid into
   the basins of its local minima, by array operations alone.
2. The passes between basins, a few thousand at most, are joined in the order of their height by
   union-find. Each basin carries its displacement from the root of its tree in whole cells, so
   that a pass that closes a walk yields that walk's winding numbers. The d-dimensional barrier
   is the height of the pass at which the windings of a region first have rank d.

No bisection over thresholds and no repetition of the cell, so barriers do not depend on the
origin, on the choice of the cell, or on a step of energy.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screening.errors import ScreeningError
from screening.periodic_graph import Cycle, Pass, Passes, join_passes

__all__ = ["Cycle", "Pass", "Percolation", "percolate"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Points this far above the minimum are looked at first; higher ones only if that does not suffice.
_WINDOWS_EV = (2.0, 8.0, np.inf)
_STEPS: tuple[tuple[int, int, int], ...] = tuple(
    (a, b, c) for a, b, c in itertools.product((-1, 0, 1), repeat=3) if (a, b, c) > (0, 0, 0)
)


@dataclass(frozen=True, slots=True, eq=False)
class Percolation:
    """Barriers, and what is needed to walk the paths behind them.

    Attributes
    ----------
    barriers_eV : tuple of (float or None)
        1-D, 2-D and 3-D barriers above the lowest point of the grid; None when the landscape
        does not percolate in so many dimensions.
    minimum_eV : float
        Lowest energy on the grid.
    cycles : tuple of Cycle
        For each dimension that is reached, the walk that completes it.
    basin_minimum : ndarray of int, shape (basins,)
        Flat index of the minimum of each basin.
    shape : tuple of int
        Shape of the grid.
    downhill : ndarray of int
        Flat index of the lowest neighbour of every point (itself at a minimum, -1 where the
        energy lies above the window that was looked at).
    """

    barriers_eV: tuple[float | None, float | None, float | None]
    minimum_eV: float
    cycles: tuple[Cycle, ...]
    basin_minimum: IntArray
    shape: tuple[int, int, int]
    downhill: IntArray


def percolate(
    energy_eV: npt.ArrayLike, *, window_eV: float | None = None, connectivity: int = 26
) -> Percolation:
    """Find the 1-D, 2-D and 3-D percolation barriers of a periodic energy grid.

    Parameters
    ----------
    energy_eV : array_like, shape (n1, n2, n3)
        Energies at the fractional coordinates i/n1, j/n2, k/n3; no repeated faces. Points that
        are not finite are impassable.
    window_eV : float, optional
        Look only at points up to so far above the minimum; by default the window is widened until
        the landscape percolates in three dimensions or holds every point.
    connectivity : {26, 18, 6}
        Which neighbours of a point are joined to it.

    Returns
    -------
    Percolation

    Raises
    ------
    ScreeningError
        When the grid has no finite energy, or is not three-dimensional.
    """
    energy = np.asarray(energy_eV, dtype=np.float64)
    if energy.ndim != 3 or energy.size == 0 or not np.isfinite(energy).any():
        raise ScreeningError(
            f"percolation needs a three-dimensional grid with finite energies, got {energy.shape}"
        )
    reach = {6: 1, 18: 2, 26: 3}.get(connectivity)
    if reach is None:
        raise ScreeningError(f"connectivity {connectivity}: choose 6, 18 or 26")
    steps = [step for step in _STEPS if sum(abs(part) for part in step) <= reach]
    minimum = float(np.min(energy[np.isfinite(energy)]))
    if window_eV is not None:
        return _percolate_window(energy, minimum, minimum + window_eV, steps)
    for window in _WINDOWS_EV:
        found = _percolate_window(energy, minimum, minimum + window, steps)
        if found.barriers_eV[2] is not None:
            break
    return found


def _percolate_window(
    energy: FloatArray, minimum: float, ceiling: float, steps: list[tuple[int, int, int]]
) -> Percolation:
    flat = energy.ravel()
    allowed = np.flatnonzero(np.isfinite(flat) & (flat <= ceiling))
    allowed = allowed[np.argsort(flat[allowed], kind="stable")]
    # a strict order of the points, ties by position, so that every basin has one minimum
    order = np.full(flat.size, flat.size, dtype=np.int64)
    order[allowed] = np.arange(allowed.size)
    grid = _Grid(energy.shape, order, allowed)
    downhill, basin, winding = grid.basins(steps)
    minima = np.flatnonzero(basin == np.arange(allowed.size))
    number = np.full(allowed.size, -1, dtype=np.int64)
    number[minima] = np.arange(minima.size)
    passes = grid.passes(steps, number[basin], winding)
    cycles = join_passes(passes, minima.size, flat)
    barriers = [cycle_top - minimum for _, cycle_top in cycles]
    pointing = np.full(flat.size, -1, dtype=np.int64)
    pointing[allowed] = allowed[downhill]
    reached: list[float | None] = [*barriers, None, None, None]
    return Percolation(
        barriers_eV=(reached[0], reached[1], reached[2]),
        minimum_eV=minimum,
        cycles=tuple(cycle for cycle, _ in cycles),
        basin_minimum=allowed[minima],
        shape=(energy.shape[0], energy.shape[1], energy.shape[2]),
        downhill=pointing,
    )


# Whole cells crossed in three directions are added up as one number, digits of this base.
_BASE = 1 << 16


def _unpacked(code: IntArray) -> IntArray:
    """Whole cells in three directions, shape (n, 3), from their packed sums."""
    first = (code + _BASE // 2) % _BASE - _BASE // 2
    rest = (code - first) // _BASE
    second = (rest + _BASE // 2) % _BASE - _BASE // 2
    return np.column_stack([first, second, (rest - second) // _BASE])


class _Grid:
    """A periodic grid whose points are known by their place in the order of energies."""

    def __init__(self, shape: tuple[int, ...], order: IntArray, allowed: IntArray) -> None:
        self.shape = shape
        self.order = order
        self.allowed = allowed
        self.position = np.unravel_index(allowed, shape)
        self.strides = (shape[1] * shape[2], shape[2], 1)

    def _neighbour(self, step: tuple[int, int, int]) -> tuple[IntArray, IntArray]:
        """Order of the neighbour of every allowed point, and the cells crossed to reach it."""
        flat = np.zeros(self.allowed.size, dtype=np.int64)
        crossed = np.zeros(self.allowed.size, dtype=np.int64)
        for axis, move in enumerate(step):
            moved = np.arange(self.shape[axis]) + move
            cells = moved // self.shape[axis]
            onto = (moved - cells * self.shape[axis]) * self.strides[axis]
            flat += onto[self.position[axis]]
            if move:
                crossed += (cells * _BASE**axis)[self.position[axis]]
        return self.order[flat], crossed

    def basins(self, steps: list[tuple[int, int, int]]) -> tuple[IntArray, IntArray, IntArray]:
        """Lowest neighbour, minimum reached by going down, and cells crossed on the way."""
        lowest = np.arange(self.allowed.size)
        crossed = np.zeros(self.allowed.size, dtype=np.int64)
        for half in steps:
            for sign in (1, -1):
                other, cells = self._neighbour((sign * half[0], sign * half[1], sign * half[2]))
                lower = other < lowest
                np.copyto(lowest, other, where=lower)
                np.copyto(crossed, cells, where=lower)
        downhill = lowest.copy()
        # pointer doubling: the depth of the descent halves with every round
        while True:
            beyond = lowest[lowest]
            if np.array_equal(beyond, lowest):
                return downhill, lowest, crossed
            crossed += crossed[lowest]
            lowest = beyond

    def passes(
        self, steps: list[tuple[int, int, int]], basin: IntArray, winding: IntArray
    ) -> Passes:
        """Lowest pass for every pair of basins and relative winding."""
        found: list[IntArray] = []
        n = self.allowed.size
        here = np.arange(n)
        for step in steps:
            other, cells = self._neighbour(step)
            inside = np.flatnonzero(other < n)
            low, high = here[inside], other[inside]
            relative = cells[inside] + winding[high] - winding[low]
            real = np.flatnonzero((basin[low] != basin[high]) | (relative != 0))
            low, high, relative = low[real], high[real], relative[real]
            swap = basin[low] > basin[high]
            low, high = np.where(swap, high, low), np.where(swap, low, high)
            relative = np.where(swap, -relative, relative)
            table = np.column_stack([basin[low], basin[high], _unpacked(relative), low, high])
            found.append(_lowest_of_each(table))
        table = _lowest_of_each(np.concatenate(found))
        table = table[np.argsort(np.maximum(table[:, 5], table[:, 6]), kind="stable")]
        return Passes(
            first=table[:, 0],
            second=table[:, 1],
            winding=table[:, 2:5],
            low=self.allowed[table[:, 5]],
            high=self.allowed[table[:, 6]],
        )


def _lowest_of_each(table: IntArray) -> IntArray:
    """Of the rows that agree in basins and winding keep the one with the lowest pass."""
    if not len(table):
        return table
    span = int(np.abs(table[:, 2:5]).max()) + 1
    base = 2 * span + 1
    basins = int(table[:, 1].max()) + 1
    key = table[:, 0] * basins + table[:, 1]
    for column in range(2, 5):
        key = key * base + table[:, column] + span
    height = np.maximum(table[:, 5], table[:, 6])
    rows = np.lexsort((height, key))
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = key[rows[1:]] != key[rows[:-1]]
    return np.asarray(table[rows[first]])
