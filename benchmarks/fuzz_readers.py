"""Damage files of every format and see what comes out of the readers.

Every input must be read, or refused with an exception of the package, in 2 s and 500 MB, without
a warning of numpy. Seeds are the files of the named folders below 60 kB, and files that labkit
writes itself::

    python benchmarks/fuzz_readers.py FOLDER... --inputs 200000 --workers 2
    python benchmarks/fuzz_readers.py FOLDER... --inputs 50000 --coverage     # with atheris

Exit status 1: something else came out; its input is written to ``--keep FOLDER``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import multiprocessing
import os
import random
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np

_PIECES = (
    b"99999999", b"-1", b"nan", b"1e999", b"inf", b"0", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00",
    b"\x00\x00\xa0\x7f", b"\t", b"\n", b",", b";", b"\x00", b"&#x0;", b"]]>", b"-", b"1e-320",
)  # fmt: skip
_MOST_SEED_BYTES = 60_000
_SLOW_S, _MOST_MB = 2.0, 500.0
_Seed = tuple[str, bytes]


@dataclass
class Tally:
    """What came out so far."""

    executions: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    foreign: dict[str, _Seed] = field(default_factory=dict)
    n_foreign: int = 0
    slowest_s: float = 0.0
    slowest: _Seed = ("", b"")
    peak_mb: float = 0.0

    def add(self, other: Tally) -> None:
        """Add what another process found."""
        self.executions += other.executions
        self.accepted += other.accepted
        self.refused += other.refused
        self.foreign = other.foreign | self.foreign
        self.n_foreign += other.n_foreign
        if other.slowest_s > self.slowest_s:
            self.slowest_s, self.slowest = other.slowest_s, other.slowest
        self.peak_mb = max(self.peak_mb, other.peak_mb)

    @property
    def is_sound(self) -> bool:
        """Tell whether every input kept to the limits."""
        return not self.n_foreign and self.slowest_s < _SLOW_S and self.peak_mb < _MOST_MB


def peak_mb() -> float:
    """Return the most memory that this process has held; 0 where the system does not say."""
    with contextlib.suppress(ImportError):
        resource = importlib.import_module("resource")
        peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return peak / (1e6 if sys.platform == "darwin" else 1e3)
    return 0.0


def try_one(name: str, content: bytes, tally: Tally) -> None:
    """Read an input, every column of it and its hash, and note what happens."""
    from instruments import InstrumentFileError, read

    started = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            measured = read(Path("nowhere") / name, content=content)
            for record in measured.records:
                record.data_hash  # noqa: B018
                for values in record.columns.values():
                    values.size  # noqa: B018
        tally.accepted += 1
    except InstrumentFileError as error:
        tally.refused[type(error).__name__] += 1
        if "\n" in str(error) or name not in str(error):
            tally.n_foreign += 1
            tally.foreign.setdefault(f"line of {type(error).__name__}", (name, content))
    except Exception as error:  # what is looked for
        tally.n_foreign += 1
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_next is not None:
            traceback = traceback.tb_next
        where = f"{traceback.tb_frame.f_code.co_name}:{traceback.tb_lineno}" if traceback else ""
        tally.foreign.setdefault(f"{type(error).__name__} at {where}: {error}", (name, content))
    taken = time.perf_counter() - started
    if taken > tally.slowest_s:
        tally.slowest_s, tally.slowest = taken, (name, content)
    tally.executions += 1


def seeds_of(folders: list[Path]) -> list[_Seed]:
    found = [
        (path.name, path.read_bytes())
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and 0 < path.stat().st_size <= _MOST_SEED_BYTES
    ]
    return found + written_seeds()


def written_seeds() -> list[_Seed]:
    """Return small files that labkit writes itself: two sweeps as .mpr, .mpt and table."""
    from instruments import ImpedanceSpectrum
    from instruments.biologic_writing import write_mpr, write_mpt

    frequency = np.geomspace(1e6, 1.0, 25)
    z = 10.0 + 1425.0 / (1 + 1425.0j * 2 * np.pi * frequency * 2e-10)
    sweeps = [ImpedanceSpectrum(frequency_hz=frequency, z_ohm=z, technique="PEIS")] * 2
    table = "f/Hz,Re/Ohm,Im/Ohm\n" + "".join(
        f"{f:.6e},{v.real:.6e},{v.imag:.6e}\n" for f, v in zip(frequency, z, strict=True)
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = [write_mpr(Path(folder) / "written.mpr", sweeps)]
        paths.append(write_mpt(Path(folder) / "written.mpt", sweeps))
        paths.append(write_mpt(Path(folder) / "bare.mpt", sweeps, decimal=",", with_header=False))
        return [*((p.name, p.read_bytes()) for p in paths), ("written.csv", table.encode())]


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Change, cut, insert, copy or swap a few pieces; members of a zip from inside."""
    if content.startswith(b"PK\x03\x04") and rng.random() < 0.7:
        with contextlib.suppress(Exception):  # not a whole container: treat it as bytes
            return _damaged_member(content, rng)
    raw = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16, 64))):
        if not raw:
            break
        within = len(raw) if rng.random() < 0.5 else min(len(raw), 1500)
        at = rng.randrange(within)
        match rng.randrange(8):
            case 0:
                raw[at] = rng.randrange(256)
            case 1:
                raw[at] ^= 1 << rng.randrange(8)
            case 2:
                del raw[at : at + rng.choice((1, 2, 4, 8, 50, 1000))]
            case 3:
                raw[at:at] = rng.randbytes(rng.choice((1, 4, 8, 80)))
            case 4:
                other = rng.randrange(len(raw))
                raw[at : at + 20] = raw[other : other + 20]
            case 5:
                lines = bytes(raw).split(b"\n")
                lines[rng.randrange(len(lines))] = lines[rng.randrange(len(lines))]
                raw = bytearray(b"\n".join(lines))
            case 6:
                piece = rng.choice(_PIECES)
                raw[at : at + len(piece)] = piece
            case _:
                raw[at : at + 1] = rng.choice(_PIECES)
    if rng.random() < 0.25:
        del raw[rng.randrange(len(raw) + 1) :]
    return bytes(raw)


