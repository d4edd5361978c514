"""A program of its own that writes to a lab until it is done or killed.

Usage: ``python writing_process.py LAB TASK FIRST COUNT``. It prints a line when it begins and
after every commit.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from db.backup import back_up, restore
from db.labels import accept, propose
from db.measurements import NewAnalysis, NewMeasurement, store_measured_file
from db.session import Database, open_lab_database
from labkit.settings import LabSettings
from labkit.workflows.lab import Lab

SWEEPS = 3
LATER = "later"
LATER_FOLDER = Path(__file__).with_name("later_revision")


def raw_bytes(number: int) -> bytes:
    """Return what the made-up instrument wrote."""
    return f"file {number}\n".encode() * 200


def know_a_later_layout() -> None:
    """Make this process one of a later version, whose layout has one more revision."""
    from alembic.config import Config

    import db.migrations.running as running
    import db.session as session

    packaged = running.alembic_config

    def with_later(connection: sa.Connection | None = None) -> Config:
        config = packaged(connection)
        folders = (Path(running.__file__).parent / "versions", LATER_FOLDER)
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", "\n".join(map(str, folders)))
        return config

    running.alembic_config = with_later
    session.REVISIONS = (*session.REVISIONS, LATER)
    session.HEAD = LATER


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
    content = raw_bytes(number)
    digest = hashlib.sha256(content).hexdigest()
    stored_path = None
    if database.path is not None:
        lab = Lab(database.path.parent, database, LabSettings())
        stored_path = lab.keep_raw_file(content, digest).relative_to(lab.folder).as_posix()
    with database.session() as session:
        return store_measured_file(
            session,
            sha256=digest,
            size_bytes=len(content),
            file_name=f"{number}.mpr",
            format="biologic-mpr",
            reader_version="1",
            measurements=measurements,
            stored_path=stored_path,
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


def export_tables(database: Database, number: int) -> None:
    """Write labels and measurements to files of their own."""
    from labkit.workflows.exporting import export_table

    folder = Path(sys.argv[5])
    lab = Lab(folder, database, LabSettings())
    for what in ("labels", "measurements"):
        export_table(lab, what, folder / f"{what}-{number}.csv")


def main() -> None:
    """Do the task named on the command line."""
    location, task, first, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if task == "migrate":
        know_a_later_layout()
    print("begins", flush=True)
    if task == "restore":
        restore(Path(sys.argv[5]), Path(location))
        return
    database = open_lab_database(location, create=task != "migrate")
    for number in range(first, first + count):
        if task == "import":
            import_file(database, number)
        elif task == "accept":
            accept_label(database, number)
        elif task == "backup":
            back_up(database, Path(location).parent / f"backup-{number}")
        elif task == "export":
            export_tables(database, number)
        print(number, flush=True)
    database.close()


if __name__ == "__main__":
    main()
