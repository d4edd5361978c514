"""Read a text export of 100 MB and a binary file of a million records, and report the memory.

Each file is written by labkit and read in a process of its own: peak memory above that of the
imports, as a multiple of the size of the file, must stay below five::

    python benchmarks/readers_large.py [--points 1000000] [--text-mb 100]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from instruments import ImpedanceSpectrum
from instruments.biologic_writing import write_mpr, write_mpt

MOST_TIMES_THE_FILE = 5.0
_POINTS_PER_SWEEP = 10_000
_CHILD = """
import resource, sys, time
from pathlib import Path
from instruments import formats, read
import numpy, orjson

def peak_mb():
    # Linux hands ru_maxrss of the parent down to its child; VmHWM is the child's own.
    status = Path("/proc/self/status")
    if status.exists():
        line = next(l for l in status.read_text().splitlines() if l.startswith("VmHWM"))
        return int(line.split()[1]) / 1e3
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1e6 if sys.platform == "darwin" else 1e3)

formats()
before = peak_mb()
started = time.perf_counter()
measured = read(Path(sys.argv[1]))
taken = time.perf_counter() - started
points = sum(record.n_points for record in measured.records)
measured.sha256
print(points, len(measured.records), taken, peak_mb() - before)
"""


def sweeps(n_points: int) -> list[ImpedanceSpectrum]:
    """Simulate sweeps that hold so many points together."""
    found = []
    for start in range(0, n_points, _POINTS_PER_SWEEP):
        frequency = np.geomspace(1e6, 1.0, min(_POINTS_PER_SWEEP, n_points - start))
        omega = 2 * np.pi * frequency
        z = 1425.0 / (1 + 1425.0j * omega * 2e-10) + 1 / (2e-6 * (1j * omega) ** 0.88)
        found.append(ImpedanceSpectrum(frequency_hz=frequency, z_ohm=z, technique="PEIS"))
    return found


def repeated_text(path: Path, text_mb: float) -> Path:
    """Write a text export and repeat its lines of numbers up to a size."""
    content = write_mpt(path, sweeps(2 * _POINTS_PER_SWEEP)).read_bytes()
    last_name = content.index(b"I Range\t") if b"I Range\t" in content else 0
    body_at = content.index(b"\n", last_name) + 1
    body = content[body_at:]
    times = max(1, round((text_mb * 1e6 - body_at) / len(body)))
    with path.open("wb") as stream:
        stream.write(content[:body_at])
        for _ in range(times):
            stream.write(body)
    return path


def memory_of(path: Path) -> tuple[int, int, float, float]:
    """Return points, sweeps, seconds and MB above the imports of reading a file."""
    output = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path)], capture_output=True, text=True, check=True
    ).stdout.split()
    return int(output[0]), int(output[1]), float(output[2]), float(output[3])


def main() -> int:
    parser = argparse.ArgumentParser(description="Memory of reading large files.")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--text-mb", type=float, default=100.0)
    options = parser.parse_args()
    print("| file | MB | points | sweeps | s | peak MB | peak / file |\n|---|---:|" + "---:|" * 5)
    bounded = True
    with tempfile.TemporaryDirectory() as folder:
        for path in (
            repeated_text(Path(folder) / "large.mpt", options.text_mb),
            write_mpr(Path(folder) / "large.mpr", sweeps(options.points)),
        ):
            size = path.stat().st_size / 1e6
            points, n_sweeps, taken, peak = memory_of(path)
            bounded = bounded and peak <= MOST_TIMES_THE_FILE * size
            print(
                f"| {path.name} | {size:.0f} | {points} | {n_sweeps} | {taken:.2f} | {peak:.0f} "
                f"| {peak / size:.2f} |"
            )
    return 0 if bounded else 1


if __name__ == "__main__":
    sys.exit(main())
