"""What the side-by-side suite measures: parts, their sides, and the cases of each side.

A side is one program (labkit, or a peer); it runs in a process of its own and offers cases by name.
The cases of all sides of a part are measured in turns. Peers that are absent raise ImportError.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

Size = Literal["tiny", "small", "full"]
OURS = "labkit"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting:
    """How large the cases are, where files may be written, and where public data lie, if at all."""

    size: Size
    folder: Path
    data: Path | None

    def of(self, tiny: T, small: T, full: T) -> T:
        """Return the value for the size."""
        return {"tiny": tiny, "small": small, "full": full}[self.size]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is timed.

    Attributes
    ----------
    run : callable
        What is timed.
    prepare : callable, optional
        Called before each run, outside the clock.
    numbers : callable, optional
        Given what `run` returned, the numbers that must agree with those of the other sides.
    amount : float, optional
        How much work it is (rows, structures, spectra); the growth of cost is fitted to it.
    processor_s : callable
        Clock of processor seconds; the server's where a server does the work.
    least_s : float
        A run shorter than this is repeated inside one measurement.
    """

    run: Callable[[], Any]
    prepare: Callable[[], None] | None = None
    numbers: Callable[[Any], Any] | None = None
    amount: float | None = None
    processor_s: Callable[[], float] = time.process_time
    least_s: float = 0.02


Cases = dict[str, Case]


@dataclass(frozen=True, slots=True)
class Side:
    """One program: its name, the packages whose versions are told, and how its cases are made."""

    name: str
    packages: tuple[str, ...]
    cases: Callable[[Setting], Cases]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the suite.

    Attributes
    ----------
    title : str
    sides : tuple of Side
        labkit first.
    note : str
        What is compared, and what is left out of the clock.
    tolerance : float, optional
        Largest difference of the results, relative to the largest value of the peer; a larger one
        fails the suite. None where results differ by design (another method).
    """

    title: str
    sides: tuple[Side, ...]
    note: str
    tolerance: float | None = None


def parts() -> dict[str, Part]:
    """Return all parts by the name that ``--only`` takes."""
    from benchmarks.suite_measuring import CIRCUITS, IMPORT, READERS, TAIL
    from benchmarks.suite_page import PAGE
    from benchmarks.suite_screening import BVSE, DESCRIBING, DESCRIPTORS, RERANK, W_SIGMA, WARD

    return {
        "readers": READERS,
        "tail": TAIL,
        "circuits": CIRCUITS,
        "import": IMPORT,
        "descriptors": DESCRIPTORS,
        "describing": DESCRIBING,
        "ward": WARD,
        "w-sigma": W_SIGMA,
        "bvse": BVSE,
        "re-rank": RERANK,
        "page": PAGE,
    }
