"""Tables of numbers, fast and whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import InstrumentFileError, MalformedFileError
from instruments.numeric_text import parse_block

_NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(
    st.lists(st.tuples(_NUMBERS, _NUMBERS, _NUMBERS), min_size=1, max_size=30),
    st.sampled_from(["\n", "\r\n", "\t\r\n"]),
    st.sampled_from([".", ","]),
)
def test_what_was_printed_is_read(
    rows: list[tuple[float, ...]], line_end: str, decimal: str
) -> None:
    text = "".join("\t".join(f"{v:.9E}" for v in row) + line_end for row in rows)
    table, warnings = parse_block(text.replace(".", decimal).encode(), 3)
    expected = np.array([[float(f"{v:.9E}") for v in row] for row in rows])
    assert np.array_equal(table, expected)
    assert warnings == ()


def test_an_empty_cell_is_nan_and_moves_nothing() -> None:
    table, _ = parse_block(b"1\t\t3\r\n4\t5\t6\r\n", 3)
    assert np.array_equal(table, [[1, np.nan, 3], [4, 5, 6]], equal_nan=True)


def test_a_line_that_borrows_from_its_neighbour_is_refused_by_its_number() -> None:
    with pytest.raises(MalformedFileError, match=r"has 2 cells .* 3 \(line 8\)"):
        parse_block(b"1\t2\t3\n4\t5\n6\t7\t8\t9\n", 3, first_line=7)


def test_a_word_is_refused_by_its_line() -> None:
    with pytest.raises(MalformedFileError, match=r"'abc' is no number \(line 6\)"):
        parse_block(b"1\t2\n3\tabc\n", 2, first_line=5)


@pytest.mark.parametrize("cut", [b"4\t5.0E+0", b"4\t5.", b"4", b"4\t"])
def test_a_last_line_that_was_cut_is_left_out_and_said(cut: bytes) -> None:
    table, warnings = parse_block(b"1\t2.0E+000\n3\t4.0E+000\n" + cut, 2)
    assert table.tolist() == [[1, 2], [3, 4]]
    assert len(warnings) == 1
    assert "last line is not complete" in warnings[0]


@given(st.binary(max_size=200), st.integers(1, 5))
def test_any_bytes_are_read_or_refused_by_us(block: bytes, n_columns: int) -> None:
    try:
        table, _ = parse_block(block, n_columns)
    except InstrumentFileError:
        return
    assert table.shape[1] == n_columns
