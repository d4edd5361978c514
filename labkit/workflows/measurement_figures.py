"""Figures of one stored measurement: Nyquist with residuals, Bode, relaxation times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.workflows.analysing import (
    Model,
    draw_nyquist,
    save_figure,
    save_whole_figure,
    stored_fit,
)
from labkit.workflows.lab import Lab

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["save_bode", "save_nyquist", "save_relaxation_times"]

STACK_INCH = (6.4, 6.6)


def save_nyquist(
    lab: Lab,
    identifier: str,
    path: Path,
    *,
    model: Model | None = None,
    residuals: bool = False,
) -> None:
    """Draw the Nyquist plot of a measurement to a file.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``M3``.
    path : Path
        The suffix chooses the format.
    model : Model, optional
        A fitted circuit, drawn as a line.
    residuals : bool
        Draw the Kramers-Kronig residuals below.

    Raises
    ------
    UsageError
        When the suffix names no picture format, or the folder is missing.
    SpectrumError
        When residuals are wanted of fewer than six usable points.
    """
    if not residuals:
        save_figure(path, lambda axes: draw_nyquist(lab, identifier, axes, model=model))
        return
    from labkit.eis.validity import check_kramers_kronig
    from labkit.plots.nyquist import plot_nyquist
    from labkit.plots.residuals import plot_residuals

    sweep, fit = stored_fit(lab, identifier)
    valid = check_kramers_kronig(sweep.used)

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, height_ratios=(2.4, 1))
        plot_nyquist(above, sweep.frequency_hz, sweep.z_ohm, fit=fit, model=model)
        plot_residuals(below, valid)

    save_whole_figure(path, draw, size_inch=STACK_INCH)


def save_bode(lab: Lab, identifier: str, path: Path, *, model: Model | None = None) -> None:
    """Draw modulus and phase of a measurement to a file.

    Raises
    ------
    UsageError
        When the suffix names no picture format, or the folder is missing.
    """
    from labkit.plots.bode import plot_bode

    sweep, fit = stored_fit(lab, identifier)
    frequency, z = sweep.frequency_hz, sweep.z_ohm
    save_figure(path, lambda axes: plot_bode(axes, frequency, z, fit=fit, model=model))


def save_relaxation_times(lab: Lab, identifier: str, path: Path) -> dict[str, Any]:
    """Draw the distribution of relaxation times of a measurement to a file.

    It is for looking: nothing is stored.

    Returns
    -------
    dict
        ``peaks`` with resistance, frequency and capacitance, and the resistance under all of it.

    Raises
    ------
    UsageError
        When the suffix names no picture format, or the folder is missing.
    SpectrumError
        When there are fewer than eight usable points.
    """
    from labkit.eis.drt import distribution_of_relaxation_times
    from labkit.plots.drt import plot_drt

    sweep, _ = stored_fit(lab, identifier)
    drt = distribution_of_relaxation_times(sweep.used)
    save_figure(path, lambda axes: plot_drt(axes, drt))
    values = drt.to_dict()
    return {"peaks": values["peaks"], "resistance_ohm": drt.resistance_ohm, "rms": drt.rms}
