"""One measurement or many, as a person looks at them: points, fit, residuals, another window."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlmodel import col, select

from db.measurements import data_hash_of
from db.tables import Analysis, Measurement, Pellet, RawFile
from labkit.json_ready import json_ready
from labkit.workflows.conductivity_of_sweep import TAIL, cell_sweep
from labkit.workflows.correction_history import list_corrections
from labkit.workflows.fit_choices import masks_of
from labkit.workflows.lab import Lab
from labkit.workflows.outdated import labels_to_look_at
from labkit.workflows.refitting import FitChange, impedance_measurement, try_fit

__all__ = ["list_measurements", "view_measurement", "view_tried_fit"]


def list_measurements(
    lab: Lab,
    *,
    pellet: str | None = None,
    verdict: str | None = None,
    set_aside: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> dict[str, Any]:
    """List impedance measurements with their newest result, the newest first.

    Parameters
    ----------
    lab : Lab
    pellet : str, optional
        Only of this pellet.
    verdict : {"accepted", "review", "rejected"}, optional
    set_aside : bool
        List those that were set aside as well; they are left out otherwise.
    limit, offset : int

    Returns
    -------
    dict
        ``measurements``, the ``total`` that fit the filter, the ``verdicts`` of the whole lab, and
        how many of it were ``set_aside``.
    """
    newest = (
        sa.select(sa.func.max(col(Analysis.id)))
        .where(col(Analysis.kind) == TAIL, col(Analysis.measurement_id).is_not(None))
        .group_by(col(Analysis.measurement_id))
    )
    columns: tuple[Any, ...] = (
        col(Measurement.id),
        col(RawFile.file_name),
        col(Pellet.name),
        col(Measurement.sweep),
        col(Measurement.temperature_K),
        col(Measurement.set_aside_because),
        col(Analysis.verdict),
        col(Analysis.reasons),
        col(Analysis.resistance_ohm),
        col(Analysis.sigma_S_per_cm),
        col(Analysis.sigma_random_S_per_cm),
        col(Analysis.sigma_systematic_S_per_cm),
    )
    joined = (
        sa.select(*columns)
        .join(RawFile, col(RawFile.id) == col(Measurement.raw_file_id))
        .outerjoin(Pellet, col(Pellet.id) == col(Measurement.pellet_id))
        .outerjoin(
            Analysis,
            (col(Analysis.measurement_id) == col(Measurement.id)) & col(Analysis.id).in_(newest),
        )
        .where(col(Measurement.kind) == "impedance")
    )
    if pellet is not None:
        joined = joined.where(col(Pellet.name) == pellet)
    if verdict is not None:
        joined = joined.where(col(Analysis.verdict) == verdict)
    in_use = col(Measurement.set_aside_because).is_(None)
    if not set_aside:
        joined = joined.where(in_use)
    page = joined.order_by(col(Measurement.id).desc()).limit(limit).offset(offset)
    with lab.database.reading() as session:
        connection = session.connection()
        rows = connection.execute(page).all()
        filtered = joined.with_only_columns(sa.func.count(), maintain_column_froms=True)
        total = connection.execute(filtered).scalar_one()
        counted = connection.execute(
            sa.select(col(Analysis.verdict), sa.func.count())
            .join(Measurement, col(Measurement.id) == col(Analysis.measurement_id))
            .where(col(Analysis.id).in_(newest), in_use)
            .group_by(col(Analysis.verdict))
        ).all()
        aside = connection.execute(
            sa.select(sa.func.count()).where(~in_use, col(Measurement.kind) == "impedance")
        ).scalar_one()
    names = [column.key for column in columns]
    return {
        "measurements": [_row(dict(zip(names, row, strict=True))) for row in rows],
        "total": total,
        "verdicts": {row[0]: row[1] for row in counted},
        "set_aside": aside,
    }


def _row(values: dict[str, Any]) -> dict[str, Any]:
    number, file, pellet = (values.pop(name) for name in ("id", "file_name", "name"))
    return {"measurement": f"M{number}", "file": file, "pellet": pellet, **values}


def view_measurement(lab: Lab, identifier: str) -> dict[str, Any]:
    """Return everything a page shows of one impedance measurement.

    Returns
    -------
    dict
        ``frequency_hz``, ``z_real_ohm``, ``z_imag_ohm`` (corrected for leads where they were
        subtracted), the stored ``fit`` with its line, ``kramers_kronig`` residuals, the file, the
        pellet, and the earlier results.

    Raises
    ------
    UnknownMeasurementError
        When there is none of this number.
    UsageError
        When it is no impedance.
    """
    from labkit.eis.spectrum import SpectrumError
    from labkit.eis.validity import check_kramers_kronig

    with lab.database.reading() as session:
        measurement = impedance_measurement(session, identifier)
        assert measurement.id is not None
        raw_file = session.get(RawFile, measurement.raw_file_id)
        pellet = session.get(Pellet, measurement.pellet_id) if measurement.pellet_id else None
        sweep = cell_sweep(session, measurement)
        results = session.exec(
            select(Analysis)
            .where(Analysis.kind == TAIL, Analysis.measurement_id == measurement.id)
            .order_by(col(Analysis.id).desc())
        ).all()
        data_hash = data_hash_of(session, measurement.id)
        corrections = list_corrections(session, measurement)
        labels = [] if pellet is None else labels_to_look_at(session, [pellet])
    assert raw_file is not None
    try:
        valid = check_kramers_kronig(sweep.used)
        residuals: dict[str, Any] | None = json_ready(
            {
                "frequency_hz": valid.frequency_hz,
                "residual_real": valid.residual_real,
                "residual_imaginary": valid.residual_imaginary,
                "rms": valid.rms,
                "elements": valid.elements,
                "form": valid.form,
            }
        )
    except SpectrumError:
        residuals = None
    current = results[0] if results else None
    frequency, z = sweep.frequency_hz, sweep.z_ohm
    return {
        "measurement": f"M{measurement.id}",
        "file": raw_file.file_name,
        "sha256": raw_file.sha256,
        "data_hash": data_hash,
        "sweep": measurement.sweep,
        "technique": measurement.technique,
        "instrument": measurement.instrument,
        "software": measurement.software,
        "amplitude": measurement.amplitude,
        "started_at": measurement.started_at,
        "pellet": None if pellet is None else pellet.name,
        "formula": None if pellet is None else pellet.formula,
        "temperature_K": measurement.temperature_K,
        "temperature_source": measurement.temperature_source,
        "set_aside_because": measurement.set_aside_because,
        "corrections": corrections,
        "labels_to_look_at": labels,
        "metadata": json_ready(measurement.record_metadata),
        "warnings": [*raw_file.warnings, *measurement.warnings],
        "leads_subtracted": sweep.choices.leads is not None,
        **_points(frequency, z),
        "fit": None if current is None else _fit(current, frequency, z),
        "kramers_kronig": residuals,
        "earlier": [_earlier(analysis) for analysis in results[1:]],
    }


def _points(frequency: NDArray[np.float64], z: NDArray[np.complex128]) -> dict[str, Any]:
    return {
        "frequency_hz": json_ready(frequency),
        "z_real_ohm": json_ready(z.real),
        "z_imag_ohm": json_ready(z.imag),
    }


def _fit(
    analysis: Analysis, frequency: NDArray[np.float64], z: NDArray[np.complex128]
) -> dict[str, Any]:
    return _drawn(analysis.result, frequency, z) | {
        "analysis": f"A{analysis.id}",
        "verdict": analysis.verdict,
        "reasons": analysis.reasons,
        "window_set_by": analysis.parameters.get("window_set_by"),
        "created_by": analysis.created_by,
        "created_at": analysis.created_at.isoformat(timespec="seconds"),
    }


_SHOWN = (
    "resistance_ohm",
    "resistance_random_ohm",
    "resistance_systematic_ohm",
    "sigma_S_per_cm",
    "sigma_random_S_per_cm",
    "sigma_systematic_S_per_cm",
    "window_hz",
    "window_source",
    "n_points",
    "intercept_method",
    "classical_resistance_ohm",
    "cpe_resistance_ohm",
    "cpe_resistance_se_ohm",
    "cpe_n",
    "cpe_n_se",
    "masked",
    "noise_relative",
    "residual_relative",
    "kramers_kronig_rms",
    "messages",
)


def _drawn(
    result: dict[str, Any], frequency: NDArray[np.float64], z: NDArray[np.complex128]
) -> dict[str, Any]:
    """Return the fields of a result that are shown, and the two ends of its line."""
    shown = {name: result.get(name) for name in _SHOWN}
    shown["masked"] = shown["masked"] or []
    shown["messages"] = shown["messages"] or []
    return shown | {"line": _line(result, frequency, z)}


def _line(
    result: dict[str, Any], frequency: NDArray[np.float64], z: NDArray[np.complex128]
) -> dict[str, list[float]] | None:
    """Z' = R + slope (-Z'') from the real axis to the top of the window."""
    resistance, slope = result.get("resistance_ohm"), result.get("slope")
    window = result.get("window_hz")
    if resistance is None or slope is None or not window or window[0] is None:
        return None
    inside = (frequency >= window[0] * (1 - 1e-9)) & (frequency <= window[1] * (1 + 1e-9))
    if result.get("intercept_method") != "blocking-tail" or not inside.any():
        return None
    top = float(np.max(-z.imag[inside]))
    return {"z_real_ohm": [resistance, resistance + slope * top], "z_imag_ohm": [0.0, -top]}


