"""Ivium .idf and .ids: settings as text lines, data blocks behind ``primary_data``."""

from __future__ import annotations

import dataclasses
import re

import numpy as np

from instruments.errors import EmptyFileError, MalformedFileError, TruncatedFileError
from instruments.reader import Parsed, Source, register
from instruments.records import Chronoamperometry, DiffractionPattern, Record
from instruments.sweeps import complex_z, spectra_of_points
from instruments.timestamps import from_text

__all__ = ["read_ivium"]

_BLOCK = re.compile(rb"primary_data[ \t]*\r?\n\s*(\d+)\s*\r?\n\s*(\d+)\s*\r?\n")
_SETTING = re.compile(rb"^([A-Za-z][\w.]{0,40})=([^\r\n]{0,200})\r?$", re.MULTILINE)
_MOST_ROWS = 10_000_000
_KEPT = {b"Method", b"Title", b"starttime", b"serialnumber", b"software", b"Amplitude"}
_TRANSIENTS = {"ChronoAmperometry": "CA", "ChronoPotentiometry": "CP"}


def _sniff(source: Source) -> bool:
    return b"primary_data" in source.content and b"Method=" in source.content


@register("ivium", suffixes=(".idf", ".ids"), sniff=_sniff, version="1")
def read_ivium(source: Source) -> Parsed:
    """Ivium data file.

    Raises
    ------
    EmptyFileError
        When no data block is there, or none holds a point.
    MalformedFileError, TruncatedFileError
        When a block does not hold the numbers that it announces.
    """
    content = source.content
    marks = list(_BLOCK.finditer(content))
    if not marks:
        raise EmptyFileError("holds no data block; was the measurement stored?")
    records: list[Record] = []
    warnings: list[str] = []
    for number, mark in enumerate(marks):
        before = marks[number - 1].end() if number else 0
        settings = _settings(content[before : mark.start()]) or _settings(content[: mark.start()])
        found, notes = _block(content, mark, settings)
        records.extend(found)
        warnings.extend(notes)
    if not records:
        raise EmptyFileError("its data blocks hold no point")
    return Parsed(_renumbered(records), {"data_blocks": len(marks)}, tuple(warnings))


def _settings(text: bytes) -> dict[str, str]:
    return {
        m[1].decode("latin-1"): m[2].decode("cp1252", errors="replace").strip()
        for m in _SETTING.finditer(text)
        if m[1] in _KEPT and m[2].strip()
    }


def _block(
    content: bytes, mark: re.Match[bytes], settings: dict[str, str]
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    n_columns, n_rows = int(mark[1]), int(mark[2])
    if n_columns != 3 or n_rows > _MOST_ROWS:
        raise MalformedFileError(
            f"has a data block of {n_columns} columns and {n_rows} rows", offset=mark.start()
        )
    # A row takes at least six characters, so a larger count is no reason to read on.
    words = content[mark.end() : mark.end() + 200 * n_rows].split(maxsplit=3 * n_rows)
    if len(words) < 3 * n_rows:
        raise TruncatedFileError(
            f"announces {n_rows} points and holds {len(words) // 3}; copy it again",
            offset=mark.start(),
        )
    try:
        table = np.array(words[: 3 * n_rows], dtype="S32").astype(np.float64).reshape(n_rows, 3)
    except ValueError as error:
        raise MalformedFileError(f"has a data block with a word: {error}") from error
    if n_rows == 0:
        return (), ()
    method = settings.get("Method", "Impedance")
    serial = settings.get("serialnumber")
    instrument = f"Ivium {serial}" if serial else None
    software, started_at = settings.get("software"), from_text(settings.get("starttime", ""))
    if "mpedance" in method:
        # The columns are Re Z, Im Z with the physics sign, frequency.
        return spectra_of_points(
            table[:, 2],
            complex_z(table[:, 0], table[:, 1]),
            instrument=instrument,
            software=software,
            started_at=started_at,
            metadata=dict(settings),
        )
    if method not in _TRANSIENTS:
        return (), (f"a data block of the method {method} is left out",)
    technique = _TRANSIENTS[method]
    record = Chronoamperometry(
        time_s=table[:, 0],
        current_A=table[:, 1] if technique == "CA" else None,
        potential_V=table[:, 1] if technique == "CP" else None,
        technique=technique,
        instrument=instrument,
        software=software,
        started_at=started_at,
        metadata=dict(settings),
    )
    return (record,), ()


def _renumbered(records: list[Record]) -> tuple[Record, ...]:
    return tuple(
        record
        if isinstance(record, DiffractionPattern)
        else dataclasses.replace(record, sweep=number)
        for number, record in enumerate(records, start=1)
    )
