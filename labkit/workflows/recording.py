"""Records of a raw file as the database keeps them, impedance sweeps with their result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

import labkit
from db.corrections import lock_row
from db.measurements import NewAnalysis, NewMeasurement, StoredFile, store_measured_file
from db.tables import Pellet
from instruments.records import (
    Chronoamperometry,
    DiffractionPattern,
    ImpedanceSpectrum,
    MeasuredFile,
    Record,
)
from labkit.eis.leads import LeadImpedance
from labkit.errors import ChangedMeanwhileError
from labkit.workflows.circuits import analyse_circuit
from labkit.workflows.conductivity_of_sweep import analyse_sweep
from labkit.workflows.fit_choices import FitChoices
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import geometry_of
from labkit.workflows.sample_conditions import SampleConditions

__all__ = ["Arrival", "Treatment", "importable_records", "keep_and_store", "new_measurement"]


@dataclass(frozen=True)
class Treatment:
    """What is done to every impedance sweep beside the extrapolation of its tail.

    Attributes
    ----------
    circuit : str or None
        An equivalent circuit to fit, or ``"auto"``.
    leads : LeadImpedance or None
        A shorted cell to subtract.
    """

    circuit: str | None = None
    leads: LeadImpedance | None = None


@dataclass(frozen=True)
class Arrival:
    """How a raw file came into the lab.

    Attributes
    ----------
    by : str or None
        Who brought it, where that is known.
    origin : str or None
        Where it came from in words; the path that was read otherwise.
    """

    by: str | None = None
    origin: str | None = None


def importable_records(file: MeasuredFile) -> tuple[ImpedanceSpectrum | Chronoamperometry, ...]:
    """Return the records that mean something to the bench: impedance, else current transients.

    Raises
    ------
    NotImpedanceError, EmptyFileError
        When the file holds neither.
    """
    sweeps = tuple(record for record in file.records if isinstance(record, ImpedanceSpectrum))
    transients = tuple(
        record
        for record in file.records
        if isinstance(record, Chronoamperometry) and record.current_A is not None
    )
    if sweeps or not transients:
        return file.impedance_spectra()
    return transients


def new_measurement(
    lab: Lab,
    record: Record,
    conditions: SampleConditions,
    pellet: Pellet | None,
    treatment: Treatment = Treatment(),
) -> NewMeasurement:
    """Turn a record into a measurement ready to be stored.

    Parameters
    ----------
    lab : Lab
        Its time zone and temperature error fill in what no file says.
    record : Record
    conditions : SampleConditions
    pellet : Pellet or None
    treatment : Treatment
        Leads to subtract and a circuit to fit.

    Returns
    -------
    NewMeasurement
        An impedance sweep comes with its extrapolated resistance and conductivity, and with its
        circuit where one is asked for.
    """
    started = record.started_at
    kelvin = conditions.temperature_K
    common: dict[str, Any] = {
        "kind": record.kind,
        "data_hash": record.data_hash,
        "instrument": record.instrument,
        "software": record.software,
        "started_at": None if started is None else started.iso,
        "started_at_zone": None if started is None else started.zone or lab.settings.time_zone,
        "started_at_ambiguous": started is not None and started.ambiguous,
        "temperature_K": kelvin,
        "temperature_se_K": None if kelvin is None else lab.settings.temperature_se_K,
        "temperature_source": conditions.temperature_source,
        "metadata": dict(record.metadata),
        "warnings": record.warnings,
    }
    columns = {f"column {name}": column for name, column in record.columns.items()}
    if isinstance(record, ImpedanceSpectrum):
        return NewMeasurement(
            **common,
            arrays=_sweep_arrays(record) | columns,
            sweep=record.sweep,
            technique=record.technique,
            amplitude=record.amplitude,
            analyses=_sweep_analyses(record, kelvin, pellet, treatment),
        )
    if isinstance(record, Chronoamperometry):
        return NewMeasurement(
            **common,
            arrays=_transient_arrays(record) | columns,
            sweep=record.sweep,
            technique=record.technique,
        )
    return NewMeasurement(
        **common,
        arrays=_pattern_arrays(record) | columns,
        sweep=record.scan,
        technique="diffraction",
    )


def _sweep_analyses(
    record: ImpedanceSpectrum,
    temperature_K: float | None,
    pellet: Pellet | None,
    treatment: Treatment,
) -> list[NewAnalysis]:
    choices = FitChoices(leads=treatment.leads)
    analyses = [
        analyse_sweep(
            record.frequency_hz,
            record.z_ohm,
            data_hash=record.data_hash,
            geometry=None if pellet is None else geometry_of(pellet),
            temperature_K=temperature_K,
            choices=choices,
        )
    ]
    if treatment.circuit is not None:
        analyses.append(
            analyse_circuit(
                record.frequency_hz,
                record.z_ohm,
                treatment.circuit,
                data_hash=record.data_hash,
                choices=choices,
                tail=analyses[0].result,
            )
        )
    return analyses


def _sweep_arrays(record: ImpedanceSpectrum) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "frequency_hz": record.frequency_hz,
        "z_ohm": record.z_ohm,
    }
    if record.time_s is not None:
        arrays["time_s"] = record.time_s
    return arrays


def _transient_arrays(record: Chronoamperometry) -> dict[str, NDArray[Any]]:
    measured = {"current_A": record.current_A, "potential_V": record.potential_V}
    return {"time_s": record.time_s} | {
        name: values for name, values in measured.items() if values is not None
    }


def _pattern_arrays(record: DiffractionPattern) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "two_theta_deg": record.two_theta_deg,
        "intensity_counts": record.intensity_counts,
    }
    if record.sigma_counts is not None:
        arrays["sigma_counts"] = record.sigma_counts
    return arrays


def keep_and_store(
    lab: Lab,
    path: Path,
    content: bytes,
    file: MeasuredFile,
    measurements: Sequence[NewMeasurement],
    pellet: Pellet | None,
    arrival: Arrival = Arrival(),
) -> StoredFile:
    """Keep the bytes of a raw file, then store it with its measurements in one transaction.

    The raw file comes first: without its row it is only a spare copy, the row without it is a loss.

    Raises
    ------
    ChangedMeanwhileError
        When the geometry of the pellet was corrected since the measurements were analysed.
    """
    kept = lab.keep_raw_file(content, file.sha256)
    with lab.database.session() as session:
        if pellet is not None:
            now = lock_row(session, pellet)
            if geometry_of(now) != geometry_of(pellet):
                raise ChangedMeanwhileError(
                    f"pellet {now.name} was corrected meanwhile; import {path.name} again"
                )
        return store_measured_file(
            session,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            file_name=path.name,
            format=file.format,
            reader_version=file.reader_version,
            measurements=measurements,
            pellet_id=None if pellet is None else pellet.id,
            stored_path=kept.relative_to(lab.folder).as_posix(),
            original_path=arrival.origin or str(path.resolve()),
            metadata=dict(file.metadata),
            warnings=file.warnings,
            labkit_version=labkit.__version__,
            imported_by=arrival.by,
        )
