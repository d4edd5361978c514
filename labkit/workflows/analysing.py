"""One stored measurement: looked at, analysed again with another window, drawn."""

from __future__ import annotations

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
from labkit.workflows.conductivity_of_sweep import (
    TAIL,
    analyse_stored_sweep,
    cell_arrays,
    leads_of,
)
from labkit.workflows.lab import Lab
from labkit.workflows.typed_quantities import parse_window

if TYPE_CHECKING:
    from labkit.eis.tail import TailFit

__all__ = [
    "Model",
    "draw_nyquist",
    "examine_measurement",
    "model_at",
    "save_figure",
    "save_whole_figure",
    "stored_fit",
]

Model: TypeAlias = tuple[NDArray[np.float64], NDArray[np.complex128]]
"""Frequencies and impedances of a fitted circuit."""


def examine_measurement(
    lab: Lab,
    identifier: str,
    *,
    window: tuple[str, str] | None = None,
    set_by: str | None = None,
) -> dict[str, Any]:
    """Return one measurement with its result; with a window, analyse it again and keep both.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``M3``.
    window : tuple of str, optional
        Two frequencies, as typed.
    set_by : str, optional
        Who sets the window; the reviewer of ``lab.toml`` otherwise.

    Raises
    ------
    UnknownMeasurementError
        When there is none of this number.
    UsageError
        When the window cannot be read or nobody signs it.
    SpectrumError
        When the window holds too few points.
    """
    with lab.database.session() if window else lab.database.reading() as session:
        measurement = get_measurement(session, identifier)
        assert measurement.id is not None
        if measurement.kind != "impedance":
            raise UsageError(f"M{measurement.id} is a {measurement.kind} measurement, no impedance")
        data_hash = data_hash_of(session, measurement.id)
        if window is not None:
            _set_window(lab, session, measurement, window, set_by)
        analysis = latest_analysis(session, TAIL, measurement_id=measurement.id)
        if analysis is None:
            raise NotFoundError(f"M{measurement.id} has no result yet; import its file again")
        raw_file = session.get(RawFile, measurement.raw_file_id)
        assert raw_file is not None
        described = describe_sweep(measurement, analysis, data_hash)
        return described | {"file": raw_file.file_name, "details": analysis.result}


def _set_window(
    lab: Lab,
    session: Session,
    measurement: Measurement,
    window: tuple[str, str],
    set_by: str | None,
) -> None:
    signer = set_by or lab.settings.reviewer
    if not signer:
        raise UsageError(
            "a window set by hand is kept with who set it: give --by NAME, "
            "or write reviewer in lab.toml"
        )
    before = latest_analysis(session, TAIL, measurement_id=measurement.id)
    analyse_stored_sweep(
        session,
        measurement,
        window_hz=parse_window(*window),
        set_by=signer,
        leads=leads_of(before),
    )


def stored_fit(
    lab: Lab, identifier: str
) -> tuple[NDArray[np.float64], NDArray[np.complex128], TailFit]:
    """Return frequency and impedance (without leads) of a measurement, and the fit of its tail."""
    from labkit.eis.tail import fit_tail

    with lab.database.reading() as session:
        measurement = get_measurement(session, identifier)
        assert measurement.id is not None
        analysis = latest_analysis(session, TAIL, measurement_id=measurement.id)
        if analysis is None:
            raise NotFoundError(f"M{measurement.id} has no result yet; import its file again")
        window = analysis.parameters.get("window_hz")
        frequency, z, _ = cell_arrays(session, measurement)
    fit = fit_tail((frequency, z), window_hz=None if window is None else (window[0], window[1]))
    return frequency, z, fit


def draw_nyquist(lab: Lab, identifier: str, axes: Any, *, model: Model | None = None) -> Any:
    """Draw the Nyquist plot of a measurement with its window and extrapolation on Axes."""
    from labkit.plots.nyquist import plot_nyquist

    frequency, z, fit = stored_fit(lab, identifier)
    fitted = None if model is None else model_at(frequency, model)
    return plot_nyquist(axes, frequency, z, fit=fit, model_ohm=fitted)


def model_at(frequency_hz: NDArray[np.float64], model: Model) -> NDArray[np.complex128]:
    """Return the model at the measured frequencies; not a number where it was not fitted."""
    fitted = dict(zip(model[0].tolist(), model[1].tolist(), strict=True))
    return np.array([fitted.get(frequency, complex(np.nan)) for frequency in frequency_hz.tolist()])


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
