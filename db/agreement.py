"""How well two published tables agree about the compounds they share, by ICSD number."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import sqlmodel
from sqlmodel import col, select

from db.errors import InvalidValueError
from db.tables import EvidenceRow, LiteratureEntry, SourceDataset


@dataclass(frozen=True, slots=True)
class SharedValue:
    """Two printed values of one ICSD entry, and how many decades they are apart."""

    icsd_id: int
    first_reference: str
    second_reference: str
    first_sigma_S_per_cm: float
    second_sigma_S_per_cm: float
    decades: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """All pairs of values that two sources give for the ICSD entries they share."""

    shared_icsd_ids: int
    pairs: tuple[SharedValue, ...]

    def apart_by_more_than(self, decades: float) -> int:
        """Return how many pairs differ by more than so many decades."""
        return sum(pair.decades > decades for pair in self.pairs)


def compare_sources(session: sqlmodel.Session, first: str, second: str) -> Agreement:
    """Compare two loaded data sets, named as in `SourceDataset`, widest differences first.

    Where a source has several rows of one ICSD number, each is compared with each.

    Raises
    ------
    InvalidValueError
        If one of them is not loaded.
    """
    one, other = _by_icsd(session, first), _by_icsd(session, second)
    shared = sorted(one.keys() & other.keys())
    pairs = [
        SharedValue(key, reference, against, a, b, abs(math.log10(a / b)))
        for key in shared
        for reference, a in one[key]
        for against, b in other[key]
    ]
    pairs.sort(key=lambda pair: (-pair.decades, pair.icsd_id))
    return Agreement(len(shared), tuple(pairs))


def _by_icsd(session: sqlmodel.Session, name: str) -> dict[int, list[tuple[str, float]]]:
    statement = select(SourceDataset.id).where(SourceDataset.name == name)
    datasets = list(session.exec(statement))
    if not datasets:
        raise InvalidValueError(f"the data set {name!r} is not loaded in this lab")
    found: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for table in (LiteratureEntry, EvidenceRow):
        rows = session.exec(
            select(table.icsd_id, table.row_number, table.sigma_S_per_cm)
            .where(
                col(table.dataset_id).in_(datasets),
                col(table.withdrawn_in_dataset_id).is_(None),
                col(table.icsd_id).is_not(None),
                col(table.sigma_S_per_cm).is_not(None),
            )
            .order_by(col(table.id))
        )
        for icsd_id, row_number, sigma in rows:
            assert icsd_id is not None and sigma is not None
            found[icsd_id].append((f"{name}:{row_number}", sigma))
    return found
