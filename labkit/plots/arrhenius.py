"""The Arrhenius plot: conductivity against 1000/T, Celsius on top, line with its band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.arrhenius import ArrheniusFit
from labkit.plots.style import GREY, legend, next_colour, plain, power_of_ten, tidy, with_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_arrhenius(
    axes: Axes,
    fit: ArrheniusFit,
    *,
    label: str | None = None,
    quantity: Literal["sigma", "sigma T"] | None = None,
    predict_K: float | None = 298.15,
) -> Axes:
    """Draw a temperature series with its Arrhenius line and 95 % band.

    The band is the random one, from the covariance of the line; the error common to all points
    (geometry) is written in the legend and drawn on the predicted point. Called again on the same
    axes, the next series takes the next colour.

    Parameters
    ----------
    axes
        Where to draw.
    fit
        Result of `labkit.arrhenius.fit_arrhenius`, which carries its points.
    label
        Name of the series.
    quantity
        ``"sigma"`` in S/cm or ``"sigma T"`` in S K/cm; None: as the fit's convention.
    predict_K
        Temperature of a predicted conductivity to mark, or None.

    Returns
    -------
    matplotlib.axes.Axes
        The `axes` given.
    """
    quantity = quantity or ("sigma T" if fit.convention == "ln(sigma T)" else "sigma")
    colour = next_colour(axes)
    kelvin = np.asarray(fit.temperature_K)
    sigma = np.asarray(fit.sigma_S_per_cm)

    def scaled(values: NDArray[Any], at: NDArray[Any]) -> NDArray[Any]:
        return values * at if quantity == "sigma T" else values

    name = f"{plain(label)}: " if label else ""
    ea = f"{name}$E_a$ = {with_error(fit.ea_eV, fit.ea_se_eV)} eV"
    if fit.verdict != "accepted":
        ea += f" ({fit.verdict})"
    error = np.asarray(fit.ln_error)
    y = scaled(sigma, kelvin)
    axes.errorbar(
        1000 / kelvin,
        y,
        yerr=[y * (1 - np.exp(-error)), y * (np.exp(error) - 1)],
        fmt="o",
        ms=6,
        mfc="white",
        mec=colour,
        mew=1.3,
        ecolor=colour,
        capsize=2,
        zorder=4,
    )
    low, high = fit.temperature_range_K
    reach_low = min(low, predict_K) if predict_K else low
    reach_high = max(high, predict_K) if predict_K else high
    inverse = np.linspace(1 / reach_high, 1 / reach_low, 200)
    line_K = 1 / inverse
    ln_sigma, se = fit.ln_sigma(line_K)
    value = scaled(np.exp(ln_sigma), line_K)
    band = np.exp(fit.t_quantile * se)
    measured = (line_K >= low - 1e-6) & (line_K <= high + 1e-6)
    axes.plot(1000 / line_K, value, "--", color=colour, lw=1.0, zorder=2)
    axes.plot(
        1000 / line_K[measured], value[measured], "-", color=colour, lw=1.6, label=ea, zorder=3
    )
    axes.fill_between(1000 / line_K, value / band, value * band, color=colour, alpha=0.15, lw=0)
    if predict_K:
        _mark_prediction(axes, fit, predict_K, quantity, colour)
    axes.set_yscale("log")
    axes.set_xlabel("1000 / T (1/K)")
    axes.set_ylabel(
        r"$\sigma T$ (S K cm$^{-1}$)" if quantity == "sigma T" else r"$\sigma$ (S cm$^{-1}$)"
    )
    legend(axes, loc="best")
    tidy(axes)
    _celsius_on_top(axes)
    return axes


def _mark_prediction(
    axes: Axes, fit: ArrheniusFit, kelvin: float, quantity: str, colour: str
) -> None:
    at = fit.sigma_at(kelvin)
    factor = kelvin if quantity == "sigma T" else 1.0
    low, high = at.interval95_S_per_cm
    total = float(np.hypot(at.random_S_per_cm, at.systematic_S_per_cm))
    how = "extrapolated" if at.extrapolated else "on the line"
    axes.errorbar(
        [1000 / kelvin],
        [at.sigma_S_per_cm * factor],
        yerr=[[(at.sigma_S_per_cm - low) * factor], [(high - at.sigma_S_per_cm) * factor]],
        fmt="D",
        ms=6,
        color=colour,
        capsize=3,
        zorder=5,
        label=(
            rf"$\sigma$({kelvin - 273.15:.0f} °C) = {power_of_ten(at.sigma_S_per_cm, total)}"
            f" S/cm, {how}"
        ),
    )


def _celsius_on_top(axes: Axes) -> None:
    """Add a Celsius scale above, once."""
    if getattr(axes, "_labkit_celsius", False):
        return
    setattr(axes, "_labkit_celsius", True)  # noqa: B010  (matplotlib's class does not declare it)

    def to_celsius(inverse: ArrayLike) -> ArrayLike:
        return np.asarray(1000 / np.clip(np.asarray(inverse, dtype=float), 1e-3, None) - 273.15)

    def from_celsius(celsius: ArrayLike) -> ArrayLike:
        return np.asarray(1000 / np.clip(np.asarray(celsius, dtype=float) + 273.15, 1e-3, None))

    from matplotlib.ticker import MaxNLocator

    axes.tick_params(top=False, which="both")
    top = axes.secondary_xaxis("top", functions=(to_celsius, from_celsius))
    top.set_xlabel("T (°C)")
    top.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
    top.tick_params(direction="in", color=GREY)
