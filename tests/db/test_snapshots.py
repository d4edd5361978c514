"""Snapshots: the set as it was, whatever is decided later."""

from __future__ import annotations

import pytest

from db.errors import DuplicateError, InvalidValueError, UnknownSnapshotError
from db.labels import accept, label_set_hash, propose_many, reject
from db.session import Database
from db.snapshots import get_snapshot, list_snapshots, snapshot_labels, take_snapshot


@pytest.fixture
def with_labels(any_lab: Database) -> Database:
    with any_lab.session() as session:
        propose_many(
            session,
            [
                {"formula": "Li3N", "sigma_S_per_cm": 1e-3, "source_kind": "literature"},
                {"formula": "LiI", "sigma_S_per_cm": 1e-7, "source_kind": "literature"},
            ],
            by="Ada",
            reason="x",
            accepted_by="Grace",
        )
    return any_lab


def test_a_snapshot_outlives_later_decisions(with_labels: Database) -> None:
    with with_labels.session() as session:
        taken = take_snapshot(session, "2026-spring", by="Ada", note="for the paper")
        assert taken.label_set_hash == label_set_hash(session)
    with with_labels.session() as session:
        reject(session, 1, reviewer="Grace", reason="decomposed")
    with with_labels.reading() as session:
        snapshot = get_snapshot(session, "2026-spring")
        rows = snapshot_labels(snapshot)
        assert snapshot.label_set_hash != label_set_hash(session)
    assert [(row["label_id"], row["formula"], row["sigma_S_per_cm"]) for row in rows] == [
        (1, "Li3N", 1e-3),
        (2, "LiI", 1e-7),
    ]


def test_equal_sets_have_equal_hashes(with_labels: Database) -> None:
    with with_labels.session() as session:
        first = take_snapshot(session, "a")
        second = take_snapshot(session, "b")
        assert first.label_set_hash == second.label_set_hash
        assert first.content == second.content
        assert [snapshot.name for snapshot in list_snapshots(session)] == ["a", "b"]


def test_a_name_is_given_once(with_labels: Database) -> None:
    with with_labels.session() as session:
        take_snapshot(session, "a")
        with pytest.raises(DuplicateError, match="named a is already there"):
            take_snapshot(session, " a ")
        with pytest.raises(InvalidValueError):
            take_snapshot(session, " ")


def test_an_unknown_snapshot_is_named_with_those_there_are(with_labels: Database) -> None:
    with with_labels.session() as session:
        with pytest.raises(UnknownSnapshotError, match="none yet"):
            get_snapshot(session, "a")
        take_snapshot(session, "spring")
        with pytest.raises(UnknownSnapshotError, match="spring"):
            get_snapshot(session, "autumn")


def test_proposed_labels_are_not_in_it(with_labels: Database) -> None:
    with with_labels.session() as session:
        (number,) = propose_many(
            session,
            [{"formula": "LiBr", "sigma_S_per_cm": 1e-9, "source_kind": "literature"}],
            by="Ada",
            reason="x",
        )
        assert take_snapshot(session, "before").n_labels == 2
        accept(session, number, reviewer="Grace", reason="x")
        assert take_snapshot(session, "after").n_labels == 3
