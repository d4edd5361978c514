"""What every route needs: the open lab, who asks, and the last rankings."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from labkit.web.access import Access, Person
from labkit.web.gate import GateRules
from labkit.workflows.cluster_overview import overview_of_clusters
from labkit.workflows.lab import Lab
from labkit.workflows.standing import ranking_as_it_stands, ranking_stamp

__all__ = ["Actor", "Bench", "TheBench", "TheLab"]


class Remembered:
    """Results that cost time, kept while what they depend on stays the same."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `key` names; make it once even where several ask at the same moment."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, threading.Lock())
        try:
            with making:
                with self._lock:
                    if key in self._kept:
                        return self._kept[key]
                made = make()
                with self._lock:
                    self._kept[key] = made
                    while len(self._kept) > self._most:
                        self._kept.popitem(last=False)
                return made
        finally:
            with self._lock:
                self._making.pop(key, None)


@dataclass
class Bench:
    """The open lab and how it is served.

    Attributes
    ----------
    lab : Lab
    access : Access
    rules : GateRules
    """

    lab: Lab
    access: Access
    rules: GateRules
    _rankings: Remembered = field(default_factory=lambda: Remembered(8), repr=False)

    @property
    def upload_folder(self) -> Path:
        """Where uploads lie until they are imported; always safe to delete."""
        return self.lab.cache_folder / "uploads"

    def standing(
        self, *, since: str | None = None, target_S_per_cm: float = 1e-4
    ) -> dict[str, Any]:
        """Return the candidate list as it stands; ranked again only when something changed."""
        key = (ranking_stamp(self.lab), since, target_S_per_cm)
        found: dict[str, Any] = self._rankings.get(
            key,
            lambda: ranking_as_it_stands(self.lab, since=since, target_S_per_cm=target_S_per_cm),
        )
        return found

    def clusters(self) -> dict[str, Any]:
        """Return the clusters at a glance; computed again only when something changed."""
        found: dict[str, Any] = self._rankings.get(
            ("clusters", ranking_stamp(self.lab)), lambda: overview_of_clusters(self.lab)
        )
        return found


def _bench(request: Request) -> Bench:
    bench: Bench = request.app.state.bench
    return bench


def _lab(request: Request) -> Lab:
    return _bench(request).lab


def _actor(request: Request) -> Person:
    person: Person = request.state.person
    return person


TheBench = Annotated[Bench, Depends(_bench)]
TheLab = Annotated[Lab, Depends(_lab)]
Actor = Annotated[Person, Depends(_actor)]
