"""Vegard's law from raw simulated patterns: false alarms, breaks found, pulls of the cells.

Run by hand: ``python benchmarks/xrd_vegard.py --series 200 --results vegard.jsonl``; a run that was
stopped goes on where it ended. Every series is four patterns: x = 0, 2.5 and 5 % obey the law, the
fourth (7.5 %) lies beyond the solubility limit of 5.5 % and holds an impurity that nobody names.
Each is refined by the builtin engine from the cell of the one before. The linearity test at the
5 % level is made on the three that obey (false alarms) and on all four (the break).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from labkit.vegard import fit_vegard
from labkit.xrd.engine import refine_pattern
from labkit.xrd.phase import phase_from_cif_text
from labkit.xrd.simulate import SERIES_HOST_CIF, simulate_substitution_series

LIMIT = 0.055


def one_series(seed: int) -> dict[str, Any]:
    """Simulate and refine one series and test it."""
    host = phase_from_cif_text(SERIES_HOST_CIF, name="Li3BS3")
    members = simulate_substitution_series(seed=seed, limit=LIMIT)
    start = time.process_time()
    refined, phase = [], host
    for member in members:
        found = refine_pattern(member.pattern, [phase])
        phase = host.with_cell(found.phases[0].cell)
        refined.append(found)
    seconds = time.process_time() - start
    axes = []
    for axis in range(3):
        x = [member.x for member in members]
        values = [found.phases[0].cell[axis] for found in refined]
        esds = [found.phases[0].cell_esd[axis] for found in refined]
        broken = fit_vegard(x, values, esds)
        axes.append(
            {
                "pulls": [
                    (value - member.true_cell[axis]) / (esd or np.nan)
                    for value, esd, member in zip(values, esds, members, strict=True)
                ],
                "p_obeying": fit_vegard(x[:3], values[:3], esds[:3]).linearity_p_value,
                "p_all": broken.linearity_p_value,
                "departure": broken.departure,
                "up_to": broken.law_holds_up_to_x,
                "interval": broken.solubility_interval95,
            }
        )
    reasons = [list(found.reasons) for found in refined]
    return {"seed": seed, "axes": axes, "reasons": reasons, "cpu_s": seconds}


def binomial_interval(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of Clopper & Pearson, Biometrika 26 (1934) 404."""
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(0.95, method="exact")
    return float(interval.low), float(interval.high)


def rate(name: str, count: int, total: int) -> None:
    """Print a rate with its interval."""
    low, high = binomial_interval(count, total)
    print(f"{name}: {count} of {total} = {count / total:.1%} (95 %: {low:.1%} to {high:.1%})")


def summarise(rows: list[dict[str, Any]]) -> None:
    """Print what the series say."""
    total = len(rows)
    for axis, letter in enumerate("abc"):
        ones = [row["axes"][axis] for row in rows]
        rate(
            f"{letter}: law called broken up to 5 %",
            sum(o["p_obeying"] < 0.05 for o in ones),
            total,
        )
        found = [o for o in ones if o["p_all"] < 0.05]
        rate(f"{letter}: break at 7.5 % found", len(found), total)
        flat = [o for o in ones if o["interval"] is not None]
        holding = sum(
            (o["interval"][0] or -np.inf) <= LIMIT <= (o["interval"][1] or np.inf) for o in flat
        )
        if flat:
            rate(f"{letter}: interval of the limit holds {LIMIT:g}", holding, len(flat))
        obeying = np.array([o["pulls"][:3] for o in ones])
        last = np.array([o["pulls"][3] for o in ones])
        print(
            f"{letter}: pulls {obeying.mean():+.2f} +- {obeying.std():.2f} up to 5 %, "
            f"{last.mean():+.2f} +- {last.std():.2f} at 7.5 %"
        )
    every = np.array([o["p_obeying"] for row in rows for o in row["axes"]])
    rate("all three: law called broken up to 5 %", int((every < 0.05).sum()), every.size)
    impure = sum("unexplained-peaks" in row["reasons"][3] for row in rows)
    rate("impurity at 7.5 % flagged", impure, total)
    rate(
        "pure samples not accepted", sum(bool(r) for w in rows for r in w["reasons"][:3]), 3 * total
    )
    cpu = sum(row["cpu_s"] for row in rows)
    print(f"{cpu / (4 * total):.2f} s of processor time per pattern, {cpu:.0f} s in all")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--results", type=Path, default=None, help="JSON lines, added to.")
    arguments = parser.parse_args()
    known: dict[int, dict[str, Any]] = {}
    if arguments.results is not None and arguments.results.exists():
        lines = arguments.results.read_text(encoding="utf-8").splitlines()
        known = {row["seed"]: row for row in map(json.loads, lines)}
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.series)
    for seed in seeds:
        if seed in known:
            continue
        known[seed] = one_series(seed)
        if arguments.results is not None:
            with arguments.results.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(known[seed]) + "\n")
    summarise([known[seed] for seed in seeds])


if __name__ == "__main__":
    main()
