"""How well two published tables agree about the compounds they share, by ICSD number.

A pair in which a table prints a bound ("<1E-10") says little: the bounds of two tables agree by
convention, and a value below another's bound contradicts nothing. So pairs of two printed values
are counted apart. OBELiX and the digitised set share 231 pairs, of which 22 differ by more than
0.3 and 11 by more than 1 decade; 201 of them are two values, of which 21 and 10 differ so. The
pair between is 5.4E-24 against <1E-10, thirteen decades apart and no contradiction.
"""

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
    first_qualifier: str = "="
    second_qualifier: str = "="

    @property
    def is_of_values(self) -> bool:
        """Whether both tables print a value, not a bound."""
        return self.first_qualifier == self.second_qualifier == "="


@dataclass(frozen=True, slots=True)
class Agreement:
    """All pairs of values that two sources give for the ICSD entries they share."""

    shared_icsd_ids: int
    pairs: tuple[SharedValue, ...]

    def apart_by_more_than(self, decades: float) -> int:
        """Return how many pairs differ by more than so many decades."""
        return sum(pair.decades > decades for pair in self.pairs)

    def of_values(self) -> Agreement:
        """Return the pairs of two printed values, bounds left out."""
        pairs = tuple(pair for pair in self.pairs if pair.is_of_values)
        return Agreement(len({pair.icsd_id for pair in pairs}), pairs)


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
        SharedValue(key, reference, against, a, b, abs(math.log10(a / b)), sign, other_sign)
        for key in shared
        for reference, a, sign in one[key]
        for against, b, other_sign in other[key]
    ]
    pairs.sort(key=lambda pair: (-pair.decades, pair.icsd_id))
    return Agreement(len(shared), tuple(pairs))


def _by_icsd(session: sqlmodel.Session, name: str) -> dict[int, list[tuple[str, float, str]]]:
    statement = select(SourceDataset.id).where(SourceDataset.name == name)
    datasets = list(session.exec(statement))
    if not datasets:
        raise InvalidValueError(f"the data set {name!r} is not loaded in this lab")
    found: dict[int, list[tuple[str, float, str]]] = defaultdict(list)
    for table in (LiteratureEntry, EvidenceRow):
        rows = session.exec(
            select(table.icsd_id, table.row_number, table.sigma_S_per_cm, table.qualifier)
            .where(
                col(table.dataset_id).in_(datasets),
                col(table.withdrawn_in_dataset_id).is_(None),
                col(table.icsd_id).is_not(None),
                col(table.sigma_S_per_cm).is_not(None),
            )
            .order_by(col(table.id))
        )
        for icsd_id, row_number, sigma, qualifier in rows:
            assert icsd_id is not None and sigma is not None
            found[icsd_id].append((f"{name}:{row_number}", sigma, qualifier or "="))
    return found