def _earlier(analysis: Analysis) -> dict[str, Any]:
    return {
        "analysis": f"A{analysis.id}",
        "resistance_ohm": analysis.result.get("resistance_ohm"),
        "sigma_S_per_cm": analysis.result.get("sigma_S_per_cm"),
        "window_hz": analysis.result.get("window_hz"),
        "window_source": analysis.result.get("window_source"),
        "masked_by_hand": len(masks_of(analysis)),
        "verdict": analysis.verdict,
        "created_by": analysis.created_by,
        "created_at": analysis.created_at.isoformat(timespec="seconds"),
    }


def view_tried_fit(lab: Lab, identifier: str, change: FitChange, *, by: str) -> dict[str, Any]:
    """Return what another window or other points would give; nothing is stored.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``M3``.
    change : FitChange
    by : str
        Who tries it.

    Returns
    -------
    dict
        Resistance and conductivity with their errors, window, verdict and the line to draw.

    Raises
    ------
    UnknownMeasurementError
        When there is none of this number.
    UsageError
        When a point cannot be left out or taken back, or no window is left.
    SpectrumError
        When the window holds too few points.
    """
    sweep, found = try_fit(lab, identifier, change, by=by)
    drawn = _drawn(found, sweep.frequency_hz, sweep.z_ohm)
    return drawn | {"verdict": found["verdict"], "reasons": found["reasons"]}
