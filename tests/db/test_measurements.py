"""Raw files arrive whole, once, with everything that was read from and computed of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from db.errors import InvalidValueError, UnknownAnalysisError, UnknownMeasurementError
from db.measurements import (
    NewAnalysis,
    NewMeasurement,
    StoredFile,
    data_hash_of,
    find_by_data_hash,
    find_raw_file,
    get_analysis,
    get_measurement,
    latest_analysis,
    list_analyses,
    list_measurements,
    load_arrays,
    store_analysis,
    store_analysis_once,
    store_measured_file,
)
from db.pellets import add_pellet
from db.session import Database

Maker = Callable[..., NewMeasurement]


def _store(lab: Database, *measurements: NewMeasurement, sha256: str = "a" * 64) -> StoredFile:
    with lab.session() as session:
        return store_measured_file(
            session,
            sha256=sha256,
            size_bytes=21792,
            file_name="PEIS_-25C.mpr",
            format="biologic-mpr",
            reader_version="1.0",
            measurements=measurements,
            stored_path=f"raw/{sha256[:2]}/{sha256[2:]}",
            metadata={"range": np.array([1.0, 2.0])},
            warnings=["column 215 is unknown"],
        )


def test_a_file_comes_back_as_it_went_in(any_lab: Database, impedance: Maker) -> None:
    new = impedance()
    stored = _store(any_lab, new, impedance(2))
    assert stored.is_new
    with any_lab.reading() as session:
        raw = find_raw_file(session, "A" * 64)
        assert raw is not None
        assert raw.file_metadata == {"range": [1.0, 2.0]}
        assert raw.warnings == ["column 215 is unknown"]
        arrays = load_arrays(session, 1)
        np.testing.assert_array_equal(arrays["z_ohm"], new.arrays["z_ohm"])
        np.testing.assert_array_equal(arrays["frequency_hz"], new.arrays["frequency_hz"])
        assert data_hash_of(session, 1) == new.data_hash
        measurement = get_measurement(session, "M2")
        assert (measurement.sweep, measurement.technique) == (2, "PEIS")


def test_the_same_bytes_add_nothing_and_say_so(any_lab: Database, impedance: Maker) -> None:
    first = _store(any_lab, impedance(), impedance(2))
    again = _store(any_lab, impedance(), impedance(2))
    assert not again.is_new
    assert [m.id for m in again.measurements] == [m.id for m in first.measurements]
    assert [a.id for a in again.analyses] == [a.id for a in first.analyses]
    with any_lab.reading() as session:
        assert len(list_measurements(session)) == 2


def test_the_twin_of_a_file_is_found_by_its_points(lab: Database, impedance: Maker) -> None:
    _store(lab, impedance())
    _store(lab, impedance(), sha256="b" * 64)
    with lab.reading() as session:
        found = find_by_data_hash(session, impedance().data_hash)
    assert [measurement.id for measurement in found] == [1, 2]


def test_an_import_that_fails_half_way_leaves_nothing(any_lab: Database, impedance: Maker) -> None:
    bad = NewMeasurement(kind="smell", data_hash="x", arrays={"x": np.arange(3.0)}, sweep=2)
    with pytest.raises(InvalidValueError):
        _store(any_lab, impedance(), bad)
    with any_lab.reading() as session:
        assert find_raw_file(session, "a" * 64) is None
        assert list_measurements(session) == []


def test_sweeps_are_counted_within_their_kind(lab: Database, impedance: Maker) -> None:
    transient = NewMeasurement(kind="dc", data_hash="d", arrays={"current_A": np.arange(9.0)})
    stored = _store(lab, impedance(1), transient)
    assert sorted(m.kind for m in stored.measurements) == ["dc", "impedance"]
    with pytest.raises(InvalidValueError):
        _store(lab, impedance(1), impedance(1), sha256="c" * 64)


def test_a_newer_analysis_stands_beside_the_older_one(lab: Database, impedance: Maker) -> None:
    _store(lab, impedance())
    by_hand = NewAnalysis(
        kind="eis-tail",
        parameters={"window_hz": (300.0, 2e4)},
        result={"resistance_ohm": 1427.0, "ea_eV": None, "sigma_S_per_cm": np.float64(1e-3)},
        verdict="review",
        reasons=["window-set-by-hand"],
        labkit_version="0.1.0",
    )
    with lab.session() as session:
        store_analysis(session, by_hand, measurement_id=1)
    with lab.reading() as session:
        newest = latest_analysis(session, "eis-tail", measurement_id=1)
        assert newest is not None
        assert (newest.id, newest.resistance_ohm, newest.ea_eV) == (2, 1427.0, None)
        assert newest.parameters == {"window_hz": [300.0, 20000.0]}
        assert get_analysis(session, "A1").resistance_ohm == 1425.0
        assert latest_analysis(session, "arrhenius", measurement_id=1) is None


def test_the_same_result_again_adds_nothing(lab: Database, impedance: Maker) -> None:
    _store(lab, impedance())

    def say(**changes: object) -> int | None:
        fields: dict[str, Any] = {
            "kind": "circuit",
            "result": {"rms": np.float64(0.5), "names": ("R0", "Q1")},
            "verdict": "accepted",
            "labkit_version": "1",
            "parameters": {"circuit": "R0-Q1"},
            "input_hash": "h",
        }
        with lab.session() as session:
            new = NewAnalysis(**fields | changes)
            return store_analysis_once(session, new, measurement_id=1).id

    first = say()
    assert say() == first
    others = [
        say(result={"rms": 0.6, "names": ["R0", "Q1"]}),
        say(parameters={"circuit": "R0-Q2"}),
        say(labkit_version="2"),
        say(input_hash="g"),
    ]
    assert len({first, *others}) == 5


def test_an_arrhenius_fit_names_what_it_was_computed_from(lab: Database, impedance: Maker) -> None:
    from sqlmodel import select

    from db.tables import AnalysisInput

    _store(lab, *(impedance(sweep) for sweep in range(1, 8)))
    fit = NewAnalysis(
        kind="arrhenius",
        result={"ea_eV": 0.8555, "ea_se_eV": 6e-4},
        verdict="accepted",
        labkit_version="0.1.0",
    )
    with lab.session() as session:
        pellet = add_pellet(session, name="a", formula="Li", thickness_m=1e-3, diameter_m=8e-3)
        stored = store_analysis(session, fit, pellet_id=pellet.id, input_analysis_ids=range(1, 8))
        inputs = session.exec(
            select(AnalysisInput).where(AnalysisInput.analysis_id == stored.id)
        ).all()
        assert [entry.input_analysis_id for entry in inputs] == list(range(1, 8))
        assert [a.ea_eV for a in list_analyses(session, pellet_id=pellet.id)] == [0.8555]


def test_an_unknown_verdict_is_refused(lab: Database) -> None:
    wrong = NewAnalysis(kind="x", result={}, verdict="perhaps", labkit_version="0")
    with (
        pytest.raises(InvalidValueError, match="accepted, review, rejected"),
        lab.session() as session,
    ):
        store_analysis(session, wrong)


def test_unknown_numbers_are_named(lab: Database) -> None:
    with lab.reading() as session:
        with pytest.raises(UnknownMeasurementError, match="no measurement M9"):
            get_measurement(session, "M9")
        with pytest.raises(UnknownAnalysisError, match="no analysis A9"):
            get_analysis(session, 9)
