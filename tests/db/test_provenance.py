"""From a ranking down to the bytes of the raw file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from db.errors import IdentifierError, UnknownRecordError
from db.label_sources import load_label_source
from db.label_tables import SEMI_SUPERVISED
from db.labels import accept, propose
from db.matching import add_match
from db.measurements import NewAnalysis, NewMeasurement, store_analysis, store_measured_file
from db.pellets import add_pellet
from db.provenance import Link, chain
from db.rankings import store_ranking
from db.session import Database
from db.structures import NewStructure, add_structures


@pytest.fixture
def full(any_lab: Database, impedance: Callable[..., NewMeasurement], tmp_path: Path) -> Database:
    table = tmp_path / "labels.csv"
    table.write_text("Li3N,1E-3,191,1\n", encoding="utf-8")
    with any_lab.session() as session:
        pellet = add_pellet(session, name="pill", formula="Li", thickness_m=1e-3, diameter_m=8e-3)
        store_measured_file(
            session,
            sha256="f" * 64,
            size_bytes=10,
            file_name="x.mpr",
            format="biologic-mpr",
            reader_version="1.0",
            measurements=[impedance(1), impedance(2)],
            pellet_id=pellet.id,
        )
        fit = NewAnalysis(
            kind="arrhenius", result={"ea_eV": 0.4}, verdict="accepted", labkit_version="0.1.0"
        )
        store_analysis(session, fit, pellet_id=pellet.id, input_analysis_ids=[1, 2])
        propose(
            session,
            by="Ada",
            formula="Li6PS5Cl",
            sigma_S_per_cm=1e-3,
            source_kind="measurement",
            analysis_id=3,
        )
        accept(session, 1, reviewer="Grace", reason="fine")
        load_label_source(session, SEMI_SUPERVISED, table, by="Ada")
        new = NewStructure(
            material_id="mp-985592", source="test", formula="Li6PS5Cl", n_sites=13, cif="data_\n"
        )
        add_structures(session, [new])
        add_match(session, label_id=1, material_id="mp-985592", kind="by-hand", by="Grace")
        store_ranking(
            session,
            method="tree-mean",
            parameters={},
            label_set_hash="h",
            labels=[{"label_id": 1}, {"label_id": 2}],
            arrays={"score": np.arange(3.0)},
            labkit_version="0.1.0",
        )
    return any_lab


def _walk(link: Link) -> Iterator[Link]:
    yield link
    for source in link.sources:
        yield from _walk(source)


def test_a_measured_label_leads_to_the_bytes(full: Database) -> None:
    with full.reading() as session:
        link = chain(session, "L1")
    kinds = [found.kind for found in _walk(link)]
    assert kinds[0] == "label"
    assert kinds.count("raw file") == 2
    assert [found.identifier for found in _walk(link) if found.kind == "analysis"] == [
        "A3",
        "A1",
        "A2",
    ]
    raw = next(found for found in _walk(link) if found.kind == "raw file")
    assert raw.facts["sha256"] == "f" * 64
    assert link.facts["structures"][0]["material_id"] == "mp-985592"
    assert [step["action"] for step in link.facts["history"]] == ["proposed", "accepted"]


def test_a_published_label_leads_to_the_printed_row(full: Database) -> None:
    with full.reading() as session:
        link = chain(session, "L2")
    row, dataset = list(_walk(link))[1:]
    assert row.facts["cells"] == {
        "formula": "Li3N",
        "sigma": "1E-3",
        "space group": "191",
        "ICSD": "1",
    }
    assert dataset.title == "laskowski-semi-supervised-labels"


def test_a_ranking_names_its_labels(full: Database) -> None:
    with full.reading() as session:
        link = chain(session, "R1")
    assert [source.identifier for source in link.sources] == ["L1", "L2"]


@pytest.mark.parametrize("identifier", ["L1", "L2", "A3", "M1", "R1", "P1", "pill", "mp-985592"])
def test_every_chain_is_json(full: Database, identifier: str) -> None:
    with full.reading() as session:
        text = json.dumps(chain(session, identifier).as_json())
    assert json.loads(text)["title"]


def test_what_is_not_there_is_named(full: Database) -> None:
    with full.reading() as session:
        for unknown in ("L9", "A9", "M9", "R9", "P9", "mp-9"):
            with pytest.raises(UnknownRecordError, match=unknown):
                chain(session, unknown)
        with pytest.raises(IdentifierError, match=r"'pall' is no identifier.* did you mean pill\?"):
            chain(session, "pall")
