"""Time the readers of EC-Lab files beside galvani and yadg, and compare what they read.

Both are optional and belong into an environment of their own, together with what the readers need
(``pip install datalab-org-galvani yadg numpy openpyxl orjson``); labkit never imports them::

    PYTHONPATH=. python benchmarks/readers.py FILE_OR_FOLDER...            # seconds per MB
    PYTHONPATH=. python benchmarks/readers.py --check FILE_OR_FOLDER...    # equal to 1e-6
    PYTHONPATH=. python benchmarks/readers.py --written                    # our files, read by them

The tables are markdown. ``labkit + hash`` also takes the SHA-256 of the file, as an import does;
the other two never do. Exit status 1: something differs.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.metadata
import io
import logging
import platform
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import processor
from instruments import Chronoamperometry, ImpedanceSpectrum, InstrumentFileError, read
from instruments.biologic_columns import column_key
from instruments.biologic_writing import write_mpr

Columns = dict[str, np.ndarray]
_LOG_LEVEL = logging.CRITICAL


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


galvani = _module("galvani.BioLogic")
yadg = _module("yadg.extractors")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the messages of the other readers out of the table."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def with_galvani(path: Path) -> Any:
    if path.suffix.lower() == ".mpr":
        return galvani.MPRfile(str(path))
    # told the encoding: its own, ASCII, fails at the first micro sign
    return galvani.MPTfile(str(path), encoding="cp1252")


def with_yadg(path: Path) -> Any:
    return yadg.extract(filetype=f"eclab{path.suffix.lower()}", path=str(path))


def readers() -> dict[str, Callable[[Path], Any]]:
    found: dict[str, Callable[[Path], Any]] = {
        "labkit": read,
        "labkit + hash": lambda path: read(path).sha256,
    }
    if galvani is not None:
        found["galvani"] = with_galvani
    if yadg is not None:
        found["yadg"] = with_yadg
    return found


def described() -> list[str]:
    lines = []
    for module, package in ((galvani, "datalab-org-galvani"), (yadg, "yadg")):
        version = importlib.metadata.version(package) if module else "is not installed: left out"
        lines.append(f"{package} {version}")
    lines.append(f"numpy {np.__version__}, Python {platform.python_version()}")
    lines.append(f"{platform.system()} {platform.machine()}, {processor()}")
    return lines


def files_of(named: list[Path]) -> list[Path]:
    found = []
    for path in named:
        inside = path.rglob("*") if path.is_dir() else [path]
        found += [p for p in inside if p.suffix.lower() in (".mpr", ".mpt")]
    return sorted(found, key=lambda p: (p.suffix.lower(), p.stat().st_size, p.name))


def median_seconds(path: Path, runs: int) -> dict[str, float]:
    """Return the median per reader; the readers take turns, so that all meet the same load."""
    chosen = readers()
    taken: dict[str, list[float]] = {}
    for name, reader in list(chosen.items()):
        try:
            with quiet():
                reader(path)
        except Exception:  # whatever the reader does: it cannot be timed on this file
            del chosen[name]
    for run in range(runs * 10):
        for name, reader in chosen.items():
            if run >= runs and (name == "yadg" or path.stat().st_size > 1_000_000):
                continue
            with quiet():
                started = time.perf_counter()
                reader(path)
                taken.setdefault(name, []).append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in taken.items()}


def print_times(paths: list[Path], runs: int) -> None:
    names = list(readers())
    print(f"Seconds per MB, medians of at least {runs} runs in turns; ratios of labkit's time.\n")
    print("| file | kB | " + " | ".join(names) + " | labkit / galvani | yadg / labkit |")
    print("|---|---:|" + "---:|" * (len(names) + 2))
    worst: dict[str, list[float]] = {}
    for path in paths:
        size = path.stat().st_size
        seconds = median_seconds(path, runs)
        cells = [f"{seconds[n] / size * 1e6:.4f}" if n in seconds else "refused" for n in names]
        for peer, upside_down in (("galvani", False), ("yadg", True)):
            if peer not in seconds or "labkit" not in seconds:
                cells.append("")
                continue
            ratio = seconds["labkit"] / seconds[peer]
            ratio = 1 / ratio if upside_down else ratio
            cells.append(f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}")
            worst.setdefault(f"{path.suffix.lower()} {peer}", []).append(ratio)
        print(f"| {path.name} | {size / 1e3:.0f} | " + " | ".join(cells) + " |")
    print()
    for key, ratios in worst.items():
        what = "yadg / labkit" if key.endswith("yadg") else "labkit / galvani"
        print(
            f"- {key.split()[0]}: {what} from {min(ratios):.2f} to {max(ratios):.2f}, "
            f"median {statistics.median(ratios):.2f}"
        )


def labkit_columns(path: Path) -> Columns:
    """Return every column of a file, rows with a frequency first, under labkit's names."""
    parts: dict[str, list[np.ndarray]] = {}

    def put(name: str, values: np.ndarray | None) -> None:
        if values is not None:
            parts.setdefault(name, []).append(values)

    for record in read(path).records:
        if isinstance(record, ImpedanceSpectrum):
            put("freq_Hz", record.frequency_hz)
            put("Re_Z_ohm", record.z_ohm.real)
            put("minus_Im_Z_ohm", -record.z_ohm.imag)
        elif isinstance(record, Chronoamperometry):
            put("I_A", record.current_A)
            put("Ewe_V", record.potential_V)
        put("time_s", getattr(record, "time_s", None))
        for name, values in record.columns.items():
            put(name, values)
    return {name: np.concatenate(values) for name, values in parts.items()}


