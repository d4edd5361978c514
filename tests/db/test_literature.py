"""The digitised set: every cell as printed, every row accounted for."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlmodel import select

from db.errors import DataUnavailableError, SourceFormatError
from db.literature import TEXT_COLUMNS, LiteratureCounts, list_literature, load_literature
from db.review import open_items
from db.session import Database
from db.tables import LiteratureEntry, ReviewItem, SourceDataset

HEADER = "Structure,σ(RT)(S cm-1),Ea (eV),space group,ICSD Entry\r\n"


def _write(path: Path, *rows: str) -> Path:
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + "".join(r + "\r\n" for r in rows)).encode())
    return path


def _load(lab: Database, path: Path) -> LiteratureCounts:
    with lab.session() as session:
        return load_literature(session, path)


@pytest.fixture
def digitised(data_dir: Path) -> Path:
    return data_dir / "literature/digitized_data_for_SSEs.csv"


def test_every_cell_is_kept_byte_for_byte(any_lab: Database, digitised: Path) -> None:
    assert _load(any_lab, digitised).literature_rows == 1346
    text = digitised.read_bytes().decode("utf-8-sig")
    printed = list(csv.reader(text.splitlines(keepends=True)))[1:]
    with any_lab.reading() as session:
        entries = list_literature(session)
    stored = [[getattr(entry, column) for column in TEXT_COLUMNS] for entry in entries]
    assert stored == printed
    assert [entry.row_number for entry in entries] == list(range(1, 1347))


def test_no_row_is_lost_between_read_and_review(lab: Database, digitised: Path) -> None:
    counts = _load(lab, digitised)
    assert counts.parsed + counts.in_review == 1346
    assert counts.bounds == 51
    with lab.reading() as session:
        waiting = {item.literature_entry_id for item in open_items(session)}
        unread = session.exec(
            select(LiteratureEntry.id).where(LiteratureEntry.reading == "review")
        ).all()
        incomplete = session.exec(
            select(LiteratureEntry.id).where(
                (LiteratureEntry.reduced_formula == None)  # noqa: E711
                | (LiteratureEntry.sigma_S_per_cm == None)  # noqa: E711
            )
        ).all()
    assert waiting == set(unread)
    assert set(incomplete) <= waiting


def test_bounds_slips_and_typographic_signs(lab: Database, digitised: Path) -> None:
    _load(lab, digitised)
    with lab.reading() as session:

        def entry(sigma_text: str) -> LiteratureEntry:
            statement = select(LiteratureEntry).where(LiteratureEntry.sigma_text == sigma_text)
            found = session.exec(statement).first()
            assert found is not None
            return found

        bound = entry("<1E-10")
        assert (bound.sigma_S_per_cm, bound.qualifier) == (1e-10, "<")
        unicode_minus = entry("1.2E−4")
        assert unicode_minus.sigma_S_per_cm == 1.2e-4
        assert unicode_minus.notes == ["sigma: typographic-minus"]
        slip = entry("<1E10")
        assert (slip.sigma_S_per_cm, slip.qualifier, slip.reading) == (None, None, "review")
        item = session.exec(
            select(ReviewItem).where(ReviewItem.literature_entry_id == slip.id)
        ).one()
        assert (item.cell, item.suggestion, item.status) == ("<1E10", "<1E-10", "open")


def test_filled_columns_are_counted_as_in_the_file(lab: Database, digitised: Path) -> None:
    _load(lab, digitised)
    with lab.reading() as session:
        entries = list_literature(session)
    assert sum(entry.ea_eV is not None for entry in entries) == 850
    assert sum(entry.space_group_number is not None for entry in entries) == 716
    assert sum(entry.icsd_id is not None for entry in entries) == 346


def test_loading_again_adds_nothing(any_lab: Database, digitised: Path) -> None:
    first = _load(any_lab, digitised)
    second = _load(any_lab, digitised)
    assert (first.added, second.added) == (1346, 0)
    assert second.literature_rows == first.literature_rows
    assert second.review_items == first.review_items


def test_the_source_is_recorded_with_its_origin(lab: Database, digitised: Path) -> None:
    _load(lab, digitised)
    with lab.reading() as session:
        dataset = session.exec(select(SourceDataset)).one()
    assert dataset.n_rows == 1346
    assert "10.1039/D2EE03499A" in (dataset.citation or "")
    assert "FALL-ML/materials-discovery at c6fcc59aa639" in (dataset.origin or "")


def test_a_newer_version_shows_its_differences_and_loses_nothing(
    lab: Database, tmp_path: Path
) -> None:
    old = _write(tmp_path / "v1.csv", "Li3N,1E-3,,191,1", "Li3PS4,2E-7,,,", "LiI,1E-7,0.4,225,2")
    new = _write(tmp_path / "v2.csv", "LiI,1E-7,0.4,225,2", "Li3N,1.2E-3,,191,1", "LiBr,1E-9,,,")
    _load(lab, old)
    counts = _load(lab, new)
    assert counts.differences == {
        "added": 1,
        "unchanged": 1,
        "withdrawn": 1,
        "changed": [{"key": "Li3N", "row": 2}],
    }
    assert counts.literature_rows == 3
    with lab.reading() as session:
        assert {e.formula for e in list_literature(session)} == {"LiI", "Li3N", "LiBr"}
        everything = session.exec(select(LiteratureEntry)).all()
    assert len(everything) == 5
    assert _load(lab, old).added == 0


def test_duplicate_rows_stay_duplicates(lab: Database, tmp_path: Path) -> None:
    row = "Li3N,1E-3,,191,1"
    assert _load(lab, _write(tmp_path / "a.csv", row, row)).literature_rows == 2


def test_all_or_nothing(lab: Database, digitised: Path) -> None:
    with pytest.raises(RuntimeError), lab.session() as session:
        load_literature(session, digitised)
        raise RuntimeError
    with lab.reading() as session:
        assert list_literature(session) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"a,b\r\n1,2\r\n", "2 columns where the digitised set has 5"),
        (HEADER.encode() + b"Li,1,2\r\n", "line 2 has 3 cells, the header 5"),
        (HEADER.encode("utf-16"), "not UTF-8"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_another_file_is_refused_in_one_line(
    lab: Database, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(SourceFormatError, match=message) as caught:
        _load(lab, path)
    assert "table.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(lab: Database, tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError, match="cannot be read"):
        _load(lab, tmp_path / "nowhere.csv")
