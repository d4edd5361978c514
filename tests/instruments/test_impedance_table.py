"""Where an impedance table begins in lines of text."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.impedance_table import find_header, needed_columns, spectra_of_table


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", " "])
def test_the_line_of_names_is_found_below_text(delimiter: str) -> None:
    lines = ["Title, with commas; and more", "", delimiter.join(["t", "f", "|Z|", "phase"]), "1"]
    found = find_header(lines)
    assert found is not None
    index, _, columns, names = found
    assert (index, names) == (2, ["t", "f", "|Z|", "phase"])
    assert needed_columns(columns) == [1, 2, 3]


def test_no_names_no_header() -> None:
    assert find_header(["1,2,3", "4,5,6"]) is None


def test_times_come_along_where_all_are_numbers() -> None:
    found = find_header(["t (min),f,Z',Z''"])
    assert found is not None
    columns = found[2]
    (spectrum,), _ = spectra_of_table(np.array([[2.0, 10, 3, -4]]), columns, technique="PEIS")
    assert spectrum.time_s is not None
    assert spectrum.time_s.tolist() == [120.0]
    (spectrum,), _ = spectra_of_table(np.array([[np.nan, 10, 3, -4]]), columns)
    assert spectrum.time_s is None
