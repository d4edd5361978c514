"""From a pool to a short list: clusters, stability, band gap, barrier.

The filter of Laskowski et al., Energy Environ. Sci. 2023, 16, 1264: of the structures in selected
clusters those within 70 meV per atom of the hull, with a band gap of at least 1 eV and a migration
barrier below 0.6 eV, ranked by the barrier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.errors import ScreeningError

__all__ = ["Funnel", "FunnelLimits", "FunnelStep", "candidate_funnel"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FunnelLimits:
    """Thresholds of the filter; the published ones by default.

    Attributes
    ----------
    e_above_hull_eV : float
        Largest energy above the hull, per atom.
    band_gap_eV : float
        Smallest band gap.
    barrier_eV : float
        The migration barrier must be below this.
    """

    e_above_hull_eV: float = 0.070
    band_gap_eV: float = 1.0
    barrier_eV: float = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class FunnelStep:
    """One step of the funnel.

    Attributes
    ----------
    name : str
        What is asked of a structure, in words.
    passed : int
        Structures of selected clusters that pass this step and all before it.
    without_clustering : int
        How many of the whole pool do.
    unknown : int
        Structures of selected clusters that came so far and lack the value; they do not pass.
    passes : ndarray of bool, shape (n,)
        Which structures meet this step alone.
    """

    name: str
    passed: int
    without_clustering: int
    unknown: int
    passes: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Funnel:
    """What is left of a pool.

    Attributes
    ----------
    steps : tuple of FunnelStep
    candidates : ndarray of int
        Rows that pass every step, lowest barrier first; ties by position.
    passes_without_clustering : ndarray of bool, shape (n,)
        Rows that pass everything but the selection of clusters.
    """

    steps: tuple[FunnelStep, ...]
    candidates: IntArray
    passes_without_clustering: BoolArray

    def place(self, row: int) -> int | None:
        """Return the place of a row among the candidates, from 1, or None."""
        found = np.flatnonzero(self.candidates == row)
        return int(found[0]) + 1 if found.size else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "steps": [
                {
                    "step": step.name,
                    "passed": step.passed,
                    "without_clustering": step.without_clustering,
                    "unknown": step.unknown,
                }
                for step in self.steps
            ],
            "candidates": self.candidates.tolist(),
        }


def candidate_funnel(
    in_selected_cluster: npt.ArrayLike,
    e_above_hull_eV: npt.ArrayLike,
    band_gap_eV: npt.ArrayLike,
    barrier_eV: npt.ArrayLike,
    limits: FunnelLimits | None = None,
) -> Funnel:
    """Filter a pool step by step and rank what is left by the barrier.

    Parameters
    ----------
    in_selected_cluster : array_like of bool, shape (n,)
    e_above_hull_eV, band_gap_eV, barrier_eV : array_like, shape (n,)
        Not a number where unknown; an infinite barrier means not connected.
    limits : FunnelLimits, optional

    Returns
    -------
    Funnel

    Raises
    ------
    ScreeningError
        When the arrays differ in length.
    """
    bounds = limits or FunnelLimits()
    selected = np.asarray(in_selected_cluster, dtype=np.bool_)
    hull, gap, barrier = (
        np.asarray(values, dtype=np.float64)
        for values in (e_above_hull_eV, band_gap_eV, barrier_eV)
    )
    if not selected.shape == hull.shape == gap.shape == barrier.shape or selected.ndim != 1:
        raise ScreeningError(
            f"the funnel needs one value of each kind per structure, got {selected.shape}, "
            f"{hull.shape}, {gap.shape} and {barrier.shape}"
        )
    everything = np.ones_like(selected)
    steps = [
        FunnelStep("in the pool", selected.size, selected.size, 0, everything),
        FunnelStep("in a selected cluster", int(selected.sum()), selected.size, 0, selected),
    ]
    # comparisons with "not a number" are false: what is unknown does not pass
    asked = (
        (
            f"E_hull <= {1e3 * bounds.e_above_hull_eV:g} meV/atom",
            hull,
            hull <= bounds.e_above_hull_eV,
        ),
        (f"band gap >= {bounds.band_gap_eV:g} eV", gap, gap >= bounds.band_gap_eV),
        (f"barrier < {bounds.barrier_eV:g} eV", barrier, barrier < bounds.barrier_eV),
    )
    left, left_of_all = selected, everything
    for name, values, passes in asked:
        unknown = int(np.count_nonzero(left & np.isnan(values)))
        left, left_of_all = left & passes, left_of_all & passes
        steps.append(FunnelStep(name, int(left.sum()), int(left_of_all.sum()), unknown, passes))
    rows = np.flatnonzero(left)
    return Funnel(
        steps=tuple(steps),
        candidates=rows[np.argsort(barrier[rows], kind="stable")],
        passes_without_clustering=left_of_all,
    )
