"""A program of its own that writes to a lab until it is done or killed.

Usage: ``python writing_process.py LAB TASK FIRST N_FILES``. It prints a line after every commit.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

from db.backup import back_up
from db.labels import accept, propose
from db.measurements import NewAnalysis, NewMeasurement, store_measured_file
from db.session import Database, open_lab_database

SWEEPS = 3


def import_file(database: Database, number: int) -> bool:
    """Import one made-up file of three sweeps in one transaction."""
    rng = np.random.default_rng(number)
    measurements = [
        NewMeasurement(
            kind="impedance",
            sweep=sweep,
            data_hash=f"{number:032x}{sweep:032x}",
            arrays={
                "frequency_hz": np.geomspace(1e6, 1.0, 60),
                "z_ohm": rng.normal(size=60) + 1j * rng.normal(size=60),
            },
            analyses=[
                NewAnalysis(
                    kind="eis-tail",
                    result={"resistance_ohm": float(rng.normal(1000, 1))},
                    verdict="accepted",
                    labkit_version="0.1.0",
                )
            ],
        )
        for sweep in range(1, SWEEPS + 1)
    ]
    with database.session() as session:
        return store_measured_file(
            session,
            sha256=hashlib.sha256(str(number).encode()).hexdigest(),
            size_bytes=100,
            file_name=f"{number}.mpr",
            format="biologic-mpr",
            reader_version="1",
            measurements=measurements,
        ).is_new


def accept_label(database: Database, number: int) -> None:
    """Propose and accept a label in one transaction."""
    with database.session() as session:
        label = propose(
            session,
            by="Ada",
            formula="Li3N",
            sigma_S_per_cm=1e-3 / number,
            source_kind="literature",
        )
        assert label.id is not None
        accept(session, label.id, reviewer="Grace", reason="fine")


def main() -> None:
    """Do the task named on the command line."""
    location, task, first, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    database = open_lab_database(location, create=True)
    for number in range(first, first + count):
        if task == "import":
            import_file(database, number)
        elif task == "accept":
            accept_label(database, number)
        elif task == "backup":
            back_up(database, Path(location).parent / f"backup-{number}")
        print(number, flush=True)
    database.close()


if __name__ == "__main__":
    main()
