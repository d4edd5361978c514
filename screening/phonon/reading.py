"""Densities of states from tables, documents and text files.

* a table of many crystals, one JSON object per line, gzipped or not, with ``meta`` first;
* a phonon document of the Materials Project (JSON with frequencies, densities, projections);
* phonopy's ``total_dos.dat``: two columns, no projection.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from screening.phonon.dos import PhononDos, PhononDosError
from screening.phonon.force_sets import dos_from_run

__all__ = ["read_dos", "read_dos_table", "read_materials_project_document"]

_ARCHIVES = (".tar.lzma", ".tar.xz", ".tar.gz", ".tgz", ".tar")
_GRID = re.compile(r"(-?[\d.]+)\s*\+\s*([\d.]+)\s*\*\s*k")


def read_dos(path: str | Path) -> list[PhononDos]:
    """Read whatever a path holds: a table, a document, two columns, or a phonopy run.

    Raises
    ------
    PhononDosError
        When it cannot be read; the message names file and place.
    MissingLibraryError
        When it is a phonopy run and phonopy is not installed.
    """
    file = Path(path)
    if file.is_dir() or file.name.endswith(_ARCHIVES):
        return [dos_from_run(file)]
    if ".jsonl" in file.name:
        return list(read_dos_table(file))
    text = _text(file)
    if text.lstrip().startswith("{"):
        try:
            return [read_materials_project_document(json.loads(text), file.stem)]
        except json.JSONDecodeError as error:
            raise PhononDosError(f"{file}: line {error.lineno}: no JSON ({error.msg})") from error
    return [_two_columns(text, file)]


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8", "replace")
    except OSError as error:
        raise PhononDosError(f"{file}: cannot be read ({error.strerror or error})") from error
    except EOFError as error:
        raise PhononDosError(f"{file}: the compressed file ends too early") from error


def read_dos_table(path: str | Path) -> Iterator[PhononDos]:
    """Read a table of total and lithium-projected densities of states.

    The first line is ``{"meta": {"freq_THz": "-10 + 0.25*k, ..."}}``; every other line has
    ``material_id``, ``formula``, ``total_dos``, ``li_dos`` and perhaps ``min_freq``, ``max_freq``.

    Raises
    ------
    PhononDosError
        When a line cannot be read; the message names it.
    """
    file = Path(path)
    grid: re.Match[str] | None = None
    for number, line in enumerate(_text(file).splitlines(), 1):
        if not line.strip():
            continue
        where = f"{file}: line {number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise PhononDosError(f"{where}: no JSON ({error.msg})") from error
        if "meta" in row:
            grid = _GRID.search(str(row["meta"].get("freq_THz", "")))
            continue
        if grid is None:
            raise PhononDosError(
                f'{where}: no line before it says {{"meta": {{"freq_THz": "-10 + 0.25*k"}}}}'
            )
        try:
            yield _table_row(row, float(grid.group(1)), float(grid.group(2)))
        except PhononDosError as error:
            raise PhononDosError(f"{where}: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise PhononDosError(f"{where}: lacks or spoils {error}") from error


def _table_row(row: Mapping[str, Any], first: float, step: float) -> PhononDos:
    total = np.asarray(row["total_dos"], dtype=np.float64)
    return PhononDos(
        str(row["material_id"]),
        str(row["formula"]),
        np.asarray(first + step * np.arange(total.size), dtype=np.float64),
        total,
        {"Li": row["li_dos"]} if "li_dos" in row else {},
        row.get("min_freq"),
        row.get("max_freq"),
        "table",
    )


def read_materials_project_document(document: Mapping[str, Any], name: str = "") -> PhononDos:
    """Read a phonon density of states as the Materials Project hands it out.

    Parameters
    ----------
    document : mapping
        ``frequencies`` (THz), ``densities``, and for projections ``structure`` with one row of
        ``projected_densities`` (or ``pdos``) per site.
    name : str
        Used when the document has no ``material_id``.

    Raises
    ------
    PhononDosError
        When parts are missing or do not fit.
    """
    told = str(document.get("material_id") or document.get("identifier") or name)
    try:
        frequency = np.asarray(document["frequencies"], dtype=np.float64)
        total = np.asarray(document["densities"], dtype=np.float64)
        projected = document.get("projected_densities") or document.get("pdos") or []
        sites = (document.get("structure") or {}).get("sites") or []
        symbols = [str(site["species"][0]["element"]) for site in sites]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise PhononDosError(f"{told}: the phonon document lacks or spoils {error}") from error
    if len(projected) not in (0, len(symbols)):
        raise PhononDosError(f"{told}: {len(projected)} projections for {len(symbols)} sites")
    parts = {
        element: np.sum(
            [p for p, s in zip(projected, symbols, strict=True) if s == element], axis=0
        )
        for element in (sorted(set(symbols)) if projected else ())
    }
    formula = "".join(f"{e}{symbols.count(e)}" for e in sorted(set(symbols)))
    return PhononDos(told, formula, frequency, total, parts, source="Materials Project document")


def _two_columns(text: str, file: Path) -> PhononDos:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        try:
            rows.append([float(word) for word in words[:2]])
        except ValueError:
            rows.append([])
        if len(rows[-1]) != 2:
            raise PhononDosError(f"{file}: line {number}: expected frequency (THz) and density")
    if not rows:
        raise PhononDosError(f"{file}: holds no numbers")
    frequency, total = np.array(rows).T
    return PhononDos(file.stem, "", frequency, total, source=file.name)
