"""BioLogic .mpt: EC-Lab's text export, under whatever suffix it was saved."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instruments.biologic_header import Header, beside, decode, parse_header
from instruments.biologic_records import Run, records_of
from instruments.errors import (
    EmptyFileError,
    MalformedFileError,
    MissingColumnError,
    NoMeasurementError,
    TruncatedFileError,
    UnknownFormatError,
)
from instruments.numeric_text import parse_block
from instruments.reader import Parsed, Source, register
from instruments.timestamps import from_text

__all__ = ["read_mpt", "read_settings"]

_MAGIC = re.compile(rb"^\s*(?:\xef\xbb\xbf)?(?:EC|BT)-Lab ASCII FILE", re.IGNORECASE)
_HEADER_LINES = re.compile(rb"Nb header lines\s*:\s*(\d+)")
_FIRST_COLUMNS = (
    b"freq/Hz\t",
    b"mode\t",
    b"time/s\t",
    b"Re(Z)/Ohm\t",
    b"Ewe/V\t",
    b"cycle number\t",
)
_SETTINGS = re.compile(rb"^\s*(?:EC|BT)-LAB (SETTING|LOG) FILE", re.IGNORECASE)
_MOST_HEADER_LINES = 100_000
_BOM = b"\xef\xbb\xbf"


def _sniff(source: Source) -> bool:
    head = source.content[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = decode(head).encode("utf-8")
    return bool(_MAGIC.match(head)) or head.removeprefix(_BOM).startswith(_FIRST_COLUMNS)


@register("biologic-mpt", suffixes=(".mpt",), sniff=_sniff, version="1")
def read_mpt(source: Source) -> Parsed:
    """BioLogic EC-Lab text export.

    Returns
    -------
    Parsed
        One spectrum per sweep, or a transient for direct-current techniques.

    Raises
    ------
    MissingColumnError
        When impedance has no frequency column.
    MalformedFileError
        When a line does not fit the column names.
    TruncatedFileError
        When the file ends inside its header.
    """
    content = source.content
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = decode(content).encode("utf-8")
    content = content.removeprefix(_BOM)
    header_lines, names, body_at = _split(content)
    header = parse_header(header_lines)
    n_header = len(header_lines) + 1
    table, warnings = _table(content, body_at, names, n_header)
    columns: dict[str, NDArray[Any]] = {name: table[:, i] for i, name in enumerate(names) if name}
    run, notes = _run(source, header, columns)
    if not table.shape[0]:
        note = "the export holds no record: the run has stored nothing"
        return Parsed((), {**run.metadata, "technique": run.technique}, (*warnings, *notes, note))
    records, more = records_of(columns, run)
    metadata = {**run.metadata, "technique": run.technique, "records": int(table.shape[0])}
    return Parsed(records, metadata, (*warnings, *notes, *more))


def _split(content: bytes) -> tuple[list[str], list[str], int]:
    """Return header lines, column names and the offset of the numbers."""
    if not _MAGIC.match(content[:200]):
        if not content.startswith(_FIRST_COLUMNS):
            raise UnknownFormatError(
                "begins neither with 'EC-Lab ASCII FILE' nor with EC-Lab's column names"
            )
        end = _line_end(content, 0)
        return [], _names(content[:end]), end
    announced = _HEADER_LINES.search(content[:1000])
    if announced is None:
        raise MalformedFileError("does not say 'Nb header lines'; export it again from EC-Lab")
    count = int(announced[1])
    if not 2 <= count <= _MOST_HEADER_LINES:
        raise MalformedFileError(f"announces {count} header lines", line=2)
    at = 0
    lines: list[bytes] = []
    for _ in range(count):
        if at >= len(content):
            raise TruncatedFileError(
                f"announces {count} header lines and ends after {len(lines)}; copy it again"
            )
        end = _line_end(content, at)
        lines.append(content[at:end])
        at = end
    header = decode(b"".join(lines[:-1])).splitlines()
    return header, _names(lines[-1]), at


def _line_end(content: bytes, at: int) -> int:
    """Return the offset behind the line that begins at an offset."""
    newline = content.find(b"\n", at)
    if newline < 0:
        carriage = content.find(b"\r", at)
        return len(content) if carriage < 0 else carriage + 1
    return newline + 1


def _names(line: bytes) -> list[str]:
    names = [name.strip() for name in decode(line).rstrip("\r\n").split("\t")]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise MissingColumnError("has no column names behind its header; export it again")
    return names


def _table(
    content: bytes, body_at: int, names: list[str], n_header: int
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    first = content[body_at : _line_end(content, body_at)]
    n_cells = len(first.rstrip(b"\r\n\t ").split(b"\t")) if first.strip() else len(names)
    has_impedance = any(n in names for n in ("Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm"))
    if has_impedance and "freq/Hz" not in names:
        raise MissingColumnError(
            "holds impedance without a frequency: the column freq/Hz is missing; export the file "
            "again with it, or import the .mpr",
            line=n_header,
        )
    if n_cells > len(names):
        raise MalformedFileError(
            f"has {n_cells} cells in a line and {len(names)} column names; export it again",
            line=n_header + 1,
        )
    notes: tuple[str, ...] = ()
    if n_cells < len(names) and _line_end(content, body_at) < len(content):
        # EC-Lab may print names of columns that it has no values for, at the end of the line.
        without = ", ".join(name for name in names[n_cells:] if name)
        notes = (f"the columns {without} have a name and no values",)
        del names[n_cells:]
    block = content[body_at:] if body_at else content
    if b":" in first and "time/s" in names:
        block = _elapsed_times(block, names.index("time/s"), n_header + 1)
        notes = (*notes, "was exported with absolute times; they are taken from the first point on")
    table, warnings = parse_block(block, len(names), first_line=n_header + 1)
    if notes and not _modulus_agrees(table, names):
        raise MalformedFileError(
            f"has {n_cells} cells in a line, more column names, and |Z| does not agree with Re(Z) "
            "and -Im(Z): names and numbers have slipped; export it again",
            line=n_header + 1,
        )
    return table, (*notes, *warnings)


def _elapsed_times(block: bytes, column: int, first_line: int) -> bytes:
    """Turn absolute times (EC-Lab's other time format) into seconds since the first point."""
    lines = block.split(b"\n")
    start: datetime | None = None
    for index, line in enumerate(lines):
        cells = line.split(b"\t")
        if len(cells) <= column or b":" not in cells[column]:
            continue
        stamp = from_text(cells[column].decode("latin-1"), month_first=True)
        if stamp is None:
            text = cells[column][:40].decode("latin-1")
            raise MalformedFileError(f"{text!r} is no time", line=first_line + index)
        moment = datetime.fromisoformat(stamp.iso)
        start = start or moment
        cells[column] = f"{(moment - start).total_seconds():.6E}".encode("ascii")
        lines[index] = b"\t".join(cells)
    return b"\n".join(lines)


def _modulus_agrees(table: NDArray[np.float64], names: list[str]) -> bool:
    wanted = ("Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm")
    if not all(name in names for name in wanted):
        return True
    real, imag, modulus = (table[:, names.index(name)] for name in wanted)
    return bool(np.allclose(np.hypot(real, imag), modulus, rtol=1e-3, equal_nan=True))


def _run(
    source: Source, header: Header, columns: dict[str, NDArray[Any]]
) -> tuple[Run, tuple[str, ...]]:
    metadata = dict(header.metadata)
    notes: list[str] = []
    if header.settings:
        for key, name in (("fi", "set_start_frequency_hz"), ("ff", "set_stop_frequency_hz")):
            if (value := _set_frequency(header, key)) is not None:
                metadata[name] = value
        for key in ("Mode", "Nd", "Na"):
            if key in header.settings:
                metadata[f"set_{key}"] = header.settings[key]
    technique = header.technique
    if technique is None:
        if found := beside(source.path, (".mpl", ".mps")):
            technique = found[1].technique
            metadata["header_file_beside"] = found[0]
        elif "freq/Hz" in columns:
            technique = "EIS"
        if not header.software:
            notes.append("was exported without header: technique, start and device are not known")
    return (
        Run(
            technique=technique,
            instrument=header.instrument,
            software=header.software,
            started_at=header.started_at,
            amplitude=header.amplitude,
            metadata=metadata,
        ),
        tuple(notes),
    )


def _set_frequency(header: Header, key: str) -> float | None:
    unit = {"MHz": 1e6, "kHz": 1e3, "Hz": 1.0, "mHz": 1e-3, "µHz": 1e-6}.get(
        header.settings.get(f"unit {key}", "")
    )
    try:
        value = float(header.settings.get(key, "").replace(",", "."))
    except ValueError:
        return None
    return None if unit is None else float(f"{value * unit:.9g}")


def _sniff_settings(source: Source) -> bool:
    return bool(_SETTINGS.match(source.content[:200]))


@register("biologic-settings", suffixes=(".mps", ".mpl"), sniff=_sniff_settings, version="1")
def read_settings(source: Source) -> Parsed:
    """BioLogic settings (.mps) or log (.mpl): read beside a data file, no data by itself."""
    if not source.content.strip():
        raise EmptyFileError("is empty")
    match = _SETTINGS.match(source.content[:200])
    header = parse_header(decode(source.content).splitlines())
    what = "log" if match and match[1].upper() == b"LOG" else "settings file"
    of = f" of a {header.technique} run" if header.technique else ""
    raise NoMeasurementError(
        f"is an EC-Lab {what}{of} and holds no data; import the .mpr, it is read beside it"
    )
