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

from db.pellets import get_pellet
from instruments import formats
from labkit.errors import UsageError
from labkit.geometry import parse_temperature
from labkit.workflows.importing import import_paths, refused_report
from labkit.workflows.lab import Lab
from labkit.workflows.recording import Arrival
from labkit.workflows.sample_conditions import ContradictedTemperatureError

__all__ = ["Watch", "watch_folder"]

_Stamp = tuple[int, int]


@dataclass
class Watch:
    """A folder that is looked at again and again.

    Attributes
    ----------
    lab : Lab
    folder : Path
        Sub-folders are looked at as well.
    pellet, temperature : str, optional
        As for `import_paths`.
    settle_s : float
        Seconds without a change after which a file counts as complete.
    arrival : Arrival
        In whose name files come in.
    clock : callable
        Seconds from any start.
    waiting : dict
        Files that are not complete yet, and since when each has not changed.
    missing : str or None
        One line, while the folder cannot be looked at.
    """

    lab: Lab
    folder: Path
    pellet: str | None = None
    temperature: str | None = None
    settle_s: float = 5.0
    arrival: Arrival = Arrival()  # noqa: RUF009  (frozen)
    clock: Callable[[], float] = time.monotonic
    waiting: dict[Path, tuple[_Stamp, float]] = field(default_factory=dict)
    missing: str | None = None
    _done: dict[Path, _Stamp] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise UsageError(f"{self.folder}: there is no such folder to watch")
        if self.temperature is not None:
            parse_temperature(self.temperature)
        if self.pellet is not None:
            with self.lab.database.reading() as session:
                get_pellet(session, self.pellet)

    def look(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Look once, and import what is complete: each file with its report of `import_paths`.

        A folder that is gone, as a share that is not connected, is looked for again next time;
        what was imported from it is remembered.
        """
        files = self._files()
        if files is None:
            return
        self.waiting = {path: state for path, state in self.waiting.items() if path in files}
        for path, stamp in self._complete(files):
            report = self._import(path, files)
            if any(refused["again"] for refused in report["refused"]):
                self.waiting[path] = (stamp, self.clock())
            else:
                self.waiting.pop(path, None)
                self._done[path] = stamp
            yield path, report

    def _import(self, path: Path, files: set[Path]) -> dict[str, Any]:
        """Import one file, as an import of the whole folder would."""
        try:
            return import_paths(
                self.lab,
                [path],
                pellet=self.pellet,
                temperature=self.temperature,
                arrival=self.arrival,
                beside=files,
            )
        except ContradictedTemperatureError as error:
            return refused_report(path, error)  # and the files to come go on

    def _files(self) -> set[Path] | None:
        """Return the raw files of the folder; None where it is not there."""
        suffixes = {suffix.lower() for info in formats() for suffix in info.suffixes}
        try:
            if not self.folder.is_dir():
                raise FileNotFoundError
            found = {
                path
                for path in self.folder.rglob("*")
                if path.suffix.lower() in suffixes and not path.name.startswith((".", "~"))
            }
        except OSError as error:
            why = "" if isinstance(error, FileNotFoundError) else f" ({error.strerror})"
            self.missing = (
                f"{self.folder} is not there any more{why}: is the drive connected? "
                "It is looked for again every few seconds"
            )
            return None
        self.missing = None
        return found

    def _complete(self, files: set[Path]) -> list[tuple[Path, _Stamp]]:
        """Return the files that have not changed for a while and were not handled so far."""
        ready = []
        now = self.clock()
        for path in sorted(files):
            stamp = _stamp(path)
            if stamp is None or self._done.get(path) == stamp:
                continue
            known = self.waiting.get(path)
            if known is None or known[0] != stamp:
                self.waiting[path] = (stamp, now)
            elif now - known[1] >= self.settle_s:
                ready.append((path, stamp))
        return ready


def watch_folder(
    lab: Lab,
    folder: Path,
    *,
    pellet: str | None = None,
    temperature: str | None = None,
    settle_s: float = 5.0,
    poll_s: float = 1.0,
    once: bool = False,
    tell: Callable[[str], None] = lambda _: None,
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
    tell : callable
        Gets one line when the folder goes, and one when it is back.
    clock, sleep : callable
        For tests.

    Returns
    -------
    iterator of dict
        The report of `import_paths` for each file handled.

    Raises
    ------
    UsageError, GeometryError, UnknownPelletError
        At once, when there is no such folder or pellet, or the temperature cannot be read.
    """
    watch = Watch(lab, folder, pellet, temperature, settle_s, clock=clock)
    return _handled(watch, poll_s=poll_s, once=once, tell=tell, sleep=sleep)


def _handled(
    watch: Watch,
    *,
    poll_s: float,
    once: bool,
    tell: Callable[[str], None],
    sleep: Callable[[float], None],
) -> Iterator[dict[str, Any]]:
    while True:
        before = watch.missing
        for _, report in watch.look():
            yield report
        if watch.missing != before:
            tell(watch.missing or f"{watch.folder} is back")
        if once and not watch.waiting:
            return
        sleep(poll_s)


def _stamp(path: Path) -> _Stamp | None:
    """Size and time of a file; None for an empty one or one that has gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if status.st_size else None
