"""Connectivity of a periodic graph: union-find that counts the cells it crosses.

Every node carries its displacement from the root of its tree in whole cells. An edge that closes a
walk yields that walk's winding numbers; the rank of a region's windings is the number of directions
in which it runs through the crystal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Cycle", "Pass", "Passes", "join_passes", "percolate_graph"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Vector = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Pass:
    """The lowest pass between two basins.

    Attributes
    ----------
    low, high : int
        Flat indices of the two neighbouring grid points, `low` on the side of the first basin.
    basins : tuple of int
        The two basins.
    winding : tuple of int
        Whole cells from the minimum of the first basin to that of the second.
    energy_eV : float
        Energy of the higher of the two points.
    """

    low: int
    high: int
    basins: tuple[int, int]
    winding: tuple[int, int, int]
    energy_eV: float


@dataclass(frozen=True, slots=True)
class Cycle:
    """A closed walk around the cell.

    Attributes
    ----------
    passes : tuple of (Pass, bool)
        The passes in order and whether each is crossed from its first basin to its second.
    winding : tuple of int
        Whole cells gained in one round.
    """

    passes: tuple[tuple[Pass, bool], ...]
    winding: tuple[int, int, int]

    @property
    def energy_eV(self) -> float:
        """Energy of the highest pass."""
        return max(step.energy_eV for step, _ in self.passes)


@dataclass(frozen=True, slots=True, eq=False)
class Passes:
    """Lowest passes between basins, in the order of their height."""

    first: IntArray
    second: IntArray
    winding: IntArray
    low: IntArray
    high: IntArray


def join_passes(passes: Passes, n_basins: int, flat: FloatArray) -> list[tuple[Cycle, float]]:
    """Union-find over the passes; returns the walks that complete each dimension."""
    parent = list(range(n_basins))
    offset: list[Vector] = [(0, 0, 0)] * n_basins
    size = [1] * n_basins
    windings: dict[int, list[Cycle]] = {}
    tree: dict[int, list[tuple[Pass, bool]]] = {}
    reached: list[tuple[Cycle, float]] = []
    rows = zip(
        passes.first.tolist(),
        passes.second.tolist(),
        passes.winding.tolist(),
        passes.low.tolist(),
        passes.high.tolist(),
        strict=True,
    )
    for first, second, cells, low, high in rows:
        energy = float(max(flat[low], flat[high]))
        step = Pass(low, high, (first, second), (cells[0], cells[1], cells[2]), energy)
        root_a, from_a = _find(parent, offset, first)
        root_b, from_b = _find(parent, offset, second)
        # cells from the root of the first basin's tree to that of the second's, by this pass
        gap = tuple(from_a[i] + cells[i] - from_b[i] for i in range(3))
        if root_a != root_b:
            cycles = windings.pop(root_a, []) + windings.pop(root_b, [])
            if size[root_a] < size[root_b]:
                root_a, root_b, gap = root_b, root_a, tuple(-part for part in gap)
            parent[root_b], size[root_a] = root_a, size[root_a] + size[root_b]
            offset[root_b] = (gap[0], gap[1], gap[2])
            tree.setdefault(first, []).append((step, True))
            tree.setdefault(second, []).append((step, False))
            root = root_a
        else:
            cycles = windings.get(root_a, [])
            winding = (gap[0], gap[1], gap[2])
            if _rank([*(c.winding for c in cycles), winding]) == len(cycles):
                continue
            cycles = [*cycles, Cycle(_walk(tree, step), winding)]
            root = root_a
        independent: list[Cycle] = []
        for cycle in cycles:
            if _rank([*(c.winding for c in independent), cycle.winding]) > len(independent):
                independent.append(cycle)
        if independent:
            windings[root] = independent
        while len(reached) < len(independent):
            reached.append((independent[len(reached)], energy))
        if len(reached) == 3:
            break
    return reached


def _find(parent: list[int], offset: list[Vector], node: int) -> tuple[int, Vector]:
    """Root of a node and its displacement from that root, in whole cells."""
    chain = []
    while parent[node] != node:
        chain.append(node)
        node = parent[node]
    total: Vector = (0, 0, 0)
    for member in reversed(chain):
        step = offset[member]
        total = (total[0] + step[0], total[1] + step[1], total[2] + step[2])
        parent[member], offset[member] = node, total
    return node, total


def _rank(vectors: list[Vector]) -> int:
    return int(np.linalg.matrix_rank(np.array(vectors))) if vectors else 0


def _walk(tree: dict[int, list[tuple[Pass, bool]]], closing: Pass) -> tuple[tuple[Pass, bool], ...]:
    """Return the closing pass, then the way back through the spanning tree to where it began."""
    start, goal = closing.basins[1], closing.basins[0]
    came: dict[int, tuple[int, Pass, bool] | None] = {start: None}
    queue = [start]
    while queue and goal not in came:
        following = []
        for node in queue:
            for step, forward in tree.get(node, []):
                beyond = step.basins[1] if forward else step.basins[0]
                if beyond not in came:
                    came[beyond] = (node, step, forward)
                    following.append(beyond)
        queue = following
    back: list[tuple[Pass, bool]] = []
    node = goal
    while (origin := came[node]) is not None:
        node, step, forward = origin
        back.append((step, forward))
    return ((closing, True), *reversed(back))


def percolate_graph(n_nodes: int, edges: Sequence[tuple[int, int, Vector, float]]) -> list[float]:
    """Find the weights at which a periodic graph connects in one, two and three dimensions.

    Parameters
    ----------
    n_nodes : int
    edges : sequence of (node, node, cells, weight)
        Whole cells from the first node's cell to the second's. Edges join in the order of their
        weight.

    Returns
    -------
    list of float
        As many as there are dimensions in which the graph connects.
    """
    rows = sorted(edges, key=lambda edge: edge[3])
    weight = np.array([edge[3] for edge in rows], dtype=np.float64)
    number = np.arange(len(rows))
    passes = Passes(
        first=np.array([edge[0] for edge in rows], dtype=np.int64),
        second=np.array([edge[1] for edge in rows], dtype=np.int64),
        winding=np.array([edge[2] for edge in rows], dtype=np.int64).reshape(-1, 3),
        low=number,
        high=number,
    )
    return [found for _, found in join_passes(passes, n_nodes, weight)]
