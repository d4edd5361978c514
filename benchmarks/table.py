"""The table of the suite in markdown: times, ratios, versions, the machine, growth of the cost."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.machine import machine, version
from benchmarks.suite import OURS, Part
from benchmarks.turns import Measured, SideResult, largest_difference

_HEAD = (
    "| what | labkit CPU | labkit wall | peer | peer CPU | peer wall | peer / labkit | results |\n"
    "|---|---:|---:|---|---:|---:|---:|---|"
)
_FEWEST_SIZES = 3


def _time(seconds: float) -> str:
    """Return seconds or milliseconds with three digits."""
    if seconds >= 1:
        return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"
    return f"{1e3 * seconds:.3g} ms" if seconds >= 1e-4 else f"{1e6 * seconds:.3g} µs"


def _ratio(ratio: float) -> str:
    return f"**{ratio:.2g}**" if ratio < 10 else f"**{ratio:.0f}**"


def _named(side: SideResult) -> str:
    versions = [version(package) for package in side.packages]
    known = [f"{p} {v}" for p, v in zip(side.packages, versions, strict=True) if v is not None]
    if not known:
        return side.name
    own = len(side.packages) == 1 and side.packages[0].endswith(side.name)
    return f"{side.name} {versions[0]}" if own else f"{side.name} ({', '.join(known)})"


def _rows(sides: list[SideResult]) -> Iterator[str]:
    ours, peers = sides[0], sides[1:]
    for name, measured in ours.cases.items():
        first = f"| {name} | {_cells(measured)} |"
        beside = [
            f"{first} {_named(peer)} | {_beside(measured, peer.cases[name])} |"
            for peer in peers
            if name in peer.cases
        ]
        yield from beside or [f"{first} none | | | | |"]
    for side in sides:
        if side.absent is not None:
            yield f"| all | | | {side.name} | not installed: {side.absent} | | | |"
        elif side.failed is not None:
            yield f"| all | | | {side.name} | failed: {_in_cell(side.failed)} | | | |"


def _in_cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def _cells(measured: Measured) -> str:
    if measured.failed is not None:
        return f"failed: {_in_cell(measured.failed)} | "
    return f"{_time(measured.median_cpu_s)} | {_time(measured.median_wall_s)}"


def _beside(ours: Measured, theirs: Measured) -> str:
    if ours.failed is not None or theirs.failed is not None:
        return f"{_cells(theirs)} | |"
    apart = largest_difference(ours.numbers, theirs.numbers)
    agree = "" if apart is None else "equal" if apart == 0 else f"within {apart:.0e}"
    ratio = theirs.median_cpu_s / max(ours.median_cpu_s, 1e-12)
    return f"{_cells(theirs)} | {_ratio(ratio)} | {agree}"


def growth(side: SideResult) -> tuple[float, float, list[Measured]] | None:
    """Fit log CPU time to log amount of work over the sizes of a side.

    Returns
    -------
    tuple of float, float, list, or None
        Exponent, its standard error and the cases; None where there are fewer than three sizes.
    """
    sized = [m for m in side.cases.values() if m.amount and m.cpu_s and m.failed is None]
    if len(sized) < _FEWEST_SIZES:
        return None
    x = np.log([m.amount for m in sized if m.amount])
    y = np.log([max(m.median_cpu_s, 1e-12) for m in sized])
    slope, intercept = np.polyfit(x, y, 1)
    left = y - slope * x - intercept
    spread = float(left @ left) / (len(x) - 2)
    return float(slope), math.sqrt(spread / float(((x - x.mean()) ** 2).sum())), sized


def _growth_rows(title: str, sides: list[SideResult]) -> Iterator[str]:
    for side in sides:
        fitted = growth(side)
        if fitted is None:
            continue
        slope, error, sized = fitted
        sizes = ", ".join(f"{m.amount:g}" for m in sized)
        times = ", ".join(_time(m.median_cpu_s) for m in sized)
        yield f"| {title} | {_named(side)} | {sizes} | {times} | {slope:.2f} ± {error:.2f} |"


def problems(found: dict[str, list[SideResult]], parts: dict[str, Part]) -> list[str]:
    """Return what fails the suite: a case of labkit that failed, results that differ."""
    said = []
    for name, sides in found.items():
        ours = sides[0]
        reason = ours.failed or ours.absent
        if reason is not None:
            said.append(f"{name}: {OURS}: {reason}")
        for case, measured in ours.cases.items():
            if measured.failed is not None:
                said.append(f"{name}, {case}: {OURS}: {measured.failed}")
            for peer in sides[1:]:
                theirs = peer.cases.get(case)
                limit = parts[name].tolerance
                if theirs is None or limit is None:
                    continue
                apart = largest_difference(measured.numbers, theirs.numbers)
                if apart is not None and not apart <= limit:
                    said.append(f"{name}, {case}: differs from {peer.name} by {apart:.1e}")
    return said


def document(
    found: dict[str, list[SideResult]], parts: dict[str, Part], command: str, repeat: int, day: str
) -> str:
    """Return the whole page."""
    lines = [
        "# Side by side",
        "",
        "Written by a command; edit nothing here, run it again:",
        "",
        f"```\n{command}\n```",
        "",
        f"labkit {version('labkit') or 'from its folder'}, {day}. {machine()}. One thread each.",
        "",
        f"Medians of {repeat} runs after one that is not counted; every side in a process of its "
        "own, the runs of labkit and its peers in turns. **CPU time is the measure**, and the "
        "ratios are those of CPU time: the machine may be shared, so wall time is told beside it "
        "only. *results* is the largest difference of the results, relative to the largest value. "
        "Public data where they are at hand and the size is `full`; else everything is simulated.",
        "",
        f"Beneath: {_libraries()}.",
    ]
    for name, sides in found.items():
        lines += ["", f"## {parts[name].title}", "", parts[name].note, "", _HEAD, *_rows(sides)]
    rows = [row for name, sides in found.items() for row in _growth_rows(parts[name].title, sides)]
    if rows:
        lines += ["", "## How the cost grows", ""]
        lines += ["CPU time ~ amount^exponent: least squares of the logarithms.", ""]
        lines += ["| what | program | amounts | CPU | exponent |", "|---|---|---|---|---:|", *rows]
    return "\n".join(lines) + "\n"


def _libraries() -> str:
    names = ("numpy", "scipy", "fastcluster", "pymatgen", "sqlmodel", "fastapi")
    return ", ".join(f"{name} {found}" for name in names if (found := version(name)) is not None)


def write(path: Path, text: str) -> None:
    """Replace a file as a whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
