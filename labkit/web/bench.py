"""What every route needs: the open lab, who asks, and the last rankings."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from labkit.web.access import Access, Person
from labkit.web.gate import GateRules
from labkit.web.remembered import Remembered
from labkit.workflows.cluster_overview import overview_of_clusters
from labkit.workflows.lab import Lab
from labkit.workflows.standing import keep_ranking, ranking_as_it_stands, ranking_stamp
from labkit.workflows.watching_aside import WatchAside

__all__ = ["Actor", "Bench", "TheBench", "TheLab"]


_STANDING = "standing"
_SETTLE_S = 2.0


@dataclass
class Bench:
    """The open lab and how it is served.

    Attributes
    ----------
    lab : Lab
    access : Access
    rules : GateRules
    watch : WatchAside or None
        The folder that is watched while the page is served.
    """

    lab: Lab
    access: Access
    rules: GateRules
    watch: WatchAside | None = None
    _kept: Remembered = field(default_factory=lambda: Remembered(4), repr=False)
    _background: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "ranking"), repr=False
    )

    _ranking: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def upload_folder(self) -> Path:
        """Where uploads lie until they are imported; always safe to delete."""
        return self.lab.cache_folder / "uploads"

    def standing(
        self, *, since: str | None = None, target_S_per_cm: float = 1e-4
    ) -> dict[str, Any]:
        """Return the candidate list as it stands; ranked again only when something changed."""
        key = (ranking_stamp(self.lab), since, target_S_per_cm)
        name = _STANDING if key[1:] == (None, 1e-4) else f"{_STANDING} {key[1:]}"
        found: dict[str, Any] = self._kept.get(
            name,
            key,
            lambda: ranking_as_it_stands(self.lab, since=since, target_S_per_cm=target_S_per_cm),
        )
        return found

    def standing_at_once(self) -> tuple[dict[str, Any], bool]:
        """Return the last known list, and whether it is the present one.

        Nobody waits for a ranking to look at one: where labels have changed since, the list is
        ranked again in the background, a moment later, so that a series of decisions is one.
        """
        known = self._kept.latest(_STANDING)
        if known is None or known[0] == (ranking_stamp(self.lab), None, 1e-4):
            return self.standing(), True
        if self._kept.claim(_STANDING):
            self._background.submit(self._rank_again)
        found: dict[str, Any] = known[1]
        return found, False

    def _rank_again(self) -> None:
        try:
            time.sleep(_SETTLE_S)
            with self._ranking:
                self.standing()
        except Exception:  # told to whoever asks next, by the same call
            logging.getLogger(__name__).warning("ranking again failed", exc_info=True)
        finally:
            self._kept.release(_STANDING)

    def keep_ranking(self, actor: str) -> dict[str, Any]:
        """Rank, keep the result, and have it at hand for the next who looks.

        Of several who ask at one moment the first ranks for all whose labels are there by then.
        """
        with self._ranking:
            known = self._kept.latest(_STANDING)
            present = known is not None and known[0] == (ranking_stamp(self.lab), None, 1e-4)
            if known is not None and present and known[1]["ranking"] is not None:
                found: dict[str, Any] = known[1]
                return found
            found = keep_ranking(self.lab, actor=actor)
            self._kept.put(_STANDING, (ranking_stamp(self.lab), None, 1e-4), found)
            return found

    def clusters(self) -> dict[str, Any]:
        """Return the clusters at a glance; computed again only when something changed."""
        found: dict[str, Any] = self._kept.get(
            "clusters", ranking_stamp(self.lab), lambda: overview_of_clusters(self.lab)
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
