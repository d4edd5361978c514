"""Many people on one page: how long each waits, and whether the server's memory stays.

A lab is copied and served by ``labkit serve`` in its own process. Threads stand for people: each
signs in with an own token and then browses, drags windows, uploads files and accepts labels with
pauses between. Printed are the waiting times, the server's processor time per request, and its
memory at the beginning and at the end.

    python benchmarks/page_load.py --lab mylab --users 20 --seconds 60
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from labkit.workflows.lab import open_lab
from labkit.workflows.measurement_views import list_measurements
from labkit.workflows.simulating import simulate_temperature_series
from labkit.workflows.users import add_user

PAGES = (
    "/",
    "/measurements",
    "/measurements/{measurement}",
    "/pellets",
    "/labels",
    "/labels?state=accepted",
    "/candidates",
    "/structures/{structure}",
    "/why/{measurement}",
)
WEIGHTS = {"browse": 80, "drag": 12, "upload": 5, "accept": 3}
STEPS_OF_A_DRAG = 8


class Bench:
    """What the simulated people share: the address, work to do, and what they waited."""

    def __init__(self, address: str, measurements: list[str], structures: list[str]) -> None:
        self.address = address
        self.measurements = measurements
        self.structures = structures
        self.unlabelled: queue.Queue[str] = queue.Queue()
        for name in measurements:
            self.unlabelled.put(name)
        self.uploads: queue.Queue[Path] = queue.Queue()
        self.waited: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.lock = threading.Lock()

    def note(self, kind: str, seconds: float, answer: httpx.Response, address: str) -> None:
        """Record one answer."""
        with self.lock:
            self.waited[kind].append(seconds)
            if answer.status_code >= 400:
                words = re.sub(
                    r"<[^>]*>|\s+", " ", answer.text.partition("<main")[2] or answer.text
                )
                self.errors.append(
                    f"{answer.status_code} {address}: {' '.join(words.split())[:300]}"
                )


class Person(threading.Thread):
    """One simulated person."""

    def __init__(self, bench: Bench, token: str, seed: int, until: float, pause_s: float) -> None:
        super().__init__(daemon=True)
        self.bench = bench
        self.token = token
        self.random = random.Random(seed)
        self.until = until
        self.pause_s = pause_s

    def run(self) -> None:
        """Sign in, then work until the time is over."""
        with httpx.Client(base_url=self.bench.address, timeout=60) as self.client:
            answer = self.client.post("/api/session", json={"token": self.token})
            self.csrf = {"X-Labkit-CSRF": answer.json()["csrf"]}
            time.sleep(self.random.uniform(0, self.pause_s))
            while time.monotonic() < self.until:
                action = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
                getattr(self, action)()
                time.sleep(self.random.expovariate(1 / self.pause_s))

    def ask(self, kind: str, method: str, address: str, **options: Any) -> httpx.Response:
        """Send one request and note how long it took."""
        started = time.perf_counter()
        answer = self.client.request(method, address, headers=self.csrf, **options)
        self.bench.note(kind, time.perf_counter() - started, answer, address)
        return answer

    def browse(self) -> None:
        """Look at a page."""
        page = self.random.choice(PAGES).format(
            measurement=self.random.choice(self.bench.measurements),
            structure=self.random.choice(self.bench.structures),
        )
        self.ask("page", "GET", page)

    def drag(self) -> None:
        """Drag the lower end of a window over some points."""
        name = self.random.choice(self.bench.measurements)
        view = self.ask("page", "GET", f"/api/measurements/{name}").json()
        window = (view["fit"] or {}).get("window_hz")
        if not window or window[0] is None:
            return
        below = sorted(f for f in view["frequency_hz"] if f <= window[0])[-STEPS_OF_A_DRAG:]
        for low in reversed(below):
            query = {"low_hz": low, "high_hz": window[1]}
            self.ask("drag", "GET", f"/api/measurements/{name}/window", params=query)

    def upload(self) -> None:
        """Bring a file."""
        try:
            path = self.bench.uploads.get_nowait()
        except queue.Empty:
            return self.browse()
        files = {"files": (path.name, path.read_bytes())}
        self.ask("upload", "POST", "/api/files", files=files)
        return None

    def accept(self) -> None:
        """Propose a measurement as a label, accept it and rank again."""
        try:
            name = self.bench.unlabelled.get_nowait()
        except queue.Empty:
            return self.browse()
        proposed = self.ask("decide", "POST", "/api/labels", json={"evidence": name})
        if proposed.status_code != 201:
            return None
        label = proposed.json()
        decision = {"reason": "load", "because": "load", "seen": label["change_count"]}
        self.ask("decide", "POST", f"/api/labels/{label['label']}/accept", json=decision)
        self.ask("rank", "POST", "/api/rankings")
        return None


def serve(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the server and return it with its address."""
    words = [sys.executable, "-m", "labkit", "--lab", str(folder), "serve", "--port", "0"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    found = re.search(r"http://\S+", server.stdout.readline())
    assert found, "the server did not start"
    return server, found[0].rstrip("/")


def memory_mb(process: int) -> float:
    """Return the resident memory of a process (Linux)."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else float("nan")


def processor_s(process: int) -> float:
    """Return the processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watch_memory(process: int, seconds: float) -> list[float]:
    """Sample the memory every five seconds while the load runs."""
    samples = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        samples.append(round(memory_mb(process), 1))
        time.sleep(5)
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lab", type=Path, required=True, help="copied, not changed")
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pause", type=float, default=1.0, help="mean pause of a person, s")
    parser.add_argument("--uploads", type=int, default=80, help="files at hand")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "lab"
        shutil.copytree(options.lab, folder)
        lab = open_lab(folder)
        found = list_measurements(lab, limit=2000)["measurements"]
        measured = [row["measurement"] for row in found if row["sigma_S_per_cm"]]
        tokens = [add_user(lab, f"user {k}", "curator")["token"] for k in range(options.users)]
        files = []
        for k in range(options.uploads):
            made = simulate_temperature_series(
                Path(scratch) / "files", count=1, seed=10_000 + k, name=f"load-{k}"
            )
            files += [Path(path) for path in made["files"]]
        lab.database.close()
        server, address = serve(folder)
        try:
            print(json.dumps(run(options, server, address, tokens, measured, files), indent=2))
        finally:
            server.terminate()
            server.wait(timeout=30)


def run(
    options: argparse.Namespace,
    server: subprocess.Popen[str],
    address: str,
    tokens: list[str],
    measured: list[str],
    files: list[Path],
) -> dict[str, Any]:
    """Let the people loose and return what was measured."""
    with httpx.Client(base_url=address, timeout=120) as first:
        csrf = first.post("/api/session", json={"token": tokens[0]}).json()["csrf"]
        first.post("/api/rankings", headers={"X-Labkit-CSRF": csrf})
        top = first.get("/api/candidates", params={"count": 50}).json()["top"]
        for page in PAGES:
            first.get(page.format(measurement=measured[0], structure=top[0]["structure"]))
    bench = Bench(address, measured, [row["structure"] for row in top])
    for path in files:
        bench.uploads.put(path)
    before = processor_s(server.pid)
    started = time.monotonic()
    people = [
        Person(bench, token, seed, started + options.seconds, options.pause)
        for seed, token in enumerate(tokens)
    ]
    for person in people:
        person.start()
    samples = watch_memory(server.pid, options.seconds)
    for person in people:
        person.join()
    requests = sum(map(len, bench.waited.values()))
    used = processor_s(server.pid) - before
    return {
        "users": options.users,
        "seconds": round(time.monotonic() - started, 1),
        "requests": requests,
        "errors": bench.errors[:5],
        "n_errors": len(bench.errors),
        "wait_ms": {
            kind: {
                "n": len(waits),
                "median": round(1e3 * float(np.median(waits)), 1),
                "p95": round(1e3 * float(np.quantile(waits, 0.95)), 1),
                "max": round(1e3 * max(waits), 1),
            }
            for kind, waits in bench.waited.items()
        },
        "server_cpu_s": round(used, 2),
        "server_cpu_ms_per_request": round(1e3 * used / max(requests, 1), 1),
        "load_average": os.getloadavg()[0],
        "memory_mb": samples,
    }


if __name__ == "__main__":
    main()
