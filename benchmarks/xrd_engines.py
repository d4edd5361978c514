"""The builtin engine beside GSAS-II on simulated patterns with a known truth.

Run by hand, where GSAS-II is found: ``python benchmarks/xrd_engines.py --results engines.jsonl``.
Twelve and more patterns, cubic to triclinic, of one and two phases, are refined by both engines
from cells that are off by up to 0.1 %. Printed are, for every free cell parameter, how the engines
agree in units of their combined standard errors (both made from the same counts, so their
difference should be smaller than that), and the pulls of both against the truth. Results are
written as they come, and a run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import ENGINES, refine_pattern
from labkit.xrd.phase import Phase, phase_from_cif_text
from labkit.xrd.simulate import SERIES_HOST_CIF, SERIES_IMPURITY_CIF, cif_of, simulate_pattern

_ANGLES = ("a", "b", "c", "alpha", "beta", "gamma")


def _phase(
    name: str, cell: Sequence[float], group: str, atoms: Sequence[tuple[str, float, float, float]]
) -> Phase:
    return phase_from_cif_text(cif_of(name, cell, group, atoms), name=name)


# Structures in textbook or round coordinates; what counts is their symmetry.
PHASES = {
    "Li3BS3": phase_from_cif_text(SERIES_HOST_CIF, name="Li3BS3"),
    "Li2S": phase_from_cif_text(SERIES_IMPURITY_CIF, name="Li2S"),
    "LaB6": _phase(
        "LaB6", (4.157,) * 3 + (90,) * 3, "P m -3 m", [("La", 0, 0, 0), ("B", 0.2, 0.5, 0.5)]
    ),
    "rutile": _phase(
        "rutile", (4.594, 4.594, 2.959, 90, 90, 90), "P 42/m n m",
        [("Ti", 0, 0, 0), ("O", 0.305, 0.305, 0)],
    ),
    "wurtzite": _phase(
        "wurtzite", (3.250, 3.250, 5.207, 90, 90, 120), "P 63 m c",
        [("Zn", 1 / 3, 2 / 3, 0), ("O", 1 / 3, 2 / 3, 0.382)],
    ),
    "corundum": _phase(
        "corundum", (4.759, 4.759, 12.991, 90, 90, 120), "R -3 c",
        [("Al", 0, 0, 0.3522), ("O", 0.3064, 0, 0.25)],
    ),
    "monoclinic": _phase(
        "monoclinic", (6.11, 10.52, 6.65, 90, 100.4, 90), "P 1 21/c 1",
        [("P", 0.27, 0.11, 0.23), ("S", 0.42, 0.24, 0.09), ("S", 0.08, 0.33, 0.41),
         ("Li", 0.71, 0.05, 0.36)],
    ),
    "triclinic": _phase(
        "triclinic", (5.37, 6.21, 7.14, 96.2, 103.7, 88.4), "P -1",
        [("Cu", 0.11, 0.23, 0.31), ("S", 0.42, 0.37, 0.71), ("O", 0.81, 0.64, 0.17)],
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One simulated pattern: (phase, share of the intensity), seed, counts of the best peak."""

    phases: tuple[tuple[str, float], ...]
    seed: int
    peak_counts: float

    @property
    def name(self) -> str:
        """Return its phases and seed."""
        return "+".join(name for name, _ in self.phases) + f"/{self.seed}"


CASES = (
    Case((("LaB6", 1.0),), 1, 20000),
    Case((("LaB6", 1.0),), 2, 4000),
    Case((("wurtzite", 1.0),), 3, 10000),
    Case((("corundum", 1.0),), 4, 20000),
    Case((("rutile", 1.0),), 5, 20000),
    Case((("Li3BS3", 1.0),), 6, 20000),
    Case((("Li3BS3", 1.0),), 7, 5000),
    Case((("monoclinic", 1.0),), 8, 10000),
    Case((("monoclinic", 1.0),), 9, 20000),
    Case((("triclinic", 1.0),), 10, 10000),
    Case((("triclinic", 1.0),), 11, 20000),
    Case((("Li3BS3", 0.8), ("Li2S", 0.2)), 12, 20000),
    Case((("corundum", 0.6), ("rutile", 0.4)), 13, 10000),
    Case((("wurtzite", 0.7), ("LaB6", 0.3)), 14, 20000),
    Case((("monoclinic", 0.7), ("corundum", 0.3)), 15, 20000),
    Case((("triclinic", 0.6), ("rutile", 0.4)), 16, 20000),
)


