"""Variance of labels inside clusters over the number of clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_w_sigma"]


def plot_w_sigma(
    axes: Axes,
    k: ArrayLike,
    w_sigma: ArrayLike,
    *,
    random_mean: ArrayLike | None = None,
    random_sd: ArrayLike | None = None,
    label: str = "representation",
) -> Axes:
    """Draw W_sigma against the number of clusters, with the band of random assignments.

    Parameters
    ----------
    axes : Axes
    k, w_sigma : array_like, shape (n,)
    random_mean, random_sd : array_like, shape (n,), optional
        Mean and standard deviation over random assignments.
    label : str
        Name of the representation.

    Returns
    -------
    Axes
    """
    depth = np.asarray(k)
    if random_mean is not None:
        mean = np.asarray(random_mean)
        axes.plot(depth, mean, color="0.45", linestyle="--", label="random assignment")
        if random_sd is not None:
            spread = np.asarray(random_sd)
            axes.fill_between(
                depth, mean - spread, mean + spread, color="0.85", linewidth=0, label="± 1 s.d."
            )
    axes.plot(depth, np.asarray(w_sigma), color="#0b5c8a", linewidth=2, label=label)
    axes.set_xlabel("number of clusters $k$")
    axes.set_ylabel(r"$W_\sigma$ (decades$^2$)")
    axes.set_xlim(float(depth[0]), float(depth[-1]))
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return axes
