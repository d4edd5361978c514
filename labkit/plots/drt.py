"""The distribution of relaxation times against time constant or frequency."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from labkit.eis.drt import Drt, DrtPeak
from labkit.eis.spectrum import FloatArray
from labkit.plots.style import BLUE, INK, hertz, next_colour, ohm_scale, tidy
from labkit.wording import percent, rounded

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_drt(axes: Axes, drt: Drt, *, label: str | None = None, name_peaks: bool = True) -> Axes:
    """Draw gamma against frequency, high frequency at the left as in a Nyquist plot.

    Parameters
    ----------
    axes
        Where to draw.
    drt
        Result of `labkit.eis.drt.distribution_of_relaxation_times`.
    label
        Name in the legend.
    name_peaks
        Write resistance and frequency at each peak above 3 % of the whole.

    Returns
    -------
    matplotlib.axes.Axes
        The `axes` given.
    """
    divisor, unit = ohm_scale(float(drt.gamma_ohm.max(initial=1e-9)))
    colour = next_colour(axes) if label else BLUE
    frequency = 1 / (2 * math.pi * drt.tau_s)
    along, gamma = _smooth(drt)
    axes.fill_between(along, gamma / divisor, color=colour, alpha=0.15, lw=0)
    axes.plot(along, gamma / divisor, color=colour, lw=1.4, label=label)
    if name_peaks:
        for peak in drt.peaks:
            if peak.resistance_ohm < 0.03 * drt.polarisation_ohm:
                continue
            height = float(drt.gamma_ohm[abs(drt.tau_s - peak.tau_s).argmin()])
            finer, finer_unit = ohm_scale(peak.resistance_ohm)
            axes.annotate(
                f"{peak.resistance_ohm / finer:.3g} {finer_unit}\n{hertz(peak.frequency_hz)}\n"
                f"{rounded(peak.capacitance_F, 2)} F{_not_measured(drt, peak)}",
                (peak.frequency_hz, height / divisor),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize="x-small",
                color=INK,
            )
    axes.set_xscale("log")
    filled = frequency[drt.gamma_ohm > 1e-3 * drt.gamma_ohm.max(initial=0.0)]
    lowest = float(filled.min()) / 10 if filled.size else 0.0
    axes.set_xlim(float(frequency.max()), max(float(frequency.min()), lowest))
    for beyond in (
        (float(drt.frequency_hz.max()), float(frequency.max())),
        (float(frequency.min()), float(drt.frequency_hz.min())),
    ):
        if beyond[1] > 1.01 * beyond[0]:
            axes.axvspan(*beyond, color="#EDEDED", lw=0, zorder=0)
    if frequency.max() > 1.5 * drt.frequency_hz.max():
        axes.annotate(
            "not measured",
            (float(np.sqrt(frequency.max() * drt.frequency_hz.max())), 0.99),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            fontsize="x-small",
            color=INK,
            alpha=0.7,
        )
    axes.set_ylim(0, 1.35 * float(drt.gamma_ohm.max(initial=1e-9)) / divisor)
    axes.set_xlabel("frequency (Hz), high at the left as in a Nyquist plot")
    axes.set_ylabel(f"γ ({unit})")
    return tidy(axes)


_DRAWN_BETWEEN = 8
"""Steps of the drawn curve between two computed values."""
_WORTH_TELLING = 0.05


def _smooth(drt: Drt) -> tuple[FloatArray, FloatArray]:
    """Return frequencies and gamma along a monotone curve through every computed value.

    It adds no maximum and never falls below zero (Fritsch and Butland 1984).
    """
    from scipy.interpolate import PchipInterpolator

    log_tau = np.log(drt.tau_s)
    along = np.linspace(log_tau[0], log_tau[-1], _DRAWN_BETWEEN * (log_tau.size - 1) + 1)
    gamma = np.maximum(PchipInterpolator(log_tau, drt.gamma_ohm)(along), 0.0)
    return np.exp(-along) / (2 * math.pi), gamma


def _not_measured(drt: Drt, peak: DrtPeak) -> str:
    """Say how much of a peak lies at frequencies that were not measured."""
    first = last = int(abs(drt.tau_s - peak.tau_s).argmin())
    while first > 0 and drt.gamma_ohm[first - 1] <= drt.gamma_ohm[first]:
        first -= 1
    while last < drt.tau_s.size - 1 and drt.gamma_ohm[last + 1] <= drt.gamma_ohm[last]:
        last += 1
    frequency = 1 / (2 * math.pi * drt.tau_s[first : last + 1])
    gamma = drt.gamma_ohm[first : last + 1]
    beyond = (frequency > drt.frequency_hz.max()) | (frequency < drt.frequency_hz.min())
    share = float(gamma[beyond].sum() / max(float(gamma.sum()), 1e-300))
    return f"\n{percent(share)} of it not measured" if share > _WORTH_TELLING else ""
