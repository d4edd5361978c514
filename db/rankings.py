"""Rankings kept with everything they were made from, so that two can be compared years later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlmodel
from numpy.typing import NDArray
from sqlmodel import col, select

from db.arrays import pack_arrays, unpack_arrays
from db.columns import plain_json
from db.errors import InvalidValueError, UnknownRankingError
from db.identifiers import RecordKind, parse_identifier
from db.tables import Ranking


def store_ranking(
    session: sqlmodel.Session,
    *,
    method: str,
    parameters: Mapping[str, Any],
    label_set_hash: str,
    labels: Sequence[Mapping[str, Any]],
    arrays: Mapping[str, NDArray[Any]],
    labkit_version: str,
    snapshot_id: int | None = None,
    previous_ranking_id: int | None = None,
    created_by: str | None = None,
) -> Ranking:
    """Store a ranking.

    Parameters
    ----------
    labels : sequence of mappings
        The labels it was made from, each with at least ``label_id`` and ``content_hash`` or the
        values used.
    arrays : mapping of str to ndarray
        Columns of the candidate list, all of one length (``material_id``, ``score`` ...).

    Raises
    ------
    InvalidValueError
        If the arrays are of different lengths.
    """
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidValueError(f"the columns of a ranking must be of one length, not {lengths}")
    layout, blob = pack_arrays(arrays)
    ranking = Ranking(
        method=method,
        parameters=plain_json(parameters),
        label_set_hash=label_set_hash,
        labels=plain_json(list(labels)),
        snapshot_id=snapshot_id,
        previous_ranking_id=previous_ranking_id,
        n_candidates=next(iter(lengths.values()), 0),
        layout=layout,
        arrays=blob,
        labkit_version=labkit_version,
        created_by=created_by,
    )
    session.add(ranking)
    session.flush()
    return ranking


def get_ranking(session: sqlmodel.Session, identifier: int | str) -> Ranking:
    """Return a ranking by number, as ``R2`` or as ``last``, or raise `UnknownRankingError`."""
    if identifier == "last":
        newest = latest_ranking(session)
        if newest is None:
            raise UnknownRankingError("this lab has no ranking yet; make one with rank")
        return newest
    number = (
        identifier
        if isinstance(identifier, int)
        else parse_identifier(identifier, RecordKind.RANKING).number
    )
    found = session.get(Ranking, number)
    if found is None:
        raise UnknownRankingError(f"there is no ranking R{number} in this lab")
    return found


def latest_ranking(session: sqlmodel.Session, *, method: str | None = None) -> Ranking | None:
    """Return the newest ranking, optionally of one method."""
    statement = select(Ranking).order_by(col(Ranking.id).desc()).limit(1)
    if method is not None:
        statement = statement.where(Ranking.method == method)
    return session.exec(statement).first()


def ranking_arrays(ranking: Ranking) -> dict[str, NDArray[Any]]:
    """Return the columns of a ranking by name, read-only."""
    return unpack_arrays(ranking.layout, ranking.arrays)
