"""What axial divergence would do to a cell that was refined without it.

Peaks that lean to low angles are fitted no worse by a displaced sample and another cell, so that
neither Rwp nor the esds tell. One linear step with the divergence freed does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.least_squares import Fit, one_step
from labkit.xrd.model import Model
from labkit.xrd.phase import Phase

__all__ = ["edge_change_by_lean"]

FloatArray: TypeAlias = NDArray[np.float64]

_SIGNIFICANCE = 5.0
_HIGHEST_START_DEG = 50.0


def edge_change_by_lean(
    model: Model,
    fit: Fit,
    free: Sequence[str],
    phase: Phase,
    observed: FloatArray,
    weight: FloatArray,
    chi2_reduced: float,
) -> float | None:
    """Return how far the first phase's edges would move with the axial divergence refined.

    Parameters
    ----------
    model, fit, free
        The refinement without it.
    phase : Phase
        The first phase.
    observed, weight : ndarray, shape (n,)
    chi2_reduced : float
        Scales the errors, as everywhere.

    Returns
    -------
    float or None
        Largest relative change of an edge in one linear step (Rao, Proc. Cambridge Philos. Soc. 44
        (1948) 50, tests with such a step); None where the peaks do not lean by five standard
        errors, or where the pattern starts too high to tell.
    """
    refined = "metric 0 0" in free
    if "axial" in free or not refined or model.two_theta[0] > _HIGHEST_START_DEG:
        return None
    if fit.values[model.index["axial"]] > 0:
        return None
    values = fit.values.copy()
    values[model.index["axial"]] = 1e-6  # the nodes of the divergence exist only beyond zero
    names = [*free, "axial"]
    step, error = one_step(model, values, fit.intensity, observed, weight, names)
    if step[-1] < _SIGNIFICANCE * error[-1] * max(1.0, chi2_reduced) ** 0.5:
        return None
    columns = model.metric_of(0)
    metric = fit.values[columns]
    moves = np.array([step[names.index(model.names[column])] for column in columns])
    before, after = (np.array(phase.cell_of(m)[:3]) for m in (metric, metric + moves))
    return float(np.abs(after / before - 1).max())
