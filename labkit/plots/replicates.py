"""Replicate pellets: every pellet, the plain mean and sd, the random-effects mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.style import BLUE, GREEN, GREY, VERMILION, legend, power_of_ten, tidy
from labkit.replicates import ReplicateSigma

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_replicates(
    axes: Axes,
    names: Sequence[str],
    sigma_S_per_cm: Sequence[float],
    total_S_per_cm: Sequence[float],
    result: ReplicateSigma,
) -> Axes:
    """Draw the conductivity of every pellet of a batch and both ways to combine them.

    Parameters
    ----------
    axes
        Where to draw; its conductivity axis becomes logarithmic.
    names, sigma_S_per_cm, total_S_per_cm
        One per pellet: name, conductivity, standard error.
    result
        Result of `labkit.replicates.combine_sigma` for the same pellets.

    Returns
    -------
    matplotlib.axes.Axes
        The `axes` given.
    """
    sigma, error = np.asarray(sigma_S_per_cm), np.asarray(total_S_per_cm)
    place = np.arange(sigma.size)
    axes.errorbar(
        place,
        sigma,
        yerr=1.96 * error,
        fmt="o",
        ms=6,
        mfc="white",
        mec=BLUE,
        ecolor=BLUE,
        capsize=3,
        label="pellets (95 %)",
    )
    n = sigma.size
    if result.n > 1:
        axes.errorbar(
            [n + 0.2],
            [result.mean_S_per_cm],
            yerr=[result.sd_S_per_cm],
            fmt="s",
            ms=6,
            color=VERMILION,
            capsize=4,
            label=f"mean ± sd: {power_of_ten(result.mean_S_per_cm, result.sd_S_per_cm)} S/cm",
        )
    if result.interval95_S_per_cm is not None:
        low, high = result.interval95_S_per_cm
        value = result.random_effects_S_per_cm
        error_of_mean = value * math.hypot(
            result.random_effects.standard_error, result.common_relative
        )
        axes.errorbar(
            [n + 0.8],
            [value],
            yerr=[[value - low], [high - value]],
            fmt="D",
            ms=6,
            color=GREEN,
            capsize=4,
            label=f"random effects (95 %): {power_of_ten(value, error_of_mean)} S/cm",
        )
    axes.axvline(n - 0.4, color=GREY, lw=0.8)
    axes.set_yscale("log")
    axes.set_xlim(-0.6, n + 1.4)
    axes.set_xticks([*place, n + 0.5], [*names, "batch"], rotation=30, ha="right")
    where = f" at {result.temperature_K - 273.15:.0f} °C" if result.temperature_K else ""
    axes.set_ylabel(rf"$\sigma${where} (S cm$^{{-1}}$)")
    legend(axes, loc="best")
    return tidy(axes)
