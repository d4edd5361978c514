"""The page of a lab, as one person meets it: requests one after another to a server."""

from __future__ import annotations

import atexit
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.suite import OURS, Case, Cases, Part, Setting, Side

_PAGES = (
    "/",
    "/measurements",
    "/measurements/M1",
    "/pellets",
    "/labels",
    "/candidates",
    "/structures/prototype-LiI-rocksalt",
    "/why/M1",
)


def make_lab(folder: Path, spectra: int, seed: int = 7) -> None:
    """Make a lab of simulated measurements, prototype structures and a first ranking."""
    from labkit.workflows.demonstration import add_demonstration_labels
    from labkit.workflows.importing import import_paths
    from labkit.workflows.lab import create_lab
    from labkit.workflows.pellets import add_pellet
    from labkit.workflows.ranking import rank_candidates
    from labkit.workflows.simulating import simulate_temperature_series
    from labkit.workflows.structure_pool import PROTOTYPES, add_structures

    lab = create_lab(folder)
    add_pellet(lab, name="LBS", formula="Li3BS3", thickness="0.80mm", diameter="6.35mm")
    made = simulate_temperature_series(
        folder.parent / "files", count=spectra, seed=seed, step_kelvin=70.0 / spectra, name="LBS"
    )
    import_paths(lab, [Path(path) for path in made["files"]], pellet="LBS")
    add_structures(lab, [PROTOTYPES])
    add_demonstration_labels(lab, "benchmark")
    rank_candidates(lab)
    lab.database.close()


def _pages(setting: Setting) -> Cases:
    import httpx

    from benchmarks.page_load import processor_s, serve

    folder = setting.folder / "lab"
    make_lab(folder, setting.of(2, 14, 140))
    server, address = serve(folder)
    atexit.register(server.wait, 30)
    atexit.register(server.terminate)
    client = httpx.Client(base_url=address, timeout=60, follow_redirects=True)
    atexit.register(client.close)
    on_linux = sys.platform == "linux"

    def page(path: str) -> Callable[[], None]:
        return lambda: client.get(path).raise_for_status() and None

    def clock() -> float:
        return processor_s(server.pid) if on_linux else time.perf_counter()

    # the server's clock ticks a hundred times a second
    least_s = setting.of(0.02, 0.4, 1.0)
    return {path: Case(page(path), processor_s=clock, least_s=least_s) for path in _PAGES}


PAGE = Part(
    "The page, one person",
    (Side(OURS, (), _pages),),
    "`labkit serve` in a process of its own; CPU is the server's, wall what the browser waits. "
    "Many people at once: `benchmarks/page_load.py`.",
)
