"""What two numbers from simpler methods know: principal components and UMAP."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from screening.errors import MissingLibraryError

__all__ = ["BASELINES", "baseline_plane", "neighbour_regression_r2", "trustworthiness_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: name and what it is
BASELINES = {
    "PCA one each": "first principal component of composition, and of structure",
    "PCA joint": "first two principal components of both together",
    "UMAP joint": "two UMAP coordinates of both together",
}
_NEIGHBOURS = 10


def baseline_plane(
    name: str, composition: FloatArray, structure: FloatArray, train: IntArray, seed: int
) -> FloatArray:
    """Place all materials by a method fitted on the training rows.

    Parameters
    ----------
    name : str
        One of `BASELINES`.
    composition, structure : ndarray, shape (n, d)
        Scaled.
    train : ndarray of int
    seed : int
        Of UMAP.

    Returns
    -------
    ndarray, shape (n, 2)

    Raises
    ------
    MissingLibraryError
        When UMAP is asked for and umap-learn is not installed.
    """
    if name == "PCA one each":
        return np.hstack([_components(composition, train, 1), _components(structure, train, 1)])
    joint = np.hstack([composition, structure])
    if name == "PCA joint":
        return _components(joint, train, 2)
    try:
        import umap
    except ImportError as error:
        raise MissingLibraryError(
            "UMAP needs umap-learn, which is not installed; "
            "install it with 'pip install labkit[map]'"
        ) from error
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells that a seed keeps it to one thread
        fitted = umap.UMAP(random_state=seed).fit(joint[train])
        return np.asarray(fitted.transform(joint), dtype=np.float64)


def _components(values: FloatArray, train: IntArray, count: int) -> FloatArray:
    mean = values[train].mean(axis=0)
    _, _, axes = np.linalg.svd(values[train] - mean, full_matrices=False)
    return np.asarray((values - mean) @ axes[:count].T)


def trustworthiness_of(joint: FloatArray, plane: FloatArray) -> float:
    """Trustworthiness of a plane at ten neighbours (Venna & Kaski, ICANN 2001); 1 is best."""
    from sklearn.manifold import trustworthiness

    return float(trustworthiness(joint, _standard(plane), n_neighbors=_NEIGHBOURS))


def neighbour_regression_r2(
    plane: FloatArray, target: FloatArray, train: IntArray, held_out: IntArray
) -> float:
    """R2 on held-out rows of the mean of the ten nearest training rows in the plane."""
    from sklearn.neighbors import KNeighborsRegressor

    points = _standard(plane)
    fitted = KNeighborsRegressor(min(_NEIGHBOURS, train.size)).fit(points[train], target[train])
    truth = target[held_out]
    error = float(((truth - fitted.predict(points[held_out])) ** 2).sum())
    total = float(((truth - truth.mean()) ** 2).sum())
    return 1.0 - error / total if total > 0 else 0.0


def _standard(plane: FloatArray) -> FloatArray:
    return np.asarray((plane - plane.mean(axis=0)) / np.maximum(plane.std(axis=0), 1e-12))
