"""Values that disagree are shown side by side, with what differs, until somebody decides."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.conflicts import Evidence, decide_conflict, find_conflicts, spread_in_decades
from db.errors import InvalidValueError
from db.label_sources import load_label_source, load_obelix_labels
from db.label_tables import SEMI_SUPERVISED
from db.labels import propose
from db.literature import load_literature
from db.session import Database


def _evidence(sigma: float, qualifier: str = "=") -> Evidence:
    return Evidence("r", "s", "Li3N", sigma, qualifier, None, None, None, None, None, None, None)


@given(st.lists(st.floats(1e-15, 1.0), min_size=2, max_size=6))
def test_points_are_apart_by_their_extremes(values: list[float]) -> None:
    expected = math.log10(max(values)) - math.log10(min(values))
    assert spread_in_decades([_evidence(v) for v in values]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "decades"),
    [
        ([(1e-10, "<"), (1e-12, "=")], 0.0),
        ([(1e-10, "<"), (1e-8, "=")], 2.0),
        ([(1e-10, "<"), (1e-8, "<")], 0.0),
        ([(1e-3, ">"), (1e-2, "=")], 0.0),
        ([(1e-3, ">"), (1e-5, "<")], 2.0),
    ],
)
def test_bounds_conflict_only_where_they_exclude_each_other(
    values: list[tuple[float, str]], decades: float
) -> None:
    assert spread_in_decades([_evidence(*v) for v in values]) == pytest.approx(decades)


@pytest.fixture
def disagreeing(any_lab: Database, tmp_path: Path) -> Database:
    path = tmp_path / "labels.csv"
    rows = ["Li3N,1E-3,191,1", "Li3N,1E-6,194,2", "Li3N,2E-3,191,3", "LiI,1E-7,225,4"]
    path.write_text("\n".join(rows), encoding="utf-8")
    with any_lab.session() as session:
        load_label_source(session, SEMI_SUPERVISED, path, by="Ada")
        propose(
            session,
            by="Ada",
            formula="Li3N",
            sigma_S_per_cm=1e-5,
            source_kind="measurement",
            space_group_number=191,
            temperature_K=298.15,
        )
        propose(
            session,
            by="Ada",
            formula="LiI",
            sigma_S_per_cm=1e-3,
            source_kind="measurement",
            space_group_number=225,
            temperature_K=573.0,
        )
    return any_lab


def test_polymorphs_and_temperatures_are_kept_apart(disagreeing: Database) -> None:
    with disagreeing.reading() as session:
        (conflict,) = find_conflicts(session, decades=1.0)
    assert (conflict.reduced_formula, conflict.space_group_number) == ("Li3N", 191)
    assert conflict.decades == pytest.approx(math.log10(200))
    assert sorted(value.sigma_S_per_cm for value in conflict.values) == [1e-5, 1e-3, 2e-3]
    assert {"source", "icsd_id"} <= set(conflict.differs_in)


def test_a_decision_holds_until_a_value_joins(disagreeing: Database) -> None:
    with disagreeing.session() as session:
        (conflict,) = find_conflicts(session, decades=1.0)
        decide_conflict(
            session, conflict, decision="trust the pellet", reason="single phase", by="Grace"
        )
        (decided,) = find_conflicts(session, decades=1.0)
        assert (decided.decision, decided.decided_by) == ("trust the pellet", "Grace")
        assert find_conflicts(session, decades=1.0, include_decided=False) == []
        propose(
            session,
            by="Ada",
            formula="Li3N",
            sigma_S_per_cm=3e-6,
            source_kind="measurement",
            space_group_number=191,
        )
        (reopened,) = find_conflicts(session, decades=1.0, include_decided=False)
        assert reopened.decision is None


def test_nobody_decides_namelessly(disagreeing: Database) -> None:
    with disagreeing.session() as session:
        (conflict,) = find_conflicts(session, decades=1.0)
        with pytest.raises(InvalidValueError, match="name of a person"):
            decide_conflict(session, conflict, decision="x", reason="", by=" ")
        with pytest.raises(InvalidValueError, match="positive number"):
            find_conflicts(session, decades=0)


def test_the_literature_disagrees_with_itself_about_llzo(lab: Database, data_dir: Path) -> None:
    with lab.session() as session:
        load_literature(session, data_dir / "literature/digitized_data_for_SSEs.csv")
        conflicts = find_conflicts(session, decades=1.0, reduced_formula="La3Li7O12Zr2")
    assert conflicts
    assert all(c.decades > 1 for c in conflicts)
    assert {c.reduced_formula for c in conflicts} == {"La3Li7O12Zr2"}


def test_two_sources_are_compared_with_each_other(lab: Database, data_dir: Path) -> None:
    with lab.session() as session:
        load_literature(session, data_dir / "literature/digitized_data_for_SSEs.csv")
        load_obelix_labels(session, data_dir / "obelix/all.csv", by="Ada")
        conflicts = find_conflicts(session, decades=1.0)
    across = [c for c in conflicts if len({value.source for value in c.values}) == 2]
    assert across
    assert [c.decades for c in conflicts] == sorted((c.decades for c in conflicts), reverse=True)


def test_one_icsd_number_with_two_compositions_is_a_conflict_too(
    any_lab: Database, tmp_path: Path
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(
        "Li3PS4,1E-3,62,7\nLi7P3S11,1E-6,2,7\nLi3N,1E-3,191,8\nLi3N,1E-6,191,8\n",
        encoding="utf-8",
    )
    with any_lab.session() as session:
        load_label_source(session, SEMI_SUPERVISED, path, by="Ada")
        found = find_conflicts(session)
    values = sorted([value.formula for value in conflict.values] for conflict in found)
    assert values == [["Li3N", "Li3N"], ["Li3PS4", "Li7P3S11"]]
