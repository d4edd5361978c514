"""Column types and the canonical form of JSON that is hashed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.columns import canonical_json, plain_json, sha256_of_json
from db.errors import InvalidValueError
from db.pellets import add_pellet, get_pellet
from db.session import Database
from db.tables import Pellet

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_the_order_of_keys_does_not_change_the_hash(value: dict[str, object]) -> None:
    turned = dict(reversed(list(value.items())))
    assert sha256_of_json(turned) == sha256_of_json(value)


def test_a_double_is_hashed_exactly() -> None:
    assert canonical_json(0.1 + 0.2) == "0.30000000000000004"
    assert sha256_of_json(0.3) != sha256_of_json(0.1 + 0.2)


def test_numpy_paths_and_moments_become_plain_json() -> None:
    value = {
        "window_hz": (np.float64(1.5), np.int64(3)),
        "mask": np.array([True, False]),
        "chi2": float("nan"),
        "path": PurePosixPath("a/b"),
        "at": datetime(2023, 5, 1, tzinfo=UTC),
    }
    assert plain_json(value) == {
        "window_hz": [1.5, 3],
        "mask": [True, False],
        "chi2": None,
        "path": "a/b",
        "at": "2023-05-01T00:00:00+00:00",
    }


def test_what_is_not_finite_has_no_canonical_form() -> None:
    with pytest.raises(InvalidValueError, match="JSON"):
        canonical_json({"x": float("inf")})


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="complex"):
        plain_json({"z": 1j})


def test_moments_come_back_in_utc(any_lab: Database) -> None:
    moment = datetime(2023, 5, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with any_lab.session() as session:
        pellet = add_pellet(session, name="a", formula="Li", thickness_m=1e-3, diameter_m=1e-2)
        pellet.created_at = moment
    with any_lab.reading() as session:
        stored = get_pellet(session, "a").created_at
    assert stored == moment
    assert stored.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(lab: Database) -> None:
    with pytest.raises(Exception, match="time zone"), lab.session() as session:
        session.add(
            Pellet(
                name="a",
                formula="Li",
                thickness_m=1e-3,
                diameter_m=1e-2,
                created_at=datetime(2023, 5, 1),
            )
        )
