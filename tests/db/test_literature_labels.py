"""Rows of the digitised set become labels with their cells and their doubts."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.errors import InvalidValueError, UnknownRecordError
from db.labels import get_label
from db.literature import load_literature
from db.literature_labels import propose_literature_rows
from db.provenance import chain
from db.session import Database


@pytest.fixture
def loaded(any_lab: Database, tmp_path: Path) -> Database:
    path = tmp_path / "t.csv"
    rows = "Li3N,1E-3,0.25,191,7\nLiPON,<1E10,,,\nLi2B4O7,<1E-8,,,\n"
    path.write_text("Structure,sigma,Ea,space group,ICSD\n" + rows, encoding="utf-8")
    with any_lab.session() as session:
        load_literature(session, path)
    return any_lab


def test_a_row_becomes_a_label_that_keeps_its_cells(loaded: Database) -> None:
    with loaded.session() as session:
        numbers = propose_literature_rows(session, [1, 3], by="Ada", reason="needed")
        first, bound = (get_label(session, number) for number in numbers)
        link = chain(session, f"L{numbers[0]}")
    assert (first.sigma_S_per_cm, first.ea_eV, first.icsd_id) == (1e-3, 0.25, 7)
    assert first.verbatim == {
        "formula": "Li3N",
        "sigma": "1E-3",
        "ea": "0.25",
        "space_group": "191",
        "icsd": "7",
    }
    assert (first.temperature_K, first.temperature_assumed) == (298.15, True)
    assert (first.contribution, first.ea_convention) == ("unknown", "unknown")
    assert (bound.qualifier, bound.sigma_S_per_cm) == ("<", 1e-8)
    assert [source.kind for source in link.sources] == ["literature"]


def test_a_row_is_proposed_once(loaded: Database) -> None:
    with loaded.session() as session:
        assert len(propose_literature_rows(session, [1], by="Ada", reason="x")) == 1
        assert propose_literature_rows(session, [1], by="Ada", reason="x") == []


def test_an_unread_or_unknown_row_is_named(loaded: Database) -> None:
    with loaded.session() as session:
        with pytest.raises(InvalidValueError, match=r"row 2 \(LiPON\) waits for a review"):
            propose_literature_rows(session, [2], by="Ada", reason="x")
        with pytest.raises(UnknownRecordError, match="no row 99"):
            propose_literature_rows(session, [99], by="Ada", reason="x")
