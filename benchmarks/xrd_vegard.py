"""How often noise alone breaks Vegard's law, from raw simulated patterns to the linearity test.

Run by hand: ``python benchmarks/xrd_vegard.py --series 200``. Every series is three patterns that
obey the law (x = 0, 2.5 and 5 %), refined by the builtin engine and tested at the 5 % level; the
pulls of the cells against the truth are printed too.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from labkit.vegard import fit_vegard
from labkit.xrd.engine import refine_pattern
from labkit.xrd.phase import phase_from_cif_text
from labkit.xrd.simulate import SERIES_HOST_CIF, simulate_substitution_series


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1000)
    arguments = parser.parse_args()
    host = phase_from_cif_text(SERIES_HOST_CIF, name="Li3BS3")
    fired = np.zeros(3, dtype=int)
    pulls, flagged, patterns = [], 0, 0
    start = time.perf_counter()
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.series):
        members = simulate_substitution_series((0.0, 0.025, 0.05), seed=seed)
        refined = [refine_pattern(member.pattern, [host]) for member in members]
        x = [member.x for member in members]
        patterns += len(refined)
        flagged += sum(result.verdict != "accepted" for result in refined)
        for axis in range(3):
            values = [result.phases[0].cell[axis] for result in refined]
            esds = [result.phases[0].cell_esd[axis] for result in refined]
            pulls += [
                (value - member.true_cell[axis]) / (esd or np.nan)
                for value, esd, member in zip(values, esds, members)
            ]
            p = fit_vegard(x, values, esds).linearity_p_value
            fired[axis] += p is not None and p < 0.05
    seconds = time.perf_counter() - start
    for axis, count in zip("abc", fired):
        print(f"{axis}: law broken by noise in {count} of {arguments.series} series")
    print(f"pulls of the cells: mean {np.mean(pulls):+.2f}, standard deviation {np.std(pulls):.2f}")
    print(f"patterns not accepted: {flagged} of {patterns}")
    print(f"{seconds / patterns:.2f} s per pattern")


if __name__ == "__main__":
    main()