def _damaged_member(content: bytes, rng: random.Random) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(target, "w") as made:
        chosen = rng.choice(source.namelist())
        for name in source.namelist():
            member = source.read(name)
            made.writestr(name, damaged(member, rng) if name == chosen else member)
    return target.getvalue()


def work(folders: list[Path], n_inputs: int, seed: int) -> Tally:
    """Try random damage; one process of several."""
    rng, tally, seeds = random.Random(seed), Tally(), seeds_of(folders)
    names = [name for name, _ in seeds]
    while tally.executions < n_inputs:
        name, content = rng.choice(seeds)
        if rng.random() < 0.03:  # content under the suffix of something else
            name = rng.choice(names)
        made = damaged(content, rng)
        if made:
            try_one(name, made, tally)
    tally.peak_mb = peak_mb()
    return tally


def work_with_coverage(folders: list[Path], n_inputs: int) -> None:
    """Let atheris look for new paths through the readers; never returns."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["instruments"]):
        from instruments import formats

        formats()  # imports every reader
    seeds = seeds_of(folders)
    suffixes = sorted({Path(name).suffix.lower() for name, _ in seeds})
    tally = Tally()

    def one_input(data: bytes) -> None:
        if len(data) < 2:
            return
        try_one(f"input{suffixes[data[0] % len(suffixes)]}", data[1:], tally)
        if tally.executions >= n_inputs:
            tally.peak_mb = peak_mb()
            report(tally, "coverage-guided (atheris), one process", None)
            sys.stdout.flush()
            os._exit(0 if tally.is_sound else 1)  # libFuzzer would call an exit a crash

    corpus = tempfile.mkdtemp()
    for number, (name, content) in enumerate(seeds):
        first = bytes([suffixes.index(Path(name).suffix.lower())])
        (Path(corpus) / str(number)).write_bytes(first + content)
    atheris.Setup(
        [sys.argv[0], f"-max_len={_MOST_SEED_BYTES}", f"-runs={n_inputs * 2}",
         "-rss_limit_mb=2000", "-print_final_stats=0", "-verbosity=0", corpus],
        one_input,
    )  # fmt: skip
    atheris.Fuzz()


def report(tally: Tally, how: str, keep: Path | None) -> None:
    print(f"- {tally.executions} inputs, {how}")
    kinds = ", ".join(f"{n} {name}" for name, n in tally.refused.most_common())
    print(f"- read: {tally.accepted}; refused: {tally.refused.total()} ({kinds})")
    print(f"- foreign exceptions: {tally.n_foreign}, at {len(tally.foreign)} places")
    for number, (what, (name, content)) in enumerate(tally.foreign.items()):
        print(f"  - {name}: {what}")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{number}-{name}").write_bytes(content)
    print(f"- slowest: {tally.slowest_s:.2f} s ({tally.slowest[0]}, {len(tally.slowest[1])} bytes)")
    print(f"- peak memory of a process: {tally.peak_mb:.0f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description="Damage files and read them.")
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--coverage", action="store_true", help="with atheris, where installed")
    parser.add_argument("--keep", type=Path, help="folder for inputs that failed")
    options = parser.parse_args()
    if options.coverage:
        work_with_coverage(options.folders, options.inputs)
    share = -(-options.inputs // options.workers)
    jobs = [(options.folders, share, options.seed + k) for k in range(options.workers)]
    tally = Tally()
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        for part in pool.starmap(work, jobs):
            tally.add(part)
    how = f"random damage, seeds {options.seed} to {options.seed + options.workers - 1}"
    report(tally, how, options.keep)
    return 0 if tally.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
