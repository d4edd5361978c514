"""Published label tables: every row in, every cell as printed, nothing decided unseen."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import col, select

from db.doctor import check_labels
from db.errors import SourceFormatError
from db.label_sources import (
    SourceCounts,
    load_label_source,
    load_liverpool_labels,
    load_obelix_labels,
    load_pool_labels,
    load_semi_supervised_labels,
)
from db.label_tables import LIVERPOOL, OBELIX, POOL, SEMI_SUPERVISED, LabelSource
from db.labels import accepted_labels, list_labels
from db.session import Database
from db.tables import EvidenceRow, ReviewItem, SourceDataset

LOADERS: list[tuple[Callable[..., SourceCounts], LabelSource, int]] = [
    (load_pool_labels, POOL, 220),
    (load_semi_supervised_labels, SEMI_SUPERVISED, 344),
    (load_obelix_labels, OBELIX, 599),
    (load_liverpool_labels, LIVERPOOL, 820),
]


def _printed(data_dir: Path, source: LabelSource) -> list[dict[str, str]]:
    data = (data_dir / source.sub_path).read_bytes()
    if source.sub_path.endswith(".gz"):
        data = gzip.decompress(data)
    lines = data.decode("utf-8-sig").splitlines(keepends=True)
    rows = list(csv.DictReader(lines, fieldnames=source.header))
    return [row for row in rows if source.only_with is None or row[source.only_with]]


@pytest.mark.parametrize(("load", "source", "n_rows"), LOADERS)
def test_every_row_is_in_word_for_word(
    lab: Database,
    data_dir: Path,
    load: Callable[..., SourceCounts],
    source: LabelSource,
    n_rows: int,
) -> None:
    with lab.session() as session:
        counts = load(session, data_dir / source.sub_path, by="Ada")
    assert (counts.rows, counts.added) == (n_rows, n_rows)
    assert counts.parsed + counts.in_review == n_rows
    with lab.reading() as session:
        rows = session.exec(select(EvidenceRow).order_by(col(EvidenceRow.id))).all()
        waiting = set(session.exec(select(ReviewItem.evidence_row_id)).all())
        dataset = session.exec(select(SourceDataset)).one()
        labels = {label.evidence_row_id: label for label in list_labels(session)}
    assert [row.cells for row in rows] == _printed(data_dir, source)
    assert {row.id for row in rows if row.reading == "review"} == waiting
    assert {row.id for row in rows} - set(labels) <= waiting
    assert dataset.licence
    assert all(labels[key].verbatim == row.cells for row in rows if (key := row.id) in labels)


@pytest.mark.parametrize(("load", "source", "n_rows"), LOADERS)
def test_loading_again_adds_nothing(
    lab: Database,
    data_dir: Path,
    load: Callable[..., SourceCounts],
    source: LabelSource,
    n_rows: int,
) -> None:
    with lab.session() as session:
        first = load(session, data_dir / source.sub_path, by="Ada")
        second = load(session, data_dir / source.sub_path, by="Ada")
    assert (second.added, second.labels, second.rows) == (0, first.labels, n_rows)


def test_the_pool_holds_the_published_conductivities(any_lab: Database, data_dir: Path) -> None:
    with any_lab.session() as session:
        load_pool_labels(session, data_dir / POOL.sub_path, by="init", accepted_by="Ada")
    with any_lab.reading() as session:
        labels = accepted_labels(session)
        assert check_labels(session) == []
    assert len(labels) == 220
    assert len({label.icsd_id for label in labels}) == 220
    assert sum(label.material_id is not None for label in labels) == 75
    assert sum(label.sigma_S_per_cm <= 1e-10 for label in labels) == 53
    assert sum(label.sigma_S_per_cm >= 1e-5 for label in labels) == 59
    assert sum(label.sigma_S_per_cm >= 1e-4 for label in labels) == 41
    assert sum(label.qualifier == "<" for label in labels) == 36


def test_temperatures_are_stored_in_kelvin_or_marked_as_assumed(
    lab: Database, data_dir: Path
) -> None:
    with lab.session() as session:
        load_liverpool_labels(session, data_dir / LIVERPOOL.sub_path, by="Ada")
        load_obelix_labels(session, data_dir / OBELIX.sub_path, by="Ada")
    with lab.reading() as session:
        labels = list_labels(session)
    first = next(label for label in labels if label.formula == "Li2Ti0.75Ta0.25O3.125")
    assert first.temperature_K == pytest.approx(573.15)
    assert not first.temperature_assumed
    assumed = [label for label in labels if label.temperature_assumed]
    assert len(assumed) == 599
    assert {label.temperature_K for label in assumed} == {298.15}


def test_obelix_entries_carry_their_doi_and_contribution(lab: Database, data_dir: Path) -> None:
    with lab.session() as session:
        load_obelix_labels(session, data_dir / OBELIX.sub_path, by="Ada")
    with lab.reading() as session:
        labels = list_labels(session)
    assert sum(label.doi is not None for label in labels) > 500
    kinds = {label.contribution for label in labels}
    assert kinds == {"total", "bulk", "unknown"}
    assert sum(label.qualifier == "<" for label in labels) == 37


def test_a_newer_version_withdraws_and_adds(lab: Database, tmp_path: Path) -> None:
    old, new = tmp_path / "v1.csv", tmp_path / "v2.csv"
    old.write_text("Li3N,1E-3,191,1\nLi3PS4,2E-7,62,2\n", encoding="utf-8")
    new.write_text("Li3N,2E-3,191,1\nLi3PS4,2E-7,62,2\nLiI,<1E-7,225,3\n", encoding="utf-8")
    with lab.session() as session:
        load_label_source(session, SEMI_SUPERVISED, old, by="Ada")
        counts = load_label_source(session, SEMI_SUPERVISED, new, by="Ada")
    assert counts.differences == {
        "added": 1,
        "unchanged": 1,
        "withdrawn": 0,
        "changed": [{"key": "Li3N", "row": 1}],
    }
    assert (counts.rows, counts.added, counts.bounds) == (3, 2, 1)


def test_another_table_is_refused(lab: Database, tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with (
        pytest.raises(SourceFormatError, match=r"all\.csv: not the table obelix: column"),
        lab.session() as session,
    ):
        load_obelix_labels(session, path, by="Ada")
