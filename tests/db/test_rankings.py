"""Rankings are kept with all they were made from."""

from __future__ import annotations

import numpy as np
import pytest

from db.errors import InvalidValueError, UnknownRankingError
from db.rankings import get_ranking, latest_ranking, ranking_arrays, store_ranking
from db.session import Database
from db.tables import Ranking

ARRAYS = {
    "material_id": np.array(["mp-1", "mp-22", "mp-333"]),
    "score": np.array([0.1, np.nan, -3.5]),
    "cluster": np.array([4, 5, 6], dtype=np.int16),
}


def _store(lab: Database, **changes: object) -> int:
    values = {
        "method": "tree-mean",
        "parameters": {"k": 241, "mode": "CAN"},
        "label_set_hash": "h" * 64,
        "labels": [{"label_id": 7, "sigma_S_per_cm": np.float64(1e-3)}],
        "arrays": ARRAYS,
        "labkit_version": "0.1.0",
    }
    with lab.session() as session:
        stored: Ranking = store_ranking(session, **{**values, **changes})  # type: ignore[arg-type]
        assert stored.id is not None
        return stored.id


def test_a_ranking_comes_back_as_it_was(any_lab: Database) -> None:
    number = _store(any_lab)
    with any_lab.reading() as session:
        ranking = get_ranking(session, f"R{number}")
    assert ranking.parameters == {"k": 241, "mode": "CAN"}
    assert ranking.labels == [{"label_id": 7, "sigma_S_per_cm": 1e-3}]
    assert ranking.n_candidates == 3
    back = ranking_arrays(ranking)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(back[name], array)


def test_the_last_one_is_found_by_that_word(lab: Database) -> None:
    _store(lab)
    second = _store(lab, method="cluster-rule")
    with lab.reading() as session:
        assert get_ranking(session, "last").id == second
        newest = latest_ranking(session, method="tree-mean")
        assert newest is not None
        assert newest.id == 1


def test_columns_are_of_one_length(lab: Database) -> None:
    with pytest.raises(InvalidValueError, match="one length"):
        _store(lab, arrays={"a": np.arange(3), "b": np.arange(4)})


def test_an_unknown_ranking_is_named(lab: Database) -> None:
    with lab.reading() as session:
        with pytest.raises(UnknownRankingError, match="no ranking R3"):
            get_ranking(session, "R3")
        with pytest.raises(UnknownRankingError, match="no ranking yet"):
            get_ranking(session, "last")
