"""Raw files in: stored byte for byte, read, analysed, one transaction per file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from db.errors import DatabaseBusyError, DatabaseError, DatabaseStorageError
from db.measurements import (
    StoredFile,
    find_by_data_hash,
    find_raw_file,
)
from db.pellets import get_pellet
from db.tables import Measurement, Pellet
from instruments import formats
from instruments.errors import InstrumentFileError, NoMeasurementError, UnknownFormatError
from instruments.records import Chronoamperometry, ImpedanceSpectrum, MeasuredFile
from labkit.eis.circuit_string import parse_circuit
from labkit.eis.leads import LeadImpedance
from labkit.errors import LabkitError, UsageError
from labkit.geometry_verdict import judge_geometry
from labkit.grammar import counted
from labkit.workflows.circuits import CIRCUIT
from labkit.workflows.column_mappings import read_with_columns, remember_mapping
from labkit.workflows.completing import complete_known_file, describe_sweep
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import geometry_of
from labkit.workflows.recording import (
    Arrival,
    Treatment,
    importable_records,
    keep_and_store,
    new_measurement,
)
from labkit.workflows.sample_conditions import GivenConditions, SampleConditions

__all__ = ["import_paths", "refused_report"]

# inside a folder, text that is no measurement (a report, notes) is left aside, not refused
_NO_MEASUREMENT = (NoMeasurementError, UnknownFormatError)


def import_paths(
    lab: Lab,
    paths: Iterable[Path],
    *,
    pellet: str | None = None,
    temperature: str | None = None,
    sheet: Path | None = None,
    columns: str | None = None,
    circuit: str | None = None,
    short: Path | None = None,
    arrival: Arrival = Arrival(),  # noqa: B008  (frozen)
    beside: Iterable[Path] = (),
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Import raw impedance files.

    Parameters
    ----------
    lab : Lab
    paths : iterable of Path
        Files, or folders whose readable files are taken.
    pellet : str, optional
        Name of the pellet; a sheet's line wins over it.
    temperature : str, optional
        Sample temperature with its unit; a sheet's line wins over it, a file name does not, and
        a note tells where the name says another.
    sheet : Path, optional
        CSV or Excel with the columns file, pellet, temperature.
    columns : str, optional
        Which column is which in plain tables, ``"f=Frequency (Hz), re=..., im=-..."``; the lab
        remembers it.
    circuit : str, optional
        An equivalent circuit to fit to every sweep, or ``"auto"``.
    short : Path, optional
        A spectrum of the shorted cell; its impedance is subtracted from every sweep.
    arrival : Arrival
        Who brings the files, and from where if not from their paths.
    beside : iterable of Path
        Other files of the same series, which are not imported; their names count where one
        temperature is given.
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    dict
        ``files`` with their sweeps, ``refused`` with their lines and whether it is worth to try
        ``again``, ``notes`` on the sheet, the files ``without_temperature`` as (name, pellet),
        counts and a summary line.

    Raises
    ------
    GeometryError, UsageError, UnknownPelletError, CircuitError, SpectrumError
        Before anything is stored, when what was given cannot be used.
    ContradictedTemperatureError
        Before anything is stored, when one temperature is given for files whose names differ.
    """
    lab.database.require_writable()
    given = GivenConditions.read(pellet, temperature, sheet, lab.settings.temperature_range_K)
    _check_pellets(lab, given)
    treatment = _treatment(lab, circuit, short, columns)
    named = list(paths)
    files, left_aside = _files_of(named)
    given.check_names(files, beside)
    imported: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for done, path in enumerate(files):
        if progress is not None:
            progress(done, len(files))
        try:
            imported.append(_import_file(lab, path, given.of(path), columns, treatment, arrival))
        except (InstrumentFileError, LabkitError, DatabaseError, OSError) as error:
            if path not in named and isinstance(error, _NO_MEASUREMENT):
                left_aside += 1
                continue
            again = isinstance(error, DatabaseBusyError | DatabaseStorageError)
            refused.append({"file": str(path), "error": _line_of(path, error), "again": again})
    if progress is not None:
        progress(len(files), len(files))
    return _report(imported, refused, left_aside, given.notes(files))


def refused_report(path: Path, error: Exception) -> dict[str, Any]:
    """Return the report of one file that was not imported, as `import_paths` writes it."""
    line = _line_of(path, error)
    return _report([], [{"file": str(path), "error": line, "again": False}], 0, [])


def _check_pellets(lab: Lab, given: GivenConditions) -> None:
    names = given.pellets()
    if names:
        with lab.database.reading() as session:
            for name in sorted(names):
                get_pellet(session, name)


def _treatment(lab: Lab, circuit: str | None, short: Path | None, columns: str | None) -> Treatment:
    """Check the circuit and read the shorted cell once, before anything is stored."""
    if circuit is not None and circuit != "auto":
        parse_circuit(circuit)
    if short is None:
        return Treatment(circuit)
    file, _ = read_with_columns(lab, short, read_bytes(short), columns)
    sweep = file.impedance_spectra()[0]
    leads = LeadImpedance.from_arrays(
        sweep.frequency_hz, sweep.z_ohm, file_name=short.name, sha256=file.sha256
    )
    return Treatment(circuit, leads)


def _files_of(paths: Iterable[Path]) -> tuple[list[Path], int]:
    """Files named, and the files of known kinds inside folders named; also how many others."""
    suffixes = {suffix.lower() for info in formats() for suffix in info.suffixes}
    files: list[Path] = []
    left_aside = 0
    for path in paths:
        if not _is_folder(path):
            files.append(path)
            continue
        inside, closed = _inside(path)
        readable = [found for found in inside if found.suffix.lower() in suffixes]
        if not (readable or closed):
            raise UsageError(f"{path}: no file of a known kind in this folder")
        files += readable + closed
        left_aside += len(inside) - len(readable)
    return list(dict.fromkeys(files)), left_aside


