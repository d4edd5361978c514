"""The distribution of relaxation times against time constant or frequency."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from labkit.eis.drt import Drt
from labkit.plots.style import BLUE, INK, hertz, next_colour, ohm_scale, tidy

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
    axes.fill_between(frequency, drt.gamma_ohm / divisor, color=colour, alpha=0.15, lw=0)
    axes.plot(frequency, drt.gamma_ohm / divisor, color=colour, lw=1.4, label=label)
    if name_peaks:
        for peak in drt.peaks:
            if peak.resistance_ohm < 0.03 * drt.polarisation_ohm:
                continue
            height = float(drt.gamma_ohm[abs(drt.tau_s - peak.tau_s).argmin()])
            finer, finer_unit = ohm_scale(peak.resistance_ohm)
            axes.annotate(
                f"{peak.resistance_ohm / finer:.3g} {finer_unit}\n{hertz(peak.frequency_hz)}\n"
                f"{peak.capacitance_F:.1e} F",
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
    axes.set_xlabel("frequency (Hz)")
    axes.set_ylabel(f"γ ({unit})")
    return tidy(axes)
