"""BioLogic .mpr: the binary file of EC-Lab, every sweep apart.

The column meanings come from comparing binary files with their text exports; see
`instruments.biologic_columns`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.biologic_header import beside
from instruments.biologic_layout import Table, header_of, read_table
from instruments.biologic_modules import Module, modules_of
from instruments.biologic_records import Run, records_of
from instruments.biologic_settings import (
    eis_parameters,
    external_channels,
    log_of,
    settings_of,
)
from instruments.errors import LayoutError
from instruments.reader import Parsed, Source, register
from instruments.timestamps import from_text

__all__ = ["read_mpr"]


def _sniff(source: Source) -> bool:
    return source.content.startswith(b"BIO-LOGIC MODULAR FILE")


@register("biologic-mpr", suffixes=(".mpr",), sniff=_sniff, version="1")
def read_mpr(source: Source) -> Parsed:
    """BioLogic EC-Lab binary file.

    Returns
    -------
    Parsed
        One spectrum per sweep, or a transient for direct-current techniques; no record when the
        run holds none.

    Raises
    ------
    TruncatedFileError
        When a module is longer than the file.
    LayoutError
        When there is no data module, or its rows cannot be proven.
    """
    content = source.content
    modules: dict[str, Module] = {}
    for module in modules_of(content):
        modules.setdefault(module.name, module)
    if "VMP data" not in modules:
        raise LayoutError(
            f"has no data module (modules: {', '.join(modules) or 'none'}); EC-Lab stores it when "
            "the run begins: copy the file again after the run"
        )
    data = modules["VMP data"]
    body = memoryview(content)[data.start : data.start + data.length]
    header = header_of(body, data.version)
    table = read_table(body, header)
    analog = external_channels(_body(content, modules, "VMP ExtDev"))
    columns = {analog.get(name, name): values for name, values in table.columns.items()}
    run = _run(source, modules, columns)
    warnings = _layout_warnings(table)
    file_metadata = {
        **run.metadata,
        "technique": run.technique,
        "records": header.n_rows,
        "modules": ", ".join(modules),
    }
    if header.n_rows == 0:
        note = "the run holds no record: it was set up but has stored nothing"
        return Parsed((), file_metadata, (*warnings, note))
    records, notes = records_of(columns, run)
    return Parsed(records, file_metadata, (*warnings, *notes))


def _body(content: bytes, modules: dict[str, Module], name: str) -> bytes:
    return modules[name].body(content) if name in modules else b""


def _measured_range(columns: dict[str, NDArray[Any]]) -> tuple[float, float] | None:
    frequency = columns.get("freq/Hz")
    if frequency is None:
        return None
    with np.errstate(invalid="ignore"):
        measured = frequency[frequency > 0]
    return (float(measured.min()), float(measured.max())) if measured.size else None


def _layout_warnings(table: Table) -> tuple[str, ...]:
    warnings = []
    if table.unknown_ids:
        ids = ", ".join(map(str, table.unknown_ids))
        warnings.append(f"column ids {ids} are not known; their columns are left out")
    if table.left_out:
        names = ", ".join(table.left_out)
        warnings.append(f"the place of {names} behind unknown columns is not certain; left out")
    return tuple(warnings)


def _run(source: Source, modules: dict[str, Module], columns: dict[str, NDArray[Any]]) -> Run:
    """Gather what settings, log, and the files beside say."""
    set_body = _body(source.content, modules, "VMP Set")
    settings, log = settings_of(set_body), log_of(_body(source.content, modules, "VMP LOG"))
    metadata: dict[str, str | int | float | bool | None] = {**log.metadata, **settings.metadata}
    started_at, software, instrument = log.started_at, log.software, log.instrument
    warnings: list[str] = []
    if "VMP LOG" not in modules:
        if found := beside(source.path, (".mpl",)):
            name, header = found
            metadata["log_file_beside"] = name
            started_at, software, instrument = (
                header.started_at, header.software, header.instrument
            )  # fmt: skip
        else:
            warnings.append("has no log: start time, program version and device are not known")
    if started_at is None:
        started_at = from_text(modules["VMP data"].date, month_first=True)
    if instrument is None and "device_code" in metadata:
        warnings.append(f"device code {metadata['device_code']} is not known")
    technique = settings.technique
    is_impedance = "freq/Hz" in columns
    if technique is None and settings.technique_number is not None:
        warnings.append(f"technique number {settings.technique_number} is not known")
    parameters = eis_parameters(set_body, technique, _measured_range(columns))
    if parameters:
        metadata["set_start_frequency_hz"] = parameters.start_frequency_hz
        metadata["set_stop_frequency_hz"] = parameters.stop_frequency_hz
        metadata["set_points_per_decade"] = parameters.points_per_decade
        metadata["set_averages"] = parameters.averages
    amplitude = parameters.amplitude if parameters else None
    if found := beside(source.path, (".mps",)):
        name, header = found
        if header.technique == technique:
            metadata["settings_file_beside"] = name
            amplitude = amplitude or header.amplitude
            instrument = instrument or header.instrument
    return Run(
        technique=technique or ("EIS" if is_impedance else None),
        instrument=instrument,
        software=software,
        started_at=started_at,
        amplitude=amplitude,
        metadata=metadata,
        warnings=tuple(warnings),
    )