def _inside(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files in a folder and its sub-folders, and the folders that may not be read."""
    closed: list[Path] = []

    def note(error: OSError) -> None:
        closed.append(Path(error.filename))

    walk = os.walk(folder, onerror=note)
    found = [Path(place, name) for place, _, names in walk for name in names]
    return sorted(found), sorted(closed)


def _is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; what may not even be looked at is told where it is read."""
    try:
        return path.is_dir()
    except PermissionError:
        return False


def _line_of(path: Path, error: Exception) -> str:
    line = " ".join(str(error).split())
    if isinstance(error, OSError):
        line = error.strerror or line
    return line if path.name in line else f"{path}: {line}"


def _import_file(
    lab: Lab,
    path: Path,
    conditions: SampleConditions,
    columns: str | None,
    treatment: Treatment,
    arrival: Arrival,
) -> dict[str, Any]:
    content = read_bytes(path)
    file, used = read_with_columns(lab, path, content, columns)
    with lab.database.reading() as session:
        known = find_raw_file(session, file.sha256)
        records = () if known is not None else importable_records(file)
        pellet = None if conditions.pellet is None else get_pellet(session, conditions.pellet)
        twins = {
            record.data_hash: find_by_data_hash(session, record.data_hash) for record in records
        }
    if known is not None:
        return complete_known_file(lab, path, file.sha256, conditions, treatment, actor=arrival.by)
    # the fits come before the transaction, so that others can write meanwhile
    measurements = [
        new_measurement(lab, record, conditions, pellet, treatment) for record in records
    ]
    stored = keep_and_store(lab, path, content, file, measurements, pellet, arrival)
    described = _describe_import(path, file, records, stored, pellet, conditions, twins)
    if used is not None:
        remember_mapping(lab, used)
        described["warnings"].append(f"columns read as {used}")
    return described


def read_bytes(path: Path) -> bytes:
    """Read a raw file, refusing a folder or a missing one in words."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; check the name") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, not a file") from None
    except PermissionError:
        why = "check its permissions" if _is_folder(path) else "is it open in another program?"
        raise UsageError(f"{path}: not readable; {why}") from None


def _describe_import(
    path: Path,
    file: MeasuredFile,
    records: Sequence[ImpedanceSpectrum | Chronoamperometry],
    stored: StoredFile,
    pellet: Pellet | None,
    conditions: SampleConditions,
    twins: dict[str, list[Measurement]],
) -> dict[str, Any]:
    warnings = [*file.warnings, *(w for record in records for w in record.warnings)]
    if pellet is None:
        warnings.append("no pellet given: resistance only; import again with --pellet NAME")
    else:
        warnings += [reason.message for reason in judge_geometry(geometry_of(pellet))]
    warnings += conditions.warnings()
    same = sorted({twin.id for found in twins.values() for twin in found if twin.id is not None})
    if same:
        warnings.append(f"the same points are already here as {_ids(same)}; counted once")
    tails = {row.measurement_id: row for row in stored.analyses if row.kind == TAIL}
    circuits = {row.measurement_id: row for row in stored.analyses if row.kind == CIRCUIT}
    described = [
        describe_sweep(
            measurement,
            tails.get(measurement.id),
            record.data_hash,
            circuits.get(measurement.id),
        )
        | {"same_data_as": [f"M{twin.id}" for twin in twins[record.data_hash]]}
        for measurement, record in zip(stored.measurements, records, strict=True)
    ]
    return {
        "file": str(path),
        "name": path.name,
        "status": "imported",
        "sha256": file.sha256,
        "format": file.format,
        "pellet": None if pellet is None else pellet.name,
        "warnings": list(dict.fromkeys(warnings)),
        "sweeps": [row for row in described if row["kind"] == "impedance"],
        "transients": [row for row in described if row["kind"] == "dc"],
    }


def _ids(numbers: Sequence[int]) -> str:
    """Write the ids of measurements; more than a few by the first and the last."""
    names = [f"M{number}" for number in numbers]
    if len(names) <= 4:
        return ", ".join(names)
    return f"{names[0]} ... {names[-1]} ({len(names)} measurements)"


def _report(
    imported: list[dict[str, Any]],
    refused: list[dict[str, Any]],
    left_aside: int,
    notes: list[str],
) -> dict[str, Any]:
    counts = {
        status: sum(file["status"] == status for file in imported)
        for status in ("imported", "completed", "known")
    }
    sweeps = [sweep for file in imported for sweep in file["sweeps"]]
    verdicts = {
        verdict: sum(sweep["verdict"] == verdict for sweep in sweeps)
        for verdict in ("accepted", "review", "rejected")
    }
    parts = [f"{counted(counts['imported'], 'file')} imported"]
    if counts["completed"]:
        parts.append(f"{counts['completed']} completed")
    if counts["known"]:
        parts.append(f"{counts['known']} known already, nothing added")
    if refused:
        parts.append(f"{len(refused)} refused")
    if left_aside:
        parts.append(f"{counted(left_aside, 'file')} of other kinds left aside")
    parts.append(", ".join(f"{number} {verdict}" for verdict, number in verdicts.items()))
    return {
        "files": imported,
        "refused": refused,
        "imported": counts["imported"],
        "completed": counts["completed"],
        "known": counts["known"],
        "left_aside": left_aside,
        "notes": notes,
        "without_temperature": [
            (file["name"], file["pellet"])
            for file in imported
            if any(sweep["temperature_K"] is None for sweep in file["sweeps"])
        ],
        "verdicts": verdicts,
        "summary": "; ".join(parts),
    }
