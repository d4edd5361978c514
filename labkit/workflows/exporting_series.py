"""Spectra and Arrhenius points in files that a plotting program opens."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlmodel import Session

from db.measurements import get_measurement, latest_analysis, list_measurements, load_arrays
from db.pellets import get_pellet
from db.tables import Measurement, RawFile
from labkit.errors import NotFoundError, UsageError
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.lab import Lab
from labkit.workflows.table_files import (
    TABLE_SUFFIXES,
    Row,
    check_table_path,
    write_sheets,
    write_table,
)
from labkit.workflows.temperature_series import collect_series

__all__ = ["export_arrhenius", "export_spectra"]


def export_spectra(
    lab: Lab, path: Path, *, measurements: Sequence[str] = (), pellets: Sequence[str] = ()
) -> dict[str, Any]:
    """Write spectra as they were measured, with what the newest fit leaves out and why.

    Parameters
    ----------
    lab : Lab
    path : Path
        A folder, which gets a CSV file for each spectrum; or a file: ``.xlsx`` with a sheet for
        each, ``.csv`` or ``.json`` with all of them below each other.
    measurements, pellets : sequence of str
        ``M1``; names of pellets, all of whose spectra are taken. Neither: every spectrum.

    Returns
    -------
    dict
        ``files``, ``spectra`` and ``rows`` written.

    Raises
    ------
    UnknownMeasurementError, UnknownPelletError
        When the lab has none of that name.
    UsageError
        When a measurement is no impedance, or nothing can be written there.
    NotFoundError
        When there is no spectrum to write.
    """
    to_folder = path.suffix.lower() not in TABLE_SUFFIXES
    if to_folder:
        _check_folder(path)
    else:
        check_table_path(path)
    with lab.database.reading() as session:
        chosen = _chosen(session, measurements, pellets)
        spectra = {f"M{one.id}": _points(session, one) for one in chosen}
        names = {f"M{one.id}": _file_name(session, one) for one in chosen}
    files = [path]
    if to_folder:
        path.mkdir(exist_ok=True)
        files = [path / names[identifier] for identifier in spectra]
        for file, rows in zip(files, spectra.values(), strict=True):
            write_table(file, rows)
    elif path.suffix.lower() == ".xlsx":
        write_sheets(path, spectra)
    elif len(spectra) == 1:
        write_table(path, next(iter(spectra.values())))
    else:
        together = [
            {"measurement": identifier, **row}
            for identifier, rows in spectra.items()
            for row in rows
        ]
        write_table(path, together)
    return {
        "files": [str(file) for file in files],
        "spectra": len(spectra),
        "rows": sum(map(len, spectra.values())),
    }


def _check_folder(path: Path) -> None:
    if path.suffix and not path.is_dir():
        raise UsageError(f"{path}: name a folder, or a file that ends in .csv, .json or .xlsx")
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path}: that is a file; name a folder, or a .csv, .json or .xlsx file")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")


def _chosen(
    session: Session, measurements: Sequence[str], pellets: Sequence[str]
) -> list[Measurement]:
    named = [get_measurement(session, identifier) for identifier in measurements]
    for one in named:
        if one.kind != "impedance":
            raise UsageError(f"M{one.id} is a measurement of the kind {one.kind}, no impedance")
    numbers = [get_pellet(session, name).id or 0 for name in pellets]
    if pellets or not named:
        named += list_measurements(session, pellet_ids=numbers or None, kind="impedance")
    if not named:
        where = f"pellet {', '.join(pellets)}" if pellets else "this lab"
        raise NotFoundError(f"{where} has no impedance spectrum")
    return list({one.id: one for one in named}.values())


def _points(session: Session, measurement: Measurement) -> list[Row]:
    """Return the points in the order of measurement; names as in the Battery Data Format."""
    assert measurement.id is not None
    arrays = load_arrays(session, measurement.id)
    analysis = latest_analysis(session, TAIL, measurement_id=measurement.id)
    masked = {} if analysis is None else _reasons(analysis.result.get("masked") or [])
    frequency, z = arrays["frequency_hz"], arrays["z_ohm"]
    columns = (frequency, z.real, z.imag, np.abs(z), np.degrees(np.angle(z)))
    return [
        {
            "frequency_hertz": numbers[0],
            "real_impedance_ohm": numbers[1],
            "imaginary_impedance_ohm": numbers[2],
            "absolute_impedance_ohm": numbers[3],
            "phase_degree": numbers[4],
            "masked": int(k in masked),
            "mask_reason": masked.get(k, ""),
        }
        for k, numbers in enumerate(zip(*(_finite(column) for column in columns), strict=True))
    ]


def _reasons(masked: list[dict[str, Any]]) -> dict[int, str]:
    return {
        point["index"]: point["reason"] + (f" (by {point['by']})" if "by" in point else "")
        for point in masked
    }


def _finite(column: Any) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in column.tolist()]


def _file_name(session: Session, measurement: Measurement) -> str:
    """Return a name that sorts by file and says which measurement it is."""
    raw_file = session.get(RawFile, measurement.raw_file_id)
    assert raw_file is not None
    stem = re.sub(r"[^\w.+-]+", "_", Path(raw_file.file_name).stem).strip("._")[:80]
    return f"M{measurement.id}-{stem}.csv" if stem else f"M{measurement.id}.csv"


def export_arrhenius(lab: Lab, path: Path, pellets: Sequence[str]) -> dict[str, Any]:
    """Write the accepted conductivities of pellets over temperature.

    Parameters
    ----------
    lab : Lab
    path : Path
        Its suffix chooses CSV, JSON or Excel.
    pellets : sequence of str
        Names of pellets.

    Returns
    -------
    dict
        ``rows`` written, and ``left_out``: what was not, and why.

    Raises
    ------
    UnknownPelletError
        When there is no such pellet.
    UsageError
        When no pellet is named, or nothing can be written there.
    NotFoundError
        When no conductivity is left.
    """
    if not pellets:
        raise UsageError("Arrhenius points are those of a pellet: give --pellet NAME")
    check_table_path(path)
    rows: list[Row] = []
    left_out: list[str] = []
    with lab.database.reading() as session:
        for name in dict.fromkeys(pellets):
            series = collect_series(session, name, include_review=False)
            left_out += [f"{series.pellet.name}: {line}" for line in series.left_out]
            for analysis in series.analyses:
                kelvin, sigma = analysis.temperature_K, analysis.sigma_S_per_cm
                assert kelvin is not None and sigma is not None  # what was collected has both
                rows.append(
                    {
                        "pellet": series.pellet.name,
                        "measurement": f"M{analysis.measurement_id}",
                        "temperature_C": round(kelvin - 273.15, 6),
                        "temperature_K": kelvin,
                        "inverse_temperature_1000_per_K": 1000 / kelvin,
                        "sigma_S_per_cm": sigma,
                        "sigma_random_S_per_cm": analysis.sigma_random_S_per_cm,
                        "sigma_systematic_S_per_cm": analysis.sigma_systematic_S_per_cm,
                        "ln_sigma_T_S_K_per_cm": math.log(sigma * kelvin),
                        "verdict": analysis.verdict,
                    }
                )
    if not rows:
        why = f" ({'; '.join(left_out[:3])})" if left_out else ""
        raise NotFoundError(f"no accepted conductivity with a temperature to write{why}")
    write_table(path, rows, sheet="arrhenius")
    return {"rows": len(rows), "left_out": left_out}
