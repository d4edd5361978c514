"""What was published of W_sigma, to put beside what is found here.

Laskowski et al., Energy Environ. Sci. 2023, 16, 1264, on 220 labels and about 25,000 structures.
The curve of SOAP in the mode CAN is printed in their notebook as a plot and was read off to within
3; that of the sine Coulomb matrix and of the mixture of both likewise. No complete order of the
twenty descriptors is printed as numbers: these three, and that SOAP CAN was the best first-order
representation, is what can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screening.nulltest import random_assignment_control

__all__ = ["PUBLISHED_CURVES", "PublishedCurve", "published_z_scores"]


@dataclass(frozen=True, slots=True)
class PublishedCurve:
    """Points of a published curve.

    Attributes
    ----------
    w : mapping of int to float
        W_sigma by depth, in decades squared.
    """

    w: Mapping[int, float]


#: by representation, as labkit writes it
PUBLISHED_CURVES = {
    "soap:CAN": PublishedCurve(
        {
            2: 1872.1,
            10: 1643.0,
            20: 1433.0,
            50: 1117.0,
            100: 929.0,
            150: 885.0,
            200: 831.0,
            241: 825.0,
            299: 803.0,
        }
    ),
    "soap:CAN+0.001*sine_coulomb:structure": PublishedCurve(
        {50: 984.0, 100: 903.0, 200: 819.0, 241: 806.0, 299: 786.0}
    ),
    "sine_coulomb:structure": PublishedCurve({50: 1907.0, 241: 1535.0, 299: 1356.0}),
}


def published_z_scores(
    name: str, log_sigma: npt.ArrayLike, *, repeats: int = 100, seed: int = 0
) -> dict[int, float]:
    """Return the z-scores of a published curve against labels in random clusters, by depth.

    Parameters
    ----------
    name : str
        A representation; empty where nothing was published of it.
    log_sigma : array_like
        The 220 labels that the curves were computed with.
    repeats, seed : int
        As in `screening.nulltest.random_assignment_control`.
    """
    curve = PUBLISHED_CURVES.get(name)
    if curve is None:
        return {}
    control = random_assignment_control(log_sigma, k_max=max(curve.w), repeats=repeats, seed=seed)
    mean, spread = control.mean, np.maximum(control.standard_deviation, 1e-12)
    return {k: float((w - mean[k - 1]) / spread[k - 1]) for k, w in curve.w.items()}
