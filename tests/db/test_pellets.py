"""Pellets: one name, one pellet; and names that cannot be confused with numbers."""

from __future__ import annotations

from typing import Any

import pytest

from db.errors import DuplicateError, InvalidValueError, UnknownPelletError
from db.pellets import add_pellet, get_pellet, list_pellets
from db.session import Database

GEOMETRY = {"formula": "Li6PS5Cl", "thickness_m": 0.81e-3, "diameter_m": 6.35e-3}


def test_a_pellet_is_found_by_name_and_by_number(any_lab: Database) -> None:
    with any_lab.session() as session:
        add_pellet(session, name="LPSCl-7", batch="LPSCl", thickness_se_m=1e-5, **GEOMETRY)
    with any_lab.reading() as session:
        by_name, by_number = get_pellet(session, "LPSCl-7"), get_pellet(session, "P1")
        assert by_name.id == by_number.id == 1
        assert by_name.thickness_m == 0.81e-3
        assert [p.name for p in list_pellets(session, batch="LPSCl")] == ["LPSCl-7"]


def test_a_name_is_given_once(lab: Database) -> None:
    with lab.session() as session:
        add_pellet(session, name="a", **GEOMETRY)
    with (
        pytest.raises(DuplicateError, match=r"named a is already there \(P1\)"),
        lab.session() as session,
    ):
        add_pellet(session, name=" a ", **GEOMETRY)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "  "}, "visible characters"),
        ({"name": "a\nb"}, "visible characters"),
        ({"name": "P4"}, "cannot be named P4"),
        ({"name": "m12"}, "cannot be named m12"),
        ({"diameter_m": -1e-3}, "diameter of pellet x must be above zero"),
        ({"thickness_m": 0.0}, "thickness of pellet x must be above zero"),
        ({"thickness_m": float("nan")}, "thickness of pellet x"),
        ({"diameter_se_m": -1e-6}, "standard error of the diameter"),
    ],
)
def test_what_cannot_be_a_pellet_is_refused(
    lab: Database, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message), lab.session() as session:
        add_pellet(session, **{"name": "x", **GEOMETRY, **changes})


def test_an_unknown_pellet_is_named_with_its_neighbours(lab: Database) -> None:
    with pytest.raises(UnknownPelletError, match="no pellets yet"), lab.reading() as session:
        get_pellet(session, "LPSCl-1")
    with lab.session() as session:
        add_pellet(session, name="LPSCl-7", **GEOMETRY)
    with (
        pytest.raises(UnknownPelletError, match="did you mean LPSCl-7"),
        lab.reading() as session,
    ):
        get_pellet(session, "LPSCI-7")


def test_only_close_names_are_suggested(lab: Database) -> None:
    with lab.session() as session:
        for name in ("LPSCl-1", "FLi6PS5Cl·H2O", "garnet"):
            add_pellet(session, name=name, **GEOMETRY)
    said = {}
    for asked in ("LPSCl-2", "lpscl-1", "Q9"):
        with pytest.raises(UnknownPelletError) as refused, lab.reading() as session:
            get_pellet(session, asked)
        said[asked] = str(refused.value).partition("; ")[2]

    assert said["LPSCl-2"] == said["lpscl-1"] == "did you mean LPSCl-1?"
    assert "did you mean" not in str(said["Q9"])


@pytest.mark.parametrize("name", ["'; DROP TABLE pellet; --", "=HYPERLINK(1)", "Ω µ 中", "../x"])
def test_hostile_and_foreign_names_are_only_names(any_lab: Database, name: str) -> None:
    with any_lab.session() as session:
        add_pellet(session, name=name, **GEOMETRY)
    with any_lab.reading() as session:
        assert get_pellet(session, name).name == name
