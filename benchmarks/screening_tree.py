"""Time distances, Ward tree and W_sigma of a pool, beside SciPy and scikit-learn.

Run ``python benchmarks/screening_tree.py [--rows 18911] [--peer-rows 5000]``; the peers are slow,
so both are timed on fewer rows as well as ours on all. scikit-learn is optional.

The matrix is like that of a pool in SOAP: 260 columns that decay in size, many near-duplicates; or
give a real one (``--matrix features.npy``). Every figure is wall time in seconds with the threads
as set, CPU time beside it for a machine that is shared, and peak memory of the process. The growth
is the exponent of the CPU time over a quarter, half and all of the rows; 2 is that of a matrix of
distances.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.tree import WardTree
from screening.variance import w_sigma_curve
from screening.ward import ward_linkage

COLUMNS, FAMILIES, LABELS = 260, 900, 394


def pool(rows: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Rows around family centres, with scales as different as those of a power spectrum."""
    random = np.random.default_rng(seed)
    scale = np.geomspace(100.0, 0.1, COLUMNS)
    centre = random.normal(size=(FAMILIES, COLUMNS)) * scale
    family = random.integers(0, FAMILIES, rows)
    return (centre[family] + 0.1 * scale * random.normal(size=(rows, COLUMNS))).astype(np.float32)


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = function()
    return time.perf_counter() - begin, result


def cpu_timed(function: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.process_time()
    result = function()
    return time.process_time() - begin, result


def peak_GiB() -> float:
    """Peak memory of this process so far; nan where the system does not tell."""
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (1024**3 if sys.platform == "darwin" else 1024**2)


def peers(matrix: npt.NDArray[np.float32]) -> dict[str, float]:
    """Ward linkage by ours, SciPy and scikit-learn on the same rows; heights must agree."""
    from scipy.cluster.hierarchy import linkage

    double = matrix.astype(np.float64)
    # CPU time: the comparison must hold on a machine that is shared
    ours_s, ours = cpu_timed(lambda: ward_linkage(matrix))
    scipy_s, theirs = cpu_timed(lambda: linkage(double, "ward"))
    # distances of near-identical rows come from a difference of large products
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], rtol=1e-5, atol=1e-8 * theirs[-1, 2])
    found = {"rows": len(matrix), "ours_s": ours_s, "scipy_s": scipy_s}
    found["scipy_ratio"] = scipy_s / ours_s
    try:
        from sklearn.cluster import AgglomerativeClustering
    except ImportError:
        return found
    model = AgglomerativeClustering(n_clusters=None, distance_threshold=0, linkage="ward")
    found["sklearn_s"], _ = cpu_timed(lambda: model.fit(double))
    found["sklearn_ratio"] = found["sklearn_s"] / ours_s
    return found


def growth(matrix: npt.NDArray[np.float32]) -> dict[str, Any]:
    """CPU time of distances and linkage for a quarter, half and all rows, and its exponent."""
    sizes = [len(matrix) // 4, len(matrix) // 2, len(matrix)]
    order = np.random.default_rng(2).permutation(len(matrix))
    seconds = [cpu_timed(lambda n=n: ward_linkage(matrix[np.sort(order[:n])]))[0] for n in sizes]
    slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
    return {
        "rows": sizes,
        "cpu_s": [round(one, 2) for one in seconds],
        "exponent": round(float(slope), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=18911)
    parser.add_argument("--peer-rows", type=int, default=5000)
    parser.add_argument("--matrix", default=None, help="A .npy file with one structure per row.")
    parser.add_argument("--no-growth", action="store_true")
    options = parser.parse_args()
    result: dict[str, Any] = {"machine": platform.machine(), "python": platform.python_version()}
    matrix = pool(options.rows) if options.matrix is None else np.load(options.matrix)
    matrix = np.ascontiguousarray(matrix[: options.rows])
    ward_linkage(matrix[:200])  # loads what is loaded at the first call
    cpu_begin = time.process_time()
    linkage_s, _ = timed(lambda: ward_linkage(matrix))
    cpu_s = time.process_time() - cpu_begin
    tree_s, tree = timed(lambda: WardTree().fit(matrix, max_k=300))
    random = np.random.default_rng(1)
    index = random.choice(len(matrix), LABELS, replace=False)
    values = random.normal(-6.0, 3.0, LABELS)
    curve_s = min(timed(lambda: w_sigma_curve(tree.membership_, index, values))[0] for _ in "12345")
    result["pool"] = {
        "rows": len(matrix),
        "columns": matrix.shape[1],
        "distances_and_linkage_s": round(linkage_s, 2),
        "distances_and_linkage_cpu_s": round(cpu_s, 2),
        "with_cuts_and_centroids_s": round(tree_s, 2),
        "peak_GiB": round(peak_GiB(), 2),
        "w_sigma_300_depths_s": round(curve_s, 5),
    }
    print(json.dumps(result["pool"]), flush=True)
    if not options.no_growth:
        result["growth"] = growth(matrix)
        print(json.dumps(result["growth"]), flush=True)
    if options.peer_rows:
        found = peers(matrix[: options.peer_rows])
        result["peers"] = {name: round(value, 2) for name, value in found.items()}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