def galvani_columns(path: Path) -> Columns:
    data = with_galvani(path).data
    return {name: np.asarray(data[name]) for name in data.dtype.names}


def yadg_columns(path: Path) -> Columns:
    data = with_yadg(path).to_dataset()
    found: Columns = {}
    for name, values in data.data_vars.items():
        if values.ndim == 1 and values.dtype.kind in "iuf":
            unit = values.attrs.get("units")
            found[f"{name}/{unit}" if unit else str(name)] = values.to_numpy()
    return found


# yadg writes units in another spelling, and both know other names for some columns.
_SPELLINGS = {"Ω": "Ohm", "·": ".", "/degree": "/deg", "/ohm": "/Ohm", "/degC": "/°C"}


def _key(name: str) -> str:
    for theirs, ours in _SPELLINGS.items():
        name = name.replace(theirs, ours)
    return column_key(name)


def compare(path: Path, theirs: Columns, tolerance: float) -> tuple[int, list[str]]:
    """Return how many columns are common, and what differs."""
    ours = labkit_columns(path)
    frequency = next((v for n, v in theirs.items() if n.startswith("freq")), None)
    if frequency is not None:
        order = np.concatenate((np.flatnonzero(frequency > 0), np.flatnonzero(frequency <= 0)))
        theirs = {name: values[order] for name, values in theirs.items()}
    n_common, differing = 0, []
    for name, values in theirs.items():
        key = _key(name)
        mine, scale = ours.get(key), 1.0
        if mine is None and key == "I_mA":
            mine, scale = ours.get("I_A"), 1e3
        if mine is None:
            continue
        n_common += 1
        # A column that only the sweeps have (or only the rest) is compared over its own rows.
        part = values[: mine.size]
        if not np.allclose(mine * scale, part, rtol=tolerance, atol=1e-30, equal_nan=True):
            with np.errstate(all="ignore"):
                apart = np.nanmax(np.abs(mine * scale - part) / np.abs(part))
            differing.append(f"{name} (up to {apart:.1e})")
    return n_common, differing


