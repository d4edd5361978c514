"""The process of one side of one part: it makes its cases, and runs one whenever it is told.

Requests and answers are lines of JSON. What the programs print is thrown away.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from benchmarks.suite import Case, Setting, Side, parts

_MOST_LOOPS = 1000
_LONG_S = 2.0
_NUMBERS_SENT = 2000


def _answer(channel: TextIO, **content: Any) -> None:
    channel.write(json.dumps(content) + "\n")
    channel.flush()


def _seconds(case: Case, loops: int) -> tuple[float, float]:
    if case.prepare is not None:
        case.prepare()
    wall, processor = time.perf_counter(), case.processor_s()
    for _ in range(loops):
        case.run()
    return (case.processor_s() - processor) / loops, (time.perf_counter() - wall) / loops


def _first(case: Case) -> tuple[int, list[float] | None]:
    """Run once outside the clocks; return how often a measurement repeats it, and its numbers."""
    if case.prepare is not None:
        case.prepare()
    started = time.perf_counter()
    result = case.run()
    long = time.perf_counter() - started > _LONG_S
    numbers = None
    if case.numbers is not None:
        found = np.asarray(case.numbers(result), dtype=np.float64).reshape(-1)
        numbers = found[:: max(1, math.ceil(found.size / _NUMBERS_SENT))].tolist()
    if long or case.prepare is not None:
        return 1, numbers
    # the first run may have loaded what is loaded once: it does not tell how short a run is
    _, wall = _seconds(case, 1)
    return min(_MOST_LOOPS, max(1, math.ceil(case.least_s / max(wall, 1e-9)))), numbers


def serve(side: Side, setting: Setting, channel: TextIO) -> None:
    """Make the cases, say so, and run what is asked for until the input ends."""
    try:
        cases = side.cases(setting)
    except ImportError as error:
        _answer(channel, absent=str(error))
        return
    except Exception as error:  # whatever a peer does on its way belongs into the table
        _answer(channel, failed=f"{type(error).__name__}: {error}"[:200])
        return
    _answer(channel, cases={name: case.amount for name, case in cases.items()})
    loops: dict[str, int] = {}
    for line in sys.stdin:
        name = line.rstrip("\n")
        try:
            if name not in loops:
                loops[name], numbers = _first(cases[name])
                _answer(channel, numbers=numbers)
            else:
                cpu_s, wall_s = _seconds(cases[name], loops[name])
                _answer(channel, cpu_s=cpu_s, wall_s=wall_s)
        except Exception as error:
            _answer(channel, failed=f"{type(error).__name__}: {error}"[:200])


def main() -> None:
    part, side_name, size, folder, data = sys.argv[1:]
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    side = next(one for one in parts()[part].sides if one.name == side_name)
    setting = Setting(size, Path(folder), Path(data) if data else None)  # type: ignore[arg-type]
    serve(side, setting, channel)


if __name__ == "__main__":
    main()
