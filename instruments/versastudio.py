"""Princeton Applied Research VersaStudio .par: sections in angle brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from instruments.delimited_text import decode_text, numeric_table
from instruments.errors import EmptyFileError, MalformedFileError, MissingColumnError
from instruments.numeric_text import parse_cell
from instruments.reader import Parsed, Source, register
from instruments.records import Chronoamperometry, Record, Timestamp
from instruments.sweeps import complex_z, spectra_of_points
from instruments.timestamps import from_text

__all__ = ["read_par"]

_SECTION = re.compile(r"^<(\w+)>\s*$")
_DATA_ROW = re.compile(r"^-?\d[^=]*,")


@dataclass(frozen=True, slots=True)
class _About:
    instrument: str | None
    software: str
    started_at: Timestamp | None


def _sniff(source: Source) -> bool:
    head = source.content[:3000]
    return b"<Application>" in head and b"VersaStudio" in head


def _sections(lines: list[str]) -> dict[str, tuple[int, list[str]]]:
    sections: dict[str, tuple[int, list[str]]] = {}
    name = None
    for number, line in enumerate(lines, start=1):
        if match := _SECTION.match(line):
            name = match[1]
            sections.setdefault(name, (number + 1, []))
        elif line.startswith("</"):
            name = None
        elif name is not None:
            sections[name][1].append(line)
    return sections


def _pairs(lines: list[str]) -> dict[str, str]:
    pairs = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if equals:
            pairs[key.strip()] = value.strip()
    return pairs


@register("versastudio-par", suffixes=(".par",), sniff=_sniff, version="1")
def read_par(source: Source) -> Parsed:
    """VersaStudio data file.

    Raises
    ------
    MalformedFileError
        When a segment does not name its columns.
    EmptyFileError
        When no segment holds a point.
    """
    lines = decode_text(source.content).splitlines()
    sections = _sections(lines)
    instrument = _pairs(sections["Instrument"][1]) if "Instrument" in sections else {}
    experiment = _pairs(sections["Experiment"][1]) if "Experiment" in sections else {}
    program = _pairs(sections["Application"][1]) if "Application" in sections else {}
    action = _pairs(sections["Action1"][1]) if "Action1" in sections else {}
    when = f"{experiment.get('DateAcquired', '')} {experiment.get('TimeAcquired', '')}"
    about = _About(
        instrument.get("Type"),
        f"VersaStudio {program.get('Version', '')}".strip(),
        from_text(when),
    )
    records: list[Record] = []
    warnings: list[str] = []
    for name, (first_line, body) in sections.items():
        if re.fullmatch(r"Segment\d+", name):
            found, notes = _segment(body, first_line, action, about)
            records.extend(found)
            warnings.extend(notes)
    if not records:
        raise EmptyFileError("no segment holds a point")
    return Parsed(tuple(records), {"technique": action.get("Name")}, tuple(warnings))


def _segment(
    body: list[str], first_line: int, action: dict[str, str], about: _About
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    definition = _pairs(body).get("Definition")
    if definition is None:
        raise MalformedFileError("has a segment that does not name its columns", line=first_line)
    names = [name.strip() for name in definition.split(",")]
    start = next((i for i, line in enumerate(body) if _DATA_ROW.match(line)), len(body))
    if start == len(body):
        return (), ()
    time_at = names.index("Elapsed Time(s)") if "Elapsed Time(s)" in names else 0
    table, warnings = numeric_table(
        body[start:], ",", needed=(0, time_at), n_columns=len(names), first_line=first_line + start
    )
    columns = {n: table[:, i] for i, n in enumerate(names) if np.isfinite(table[:, i]).all()}
    technique = action.get("Name", "")
    frequency = columns.get("Frequency(Hz)")
    if frequency is not None and "Z Real" in columns and "Z Imag" in columns and frequency.any():
        amplitude = parse_cell(action.get("Amplitude (mV RMS)", ""))
        other = {"E_V": "E(V)", "I_A": "I(A)"}
        spectra, notes = spectra_of_points(
            frequency,
            complex_z(columns["Z Real"], columns["Z Imag"]),
            time_s=columns.get("Elapsed Time(s)"),
            columns={new: columns[old] for new, old in other.items() if old in columns},
            technique="PEIS" if technique.startswith("Potentiostatic") else "EIS",
            amplitude=f"{amplitude:g} mV rms" if amplitude > 0 else None,
            metadata=dict(action),
            instrument=about.instrument,
            software=about.software,
            started_at=about.started_at,
        )
        return spectra, (*warnings, *notes)
    if "Elapsed Time(s)" not in columns:
        raise MissingColumnError(
            f"has a segment without Elapsed Time(s); its columns are {definition}"[:300],
            line=first_line,
        )
    record = Chronoamperometry(
        time_s=columns["Elapsed Time(s)"],
        current_A=columns.get("I(A)"),
        potential_V=columns.get("E(V)"),
        technique=technique or "DC",
        metadata=dict(action),
        instrument=about.instrument,
        software=about.software,
        started_at=about.started_at,
    )
    return (record,), warnings
