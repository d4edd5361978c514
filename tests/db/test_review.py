"""The review list: nothing is applied unseen, and what is applied leaves the cell as printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import col, select

from db.errors import InvalidValueError, LabelStateError, UnknownReviewItemError
from db.formulas import reduced_formula_or_none
from db.label_sources import load_label_source
from db.label_tables import SEMI_SUPERVISED
from db.literature import load_literature
from db.review import decide_item, open_items
from db.session import Database
from db.tables import EvidenceRow, Label, LiteratureEntry

HEADER = "Structure,sigma,Ea,space group,ICSD\n"


@pytest.fixture
def waiting(any_lab: Database, tmp_path: Path) -> Database:
    path = tmp_path / "t.csv"
    rows = "Lao.51Li0.34TiO2.94,<1E10,,,\nr-LiAlO2,1E-9,,,\nLi7La3Zr2O12-Ga,1E-4,,,\n"
    path.write_text(HEADER + rows, encoding="utf-8")
    with any_lab.session() as session:
        load_literature(session, path)
    return any_lab


def _entry(lab: Database, row_number: int) -> LiteratureEntry:
    with lab.reading() as session:
        statement = select(LiteratureEntry).where(LiteratureEntry.row_number == row_number)
        return session.exec(statement).one()


def _item(lab: Database, field: str, cell: str) -> int:
    with lab.reading() as session:
        (number,) = [i.id for i in open_items(session) if (i.field, i.cell) == (field, cell)]
    assert number is not None
    return number


def test_applying_a_suggestion_fills_the_row_and_keeps_the_cell(waiting: Database) -> None:
    formula = _item(waiting, "formula", "Lao.51Li0.34TiO2.94")
    sigma = _item(waiting, "sigma", "<1E10")
    with waiting.session() as session:
        decide_item(session, formula, by="Grace", reason="a zero, see the paper")
    half = _entry(waiting, 1)
    assert (half.reduced_formula, half.sigma_S_per_cm, half.reading) == (
        "La51Li34O294Ti100",
        None,
        "review",
    )
    with waiting.session() as session:
        decide_item(session, sigma, by="Grace", reason="a lost minus")
    entry = _entry(waiting, 1)
    assert entry.formula_text == "Lao.51Li0.34TiO2.94"
    assert entry.sigma_text == "<1E10"
    assert (entry.sigma_S_per_cm, entry.qualifier, entry.reading) == (1e-10, "<", "parsed")
    assert entry.reduced_formula == "La51Li34O294Ti100"


def test_a_polymorph_is_decided_by_name(waiting: Database) -> None:
    assert _entry(waiting, 2).reduced_formula == "AlLiO2"
    with waiting.session() as session:
        decide_item(session, _item(waiting, "formula", "r-LiAlO2"), by="Grace", reason="gamma")
    entry = _entry(waiting, 2)
    assert (entry.polymorph, entry.reading) == ("gamma", "parsed")


def test_an_item_without_a_suggestion_needs_a_value_that_reads(waiting: Database) -> None:
    number = _item(waiting, "formula", "Li7La3Zr2O12-Ga")
    with pytest.raises(InvalidValueError, match="no suggestion"), waiting.session() as session:
        decide_item(session, number, by="Grace", reason="x")
    with pytest.raises(InvalidValueError, match="either"), waiting.session() as session:
        decide_item(session, number, by="Grace", reason="x", value="LLZO")
    with waiting.reading() as session:
        assert number in [item.id for item in open_items(session)]
    with waiting.session() as session:
        decide_item(session, number, by="Grace", reason="x", value="Li6.4Ga0.2La3Zr2O12")
    assert _entry(waiting, 3).reduced_formula == "GaLa15Li32O60Zr10"


def test_a_dismissed_item_leaves_the_cell_unread(waiting: Database) -> None:
    number = _item(waiting, "sigma", "<1E10")
    with waiting.session() as session:
        decide_item(session, number, by="Grace", reason="cannot be known", dismiss=True)
    assert _entry(waiting, 1).sigma_S_per_cm is None
    with (
        pytest.raises(LabelStateError, match="dismissed by Grace on"),
        waiting.session() as session,
    ):
        decide_item(session, number, by="Emmy", reason="x")


def test_unknown_items_and_nameless_people_are_refused(waiting: Database) -> None:
    with waiting.session() as session:
        with pytest.raises(UnknownReviewItemError, match="number 99"):
            decide_item(session, 99, by="Grace", reason="x")
        with pytest.raises(InvalidValueError, match="name of a person"):
            decide_item(session, 1, by=" ", reason="x")


@pytest.fixture
def with_doubtful_rows(any_lab: Database, tmp_path: Path) -> Database:
    path = tmp_path / "labels.csv"
    path.write_text("LiI,<1E10,225,7\nLao.5Li0.5TiO3,1E-3,221,\n", encoding="utf-8")
    with any_lab.session() as session:
        load_label_source(session, SEMI_SUPERVISED, path, by="Ada")
    return any_lab


def test_a_decision_about_a_row_of_another_table_is_read_too(with_doubtful_rows: Database) -> None:
    with with_doubtful_rows.session() as session:
        items = {item.cell: item for item in open_items(session)}
        decide_item(session, items["<1E10"].id or 0, by="Grace", reason="typo", value="<1E-10")
        decide_item(session, items["Lao.5Li0.5TiO3"].id or 0, by="Grace", reason="o for zero")
        rows = session.exec(select(EvidenceRow).order_by(col(EvidenceRow.row_number))).all()
        labels = session.exec(select(Label).order_by(col(Label.source_row))).all()
        assert [row.reading for row in rows] == ["parsed", "parsed"]
        assert (rows[0].sigma_S_per_cm, rows[0].qualifier) == (1e-10, "<")
        assert rows[1].reduced_formula == reduced_formula_or_none("La0.5Li0.5TiO3")
        assert rows[0].cells["sigma"] == "<1E10"
        assert [(label.state, label.source_row) for label in labels] == [
            ("proposed", 1),
            ("proposed", 2),
        ]
        assert labels[0].verbatim["sigma"] == "<1E10"


def test_a_value_that_cannot_be_read_changes_nothing(with_doubtful_rows: Database) -> None:
    with (
        pytest.raises(InvalidValueError, match="cannot be read as sigma either"),
        with_doubtful_rows.session() as session,
    ):
        item = next(item for item in open_items(session) if item.cell == "<1E10")
        decide_item(session, item.id or 0, by="Grace", reason="x", value="many")
    with with_doubtful_rows.reading() as session:
        assert len(open_items(session)) == 2
        assert not session.exec(select(Label)).all()
