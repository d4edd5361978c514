"""Two benches, a page with people, and a re-rank on one database at once; nothing may be lost.

Each bench imports simulated files, and proposes and accepts labels; people browse, drag windows,
upload and decide on the page of ``labkit serve``; another process ranks again and again. All write
down what they were told was stored. At the end every one of those things must be in the database,
nothing twice, and the doctor must find nothing wrong::

    createdb bench   # an empty database, on a server with its usual safety (fsync on)
    python -m benchmarks.shared_database --database postgresql+psycopg://user@host/bench \
        --seconds 300

Without ``--database`` the lab keeps its SQLite file. Public structures (``--structures``) need
LABKIT_DATA. Exit status 1: something is lost or went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.page_load import Bench, Person, processor_s, serve
from benchmarks.suite_page import make_lab
from labkit.workflows.lab import open_lab
from labkit.workflows.simulating import simulate_temperature_series

_PEOPLE = 3
_MEASUREMENTS = 40
_LABEL_EVERY = 4
_STRUCTURES = ("prototype-LiCl-rocksalt", "prototype-LiBr-rocksalt", "prototype-LiF-rocksalt")


class Notebook:
    """What one process did, a line each, written at once so that nothing told is forgotten."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("a", encoding="utf-8")

    def timed(self, kind: str, work: Callable[[], Any], name: Callable[[Any], Any]) -> Any:
        """Do something, and write down its kind, its seconds and what came of it."""
        begin, cpu = time.perf_counter(), time.process_time()
        result = work()
        wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
        line = {"kind": kind, "wall_s": wall, "cpu_s": cpu, "made": name(result)}
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()
        return result


def bench(folder: Path, number: int, until: float, notebook: Notebook) -> None:
    """Import one file after another; propose and accept some as labels."""
    from labkit.workflows.importing import import_paths
    from labkit.workflows.labelling import decide_label, propose_label

    lab, actor, count = open_lab(folder), f"bench {number}", 0
    while time.time() < until:
        count += 1
        seed = 100_000 * number + count
        files = folder.parent / f"bench-{number}"
        name = f"bench{number}-{count}"
        made = simulate_temperature_series(files, count=1, seed=seed, name=name)
        paths = [Path(path) for path in made["files"]]
        report = notebook.timed(
            "import",
            lambda paths=paths: import_paths(lab, paths, pellet="LBS", circuit="auto"),
            lambda report: [s["measurement"] for f in report["files"] for s in f["sweeps"]],
        )
        measurement = report["files"][0]["sweeps"][0]["measurement"]
        if count % _LABEL_EVERY == 0:

            def label(measurement: str = measurement, on: str = _STRUCTURES[count % 3]) -> str:
                made = propose_label(lab, measurement, structure_ids=[on], actor=actor)
                proposed = str(made["label"])
                decide_label(lab, proposed, "accept", reason="load", because="load", actor=actor)
                return proposed

            notebook.timed("label", label, lambda label: [label])
        time.sleep(0.5)


def re_rank(folder: Path, until: float, notebook: Notebook) -> None:
    """Rank again and again with the labels as they are."""
    from labkit.workflows.ranking import rank_candidates

    lab = open_lab(folder)
    while time.time() < until:
        notebook.timed("rank", lambda: rank_candidates(lab), lambda found: [found["ranking"]])
        time.sleep(1.0)


def people(folder: Path, scratch: Path, until: float) -> tuple[dict[str, list[float]], Any, float]:
    """Let people work on the page; return what they waited, the bench, and CPU of the server."""
    from labkit.workflows.users import add_user

    lab = open_lab(folder)
    tokens = [add_user(lab, f"person {k}", "curator")["token"] for k in range(_PEOPLE)]
    made = simulate_temperature_series(scratch / "uploads", count=60, seed=9, step_kelvin=1.0)
    lab.database.close()
    server, address = serve(folder)
    try:
        shared = Bench(
            address, [f"M{k}" for k in range(1, _MEASUREMENTS + 1)], ["prototype-LiI-rocksalt"]
        )
        for path in made["files"]:
            shared.uploads.put(Path(path))
        with httpx.Client(base_url=address, timeout=120) as first:
            csrf = first.post("/api/session", json={"token": tokens[0]}).json()["csrf"]
            first.post("/api/rankings", headers={"X-Labkit-CSRF": csrf}).raise_for_status()
            first.get("/api/candidates").raise_for_status()
        left = until - time.time()
        crowd = [Person(shared, t, k, time.monotonic() + left, 1.0) for k, t in enumerate(tokens)]
        before = processor_s(server.pid)
        for person in crowd:
            person.start()
        for person in crowd:
            person.join()
        return shared.waited, shared, processor_s(server.pid) - before
    finally:
        server.terminate()
        server.wait(timeout=30)


def what_is_stored(folder: Path) -> dict[str, Any]:
    """Return the identifiers of what the database holds, and what the doctor finds."""
    from sqlmodel import select

    from db.doctor import examine
    from db.tables import Label, LabelEvent, Measurement, RawFile
    from db.tables import Ranking as StoredRanking

    lab = open_lab(folder)
    with lab.database.reading() as session:
        found: dict[str, Any] = {
            "measurements": {f"M{one}" for one in session.exec(select(Measurement.id))},
            "accepted": {
                f"L{one}" for one in session.exec(select(Label.id).where(Label.state == "accepted"))
            },
            "rankings": {f"R{one}" for one in session.exec(select(StoredRanking.id))},
            "events": len(session.exec(select(LabelEvent.id)).all()),
            "files": [str(one) for one in session.exec(select(RawFile.sha256))],
        }
    found["doctor"] = [str(one) for one in examine(lab.database)]
    lab.database.close()
    return found


