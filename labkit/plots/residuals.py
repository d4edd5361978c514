"""Residuals of a Kramers-Kronig or circuit fit against frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.eis.circuit import CircuitFit
from labkit.eis.spectrum import arrays_of
from labkit.eis.validity import KramersKronig
from labkit.plots.style import BLUE, GREY, INK, VERMILION, legend, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from labkit.eis.spectrum import SpectrumLike


def plot_residuals(
    axes: Axes,
    result: KramersKronig | CircuitFit,
    spectrum: SpectrumLike | None = None,
) -> Axes:
    """Draw residuals in percent of |Z|; the band is twice the noise of the spectrum.

    Parameters
    ----------
    axes
        Where to draw; its frequency axis becomes logarithmic.
    result
        A Kramers-Kronig test, or a circuit fit (then `spectrum` is needed).
    spectrum
        The spectrum that was fitted by the circuit.

    Returns
    -------
    matplotlib.axes.Axes
        The `axes` given.
    """
    if isinstance(result, KramersKronig):
        real, imaginary = result.residual_real, result.residual_imaginary
        frequency, noise = result.frequency_hz, result.noise
        title = f"Kramers-Kronig, {result.elements} elements, rms {100 * result.rms:.2f} %"
    else:
        if spectrum is None:
            raise TypeError("plot_residuals needs the spectrum that the circuit was fitted to")
        measured_f, measured_z = arrays_of(spectrum)
        frequency, noise = result.frequency_hz, result.noise
        place = {f: k for k, f in enumerate(measured_f.tolist())}
        z = measured_z[[place[f] for f in frequency.tolist()]]
        difference = (z - result.model_ohm) / np.abs(z)
        real, imaginary = difference.real, difference.imag
        title = f"{result.circuit}, rms {100 * result.rms:.2f} %"
    axes.axhspan(-200 * noise, 200 * noise, color="#EDEDED", zorder=0, lw=0, label="noise (2 σ)")
    axes.axhline(0, color=GREY, lw=0.8, zorder=1)
    axes.plot(frequency, 100 * real, "o", ms=4, mfc="white", mec=BLUE, label="real")
    axes.plot(frequency, 100 * imaginary, "s", ms=4, mfc="white", mec=VERMILION, label="imaginary")
    largest = 100 * float(max(np.abs(real).max(), np.abs(imaginary).max(), 2.5 * noise))
    axes.set_ylim(-1.6 * largest, 1.6 * largest)
    axes.set_xscale("log")
    axes.set_xlabel("frequency (Hz)")
    axes.set_ylabel("residual (% of |Z|)")
    axes.annotate(
        title,
        (0.01, 0.03),
        xycoords="axes fraction",
        fontsize="x-small",
        color=INK,
        va="bottom",
    )
    legend(axes, loc="upper right", ncols=3)
    return tidy(axes)
