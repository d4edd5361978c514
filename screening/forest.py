"""The baseline: a random forest on the same representations and labels.

A supervised model that knows nothing of unlabelled structures. What a cluster tree cannot do better
than this, the tree does not explain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from screening.backtest import Backtest
from screening.errors import LabelError, MissingLibraryError

__all__ = ["forest_held_out", "forest_leave_group_out"]

FloatArray = npt.NDArray[np.float64]

_TREES = 100
_FOLDS = 10
#: labels below are raised to it, as for the tree mean
_FLOOR_LOG_SIGMA = -10.0


def _predict(features: FloatArray, values: FloatArray, asked: FloatArray, seed: int) -> FloatArray:
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError as error:
        raise MissingLibraryError(
            "the random forest needs scikit-learn, which is not installed; "
            "install it with 'python -m pip install scikit-learn'"
        ) from error
    # a third of the columns per split: Breiman, Mach. Learn. 2001, 45, 5, for regression
    forest = RandomForestRegressor(n_estimators=_TREES, max_features=1 / 3, random_state=seed)
    forest.fit(features, np.maximum(values, _FLOOR_LOG_SIGMA))
    return np.asarray(forest.predict(asked), dtype=np.float64)


def forest_held_out(
    features: npt.ArrayLike,
    log_sigma: npt.ArrayLike,
    tested_features: npt.ArrayLike,
    tested_log_sigma: npt.ArrayLike,
    *,
    seed: int = 0,
) -> Backtest:
    """Predict structures that the forest has not seen.

    Parameters
    ----------
    features, log_sigma : array_like, shape (m, d), (m,)
        Labelled structures to learn from.
    tested_features : array_like, shape (t, d)
    tested_log_sigma : array_like, shape (t,)
        Only looked at to judge the prediction.
    seed : int

    Raises
    ------
    LabelError
        When nothing is tested or nothing is left to learn from.
    MissingLibraryError
        When scikit-learn is not installed.
    """
    values = np.asarray(log_sigma, dtype=np.float64).reshape(-1)
    truth = np.asarray(tested_log_sigma, dtype=np.float64).reshape(-1)
    if not values.size or not truth.size:
        raise LabelError(f"{values.size} labels to learn from and {truth.size} to be tested")
    known = np.asarray(features, dtype=np.float64)
    asked = np.asarray(tested_features, dtype=np.float64)
    score = _predict(known, values, asked, seed)
    return Backtest(score, np.full(truth.size, values.mean()), truth, "forest")


def forest_leave_group_out(
    features: npt.ArrayLike,
    log_sigma: npt.ArrayLike,
    groups: Sequence[str],
    *,
    folds: int = _FOLDS,
    seed: int = 0,
) -> Backtest:
    """Predict every label by a forest that has seen no label of its group.

    Groups are put together to at most `folds` parts of about equal size; each part is left out
    once.

    Parameters
    ----------
    features, log_sigma : array_like, shape (m, d), (m,)
    groups : sequence of str
        Group of each label.
    folds, seed : int

    Raises
    ------
    LabelError
        When groups and labels differ in number or there is only one group.
    """
    matrix = np.asarray(features, dtype=np.float64)
    values = np.asarray(log_sigma, dtype=np.float64).reshape(-1)
    fold = _folds(groups, values.size, folds)
    score, constant = np.empty(values.size), np.empty(values.size)
    for part in np.unique(fold):
        out = fold == part
        score[out] = _predict(matrix[~out], values[~out], matrix[out], seed)
        constant[out] = values[~out].mean()
    return Backtest(score, constant, values, "forest")


def _folds(groups: Sequence[str], n_labels: int, folds: int) -> npt.NDArray[np.int64]:
    """Fold of each label: groups are whole, the largest are placed first."""
    names, member = np.unique(np.array(groups), return_inverse=True)
    if member.size != n_labels:
        raise LabelError(f"{member.size} groups for {n_labels} labels")
    if names.size < 2:
        raise LabelError("all labels are in one group: nothing is left to learn from")
    size = np.bincount(member.reshape(-1), minlength=names.size)
    filled = np.zeros(min(folds, names.size), dtype=np.int64)
    chosen = np.empty(names.size, dtype=np.int64)
    for group in np.argsort(-size, kind="stable"):
        chosen[group] = int(np.argmin(filled))
        filled[chosen[group]] += size[group]
    return chosen[member.reshape(-1)]
