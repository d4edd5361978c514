"""ZPlot/ZView .z files, and the same table as other programs write it (Autolab's Z60W)."""

from __future__ import annotations

import re

from instruments.delimited_text import decode_text, numeric_table, split_line
from instruments.errors import EmptyFileError, MalformedFileError, TruncatedFileError
from instruments.reader import Parsed, Source, register
from instruments.records import Timestamp
from instruments.sweeps import complex_z, spectra_of_points
from instruments.timestamps import from_text

__all__ = ["read_zview"]

# The columns of every version, in this order; Z'' has the physics sign.
_FREQUENCY, _AMPLITUDE, _BIAS, _TIME, _REAL, _IMAG, _DRIVE, _ERROR, _RANGE = range(9)
_COLUMN_LINE = re.compile(r"""^\W*Freq\s*\(Hz\)\s+Ampl\s+Bias\s+Time""", re.IGNORECASE)
_MAGIC = re.compile(rb'^(?:\xef\xbb\xbf)?"?(ZPLOT2 ASCII|ZPlotW Data File|Z60W Data File)', re.I)


def _sniff(source: Source) -> bool:
    return bool(_MAGIC.match(source.content[:100]))


@register("zview", suffixes=(".z",), sniff=_sniff, version="1")
def read_zview(source: Source) -> Parsed:
    """Scribner ZPlot/ZView data file (and Autolab's export in its form).

    Raises
    ------
    MalformedFileError
        When the line of column names is missing.
    TruncatedFileError
        When the file announces points and holds none.
    """
    lines = decode_text(source.content).splitlines()
    at = next((i for i, line in enumerate(lines) if _COLUMN_LINE.match(line)), None)
    if at is None:
        raise MalformedFileError("has no line 'Freq(Hz) Ampl Bias Time(Sec) Z'(a) Z''(b) ...'")
    begin = at + 1
    if begin < len(lines) and lines[begin].strip().lower().startswith("end comments"):
        begin += 1
    first = lines[begin] if begin < len(lines) else ""
    delimiter = "\t" if "\t" in first else "," if "," in first else None
    names = ["f", "Ampl", "Bias", "t", "Z'", "Z''", "GD", "Err", "Range"]
    table, warnings = numeric_table(
        lines[begin:], delimiter, needed=(_FREQUENCY, _REAL, _IMAG), n_columns=len(names),
        first_line=begin + 1,
    )  # fmt: skip
    if not table.shape[0]:
        kind = TruncatedFileError if first.strip() else EmptyFileError
        raise kind("holds no point below its column names", line=begin)
    header = _header(lines[:at])
    if (announced := _announced(lines[:at])) and table.shape[0] < announced:
        warnings = (*warnings, f"announces {announced} points and holds {table.shape[0]}")
    errors = table[:, _ERROR]
    if n_errors := int((errors > 0).sum()):
        warnings = (*warnings, f"{n_errors} points are marked with an error by the instrument")
    spectra, notes = spectra_of_points(
        table[:, _FREQUENCY],
        complex_z(table[:, _REAL], table[:, _IMAG]),
        time_s=table[:, _TIME] if table[:, _TIME].any() else None,
        columns={"amplitude": table[:, _AMPLITUDE], "bias": table[:, _BIAS],
                 "error_code": errors, "range": table[:, _RANGE]},
        technique=_technique(header),
        software=_software(lines[:3]),
        started_at=_started_at(lines[:at]),
        amplitude=f"{header['Potential-AC']} mV" if "Potential-AC" in header
        and "Control Voltage" in header.get("Experiment Type", "") else None,
        metadata=dict(header),
    )  # fmt: skip
    return Parsed(spectra, {"technique": _technique(header)}, (*warnings, *notes))


def _header(lines: list[str]) -> dict[str, str]:
    header: dict[str, str] = {}
    for line in lines[1:]:
        key, colon, value = line.strip().strip('"').partition(":")
        if colon and value.strip() and key not in ("Date", "Time") and len(header) < 40:
            header[key.strip()] = value.strip()
    return header


def _announced(lines: list[str]) -> int | None:
    """Return the number of points that the header promises."""
    last = lines[-1].strip() if lines else ""
    if match := re.fullmatch(r"(?:Data Points:\s*)?(\d{1,7})", last):
        return int(match[1])
    return None


def _technique(header: dict[str, str]) -> str:
    text = " ".join([*header, *header.values()])
    if "Control Voltage" in text:
        return "PEIS"
    return "GEIS" if "Control Current" in text else "EIS"


def _software(lines: list[str]) -> str | None:
    for line in lines:
        if match := re.search(r"(?:ZPlot|Software|Version)\W*\s+(\d[\w.]*)", line):
            return f"{'Autolab' if 'Z60W' in line else 'ZPlot'} {match[1]}"
    return None


def _started_at(lines: list[str]) -> Timestamp | None:
    date = time = ""
    for line in lines:
        if match := re.search(r"Date:\s*(\S+)", line):
            date = match[1]
        if match := re.search(r"Time:\s*(\d+:\d+\S*)", line):
            time = match[1]
    return from_text(f"{date} {time}") if date and split_line(date, None) else None
