"""One stored measurement: looked at, analysed again with another window, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from db.measurements import (
    data_hash_of,
    get_measurement,
    latest_analysis,
)
from db.tables import Measurement, RawFile
from labkit.errors import NotFoundError, UsageError
from labkit.workflows.completing import describe_sweep
from labkit.workflows.conductivity_of_sweep import TAIL, CellSweep, cell_sweep
from labkit.workflows.lab import Lab
from labkit.workflows.masking import points_named, points_to_take_back
from labkit.workflows.refitting import (
    FitChange,
    WindowChoice,
    impedance_measurement,
    store_change,
)
from labkit.workflows.signing import OF_A_FIT, signer_of
from labkit.workflows.typed_quantities import parse_window

if TYPE_CHECKING:
    from labkit.eis.tail import TailFit

__all__ = [
    "Model",
    "draw_nyquist",
    "examine_measurement",
    "save_figure",
    "save_whole_figure",
    "stored_fit",
]

Model: TypeAlias = tuple[NDArray[np.float64], NDArray[np.complex128]]
"""Frequencies and impedances along the curve of a fitted circuit."""


def examine_measurement(
    lab: Lab,
    identifier: str,
    *,
    window: tuple[str, str] | None = None,
    mask: Sequence[str] = (),
    unmask: Sequence[str] = (),
    because: str | None = None,
    set_by: str | None = None,
) -> dict[str, Any]:
    """Return one measurement with its result; with a change, analyse it again and keep both.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``M3``.
    window : tuple of str, optional
        Two frequencies, as typed, or twice ``auto`` for the automatic window. Points left out by
        hand stay left out.
    mask, unmask : sequence of str
        Points to leave out and to use again, as `labkit.workflows.masking.points_named` reads
        them; ``all`` takes every point back. The window stays as it was set.
    because : str, optional
        Why; needed to leave points out.
    set_by : str, optional
        Who says so; the reviewer of ``lab.toml`` otherwise.

    Raises
    ------
    UnknownMeasurementError
        When there is none of this number.
    UsageError
        When a window or point cannot be read, does not exist or has no reason, when no window is
        left, or nobody signs.
    SpectrumError
        When the window holds too few points.
    """
    changing = bool(window or mask or unmask)
    with lab.database.session() if changing else lab.database.reading() as session:
        measurement = impedance_measurement(session, identifier)
        assert measurement.id is not None
        data_hash = data_hash_of(session, measurement.id)
        if changing:
            signer = signer_of(lab, set_by, OF_A_FIT)
            change = _change_as_typed(session, measurement, window, mask, unmask, because)
            store_change(session, measurement, change, signer)
        analysis = latest_analysis(session, TAIL, measurement_id=measurement.id)
        if analysis is None:
            raise NotFoundError(f"M{measurement.id} has no result yet; import its file again")
        raw_file = session.get(RawFile, measurement.raw_file_id)
        assert raw_file is not None
        described = describe_sweep(measurement, analysis, data_hash)
        return described | {"file": raw_file.file_name, "details": analysis.result}


def _change_as_typed(
    session: Session,
    measurement: Measurement,
    window: tuple[str, str] | None,
    mask: Sequence[str],
    unmask: Sequence[str],
    because: str | None,
) -> FitChange:
    sweep = cell_sweep(session, measurement)
    frequency = sweep.frequency_hz
    wanted: WindowChoice = None
    if window is not None:
        automatic = {end.strip().lower() for end in window} == {"auto"}
        wanted = "automatic" if automatic else parse_window(*window)
    return FitChange(
        window=wanted,
        mask=dict.fromkeys(points_named(frequency, mask), because or "") if mask else {},
        unmask=points_to_take_back(sweep.choices, frequency, unmask) if unmask else (),
        because=because,
    )


def stored_fit(lab: Lab, identifier: str) -> tuple[CellSweep, TailFit]:
    """Return a measurement as its newest result sees it, and the fit of its tail."""
    from labkit.eis.tail import fit_tail

    with lab.database.reading() as session:
        measurement = get_measurement(session, identifier)
        if latest_analysis(session, TAIL, measurement_id=measurement.id) is None:
            raise NotFoundError(f"M{measurement.id} has no result yet; import its file again")
        sweep = cell_sweep(session, measurement)
    choices = sweep.choices
    fit = fit_tail(
        (sweep.frequency_hz, sweep.z_ohm),
        window_hz=choices.window_hz,
        mask=choices.reason_by_index,
    )
    return sweep, fit


def draw_nyquist(lab: Lab, identifier: str, axes: Any, *, model: Model | None = None) -> Any:
    """Draw the Nyquist plot of a measurement with its window and extrapolation on Axes."""
    from labkit.plots.nyquist import plot_nyquist

    sweep, fit = stored_fit(lab, identifier)
    return plot_nyquist(axes, sweep.frequency_hz, sweep.z_ohm, fit=fit, model=model)


def save_figure(path: Path, draw: Any, *, size_inch: tuple[float, float] = (6.4, 4.8)) -> None:
    """Draw on fresh Axes and save the picture; the suffix chooses the format.

    Raises
    ------
    UsageError
        When the suffix names no picture format, or the folder is missing.
    """
    save_whole_figure(path, lambda figure: draw(figure.add_subplot()), size_inch=size_inch)


def save_whole_figure(path: Path, draw: Any, *, size_inch: tuple[float, float]) -> None:
    """Draw on a fresh Figure and save the picture; the suffix chooses the format.

    Raises
    ------
    UsageError
        When the suffix names no picture format, or the folder is missing.
    """
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise UsageError(f"{path}: the picture's name must end in .png, .svg or .pdf")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "labkit"}):
        figure = Figure(figsize=size_inch, layout="constrained")
        draw(figure)
        figure.savefig(path, dpi=200)
