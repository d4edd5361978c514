"""Every row of a published table is accounted for: parsed, in review, matched, censored."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from sqlmodel import col, select

from db.label_sources import load_label_source
from db.label_tables import LIVERPOOL, OBELIX, POOL, SEMI_SUPERVISED, SOURCES
from db.literature import DATASET_NAME, SUB_PATH, TEXT_COLUMNS, load_literature
from db.literature_labels import propose_literature_rows
from db.matching import add_match, match_labels
from db.review import decide_item, open_items
from db.session import Database
from db.source_report import SourceReport, formulas_by_rule, report_sources
from db.structures import NewStructure, add_structures
from db.tables import EvidenceRow, LiteratureEntry, SourceDataset


@pytest.fixture
def small(any_lab: Database, tmp_path: Path) -> Database:
    literature, labels = tmp_path / "a.csv", tmp_path / "b.csv"
    literature.write_text(
        "Structure,sigma,Ea,space group,ICSD\nLi3N,<1E-10,,191,7\nLiI,<1E10,,,8\n"
        "0.7Li2S-0.3P2S5,1E-3,,,\nLao.5Li0.5TiO3,1E-3,,,\n",
        encoding="utf-8",
    )
    labels.write_text("Li3N,1E-5,191,7\nLi3N,2E-3,191,7\n", encoding="utf-8")
    with any_lab.session() as session:
        load_literature(session, literature)
        load_label_source(session, SEMI_SUPERVISED, labels, by="Ada")
    return any_lab


def test_a_row_is_parsed_or_in_review_and_bounds_are_counted(small: Database) -> None:
    with small.session() as session:
        propose_literature_rows(session, [1, 3], by="Ada", reason="x")
        new = NewStructure(
            material_id="mp-1",
            source="t",
            formula="Li3N",
            n_sites=4,
            cif="x",
            space_group_number=191,
        )
        add_structures(session, [new])
        match_labels(session)
        literature, labels = report_sources(session)
    assert literature == SourceReport(DATASET_NAME, 4, 2, 2, 3, 1, 2, 1, 0)
    assert labels == SourceReport(SEMI_SUPERVISED.name, 2, 2, 0, 2, 0, 2, 2, 0)


def test_a_decision_is_counted_and_a_broken_match_is_not(small: Database) -> None:
    with small.session() as session:
        item = open_items(session)[0]
        assert item.id is not None
        decide_item(session, item.id, by="Grace", reason="a minus is missing", value="<1E-10")
        add_structures(
            session,
            [NewStructure(material_id="m", source="t", formula="Li3N", n_sites=4, cif="x")],
        )
        add_match(session, label_id=1, material_id="m", kind="by-hand").status = "broken"
        session.flush()
        literature, labels = report_sources(session)
    assert (literature.decided, literature.parsed, literature.censored) == (1, 3, 2)
    assert labels.matched == 0


def test_formulas_are_listed_by_the_rule_that_read_them(small: Database) -> None:
    with small.reading() as session:
        found = formulas_by_rule(session)
        own = formulas_by_rule(session, DATASET_NAME)
    assert {rule: len(rows) for rule, rows in found.items()} == {
        "plain": 4,
        "in doubt": 1,
        "mole-fractions": 1,
    }
    assert own["mole-fractions"] == [("0.7Li2S-0.3P2S5", "Li7P3S11")]
    assert own["in doubt"] == [("Lao.5Li0.5TiO3", None)]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Database:
    """Return a lab with all five tables."""
    from db.session import open_lab_database

    database = open_lab_database(tmp_path_factory.mktemp("full") / "lab", create=True)
    with database.session() as session:
        load_literature(session, data_dir / SUB_PATH)
        for source in SOURCES.values():
            load_label_source(session, source, data_dir / source.sub_path, by="Ada")
    return database


def test_all_rows_of_the_published_tables_are_in(full: Database) -> None:
    with full.reading() as session:
        found = {report.name: report for report in report_sources(session)}
        rules = {rule: len(rows) for rule, rows in formulas_by_rule(session, DATASET_NAME).items()}
    counts = {
        name: (report.rows, report.parsed, report.in_review, report.compositions, report.censored)
        for name, report in found.items()
    }
    assert counts == {
        DATASET_NAME: (1346, 1301, 45, 1303, 51),
        POOL.name: (220, 220, 0, 220, 36),
        SEMI_SUPERVISED.name: (344, 342, 2, 343, 42),
        OBELIX.name: (599, 599, 0, 599, 37),
        LIVERPOOL.name: (820, 820, 0, 820, 0),
    }
    assert rules == {
        "plain": 924,
        "mole-fractions": 290,
        "in doubt": 43,
        "composite-by-weight": 41,
        "typographic-dash": 39,
        "additive-per-formula-unit": 28,
        "parts-divided-by-blank": 8,
        "mole-ratio": 5,
        "dopant-per-formula-unit": 4,
        "mole-percent": 4,
        "adduct-one-of-each": 3,
        "middle-dot": 3,
        "hydrate": 2,
        "inner-blank-removed": 2,
        "outer-blanks-removed": 2,
        "polymorph-prefix": 2,
        "invisible-character-removed": 1,
    }


def test_stored_cells_are_the_printed_ones(full: Database, data_dir: Path) -> None:
    with (data_dir / SUB_PATH).open(encoding="utf-8-sig", newline="") as file:
        printed = list(csv.reader(file))[1:]
    with full.reading() as session:
        entries = session.exec(select(LiteratureEntry).order_by(col(LiteratureEntry.row_number)))
        stored = [[getattr(entry, name) for name in TEXT_COLUMNS] for entry in entries]
    assert stored == printed
    for source in SOURCES.values():
        path = data_dir / source.sub_path
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        header = list(source.header) if source.header else rows.pop(0)
        with full.reading() as session:
            evidence = session.exec(
                select(EvidenceRow)
                .join(SourceDataset, col(SourceDataset.id) == col(EvidenceRow.dataset_id))
                .where(SourceDataset.name == source.name)
            ).all()
        for row in evidence:
            assert [row.cells[name] for name in header] == rows[row.row_number - 1]
