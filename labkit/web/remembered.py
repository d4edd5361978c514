"""Results that cost time, kept while what they depend on stays the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

__all__ = ["Remembered"]


class Remembered:
    """The newest result under each name, with the key that says what it was made from.

    Parameters
    ----------
    most : int
        Names that are kept; the one not asked for longest goes first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[Hashable, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._claimed: set[str] = set()

    def get(self, name: str, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the result of this key; make it once even where several ask at one moment."""
        with self._lock:
            found = self._kept.get(name)
            if found is not None and found[0] == key:
                self._kept.move_to_end(name)
                return found[1]
            making = self._making.setdefault(name, threading.Lock())
        with making:
            found = self.latest(name)
            if found is not None and found[0] == key:
                return found[1]
            made = make()
            self.put(name, key, made)
            return made

    def put(self, name: str, key: Hashable, value: Any) -> None:
        """Keep a result."""
        with self._lock:
            self._kept[name] = key, value
            self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                oldest, _ = self._kept.popitem(last=False)
                self._making.pop(oldest, None)

    def latest(self, name: str) -> tuple[Hashable, Any] | None:
        """Return the newest result with its key, however old."""
        with self._lock:
            return self._kept.get(name)

    def claim(self, name: str) -> bool:
        """Whether the caller is the one who shall make this anew; the others need not."""
        with self._lock:
            if name in self._claimed:
                return False
            self._claimed.add(name)
            return True

    def release(self, name: str) -> None:
        """End a claim."""
        with self._lock:
            self._claimed.discard(name)
