"""Clustering and ranking pools of every size: exact where it fits, approximate beyond.

Run with the features of a pool, as a lab keeps them beside its tree::

    python benchmarks/screening_tree_large.py lab/cache/trees/soap-CAN-... --sizes 5000 100000

Larger pools are rows of that pool drawn again with a jitter of 1 % of the spread of each column.
Every size runs in a process of its own, so that its peak memory is its own. Labels are simulated:
drawn rows with values that differ between the families of the tree, so that nothing published is
needed; ``--labels`` takes a CSV of (row, log10 sigma) instead.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.rank import Labels, rank
from screening.rank_changes import compare_rankings
from screening.representatives import choose_representatives
from screening.tree import WardTree
from screening.variance import w_sigma_curve

EXACT_UP_TO = 28_000
CANDIDATE_DEPTH, GOOD_LOG_SIGMA = 241, -5.0


def pool(source: npt.NDArray[np.float32], rows: int) -> npt.NDArray[np.float32]:
    """Spread rows of a pool; for more than it has, draw again with a jitter."""
    if rows <= len(source):
        return source[np.linspace(0, len(source) - 1, rows).astype(np.int64)]
    random = np.random.default_rng(1)
    drawn = source[random.integers(0, len(source), rows)]
    drawn += 0.01 * source.std(axis=0) * random.standard_normal(drawn.shape, dtype=np.float32)
    drawn[: len(source)] = source
    return drawn


def simulated_labels(features: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float64]:
    """(row, log10 sigma): families of rows share a level, and scatter by a decade about it."""
    random = np.random.default_rng(2)
    rows = random.choice(len(features), count, replace=False)
    centre = features[random.choice(len(features), 60, replace=False)]
    squared = ((features[rows][:, None, :] - centre[None]) ** 2).sum(axis=2)
    level = random.normal(-6.0, 2.5, 60)[np.argmin(squared, axis=1)]
    return np.column_stack([rows, level + random.normal(0.0, 1.0, count)])


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = function()
    return time.perf_counter() - begin, result


def candidates(
    tree: WardTree, rows: npt.NDArray[np.int64], good: npt.NDArray[np.bool_]
) -> set[int]:
    clusters = tree.clusters_at(CANDIDATE_DEPTH)
    return set(np.flatnonzero(np.isin(clusters, clusters[rows[good]])).tolist())


def one_size(folder: Path, rows: int, representatives: int, labels: Path | None) -> dict[str, Any]:
    features = pool(np.load(folder / "features.npy"), rows)
    table = simulated_labels(features, 394) if labels is None else np.loadtxt(labels, delimiter=",")
    index, value = table[:, 0].astype(np.int64), table[:, 1]
    found: dict[str, Any] = {"rows": rows, "representatives": representatives}
    choose_representatives(features[:300], 100)  # loads what is loaded at the first call
    found["approximate_s"], tree = timed(
        lambda: WardTree().fit(features, n_representatives=representatives)
    )
    found["scatter"] = tree.scatter_
    found["approximate_peak_GiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    before = Labels.of(index[:-1], value[:-1], [f"L{i}" for i in range(len(index) - 1)])
    after = Labels.of(index, value, [f"L{i}" for i in range(len(index))])
    earlier = rank(tree, before)
    rerank: list[float] = []
    for _ in range(5):
        seconds, later = timed(lambda: rank(tree, after))
        rerank.append(seconds)
    found["rank_s"] = float(np.median(rerank))
    found["what_moved_s"], _ = timed(
        lambda: compare_rankings(earlier, later, before, after, tree=tree)
    )
    if rows <= EXACT_UP_TO:
        curve = w_sigma_curve(tree.membership_, index, value)
        near = candidates(tree, index, value > GOOD_LOG_SIGMA)
        found["exact_s"], exact = timed(lambda: WardTree().fit(features))
        true = w_sigma_curve(exact.membership_, index, value)
        found["largest_W_difference_k10_300"] = float(np.abs(curve / true - 1.0)[9:].max())
        same = candidates(exact, index, value > GOOD_LOG_SIGMA)
        found["candidates_overlap"] = len(near & same) / max(1, len(near | same))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[5000, 18000, 100000, 500000])
    parser.add_argument("--representatives", type=int, default=14000)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(
            json.dumps(one_size(chosen.folder, chosen.one, chosen.representatives, chosen.labels))
        )
        return
    for rows in chosen.sizes:
        # a small pool would be exact: give it fewer representatives in the same proportion
        few = min(chosen.representatives, rows * chosen.representatives // 18_904)
        words = [sys.executable, __file__, str(chosen.folder), "--one", str(rows)]
        words += ["--representatives", str(few)]
        if chosen.labels is not None and rows >= 18_000:
            words += ["--labels", str(chosen.labels)]
        subprocess.run(words, check=True)


if __name__ == "__main__":
    main()
