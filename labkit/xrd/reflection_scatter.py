"""How much the lattice hangs on single reflections: a jackknife for samples with an impurity.

Where a second phase is known to be there but not what it is, some of its lines lie under
reflections of the host, too close to be told apart, and pull the lattice without showing in the
difference curve. Counting statistics know nothing of that. Leaving out one reflection after the
other does: what the lattice then changes is an error estimate that holds whatever the reflections
are wrong by (the HC3 estimator of MacKinnon & White, J. Econometrics 29 (1985) 305).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["jackknife_ratios", "widened"]

FloatArray: TypeAlias = NDArray[np.float64]

_LARGEST_LEVERAGE = 0.99


def jackknife_ratios(shift: FloatArray, error: FloatArray, design: FloatArray) -> FloatArray:
    """Return how much larger the jackknifed error of each parameter is than its standard error.

    Parameters
    ----------
    shift, error : ndarray, shape (m,)
        Shift that each reflection would take if it were free, and its standard error, degrees.
    design : ndarray, shape (m, p)
        Derivatives of the positions by the parameters of lattice and shift.

    Returns
    -------
    ndarray, shape (p,)
        At least 1: fewer surprises than expected are luck, not precision.
    """
    weight = 1 / error**2
    inverse = np.linalg.pinv(design.T @ (weight[:, None] * design))
    residual = shift - design @ (inverse @ (design.T @ (weight * shift)))
    leverage = weight * np.einsum("mp,pq,mq->m", design, inverse, design)
    left = 1 - np.minimum(leverage, _LARGEST_LEVERAGE)
    change = (design * (weight * residual / left)[:, None]) @ inverse
    variance = np.maximum(np.diag(inverse), 1e-300)
    return np.asarray(np.sqrt(np.maximum((change**2).sum(axis=0) / variance, 1.0)))


def widened(matrix: FloatArray, names: Sequence[str], ratios: dict[str, float]) -> FloatArray:
    """Return a covariance with the errors of the parameters named multiplied by their ratios."""
    factor = np.array([ratios.get(name, 1.0) for name in names])
    return np.asarray(matrix * factor[:, None] * factor[None, :])
