"""Tables in files, and what differs between two versions of one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.datasets import compare_rows, read_table
from db.errors import SourceFormatError


def test_cells_keep_blanks_quotes_and_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\r\n" x ","1\r\n2"\r\n\r\n')
    table = read_table(path)
    assert table.columns == ["a", "b"]
    assert table.rows == [[" x ", "1\r\n2"]]


def test_a_gzipped_table_is_the_same_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,2\n")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read_table(tmp_path / "t.csv").rows == read_table(tmp_path / "t.csv.gz").rows


def test_a_damaged_gzip_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n" * 100)[:-20])
    with pytest.raises(Exception, match=r"t\.csv\.gz"):
        read_table(path)


def test_a_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import db.datasets as datasets

    monkeypatch.setattr(datasets, "MAX_FILE_BYTES", 1000)
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"0" * 10**6))
    with pytest.raises(SourceFormatError, match="larger than"):
        read_table(path)


ROWS = st.lists(st.sampled_from("abcde"), max_size=12)


@given(ROWS, ROWS)
def test_every_row_is_counted_once(old: list[str], new: list[str]) -> None:
    stored = [(number, row, f"key-{row}") for number, row in enumerate(old)]
    comparison = compare_rows(stored, [(row, f"key-{row}") for row in new])
    difference = comparison.differences
    assert difference.unchanged + len(comparison.new_rows) == len(new)
    assert difference.unchanged + len(comparison.withdrawn_ids) == len(old)
    kept = sorted(row for number, row, _ in stored if number not in comparison.withdrawn_ids)
    assert sorted(kept + [new[position] for position in comparison.new_rows]) == sorted(new)


def test_the_same_rows_in_another_order_differ_in_nothing() -> None:
    stored = [(1, "x", "a"), (2, "y", "b")]
    comparison = compare_rows(stored, [("y", "b"), ("x", "a")])
    assert comparison.new_rows == []
    assert comparison.withdrawn_ids == []
