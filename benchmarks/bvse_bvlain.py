"""Compare barriers and time with the library bvlain, side by side on shared structures.

Both get the same charges, 0.2 angstrom and a cutoff of 10 angstrom. bvlain's energies are also fed
to our percolation, which tells the energies' share of a difference from the search's.

    python benchmarks/bvse_bvlain.py results.jsonl [--limit N] [--ids mp-942733 ...]
    python benchmarks/bvse_bvlain.py results.jsonl --report
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from screening.bvse import energy_landscape
from screening.charges import decorate
from screening.crystal import Crystal
from screening.errors import ScreeningError
from screening.percolation import percolate
from screening.structures import read_materials_project_table

SPACING_ANGSTROM = 0.2
CUTOFF_ANGSTROM = 10.0


class Clock:
    """Processor and wall seconds since its making."""

    def __init__(self) -> None:
        self.cpu, self.wall = time.process_time(), time.perf_counter()

    def __call__(self) -> tuple[float, float]:
        """Return both."""
        return time.process_time() - self.cpu, time.perf_counter() - self.wall


Times = tuple[float, float]


def own(crystal: Crystal, cutoff_angstrom: float | None) -> tuple[tuple[Any, ...], Times]:
    clock = Clock()
    landscape = energy_landscape(
        crystal, spacing_angstrom=SPACING_ANGSTROM, cutoff_angstrom=cutoff_angstrom
    )
    found = percolate(landscape.energy_eV)
    return found.barriers_eV, clock()


def energies_and_barriers(crystal: Crystal) -> tuple[Any, list[float]]:
    """Energies and 1-D, 2-D and 3-D barriers as bvlain gives them."""
    from bvlain import Lain

    structure = crystal.with_charges(None).to_pymatgen()
    assert crystal.charges is not None
    structure.add_oxidation_state_by_site([int(q) for q in crystal.charges])
    lain = Lain(verbose=False)
    lain.read_structure(structure, oxi_check=False)
    energy = lain.bvse_distribution(
        mobile_ion="Li1+",
        r_cut=CUTOFF_ANGSTROM,
        resolution=SPACING_ANGSTROM,
        k=100,
        use_softbv_covalent_radii=True,
    )
    barriers = lain.percolation_barriers(encut=20.0)
    return np.asarray(energy).reshape(lain.size), [barriers[f"E_{d}D"] for d in (1, 2, 3)]


def theirs(crystal: Crystal) -> tuple[list[float], tuple[Any, ...], Times]:
    clock = Clock()
    energy, barriers = energies_and_barriers(crystal)
    seconds = clock()
    return barriers, percolate(energy).barriers_eV, seconds


def run(folder: Path, results: Path, limit: int, ids: list[str] | None) -> None:
    path = folder / "structures" / "li_mp_structures.csv.gz"
    records = sorted(read_materials_project_table(path, ids=ids), key=lambda r: r.material_id)
    random.Random(11).shuffle(records)
    done = set()
    if results.exists():
        done = {json.loads(line)["id"] for line in results.read_text("utf-8").splitlines()}
    compared = len(done)
    for record in records:
        if compared >= limit and ids is None:
            return
        if record.material_id in done:
            continue
        crystal = record.crystal()
        crystal = crystal.with_charges(decorate(crystal).charges)
        assert crystal.charges is not None
        if not (crystal.charges == crystal.charges.round()).all():
            continue
        try:
            barriers, seconds = own(crystal, None)
            same_cutoff, same_seconds = own(crystal, CUTOFF_ANGSTROM)
        except ScreeningError:
            continue  # no charges or no parameters: nothing to compare
        row: dict[str, Any] = {
            "id": record.material_id,
            "formula": record.formula,
            "sites": record.n_sites,
            "own": barriers,
            "own_s": seconds,
            "own_cutoff": same_cutoff,
            "own_cutoff_s": same_seconds,
        }
        try:
            row["bvlain"], row["bvlain_searched"], row["bvlain_s"] = theirs(crystal)
        except Exception as error:  # another program's failure is a result here
            row["error"] = f"{type(error).__name__}: {error}"[:200]
        with results.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(row, default=float) + "\n")
        compared += 1


def report(results: Path) -> None:
    from scipy.stats import spearmanr

    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    good = [row for row in rows if "error" not in row]
    print(f"{len(rows)} structures, bvlain failed for {len(rows) - len(good)}")
    for name in ("own_s", "own_cutoff_s"):
        for clock, kind in enumerate(("processor", "wall")):
            own_s = np.array([row[name][clock] for row in good])
            their_s = np.array([row["bvlain_s"][clock] for row in good])
            ratio = their_s / own_s
            print(
                f"{name}, {kind}: median {np.median(own_s):.3f} s (largest {own_s.max():.2f}) "
                f"against {np.median(their_s):.2f} s; faster by {np.median(ratio):.0f} in the "
                f"median (10 %: {np.quantile(ratio, 0.1):.0f}, least {ratio.min():.0f})"
            )
    for dimension in (1, 2, 3):
        for name in ("own_cutoff", "bvlain_searched"):
            pairs = [
                (row[name][dimension - 1], row["bvlain"][dimension - 1])
                for row in good
                if row[name][dimension - 1] is not None
                and np.isfinite(row["bvlain"][dimension - 1])
            ]
            first, second = np.array(pairs).T
            off = np.abs(first - second)
            print(
                f"{dimension}-D {name}: {len(pairs)} pairs, Spearman "
                f"{spearmanr(first, second)[0]:.3f}, |difference| median {np.median(off):.3f}, "
                f"90 % {np.quantile(off, 0.9):.3f}, within its step {np.mean(off < 0.0101):.3f}"
            )


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--ids", nargs="+", default=None)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if arguments.report:
        report(arguments.results)
    else:
        run(Path(os.environ["LABKIT_DATA"]), arguments.results, arguments.limit, arguments.ids)
