"""A folder watched beside something else, with what there is to tell of it at any moment."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labkit.workflows.watching import Watch

__all__ = ["WatchAside"]

_TOLD = 20


class WatchAside:
    """Watches a folder in a thread of its own.

    Every file is one transaction of its own, as in an import; readers are never kept waiting.

    Parameters
    ----------
    watch : Watch
    poll_s : float
        Seconds between two looks.
    """

    def __init__(self, watch: Watch, *, poll_s: float = 1.0) -> None:
        self._watch = watch
        self._poll_s = poll_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._arrived: deque[dict[str, Any]] = deque(maxlen=_TOLD)
        self._refused: dict[str, dict[str, Any]] = {}
        self._waiting: list[dict[str, Any]] = []
        self._counts: Counter[str] = Counter()
        self._line: str | None = None
        self._looked_at: str | None = None

    def start(self) -> None:
        """Start to watch."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the file at hand, and wait for that."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def status(self) -> dict[str, Any]:
        """Return what is watched, what came, what waits to be complete, what was refused.

        Returns
        -------
        dict
            ``state``: watching, missing or stopped; ``line``: what is wrong, if anything;
            ``waiting``, ``arrived`` (the last first) and ``refused`` with the time of each;
            ``counts`` since the start.
        """
        with self._lock:
            alive = self._thread is not None and self._thread.is_alive()
            state = "stopped" if not alive else "missing" if self._line else "watching"
            return {
                "folder": str(self._watch.folder),
                "settle_s": self._watch.settle_s,
                "state": state,
                "line": self._line,
                "looked_at": self._looked_at,
                "waiting": list(self._waiting),
                "arrived": list(self._arrived)[::-1],
                "refused": list(self._refused.values())[::-1],
                "counts": {
                    name: self._counts[name]
                    for name in ("imported", "completed", "known", "refused")
                },
            }

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                for path, report in self._watch.look():
                    self._note(self._name(path), report)
                    self._settle(self._watch.missing)
                    if self._stopping.is_set():
                        break
                line = self._watch.missing
            except Exception as error:  # one look that fails must not end the watching
                logging.getLogger(__name__).warning("a look at the folder failed", exc_info=True)
                line = f"{self._watch.folder}: {' '.join(str(error).split())}; looked at again"
            self._settle(line)
            self._stopping.wait(self._poll_s)

    def _settle(self, line: str | None) -> None:
        now = self._watch.clock()
        waiting = [
            {
                "file": self._name(path),
                "size_bytes": stamp[0],
                "unchanged_s": round(now - since, 1),
            }
            for path, (stamp, since) in self._watch.waiting.items()
        ]
        with self._lock:
            self._waiting = waiting
            self._line = line
            self._looked_at = _now()

    def _note(self, name: str, report: dict[str, Any]) -> None:
        with self._lock:
            was_refused = self._refused.pop(name, None) is not None
            for file in report["files"]:
                self._counts[file["status"]] += 1
                if file["status"] != "known":
                    self._arrived.append(_arrived(name, file))
            for refused in report["refused"]:
                self._counts["refused"] += not was_refused
                line = refused["error"].replace(refused["file"], name)
                self._refused[name] = {"file": name, "error": line, "at": _now()}
            for old in list(self._refused)[:-_TOLD]:
                del self._refused[old]

    def _name(self, path: Path) -> str:
        """Return a file's name as the watched folder has it."""
        return path.relative_to(self._watch.folder).as_posix()


def _arrived(name: str, file: dict[str, Any]) -> dict[str, Any]:
    records = [*file["sweeps"], *file["transients"]]
    first = file["sweeps"][0] if file["sweeps"] else {}
    return {
        "file": name,
        "status": file["status"],
        "measurements": [record["measurement"] for record in records],
        "kind": records[0]["kind"] if records else None,
        "verdict": first.get("verdict"),
        "sigma_S_per_cm": first.get("sigma_S_per_cm"),
        "at": _now(),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
