"""CH Instruments text files: impedance with its header lines."""

from __future__ import annotations

import re

from instruments.delimited_text import decode_text, numeric_table
from instruments.errors import EmptyFileError, NotImpedanceError
from instruments.impedance_table import find_header, needed_columns, spectra_of_table
from instruments.reader import Parsed, Source, register
from instruments.timestamps import from_text

__all__ = ["read_chi"]

_MODEL = re.compile(r"^Instrument Model:\s*(\S+)", re.MULTILINE)
_PARAMETER = re.compile(r"^([^=:]{2,40}?)\s*[=:]\s*(\S.*)$")


def _sniff(source: Source) -> bool:
    head = source.content[:1500]
    return b"Instrument Model:" in head and b"CHI" in head


@register("chi-text", suffixes=(), sniff=_sniff, version="1")
def read_chi(source: Source) -> Parsed:
    """CH Instruments text export.

    Raises
    ------
    NotImpedanceError
        When the technique is another one.
    EmptyFileError
        When the table holds no point.
    """
    text = decode_text(source.content)
    lines = text.splitlines()
    found = find_header(lines)
    if found is None:
        technique = lines[1].strip() if len(lines) > 1 else "unknown technique"
        raise NotImpedanceError(f"holds {technique!r}, no table of frequency and impedance")
    index, delimiter, columns, names = found
    needed = needed_columns(columns)
    table, warnings = numeric_table(
        lines[index + 1 :], delimiter, needed=needed, n_columns=len(names), first_line=index + 2
    )
    if not table.shape[0]:
        raise EmptyFileError("names its columns and holds no number below them", line=index + 1)
    metadata = {m[1].strip(): m[2].strip() for ln in lines[:index] if (m := _PARAMETER.match(ln))}
    model = _MODEL.search(text)
    amplitude = metadata.get("Amplitude (V)")
    spectra, notes = spectra_of_table(
        table,
        columns,
        technique="PEIS" if amplitude else "EIS",
        instrument=model[1] if model else None,
        software="CHI",
        started_at=from_text(lines[0]),
        amplitude=f"{amplitude} V" if amplitude else None,
        metadata=metadata,
    )
    return Parsed(spectra, metadata, (*warnings, *notes))
