"""Compare bond valence site energy barriers with the published table of Laskowski et al. 2023.

Every Materials Project id of the table with one unambiguous value and a structure, the quickest
first; results are appended to a file, so that the run can be stopped and gone on with. Times are
of the processor.

    python benchmarks/bvse_published_table.py results.jsonl [--limit N]
    python benchmarks/bvse_published_table.py results.jsonl --report
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from screening.bvse import migration_barriers
from screening.charges import decorate
from screening.errors import ScreeningError
from screening.structures import StructureRecord, read_materials_project_table

_ANIONS = {"N", "O", "F", "S", "Cl", "Se", "Br", "Te", "I"}
_SYMBOL = re.compile(r"[A-Z][a-z]?")
MODES = {"faithful": True, "default": False}


def published(folder: Path) -> dict[str, float]:
    values: dict[str, set[float]] = defaultdict(set)
    with (folder / "bvse" / "li_bvse_results.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if row["material_id"]:
                values[row["material_id"]].add(float(row["Ea_eV"]))
    return {name: next(iter(found)) for name, found in values.items() if len(found) == 1}


def barriers(record: StructureRecord, published_eV: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": record.material_id,
        "formula": record.formula,
        "sites": record.n_sites,
        "published_eV": published_eV,
    }
    try:
        start = time.process_time()
        crystal = record.crystal()
        charges = decorate(crystal)
        crystal = crystal.with_charges(charges.charges)
        row["charges"] = charges.method
        row["charges_s"] = round(time.process_time() - start, 3)
        row["anions"] = len({s for s, q in zip(crystal.symbols, charges.charges) if q < 0})
        for name, faithful in MODES.items():
            start = time.process_time()
            row[name] = migration_barriers(crystal, faithful=faithful).barriers_eV
            row[f"{name}_s"] = round(time.process_time() - start, 3)
    except ScreeningError as error:
        row["error"] = str(error)
        row["code"] = getattr(error, "code", "")
    return row


def run(folder: Path, results: Path, limit: int | None) -> None:
    table = published(folder)
    path = folder / "structures" / "li_mp_structures.csv.gz"
    # the quick ones first: one kind of anion, few sites
    records = sorted(
        read_materials_project_table(path, ids=table),
        key=lambda r: (len(_ANIONS.intersection(_SYMBOL.findall(r.formula))), r.n_sites, r.cif),
    )
    done = set()
    if results.exists():
        _drop_half_line(results)
        done = {json.loads(line)["id"] for line in results.read_text("utf-8").splitlines()}
    with results.open("a", encoding="utf-8") as handle:
        for record in records[:limit]:
            if record.material_id not in done:
                row = barriers(record, table[record.material_id])
                handle.write(json.dumps(row) + "\n")
                handle.flush()


def _drop_half_line(results: Path) -> None:
    """Cut off what a run that was stopped in the middle of a line has left."""
    content = results.read_bytes()
    if not content.endswith(b"\n"):
        results.write_bytes(content[: content.rfind(b"\n") + 1])


def with_icsd_number(folder: Path) -> set[str]:
    """Entries that come from the ICSD: other cell, other lattice than the structure here."""
    with (folder / "bvse" / "li_bvse_results.csv").open(encoding="utf-8", newline="") as handle:
        return {row["material_id"] for row in csv.DictReader(handle) if row["icsd_id"]}


def report(folder: Path, results: Path) -> None:
    """Print agreement by mode and dimension, by origin of the published value, and the outliers."""
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    failed = [row for row in rows if "error" in row]
    good = [row for row in rows if "error" not in row]
    print(f"{len(rows)} structures, {len(failed)} without a barrier")
    for code in sorted({row["code"] for row in failed}):
        print(f"  {code}: {sum(row['code'] == code for row in failed)}")
    from_icsd = with_icsd_number(folder)
    for name in MODES:
        seconds = np.array([row[f"{name}_s"] for row in good])
        print(f"{name}: median {np.median(seconds):.2f} s, 90 % {np.quantile(seconds, 0.9):.2f} s")
        for dimension in (3, 2, 1):
            agreement(f"  {dimension}-D", good, name, dimension)
        for told, number in (("with", True), ("without", False)):
            some = [row for row in good if (row["id"] in from_icsd) is number]
            agreement(f"  3-D, {told} an ICSD number", some, name, 3)
    far = sorted(
        (row for row in good if row["faithful"][2] is not None),
        key=lambda row: -abs(row["faithful"][2] - row["published_eV"]),
    )
    for row in far[:15]:
        origin = "ICSD" if row["id"] in from_icsd else ""
        print(row["id"], row["formula"], row["charges"], origin, row["published_eV"],
              row["faithful"], row["default"])  # fmt: skip


def agreement(title: str, rows: list[dict[str, Any]], mode: str, dimension: int) -> None:
    """Print how barriers compare with the published ones."""
    from scipy.stats import spearmanr

    pairs = [
        (row[mode][dimension - 1], row["published_eV"])
        for row in rows
        if row[mode][dimension - 1] is not None
    ]
    if len(pairs) < 3:
        return
    own, theirs = np.array(pairs).T
    off = np.abs(own - theirs)
    print(
        f"{title}: {len(pairs)} pairs, Spearman {spearmanr(own, theirs)[0]:.3f}, "
        f"|difference| median {np.median(off):.3f}, 90 % {np.quantile(off, 0.9):.3f} eV, "
        f"same side of 0.6 eV {np.mean((own < 0.6) == (theirs < 0.6)):.3f}, "
        f"within one step {np.mean(off < 0.0099):.3f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if arguments.report:
        report(Path(os.environ["LABKIT_DATA"]), arguments.results)
    else:
        run(Path(os.environ["LABKIT_DATA"]), arguments.results, arguments.limit)