def refine_case(case: Case, intensities: Literal["free", "structure"]) -> list[dict[str, Any]]:
    """Refine one pattern with both engines; one row per engine."""
    rng = np.random.default_rng(case.seed)
    starts = [PHASES[name] for name, _ in case.phases]
    true = []
    for phase in starts:
        a, b, c = (edge * (1 + rng.uniform(-1e-3, 1e-3)) for edge in phase.cell[:3])
        true.append(phase.with_cell((a, b, c, *phase.cell[3:])))
    pattern = simulate_pattern(
        [(phase, share) for phase, (_, share) in zip(true, case.phases, strict=True)],
        seed=case.seed,
        two_theta=(12.0, 80.0, 0.03),
        peak_counts=case.peak_counts,
        displacement_deg=float(rng.normal(0, 0.03)),
        strain_percent=0.05,
    )
    rows = []
    for engine in ENGINES:
        wall, cpu = time.perf_counter(), sum(_cpu())
        found = refine_pattern(
            pattern,
            starts,
            engine=engine,
            options=BuiltinOptions(intensities=intensities),
        )
        rows.append(
            {
                "case": case.name,
                "intensities": intensities,
                "engine": engine,
                "truth": [list(phase.cell) for phase in true],
                "cell": [list(phase.cell) for phase in found.phases],
                "esd": [list(phase.cell_esd) for phase in found.phases],
                "r_wp": found.r_wp,
                "gof": found.gof,
                "verdict": found.verdict,
                "wall_s": time.perf_counter() - wall,
                "cpu_s": sum(_cpu()) - cpu,
            }
        )
    return rows


def _cpu() -> tuple[float, float]:
    """Return CPU seconds of this process and of the ones it started."""
    import os

    spent = os.times()
    return spent.user + spent.system, spent.children_user + spent.children_system


def compare(rows: Sequence[dict[str, Any]]) -> None:
    """Print the table and what was asked."""
    by_case: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        by_case.setdefault(row["case"], {})[row["engine"]] = row
    differences, pulls = [], {"builtin": [], "gsas": []}  # type: ignore[var-annotated]
    print(f"{'pattern':26} {'phase':>5} {'':>5} {'truth':>10} {'builtin':>10} {'esd':>8} "
          f"{'gsas':>10} {'esd':>8} {'diff/s':>6} {'pulls':>12}")  # fmt: skip
    for name, pair in by_case.items():
        if len(pair) < 2:
            continue
        ours, theirs = pair["builtin"], pair["gsas"]
        for number, truth in enumerate(ours["truth"]):
            seen: set[float] = set()
            for at, true in enumerate(truth):
                a, b = ours["cell"][number][at], theirs["cell"][number][at]
                sa, sb = ours["esd"][number][at], theirs["esd"][number][at]
                # a = b by symmetry counts once
                if not sa or not sb or (at < 3 and round(true, 9) in seen):
                    continue
                seen.add(round(true, 9))
                difference = (a - b) / math.hypot(sa, sb)
                pa, pb = (a - true) / sa, (b - true) / sb
                differences.append(abs(difference))
                pulls["builtin"].append(pa)
                pulls["gsas"].append(pb)
                print(f"{name:26} {number:5d} {_ANGLES[at]:>5} {true:10.5f} {a:10.5f} {sa:8.5f} "
                      f"{b:10.5f} {sb:8.5f} {difference:+6.2f} {pa:+5.2f} {pb:+5.2f}")  # fmt: skip
        print(
            f"{name:26} Rwp {100 * ours['r_wp']:.2f} {100 * theirs['r_wp']:.2f} %, GOF "
            f"{ours['gof']:.2f} {theirs['gof']:.2f}, CPU {ours['cpu_s']:.1f} {theirs['cpu_s']:.1f} "
            f"s, {ours['verdict']} {theirs['verdict']}"
        )
    n = len(differences)
    if not n:
        return
    for limit in (1, 2):
        inside = sum(value <= limit for value in differences)
        print(f"cells that agree within {limit} combined esd: {inside} of {n} ({inside / n:.0%})")
    for engine, values in pulls.items():
        print(
            f"pulls of {engine}: mean {np.mean(values):+.2f}, standard deviation "
            f"{np.std(values):.2f}, root mean square {np.sqrt(np.mean(np.square(values))):.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intensities", choices=("free", "structure"), default="structure")
    parser.add_argument("--results", type=Path, default=Path("xrd_engines.jsonl"))
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if arguments.results.exists():
        lines = arguments.results.read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
    rows = [row for row in rows if row["intensities"] == arguments.intensities]
    done = {row["case"] for row in rows}
    for case in CASES:
        if case.name in done:
            continue
        new = refine_case(case, arguments.intensities)
        rows += new
        with arguments.results.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row) + "\n" for row in new)
        print(f"{case.name} done", flush=True)
    compare(rows)


if __name__ == "__main__":
    main()
