"""How well a map rebuilds its descriptors and predicts its target."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["ReconstructionR2", "TargetScores", "reconstruction_r2", "target_scores"]

FloatArray = npt.NDArray[np.float64]

_FEWEST = 2


class ReconstructionR2(NamedTuple):
    """Coefficients of determination of one reconstruction, by what is left to explain.

    Attributes
    ----------
    about_mean : float
        About the mean of all values of all columns: what a scatter plot of true against decoded
        values shows. Knowing the mean profile alone gives most of it.
    about_materials : float
        About the mean of each material's own values, averaged over the materials.
    about_columns : float
        About the mean of each column, which a decoder without input could know: the strict one.
    """

    about_mean: float
    about_materials: float
    about_columns: float


def reconstruction_r2(values: FloatArray, predicted: FloatArray) -> ReconstructionR2:
    """Judge a reconstruction.

    Parameters
    ----------
    values, predicted : ndarray, shape (n, d)
        Scaled.
    """
    squared = (values - predicted) ** 2
    error = float(squared.sum())
    overall = float(((values - values.mean()) ** 2).sum())
    columns = float(((values - values.mean(axis=0)) ** 2).sum())
    own = ((values - values.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    materials = 1.0 - squared.sum(axis=1) / np.maximum(own, 1e-300)
    return ReconstructionR2(
        1.0 - error / max(overall, 1e-300),
        float(materials.mean()),
        1.0 - error / max(columns, 1e-300),
    )


class TargetScores(NamedTuple):
    """How well a target is predicted.

    Attributes
    ----------
    r2 : float or None
        Coefficient of determination; None where all targets are alike.
    r2_clipped : float or None
        The same with targets and predictions cut at the clip, so that the few largest do not
        decide it; None without a clip.
    mae : float
        Mean absolute error, in the target's unit.
    spearman : float or None
        Rank correlation; None where all targets or all predictions are alike.
    """

    r2: float | None
    r2_clipped: float | None
    mae: float
    spearman: float | None


def target_scores(
    targets: FloatArray, predicted: FloatArray, clip: float | None = None
) -> TargetScores | None:
    """Judge predictions of one target where it is known; None for less than two.

    Parameters
    ----------
    targets, predicted : ndarray, shape (n,)
        Targets may be not a number.
    clip : float, optional
        In the target's unit.
    """
    from scipy.stats import spearmanr

    known = np.isfinite(targets)
    if known.sum() < _FEWEST:
        return None
    truth, guess = targets[known], predicted[known]
    varies = np.ptp(truth) > 0 and np.ptp(guess) > 0
    return TargetScores(
        r2=_r2(truth, guess),
        r2_clipped=None if clip is None else _r2(np.minimum(truth, clip), np.minimum(guess, clip)),
        mae=float(np.abs(truth - guess).mean()),
        spearman=float(spearmanr(truth, guess).statistic) if varies else None,
    )


def _r2(truth: FloatArray, guess: FloatArray) -> float | None:
    total = float(((truth - truth.mean()) ** 2).sum())
    return 1.0 - float(((truth - guess) ** 2).sum()) / total if total > 0 else None