def lost(before: dict[str, Any], after: dict[str, Any], told: list[dict[str, Any]]) -> list[str]:
    """Return what was told to be stored and is not, or is twice."""
    held = {"import": "measurements", "label": "accepted", "rank": "rankings"}
    said = []
    made: dict[str, Counter[str]] = defaultdict(Counter)
    for line in told:
        made[line["kind"]].update(line["made"])
    for kind, table in held.items():
        missing = sorted(set(made[kind]) - after[table])
        if missing:
            said.append(f"{kind}: {', '.join(missing)} not in the database")
    twice = [name for name, count in made["import"].items() if count > 1]
    if twice:
        said.append(f"measurements given twice: {', '.join(twice)}")
    if len(set(after["files"])) != len(after["files"]):
        said.append("a file is kept twice")
    said += [
        f"{table} that were there before are gone: {sorted(gone)}"
        for table in ("measurements", "accepted", "rankings")
        if (gone := before[table] - after[table])
    ]
    return said + [f"doctor: {one}" for one in after["doctor"]]


def table(told: list[dict[str, Any]], waited: dict[str, list[float]]) -> str:
    """Return the latencies."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for line in told:
        seconds[line["kind"]].append(line["wall_s"])
    rows = [(f"bench: {kind}" if kind != "rank" else "re-rank", s) for kind, s in seconds.items()]
    rows += [(f"page: {kind}", s) for kind, s in sorted(waited.items())]
    lines = ["| what | n | median | 95 % | longest |", "|---|---:|---:|---:|---:|"]
    for name, values in rows:
        cells = (np.median(values), np.quantile(values, 0.95), max(values))
        numbers = " | ".join(f"{1e3 * value:.0f} ms" for value in cells)
        lines.append(f"| {name} | {len(values)} | {numbers} |")
    return "\n".join(lines)


def _add_structures(folder: Path, count: int) -> None:
    from labkit.workflows.ranking import rank_candidates
    from labkit.workflows.structure_pool import MATERIALS_PROJECT, add_structures

    lab = open_lab(folder)
    add_structures(lab, [MATERIALS_PROJECT], limit=count)
    rank_candidates(lab)
    lab.database.close()


def _start(folder: Path, task: str, until: float, notes: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "benchmarks.shared_database", "--task", task]
    words += ["--folder", str(folder), "--until", str(until), "--notes", str(notes)]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)


def run(seconds: float, structures: int) -> int:
    """Do it all, print the table; 1 where something is lost or a process failed."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = scratch / "lab"
        make_lab(folder, _MEASUREMENTS)
        if structures:
            _add_structures(folder, structures)
        before = what_is_stored(folder)
        until = time.time() + seconds
        tasks = ("bench-1", "bench-2", "rank")
        started = [_start(folder, task, until, scratch / f"{task}.jsonl") for task in tasks]
        waited, page, cpu_s = people(folder, scratch, until)
        said = [f"page: {one}" for one in page.errors]
        for task, process in zip(tasks, started, strict=True):
            _, errors = process.communicate(timeout=300)
            if process.returncode:
                said.append(f"{task}: {errors.strip().splitlines()[-1]}")
        told = [
            json.loads(line)
            for task in tasks
            for line in (scratch / f"{task}.jsonl").read_text("utf-8").splitlines()
        ]
        after = what_is_stored(folder)
    uploads = len(waited.get("upload", ()))
    benches = sum(len(line["made"]) for line in told if line["kind"] == "import")
    expected = len(before["measurements"]) + benches + uploads
    decided = len(waited.get("decide", ())) // 2  # each a proposal and its acceptance
    benches_decided = sum(line["kind"] == "label" for line in told)
    accepted = len(before["accepted"]) + benches_decided + decided
    if not page.errors and len(after["accepted"]) != accepted:
        said.append(f"{len(after['accepted'])} accepted labels, expected {accepted}")
    if len(after["measurements"]) != expected:
        said.append(f"{len(after['measurements'])} measurements, expected {expected}")
    print(table(told, waited))
    print(
        f"\n{seconds:.0f} s, {len(after['measurements'])} measurements ({benches} by benches, "
        f"{uploads} uploaded), {len(after['accepted'])} accepted labels with {after['events']} "
        f"events, {len(after['rankings'])} rankings; server {cpu_s:.1f} s of CPU, benches and "
        f"re-rank {sum(line['cpu_s'] for line in told):.1f} s"
    )
    print(
        "\n".join(said) if said else "nothing lost, nothing twice, the doctor finds nothing wrong"
    )
    return 1 if said else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", help="URL of an empty PostgreSQL database")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--structures", type=int, default=0, help="public structures to add")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--until", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--notes", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.database:
        os.environ["LABKIT_DATABASE_URL"] = options.database
    if options.task is None:
        return run(options.seconds, options.structures)
    notebook = Notebook(options.notes)
    if options.task == "rank":
        re_rank(options.folder, options.until, notebook)
    else:
        bench(options.folder, int(options.task[-1]), options.until, notebook)
    return 0


if __name__ == "__main__":
    sys.exit(main())
