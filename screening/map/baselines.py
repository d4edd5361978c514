"""What two numbers from simpler methods know: principal components and UMAP."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from screening.errors import MissingLibraryError

__all__ = [
    "BASELINES",
    "baseline_plane",
    "neighbour_prediction",
    "principal_reconstruction",
    "trustworthiness_of",
]

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
            "install it with 'python -m pip install \".[map]\"'"
        ) from error
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells that a seed keeps it to one thread
        fitted = umap.UMAP(random_state=seed).fit(joint[train])
        return np.asarray(fitted.transform(joint), dtype=np.float64)


def _principal_axes(
    values: FloatArray, train: IntArray, count: int
) -> tuple[FloatArray, FloatArray]:
    mean = values[train].mean(axis=0)
    _, _, axes = np.linalg.svd(values[train] - mean, full_matrices=False)
    return mean, axes[:count]


def _components(values: FloatArray, train: IntArray, count: int) -> FloatArray:
    mean, axes = _principal_axes(values, train, count)
    return np.asarray((values - mean) @ axes.T)


def trustworthiness_of(joint: FloatArray, plane: FloatArray) -> float:
    """Trustworthiness of a plane at ten neighbours (Venna & Kaski, ICANN 2001); 1 is best."""
    from sklearn.manifold import trustworthiness

    return float(trustworthiness(joint, _standard(plane), n_neighbors=_NEIGHBOURS))


def neighbour_prediction(
    plane: FloatArray, target: FloatArray, train: IntArray, asked: IntArray
) -> FloatArray:
    """Predict a target as the mean of the ten nearest training rows in the plane.

    Parameters
    ----------
    plane : ndarray, shape (n, 2)
    target : ndarray, shape (n,)
    train, asked : ndarray of int
        Rows; the target of all training rows is known.
    """
    from sklearn.neighbors import KNeighborsRegressor

    points = _standard(plane)
    fitted = KNeighborsRegressor(min(_NEIGHBOURS, train.size)).fit(points[train], target[train])
    return np.asarray(fitted.predict(points[asked]), dtype=np.float64)


def principal_reconstruction(values: FloatArray, train: IntArray, count: int) -> FloatArray:
    """Rebuild all rows from principal components of the training rows.

    Parameters
    ----------
    values : ndarray, shape (n, d)
    train : ndarray of int
    count : int
        Components.
    """
    mean, axes = _principal_axes(values, train, count)
    return np.asarray(mean + (values - mean) @ axes.T @ axes)


def _standard(plane: FloatArray) -> FloatArray:
    return np.asarray((plane - plane.mean(axis=0)) / np.maximum(plane.std(axis=0), 1e-12))
