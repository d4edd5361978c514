"""Labels: a state machine with a history nobody can rewrite."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.doctor import check_labels
from db.errors import (
    InvalidValueError,
    LabelChangedError,
    LabelStateError,
    UnknownLabelError,
)
from db.label_content import LabelFields, content_hash_of
from db.labels import (
    accept,
    accepted_labels,
    count_labels,
    get_label,
    history,
    label_set_hash,
    list_labels,
    propose,
    propose_many,
    reject,
    revise,
    second_read,
)
from db.measurements import NewMeasurement, store_measured_file
from db.session import Database
from db.tables import Label

LPSCL: LabelFields = {
    "formula": "Li6PS5Cl",
    "sigma_S_per_cm": 1.9e-3,
    "source_kind": "literature",
}


def _propose(lab: Database, **changes: Any) -> int:
    with lab.session() as session:
        label = propose(session, by="Ada", reason="measured", **{**LPSCL, **changes})
        assert label.id is not None
        return label.id


def test_a_proposed_label_is_not_in_the_set_until_accepted(any_lab: Database) -> None:
    number = _propose(any_lab)
    with any_lab.reading() as session:
        assert accepted_labels(session) == []
    with any_lab.session() as session:
        accept(session, number, reviewer="Grace", reason="three pellets agree")
    with any_lab.reading() as session:
        (label,) = accepted_labels(session)
    assert (label.state, label.reviewed_by) == ("accepted", "Grace")
    assert label.review_reason == "three pellets agree"
    assert label.reviewed_at is not None
    assert label.reduced_formula == "ClLi6PS5"


def test_accepting_twice_says_who_accepted_it_and_when(any_lab: Database) -> None:
    number = _propose(any_lab)
    with any_lab.session() as session:
        accept(session, number, reviewer="Grace", reason="fine")
    with (
        pytest.raises(
            LabelStateError, match=rf"L{number} is already accepted: by Grace on \d{{4}}-\d\d-\d\d"
        ),
        any_lab.session() as session,
    ):
        accept(session, f"L{number}", reviewer="Emmy", reason="fine")
    with any_lab.reading() as session:
        assert [event.action for event in history(session, number)] == ["proposed", "accepted"]


def test_a_rejected_label_stays_with_its_reason(lab: Database) -> None:
    number = _propose(lab)
    with lab.session() as session:
        reject(session, number, reviewer="Grace", reason="leaky cell")
    with lab.reading() as session:
        assert get_label(session, number).review_reason == "leaky cell"
        assert accepted_labels(session) == []
    with pytest.raises(LabelStateError, match="already rejected"), lab.session() as session:
        accept(session, number, reviewer="Grace", reason="no, it is fine")


def test_an_accepted_label_can_be_taken_out_again(lab: Database) -> None:
    number = _propose(lab)
    with lab.session() as session:
        accept(session, number, reviewer="Grace", reason="fine")
        reject(session, number, reviewer="Grace", reason="the thickness was wrong")
    with lab.reading() as session:
        assert accepted_labels(session) == []
        assert [e.state_after for e in history(session, number)][-1] == "rejected"


def test_a_revision_takes_over_without_leaving_a_hole(any_lab: Database) -> None:
    old = _propose(any_lab)
    with any_lab.session() as session:
        accept(session, old, reviewer="Grace", reason="fine")
        new = revise(session, old, by="Ada", reason="area corrected", sigma_S_per_cm=2.1e-3)
        assert new.id is not None
        number = new.id
    with any_lab.reading() as session:
        assert [label.id for label in accepted_labels(session)] == [old]
    with any_lab.session() as session:
        accept(session, number, reviewer="Grace", reason="agreed")
    with any_lab.reading() as session:
        (label,) = accepted_labels(session)
        assert (label.id, label.version, label.revises_id) == (number, 2, old)
        assert label.sigma_S_per_cm == 2.1e-3
        assert label.formula == "Li6PS5Cl"
        before = get_label(session, old)
        assert (before.state, before.sigma_S_per_cm) == ("superseded", 1.9e-3)
        steps = [(event.label_id, event.action) for event in history(session, number)]
    assert steps == [
        (old, "proposed"),
        (old, "accepted"),
        (number, "proposed"),
        (old, "revised"),
        (number, "accepted"),
        (old, "superseded"),
    ]


def test_only_one_revision_waits_at_a_time(lab: Database) -> None:
    number = _propose(lab)
    with lab.session() as session:
        accept(session, number, reviewer="Grace", reason="fine")
        second = revise(session, number, by="Ada", reason="x", sigma_S_per_cm=2e-3)
        with pytest.raises(LabelStateError, match=f"already waiting: L{second.id}"):
            revise(session, number, by="Ada", reason="y", sigma_S_per_cm=3e-3)
        assert second.id is not None
        accept(session, second.id, reviewer="Grace", reason="fine")
        with pytest.raises(
            LabelStateError, match=f"superseded; revise its newest version, L{second.id}"
        ):
            revise(session, number, by="Ada", reason="y", sigma_S_per_cm=3e-3)


def test_revising_the_formula_changes_the_composition(lab: Database) -> None:
    number = _propose(lab)
    with lab.session() as session:
        new = revise(session, number, by="Ada", reason="bromide", formula="Li6PS5Br")
    assert new.reduced_formula == "BrLi6PS5"


def test_a_second_reader_is_somebody_else(lab: Database) -> None:
    number = _propose(lab)
    with lab.session() as session:
        with pytest.raises(LabelStateError, match="only an accepted label"):
            second_read(session, number, reader="Emmy", reason="looks right")
        accept(session, number, reviewer="Grace", reason="fine")
        with pytest.raises(LabelStateError, match="somebody else"):
            second_read(session, number, reader="Grace", reason="still fine")
        second_read(session, number, reader="Emmy", reason="looks right")
        assert [event.actor for event in history(session, number)] == ["Ada", "Grace", "Emmy"]


def test_of_two_people_deciding_at_once_the_second_is_told(lab: Database) -> None:
    number = _propose(lab)
    with lab.reading() as session:
        seen = get_label(session, number).change_count
    with lab.session() as session:
        accept(session, number, reviewer="Grace", reason="a", expected_change_count=seen)
        revise(session, number, by="Ada", reason="typo", note="x")
    with pytest.raises(LabelStateError), lab.session() as session:
        reject(session, number, reviewer="Emmy", reason="b", expected_change_count=seen)


def test_a_stale_view_is_told_apart_from_a_decided_label(lab: Database) -> None:
    number = _propose(lab)
    with pytest.raises(LabelChangedError, match="look at it again"), lab.session() as session:
        accept(session, number, reviewer="Grace", reason="a", expected_change_count=0)
    with lab.reading() as session:
        assert get_label(session, number).state == "proposed"


def test_of_many_threads_exactly_one_accepts(any_lab: Database) -> None:
    number = _propose(any_lab)
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def decide(name: str) -> None:
        start.wait()
        try:
            with any_lab.session() as session:
                accept(session, number, reviewer=name, reason="race")
            outcomes.append("accepted")
        except LabelStateError:
            outcomes.append("told")

    threads = [threading.Thread(target=decide, args=(f"p{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["accepted"] + ["told"] * 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sigma_S_per_cm": -1.0}, "above zero"),
        ({"sigma_S_per_cm": float("nan")}, "above zero"),
        ({"sigma_S_per_cm": None}, "needs a sigma_S_per_cm"),
        ({"formula": ""}, "needs a formula"),
        ({"qualifier": "~"}, "qualifier of a label is one of"),
        ({"qualifier": "between"}, "both ends"),
        ({"sigma_upper_S_per_cm": 1.0}, "both ends"),
        ({"qualifier": "between", "sigma_upper_S_per_cm": 1e-9}, "above the lower"),
        ({"contribution": "grain"}, "contribution of a label"),
        ({"space_group_number": 231}, "1 to 230"),
        ({"sigma_random_S_per_cm": -1e-9}, "must not be"),
        ({"temperature_K": 0.0}, "temperature_K"),
        ({"colour": "blue"}, "no field 'colour'"),
    ],
)
def test_a_label_says_only_what_a_label_can_say(
    lab: Database, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message):
        _propose(lab, **changes)


def test_bounds_and_intervals_are_stored(lab: Database) -> None:
    bound = _propose(lab, qualifier="<", sigma_S_per_cm=1e-10)
    interval = _propose(lab, qualifier="between", sigma_S_per_cm=1e-5, sigma_upper_S_per_cm=3e-5)
    with lab.reading() as session:
        assert get_label(session, bound).qualifier == "<"
        assert get_label(session, interval).sigma_upper_S_per_cm == 3e-5


def test_nobody_decides_namelessly(lab: Database) -> None:
    number = _propose(lab)
    with pytest.raises(InvalidValueError, match="name of a person"), lab.session() as session:
        accept(session, number, reviewer="  ", reason="x")


def test_an_unknown_label_is_named(lab: Database) -> None:
    with pytest.raises(UnknownLabelError, match="no label L7"), lab.session() as session:
        accept(session, "L7", reviewer="Grace", reason="x")


def test_a_doubtful_measurement_needs_a_because(
    lab: Database, impedance: Callable[..., NewMeasurement]
) -> None:
    measurement = impedance()
    with lab.session() as session:
        stored = store_measured_file(
            session,
            sha256="a" * 64,
            size_bytes=1,
            file_name="x.mpr",
            format="biologic-mpr",
            reader_version="1",
            measurements=[measurement],
        )
        analysis = stored.analyses[0]
        analysis.verdict = "review"
        session.add(analysis)
        session.flush()
        key = analysis.id
    number = _propose(lab, source_kind="measurement", analysis_id=key)
    with pytest.raises(LabelStateError, match="verdict is review"), lab.session() as session:
        accept(session, number, reviewer="Grace", reason="fine")
    with lab.session() as session:
        accept(session, number, reviewer="Grace", reason="fine", because="a repeat agrees")
    with lab.reading() as session:
        assert "a repeat agrees" in history(session, number)[-1].reason


def test_the_set_is_named_by_its_content(any_lab: Database) -> None:
    def set_hash() -> str:
        with any_lab.reading() as session:
            return label_set_hash(session)

    empty = set_hash()
    number = _propose(any_lab)
    assert set_hash() == empty
    with any_lab.session() as session:
        accept(session, number, reviewer="Grace", reason="x")
    with_one = set_hash()
    assert with_one != empty
    with any_lab.session() as session:
        reject(session, number, reviewer="Grace", reason="x")
    assert set_hash() == empty


def test_the_content_hash_survives_the_database(any_lab: Database) -> None:
    number = _propose(
        any_lab,
        sigma_S_per_cm=1,
        temperature_K=298,
        ea_eV=0.1 + 0.2,
        verbatim={"σ": "1.2E−4"},
        icsd_id=418490,
        extrapolated=True,
    )
    with any_lab.reading() as session:
        label = get_label(session, number)
        assert content_hash_of(label) == label.content_hash


def test_many_labels_at_once_have_the_same_history_as_one_by_one(any_lab: Database) -> None:
    with any_lab.session() as session:
        numbers = propose_many(
            session,
            [{**LPSCL, "sigma_S_per_cm": 10.0**-k} for k in range(1, 200)],
            by="import",
            reason="table",
            accepted_by="Grace",
            acceptance_reason="as published",
        )
    with any_lab.reading() as session:
        assert count_labels(session) == {"accepted": 199}
        assert [e.action for e in history(session, numbers[5])] == ["proposed", "accepted"]
        assert get_label(session, numbers[5]).sigma_S_per_cm == 1e-6
        assert check_labels(session) == []


def test_lists_are_filtered_and_paged(lab: Database) -> None:
    with lab.session() as session:
        propose_many(session, [LPSCL] * 5, by="a", reason="b")
        accept(session, 2, reviewer="Grace", reason="x")
    with lab.reading() as session:
        assert [label.id for label in list_labels(session, state="proposed")] == [1, 3, 4, 5]
        assert [label.id for label in list_labels(session, limit=2, offset=1)] == [2, 3]
        assert len(list_labels(session, reduced_formula="ClLi6PS5")) == 5


# Each step names what is done and to which version: also to old ones.
STEPS = st.lists(
    st.tuples(st.sampled_from(["accept", "reject", "revise"]), st.integers(0, 3)), max_size=10
)


@given(STEPS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_histories_hold_and_one_version_stands(
    lab: Database, steps: list[tuple[str, int]]
) -> None:
    with lab.session() as session:
        versions: list[Label] = [propose(session, by="Ada", **LPSCL)]
        for step, which in steps:
            number = versions[which % len(versions)].id
            assert number is not None
            try:
                if step == "accept":
                    accept(session, number, reviewer="Grace", reason=step)
                elif step == "reject":
                    reject(session, number, reviewer="Grace", reason=step)
                else:
                    versions.append(revise(session, number, by="Ada", reason=step, note=step))
            except LabelStateError:
                continue
        numbers = {version.id for version in versions}
        standing = [row.id for row in accepted_labels(session) if row.id in numbers]
        waiting = [row.id for row in list_labels(session, state="proposed") if row.id in numbers]
        assert len(standing) <= 1
        assert len(waiting) <= 1
        assert check_labels(session) == []
