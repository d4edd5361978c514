"""Lines, cells and the end of a table."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.delimited_text import decode_text, numeric_table, split_line
from instruments.errors import MalformedFileError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    assert decode_text("µ°".encode(encoding)) == "µ°"


def test_cells_are_stripped_of_blanks_and_quotes() -> None:
    assert split_line(' "a" ;b ; ;\r\n', ";") == ["a", "b"]
    assert split_line("  1\t 2   3 ", None) == ["1", "2", "3"]


def test_units_above_and_words_below_are_no_rows() -> None:
    lines = ["Hz\tohm", "1,5\t2", "", "3\tx", "end of data\t"]
    table, warnings = numeric_table(lines, "\t", needed=(0,), n_columns=2, first_line=5)
    assert np.array_equal(table, [[1.5, 2], [3, np.nan]], equal_nan=True)
    assert warnings == ("1 lines from line 9 on are no numbers; left out",)


def test_a_broken_line_between_numbers_is_not_passed_over() -> None:
    with pytest.raises(MalformedFileError, match=r"cannot be read \(line 2\)"):
        numeric_table(["1,2", "x,y", "3,4"], ",", needed=(0, 1), n_columns=2)
