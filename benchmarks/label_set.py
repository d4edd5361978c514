"""Time a lab of 100,000 labels and 1,000,000 impedance points: list, filter, accept, why.

Run ``python benchmarks/label_set.py [N_LABELS [N_POINTS]]``; it makes a throw-away lab and prints
seconds.

On two busy cores, with 100,000 labels and 1,000,000 points in 10,000 sweeps: list 0.011 s, list
from the middle 0.022 s, filter 0.003 s, count 0.031 s, why of a label 0.024 s, accept 0.035 s,
revise 0.036 s, list measurements 0.009 s, points of a sweep 0.002 s, why of a conductivity
0.004 s; the hash of all accepted labels, taken once per ranking, 0.33 s.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sqlmodel import Session

from db.label_content import LabelFields
from db.labels import accept, count_labels, label_set_hash, list_labels, propose_many, revise
from db.measurements import (
    NewAnalysis,
    NewMeasurement,
    find_by_data_hash,
    latest_analysis,
    list_measurements,
    load_arrays,
    store_measured_file,
)
from db.provenance import chain
from db.session import Database, open_lab_database

CHUNK = 5000
POINTS_OF_A_SWEEP = 100
SWEEPS_OF_A_FILE = 10


def fill(database: Database, count: int) -> None:
    """Store `count` made-up labels, every second chunk of them accepted."""
    with database.session() as session:
        for start in range(0, count, CHUNK):
            fields = [
                LabelFields(
                    formula=f"Li{1 + n % 50}P{1 + n // 50 % 40}S4",
                    sigma_S_per_cm=1e-9 * (1 + n),
                    source_kind="literature",
                    verbatim={"sigma": str(n)},
                )
                for n in range(start, min(start + CHUNK, count))
            ]
            accepted_by = "Grace" if start // CHUNK % 2 else None
            propose_many(session, fields, by="Ada", reason="made up", accepted_by=accepted_by)
            session.expunge_all()


def fill_points(database: Database, count: int) -> None:
    """Store files of ten sweeps each until the lab holds `count` points."""
    rng = np.random.default_rng(1)
    frequency_hz = np.geomspace(7e6, 0.1, POINTS_OF_A_SWEEP)
    for number in range(count // POINTS_OF_A_SWEEP // SWEEPS_OF_A_FILE):
        measurements = [
            NewMeasurement(
                kind="impedance",
                sweep=sweep,
                data_hash=f"{number:032x}{sweep:032x}",
                arrays={
                    "frequency_hz": frequency_hz,
                    "z_ohm": rng.normal(1000, 1, POINTS_OF_A_SWEEP)
                    - 1j * rng.normal(500, 1, POINTS_OF_A_SWEEP),
                },
                analyses=[
                    NewAnalysis(
                        kind="eis-tail",
                        result={"resistance_ohm": 1000.0, "sigma_S_per_cm": 1e-3},
                        verdict="accepted",
                        labkit_version="0.1.0",
                    )
                ],
            )
            for sweep in range(1, SWEEPS_OF_A_FILE + 1)
        ]
        with database.session() as session:
            store_measured_file(
                session,
                sha256=f"{number:064x}",
                size_bytes=1,
                file_name=f"{number}.mpr",
                format="biologic-mpr",
                reader_version="1",
                measurements=measurements,
            )


def main() -> None:
    """Fill a lab and time what a person waits for."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    points = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    sweeps = points // POINTS_OF_A_SWEEP
    asked: dict[str, Callable[[Session], Any]] = {
        "list the first 50 proposed": lambda s: list_labels(s, state="proposed", limit=50),
        "list 50 from the middle": lambda s: list_labels(s, limit=50, offset=count // 2),
        "filter by composition": lambda s: list_labels(s, reduced_formula="Li7P3S4"),
        "count by state": count_labels,
        "hash of the accepted set": label_set_hash,
        "why a label": lambda s: chain(s, f"L{count // 3}"),
        "list the first 50 measurements": lambda s: list_measurements(s, limit=50),
        "points of one sweep": lambda s: load_arrays(s, sweeps // 2),
        "measurements with these points": lambda s: find_by_data_hash(s, f"{3:032x}{5:032x}"),
        "newest conductivity of a sweep": lambda s: latest_analysis(
            s, "eis-tail", measurement_id=sweeps // 2
        ),
        "why a conductivity": lambda s: chain(s, f"A{sweeps // 2}"),
    }
    written: dict[str, Callable[[Session], Any]] = {
        "accept": lambda s: accept(s, 1, reviewer="Grace", reason="fine"),
        "revise": lambda s: revise(s, 1, by="Ada", reason="typo", note="x"),
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        open_lab_database(Path(folder) / "lab", create=True) as database,
    ):
        start = time.perf_counter()
        fill(database, count)
        print(f"{time.perf_counter() - start:9.3f} s  store {count} labels with their history")
        start = time.perf_counter()
        fill_points(database, points)
        print(f"{time.perf_counter() - start:9.3f} s  store {points} points in {sweeps} sweeps")
        for name, ask in asked.items():
            start = time.perf_counter()
            with database.reading() as session:
                ask(session)
            print(f"{time.perf_counter() - start:9.3f} s  {name}")
        for name, write in written.items():
            start = time.perf_counter()
            with database.session() as session:
                write(session)
            print(f"{time.perf_counter() - start:9.3f} s  {name}")


if __name__ == "__main__":
    main()
