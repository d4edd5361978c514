"""One stored measurement: looked at, analysed again with another window, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from db.measurements import (
    data_hash_of,
    get_measurement,
    latest_analysis,
    load_arrays,
)
from db.tables import Measurement, RawFile
from labkit.errors import NotFoundError, UsageError
from labkit.workflows.completing import describe_sweep
from labkit.workflows.conductivity_of_sweep import TAIL, analyse_stored_sweep
from labkit.workflows.lab import Lab
from labkit.workflows.typed_quantities import parse_window

__all__ = ["draw_measurement", "draw_nyquist", "examine_measurement", "save_figure"]

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
    analyse_stored_sweep(session, measurement, window_hz=parse_window(*window), set_by=signer)


def draw_nyquist(lab: Lab, identifier: str, axes: Any, *, model: Model | None = None) -> Any:
    """Draw the Nyquist plot of a measurement with its window and extrapolation on Axes."""
    from labkit.eis.tail import fit_tail
    from labkit.plots.nyquist import plot_nyquist

    with lab.database.reading() as session:
        measurement = get_measurement(session, identifier)
        assert measurement.id is not None
        arrays = load_arrays(session, measurement.id)
        analysis = latest_analysis(session, TAIL, measurement_id=measurement.id)
        if analysis is None:
            raise NotFoundError(f"M{measurement.id} has no result yet; import its file again")
        window = analysis.parameters.get("window_hz")
    fit = fit_tail(
        (arrays["frequency_hz"], arrays["z_ohm"]),
        window_hz=None if window is None else (window[0], window[1]),
    )
    return plot_nyquist(
        axes,
        arrays["frequency_hz"],
        arrays["z_ohm"],
        fit=fit,
        model_ohm=None if model is None else _at(arrays["frequency_hz"], model),
    )


def _at(frequency_hz: NDArray[np.float64], model: Model) -> NDArray[np.complex128]:
    """Return the model at the measured frequencies; not a number where it was not fitted."""
    fitted = dict(zip(model[0].tolist(), model[1].tolist(), strict=True))
    return np.array([fitted.get(frequency, complex(np.nan)) for frequency in frequency_hz.tolist()])


def draw_measurement(lab: Lab, identifier: str, path: Path, *, model: Model | None = None) -> None:
    """Draw the Nyquist plot of a measurement to a file, with a fitted circuit if one is given.

    Raises
    ------
    UsageError
        When the suffix names no picture format, or the folder is missing.
    """
    save_figure(path, lambda axes: draw_nyquist(lab, identifier, axes, model=model))


def save_figure(path: Path, draw: Any, *, size_inch: tuple[float, float] = (6.4, 4.8)) -> None:
    """Draw on fresh Axes and save the picture; the suffix chooses the format.

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
        draw(figure.add_subplot())
        figure.savefig(path, dpi=200)
