"""Print a markdown table of what is read from every file of some folders, or why it is refused.

``python benchmarks/readers_table.py FOLDER...``; exit status 1 when anything but an exception of
the package came out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from instruments import (
    Chronoamperometry,
    ImpedanceSpectrum,
    InstrumentFileError,
    MeasuredFile,
    Record,
    read,
)


def _span(values: list[np.ndarray], unit: str) -> str:
    joined = np.concatenate(values)
    return f"{joined.min():.4g} to {joined.max():.4g} {unit}"


def described(records: list[Record]) -> str:
    """Return range and unit of records of one kind."""
    if isinstance(records[0], ImpedanceSpectrum):
        return _span([r.frequency_hz for r in records if isinstance(r, ImpedanceSpectrum)], "Hz")
    if isinstance(records[0], Chronoamperometry):
        return _span([r.time_s for r in records if isinstance(r, Chronoamperometry)], "s")
    return _span([r.two_theta_deg for r in records], "deg")


def rows_of(path: Path, measured: MeasuredFile) -> list[str]:
    """Return one row per kind of record in a file."""
    kinds: dict[str, list[Record]] = {}
    for record in measured.records:
        kinds.setdefault(record.kind, []).append(record)
    rows = []
    for kind, records in kinds.items():
        points = sorted({r.n_points for r in records})
        each = str(points[0]) if len(points) == 1 else f"{points[0]} to {points[-1]}"
        rows.append(
            f"| {path.name} | {measured.format} | {kind} | {len(records)} | {each} "
            f"| {described(records)} | |"
        )
    if "impedance" not in kinds and "diffraction" not in kinds:
        try:
            measured.impedance_spectra()
        except InstrumentFileError as error:
            rows.append(
                f"| {path.name} | {measured.format} | asked for impedance | | | | {error} |"
            )
    return rows


def main() -> int:
    print("| file | format | kind | sweeps | points each | range | refused |")
    print("|---|---|---|---:|---:|---|---|")
    n_read = n_refused = n_foreign = 0
    for folder in map(Path, sys.argv[1:]):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            try:
                print("\n".join(rows_of(path, read(path))))
                n_read += 1
            except InstrumentFileError as error:
                print(f"| {path.name} | | | | | | {error} |")
                n_refused += 1
            except Exception as error:  # what must never come out
                print(f"| {path.name} | | | | | | **{type(error).__name__}: {error}** |")
                n_foreign += 1
    print(f"\n{n_read} read, {n_refused} refused, {n_foreign} with a foreign exception.")
    return 1 if n_foreign else 0


if __name__ == "__main__":
    sys.exit(main())
