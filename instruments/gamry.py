"""Gamry .DTA: labelled lines and tables; impedance (ZCURVE) and transients (CURVE, OCVCURVE)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruments.delimited_text import decode_text, numeric_table
from instruments.errors import EmptyFileError, MissingColumnError
from instruments.numeric_text import parse_cell
from instruments.reader import Parsed, Source, register
from instruments.records import Chronoamperometry, Record, Timestamp
from instruments.sweeps import complex_z, spectra_of_points
from instruments.timestamps import from_text

__all__ = ["read_gamry"]

_TABLE = re.compile(r"^(\w+)\tTABLE(?:\t(\d+))?\s*$")
_LABEL = re.compile(r"^(\w+)\t(LABEL|QUANT|POTEN|PSTAT|IQUANT|TOGGLE|SELECTOR|CNV)\t([^\t]*)")
_TECHNIQUES = {"EISPOT": "PEIS", "EISGALV": "GEIS", "EISHYB": "EIS", "CHRONOA": "CA",
               "CHRONOP": "CP", "CORPOT": "OCV", "CV": "CV", "POTENTIODYNAMIC": "LP",
               "POLRES": "LP"}  # fmt: skip
_NOT_CONNECTED_C = -327.67  # what the program writes when no thermometer is there


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: dict[str, NDArray[np.float64]]
    warnings: tuple[str, ...]


def _sniff(source: Source) -> bool:
    head = source.content[:200].lstrip(b"\xef\xbb\xbf")
    return head.startswith(b"EXPLAIN") and b"\nTAG\t" in head.replace(b"\r\n", b"\n")


@register("gamry-dta", suffixes=(".dta",), sniff=_sniff, version="1")
def read_gamry(source: Source) -> Parsed:
    """Gamry Framework data file.

    Raises
    ------
    EmptyFileError
        When no table holds a point.
    MissingColumnError
        When ZCURVE has no frequency or impedance column.
    """
    lines = decode_text(source.content).splitlines()
    labels = {m[1]: m[3].strip() for line in lines if (m := _LABEL.match(line))}
    tables = {t.name: t for t in _tables(lines)}
    technique = _TECHNIQUES.get(labels.get("TAG", _tag(lines)), labels.get("TAG", _tag(lines)))
    warnings: tuple[str, ...] = ()
    if labels.get("EXPERIMENTABORTED") == "T":
        warnings = ("the experiment was aborted; the points measured until then are read",)
    metadata = {key.lower(): value for key, value in labels.items() if key not in ("DATE", "TIME")}
    started_at = from_text(f"{labels.get('DATE', '')} {labels.get('TIME', '')}")
    instrument = labels.get("PSTAT")
    records: tuple[Record, ...]
    if "ZCURVE" in tables and tables["ZCURVE"].columns:
        table = tables["ZCURVE"]
        records, notes = _impedance(table, technique, instrument, started_at, labels, metadata)
    else:
        table, record = _transient(tables, technique, instrument, started_at, metadata)
        records, notes = (record,), ()
    about = {**metadata, "technique": technique}
    return Parsed(records, about, (*warnings, *table.warnings, *notes))


def _tag(lines: list[str]) -> str:
    return next((ln.split("\t")[1].strip() for ln in lines[:5] if ln.startswith("TAG\t")), "")


def _tables(lines: list[str]) -> list[_Table]:
    tables = []
    starts = [(i, m) for i, line in enumerate(lines) if (m := _TABLE.match(line))]
    for at, match in starts:
        names = lines[at + 1].strip("\t\r ").split("\t") if at + 1 < len(lines) else []
        end = at + 3
        while end < len(lines) and lines[end].startswith("\t"):
            end += 1
        # The first cell of a line is empty; column 1 is the number of the point.
        rows = [line.lstrip("\t") for line in lines[at + 3 : end]]
        table, warnings = numeric_table(
            rows, "\t", needed=(0, 1), n_columns=max(len(names), 2), first_line=at + 4
        )
        columns = {n: table[:, i] for i, n in enumerate(names)} if table.shape[0] else {}
        tables.append(_Table(match[1], columns, warnings))
    return tables


def _temperature(columns: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    values = columns.get("Temp")
    if values is None or not np.isfinite(values).all() or (values <= _NOT_CONNECTED_C + 1).any():
        return {}
    return {"temperature_C": values}


def _impedance(
    table: _Table,
    technique: str,
    instrument: str | None,
    started_at: Timestamp | None,
    labels: dict[str, str],
    metadata: dict[str, str],
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    columns = table.columns
    for needed in ("Freq", "Zreal", "Zimag"):
        if needed not in columns:
            raise MissingColumnError(
                f"its table ZCURVE has no column {needed}; it has {', '.join(columns)}"
            )
    names = {"Vdc": "Vdc_V", "Idc": "Idc_A", "Zsig": "Zsig_V", "IERange": "IE_range"}
    other = {new: columns[old] for old, new in names.items() if old in columns}
    amplitude = parse_cell(labels.get("VAC", ""))
    return spectra_of_points(
        columns["Freq"],
        complex_z(columns["Zreal"], columns["Zimag"]),
        time_s=columns.get("Time"),
        columns=other | _temperature(columns),
        technique=technique or "EIS",
        instrument=instrument,
        software="Gamry Framework",
        started_at=started_at,
        amplitude=f"{amplitude:g} mV rms" if amplitude > 0 and technique == "PEIS" else None,
        metadata=dict(metadata),
    )


def _transient(
    tables: dict[str, _Table],
    technique: str,
    instrument: str | None,
    started_at: Timestamp | None,
    metadata: dict[str, str],
) -> tuple[_Table, Record]:
    chosen = next(
        (t for n, t in tables.items() if n.startswith("CURVE") and t.columns),
        next((t for t in tables.values() if t.columns and "T" in t.columns), None),
    )
    if chosen is None:
        raise EmptyFileError("holds no table with points; was the run stopped at once?")
    columns = chosen.columns
    if "T" not in columns:
        raise MissingColumnError(
            f"its table {chosen.name} has no column T; it has {', '.join(columns)}"
        )
    current, potential = columns.get("Im", columns.get("I")), columns.get("Vf", columns.get("V"))
    record = Chronoamperometry(
        time_s=columns["T"],
        current_A=current,
        potential_V=potential,
        technique=technique or "DC",
        instrument=instrument,
        software="Gamry Framework",
        started_at=started_at,
        columns=_temperature(columns),
        metadata={**metadata, "table": chosen.name},
    )
    return chosen, record
