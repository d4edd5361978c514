"""Time the label set at 100,000 labels: list, filter, accept, revise, why.

Run ``python benchmarks/label_set.py [N]``; it makes a throw-away lab and prints seconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlmodel import Session

from db.label_content import LabelFields
from db.labels import accept, count_labels, label_set_hash, list_labels, propose_many, revise
from db.provenance import chain
from db.session import Database, open_lab_database

CHUNK = 5000


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


def main() -> None:
    """Fill a lab and time what a person waits for."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    asked: dict[str, Callable[[Session], Any]] = {
        "list the first 50 proposed": lambda s: list_labels(s, state="proposed", limit=50),
        "list 50 from the middle": lambda s: list_labels(s, limit=50, offset=count // 2),
        "filter by composition": lambda s: list_labels(s, reduced_formula="Li7P3S4"),
        "count by state": count_labels,
        "hash of the accepted set": label_set_hash,
        "why": lambda s: chain(s, f"L{count // 3}"),
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
