"""The same describe on joblib's workers and on Dask's, one of which is killed half-way.

Run with the public data sets at hand (LABKIT_DATA)::

    python benchmarks/machines.py --structures 1500 --descriptor density --repeat 3

Fresh workers are started before the clock, on both sides; what they import counts. The bytes of
the caches are compared file by file. The processor time of all workers, from start to end, tells
on a shared machine what a death costs in work: starting again, importing, the batch repeated.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import statistics
import tempfile
import threading
import time
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from screening.descriptors import descriptor
from screening.featurize import featurize, prepare_structures
from screening.structures import read_materials_project_table


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def describe(
    sources: list[Any], name: str, mode: str, cache: Path, executor: Executor | None, workers: int
) -> float:
    started = time.perf_counter()
    prepare_structures(sources, cache, executor=executor, n_jobs=workers)
    featurize(sources, descriptor(name), mode, cache, executor=executor, n_jobs=workers)
    return time.perf_counter() - started


def worker_seconds() -> float:
    """Processor time of all workers that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def kill_one(cluster: Any, after_s: float) -> None:
    """End one worker process, as the system would; the cluster starts another."""
    time.sleep(after_s)
    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)


def main() -> None:
    from distributed import Client
    from joblib.externals.loky import get_reusable_executor

    from labkit.workflows.machines import DaskExecutor, local_cluster

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--structures", type=int, default=1500)
    parser.add_argument("--descriptor", default="soap")
    parser.add_argument("--mode", default="CAN")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    path = Path(os.environ["LABKIT_DATA"]) / "structures/li_mp_structures.csv.gz"
    table = list(read_materials_project_table(path))
    sources = list(table[:: max(1, len(table) // chosen.structures)])[: chosen.structures]
    times: dict[str, list[float]] = {"joblib": [], "dask": [], "dask, one killed": []}
    work: dict[str, list[float]] = {engine: [] for engine in times}
    caches: list[dict[str, bytes]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(chosen.repeat):
            for engine, seconds in times.items():
                cache = Path(scratch) / f"{engine}-{turn}"
                get_reusable_executor(max_workers=chosen.workers).shutdown(wait=True)
                before = worker_seconds()
                arguments = (sources, chosen.descriptor, chosen.mode, cache)
                if engine == "joblib":
                    pool = get_reusable_executor(max_workers=chosen.workers, timeout=60)
                    list(pool.map(abs, range(4 * chosen.workers)))
                    seconds.append(describe(*arguments, None, chosen.workers))
                    pool.shutdown(wait=True)
                else:
                    with (
                        local_cluster(chosen.workers) as cluster,
                        Client(cluster) as client,
                    ):
                        if "killed" in engine:
                            half = statistics.median(times["joblib"]) / 2
                            threading.Thread(target=kill_one, args=(cluster, half)).start()
                        seconds.append(describe(*arguments, DaskExecutor(client), chosen.workers))
                work[engine].append(worker_seconds() - before)
                caches.append(content(cache))
                print(
                    f"{engine}: {seconds[-1]:.1f} s, {work[engine][-1]:.1f} s of the workers' "
                    f"processors, {len(caches[-1])} files",
                    flush=True,
                )
    equal = all(cache == caches[0] for cache in caches)
    base = statistics.median(times["joblib"])
    print(f"{len(sources)} structures, {chosen.descriptor} {chosen.mode}, bytes equal: {equal}")
    for engine, seconds in times.items():
        median, spent = statistics.median(seconds), statistics.median(work[engine])
        print(
            f"| {engine} | {median:.2f} s | {100 * (median / base - 1):+.1f} % | {spent:.2f} s "
            f"| {100 * (spent / statistics.median(work['joblib']) - 1):+.1f} % |"
        )


if __name__ == "__main__":
    main()
