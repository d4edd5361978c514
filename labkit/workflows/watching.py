"""A folder watched: each raw file imported once, when it is complete.

Instrument computers write to shared drives, where change notices do not arrive; so the folder is
looked at every few seconds. A file counts as complete when its size and time have not changed for
a while and its reader finds it whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instruments import formats
from labkit.errors import UsageError
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab

__all__ = ["watch_folder"]

_Stamp = tuple[int, int]


@dataclass
class _Seen:
    """What is known of the files of a watched folder."""

    waiting: dict[Path, tuple[_Stamp, float]] = field(default_factory=dict)
    done: dict[Path, _Stamp] = field(default_factory=dict)

    def settled(self, files: list[Path], now: float, settle_s: float) -> list[Path]:
        """Return the files that have not changed for `settle_s` and were not handled so far."""
        ready = []
        for path in files:
            stamp = _stamp(path)
            if stamp is None or self.done.get(path) == stamp:
                continue
            known = self.waiting.get(path)
            if known is None or known[0] != stamp:
                self.waiting[path] = (stamp, now)
            elif now - known[1] >= settle_s:
                ready.append(path)
        return ready

    def handle(self, path: Path) -> None:
        """Remember that a file was handled in its present state."""
        stamp, _ = self.waiting.pop(path)
        self.done[path] = stamp


def watch_folder(
    lab: Lab,
    folder: Path,
    *,
    pellet: str | None = None,
    temperature: str | None = None,
    settle_s: float = 5.0,
    poll_s: float = 1.0,
    once: bool = False,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[dict[str, Any]]:
    """Import the files of a folder as they appear and are complete.

    Parameters
    ----------
    lab : Lab
    folder : Path
        Sub-folders are watched as well.
    pellet, temperature : str, optional
        As for `import_paths`.
    settle_s : float
        Seconds without a change after which a file counts as complete.
    poll_s : float
        Seconds between two looks.
    once : bool
        Stop when every file present has been handled.
    clock, sleep : callable
        For tests.

    Yields
    ------
    dict
        The report of `import_paths` for each file handled.

    Raises
    ------
    UsageError
        When there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder to watch")
    seen = _Seen()
    while True:
        files = _candidates(folder)
        for path in seen.settled(files, clock(), settle_s):
            seen.handle(path)
            yield import_paths(lab, [path], pellet=pellet, temperature=temperature)
        if once and not seen.waiting:
            return
        sleep(poll_s)
        seen.waiting = {path: state for path, state in seen.waiting.items() if path.exists()}


def _candidates(folder: Path) -> list[Path]:
    suffixes = {suffix.lower() for info in formats() for suffix in info.suffixes}
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes and not path.name.startswith((".", "~"))
    )


def _stamp(path: Path) -> _Stamp | None:
    """Size and time of a file; None for an empty one or one that has gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if status.st_size else None