def print_check(paths: list[Path], tolerance: float) -> bool:
    peers = {}
    if galvani is not None:
        peers["galvani"] = galvani_columns
    if yadg is not None:
        peers["yadg"] = yadg_columns
    print(f"Common columns and those that differ by more than {tolerance:g} relative.\n")
    print("| file | " + " | ".join(peers) + " |\n|---|" + "---|" * len(peers))
    equal = True
    for path in (p for p in paths if p.suffix.lower() == ".mpr"):
        cells = []
        for columns in peers.values():
            try:
                with quiet():
                    theirs = columns(path)
            except Exception as error:  # theirs, whatever it is, belongs into the table
                cells.append(f"cannot read it ({type(error).__name__})")
                continue
            try:
                n_common, differing = compare(path, theirs, tolerance)
            except InstrumentFileError as error:
                n_common, differing = 0, [str(error)]
            equal = equal and not differing
            verdict = "differ: " + ", ".join(differing) if differing else "equal"
            cells.append(f"{n_common} of {len(theirs)} common, {verdict}")
        print(f"| {path.name} | " + " | ".join(cells) + " |")
    return equal


def simulated(n_sweeps: int) -> list[ImpedanceSpectrum]:
    frequency = np.geomspace(7e6, 0.1, 71).astype(np.float32).astype(np.float64)
    omega = 2 * np.pi * frequency
    sweeps = []
    for number in range(1, n_sweeps + 1):
        arc = 1425.0 * number / (1 + 1425.0j * number * omega * 2e-10)
        z = (arc + 1 / (2e-6 * (1j * omega) ** 0.88)).astype(np.complex64).astype(np.complex128)
        sweeps.append(
            ImpedanceSpectrum(frequency_hz=frequency, z_ohm=z, sweep=number, technique="PEIS")
        )
    return sweeps


def print_written() -> bool:
    """Write files, and read them back with every reader: equal to the last bit."""
    equal = True
    print("| written .mpr | read by | columns compared | result |\n|---|---|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        for n_sweeps in (1, 4):
            path = write_mpr(Path(folder) / f"sweeps_{n_sweeps}.mpr", sweeps := simulated(n_sweeps))
            truth = {
                "freq/Hz": np.concatenate([s.frequency_hz for s in sweeps]),
                "Re(Z)/Ohm": np.concatenate([s.z_ohm.real for s in sweeps]),
                "-Im(Z)/Ohm": np.concatenate([-s.z_ohm.imag for s in sweeps]),
            }
            sources = {"labkit": labkit_columns}
            if galvani is not None:
                sources["galvani"] = galvani_columns
            if yadg is not None:
                sources["yadg"] = yadg_columns
            for name, source in sources.items():
                with quiet():
                    found = source(path)
                found = {k if name == "labkit" else _key(k): v for k, v in found.items()}
                same = all(np.array_equal(found.get(_key(k), ()), v) for k, v in truth.items())
                n_common, differing = len(truth), []
                if name != "labkit":
                    with quiet():
                        n_common, differing = compare(path, source(path), 0.0)
                equal = equal and same and not differing
                result = "exact" if same and not differing else f"differs {', '.join(differing)}"
                print(f"| {n_sweeps} sweep(s) | {name} | {n_common} | {result} |")
    return equal


def main() -> int:
    parser = argparse.ArgumentParser(description="Readers of EC-Lab files, side by side.")
    parser.add_argument("paths", nargs="*", type=Path, help=".mpr and .mpt files, or folders")
    parser.add_argument("--runs", type=int, default=7, help="runs of each reader (5 or more)")
    parser.add_argument("--check", action="store_true", help="compare the columns instead")
    parser.add_argument("--tolerance", type=float, default=1e-6)
    parser.add_argument("--written", action="store_true", help="read files that labkit wrote")
    options = parser.parse_args()
    logging.disable(_LOG_LEVEL)
    print("\n".join(f"- {line}" for line in described()), end="\n\n")
    if options.written:
        return 0 if print_written() else 1
    paths = files_of(options.paths)
    if not paths:
        parser.error("name .mpr or .mpt files, or folders with some")
    if options.check:
        return 0 if print_check(paths, options.tolerance) else 1
    print_times(paths, max(5, options.runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
