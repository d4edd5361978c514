"""What was typed wrong is corrected with its history; nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
import sqlmodel

from db.corrections import (
    correct_measurement,
    correct_pellet,
    corrections_of,
    lock_row,
    set_aside,
    take_back,
)
from db.doctor import examine
from db.errors import DuplicateError, InvalidValueError
from db.measurements import NewMeasurement, get_measurement, store_measured_file
from db.pellets import add_pellet, get_pellet
from db.provenance import chain
from db.session import Database
from db.tables import Measurement, Pellet

WHO = {"actor": "A. See", "reason": "caliper misread"}


def _pellet(session: sqlmodel.Session, name: str = "x") -> Pellet:
    return add_pellet(
        session, name=name, formula="Li6PS5Cl", thickness_m=0.91e-3, diameter_m=6.35e-3
    )


def _measurement(session: sqlmodel.Session, new: NewMeasurement) -> Measurement:
    stored = store_measured_file(
        session,
        sha256="ab" * 32,
        size_bytes=1,
        file_name="a.mpr",
        format="mpr",
        reader_version="1",
        measurements=[new],
    )
    return stored.measurements[0]


def test_a_corrected_pellet_keeps_what_it_was_and_why_it_changed(any_lab: Database) -> None:
    with any_lab.session() as session:
        pellet = _pellet(session)
        correct_pellet(
            session, pellet, {"thickness_m": 0.81e-3, "thickness_se_m": 1e-5, "batch": None}, **WHO
        )
        correct_pellet(session, pellet, {"formula": "Li3PS4"}, actor="B", reason="mixed up")
    with any_lab.reading() as session:
        pellet = get_pellet(session, "x")
        assert (pellet.thickness_m, pellet.reduced_formula) == (0.81e-3, "Li3PS4")
        first, second = corrections_of(session, pellet)
        assert first.values_before == {"thickness_m": 0.91e-3, "thickness_se_m": 0.0}
        assert first.values_after == {"thickness_m": 0.81e-3, "thickness_se_m": 1e-5}
        assert (first.actor, first.reason, first.action) == ("A. See", "caliper misread", "changed")
        assert second.values_before["formula"] == "Li6PS5Cl"
        facts = chain(session, "x").facts["corrections"]
        assert [one["by"] for one in facts] == ["A. See", "B"]
    assert examine(any_lab) == []


def test_a_measurement_moves_to_another_pellet_and_to_another_temperature(
    any_lab: Database, impedance: Callable[..., NewMeasurement]
) -> None:
    with any_lab.session() as session:
        pellet = _pellet(session)
        measurement = _measurement(session, impedance())
        correct_measurement(
            session, measurement, {"pellet_id": pellet.id, "temperature_K": 333.15}, **WHO
        )
    with any_lab.reading() as session:
        measurement = get_measurement(session, "M1")
        assert (measurement.pellet_id, measurement.temperature_K) == (1, 333.15)
        (one,) = corrections_of(session, measurement)
        assert one.values_before == {"pellet_id": None, "temperature_K": 298.15}


def test_a_measurement_is_set_aside_and_taken_back(
    any_lab: Database, impedance: Callable[..., NewMeasurement]
) -> None:
    with any_lab.session() as session:
        measurement = _measurement(session, impedance())
        set_aside(session, measurement, actor="A", reason="bad contact")
        with pytest.raises(InvalidValueError, match=r"set aside already \(bad contact"):
            set_aside(session, measurement, actor="A", reason="again")
        assert chain(session, "M1").facts["set_aside_because"] == "bad contact"
        take_back(session, measurement, actor="A", reason="it was the other one")
        with pytest.raises(InvalidValueError, match="M1 is not set aside"):
            take_back(session, measurement, actor="A", reason="again")
        actions = [one.action for one in corrections_of(session, measurement)]
        assert actions == ["set-aside", "taken-back"]
        assert measurement.set_aside_because is None


def test_what_is_no_correction_is_refused(lab: Database) -> None:
    with lab.session() as session:
        pellet, _ = _pellet(session), _pellet(session, "y")
        with pytest.raises(InvalidValueError, match="nothing changes"):
            correct_pellet(session, pellet, {"thickness_m": 0.91e-3}, **WHO)
        with pytest.raises(InvalidValueError, match="above zero"):
            correct_pellet(session, pellet, {"thickness_m": -1.0}, **WHO)
        with pytest.raises(InvalidValueError, match="person and a reason"):
            correct_pellet(session, pellet, {"batch": "b"}, actor="A", reason=" ")
        with pytest.raises(InvalidValueError, match="created_by cannot be corrected"):
            correct_pellet(session, pellet, {"created_by": "B"}, **WHO)
        with pytest.raises(DuplicateError, match=r"named y .* 'labkit pellet set y'"):
            correct_pellet(session, pellet, {"name": "y"}, **WHO)
        assert corrections_of(session, pellet) == []


def test_a_locked_row_is_read_again(any_lab: Database) -> None:
    with any_lab.session() as session:
        _pellet(session)
    with any_lab.reading() as session:
        seen = get_pellet(session, "x")
    with any_lab.session() as session:
        correct_pellet(session, get_pellet(session, "x"), {"batch": "b"}, **WHO)
    with any_lab.session() as session:
        assert seen.batch is None
        assert lock_row(session, seen).batch == "b"


def test_the_doctor_finds_a_correction_that_was_overwritten(lab: Database) -> None:
    with lab.session() as session:
        correct_pellet(session, _pellet(session), {"thickness_m": 0.81e-3}, **WHO)
    with lab.session() as session:
        session.connection().execute(sa.text("UPDATE pellet SET thickness_m = 0.5e-3"))
    (problem,) = examine(lab)
    assert problem.code == "correction-overwritten"
    assert "thickness_m" in str(problem)
