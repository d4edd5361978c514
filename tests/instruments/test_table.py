"""Plain tables and workbooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments import read
from instruments.errors import EmptyFileError, MissingColumnError, UnknownFormatError

_ROWS = [(1000.0, 3.0, -4.0), (100.0, 5.0, -6.0), (10.0, 7.0, -8.0)]


def _text(delimiter: str, decimal: str = ".", header: str = "f,Z',Z''") -> bytes:
    lines = [header.replace(",", delimiter)]
    lines += [delimiter.join(str(v).replace(".", decimal) for v in row) for row in _ROWS]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("delimiter", "decimal"),
    [(",", "."), (";", "."), (";", ","), ("\t", ","), ("\t", "."), (" ", ".")],
)
def test_delimiters_and_decimal_signs(delimiter: str, decimal: str) -> None:
    (spectrum,) = read("t.csv", content=_text(delimiter, decimal)).impedance_spectra()
    assert spectrum.frequency_hz.tolist() == [1000, 100, 10]
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j, 7 - 8j]


def test_text_above_the_table_is_kept() -> None:
    measured = read("t.txt", content=b"Sample: pellet 7\n\n" + _text(";"))
    assert measured.records[0].metadata["text_above_table"] == "Sample: pellet 7"


def test_repeated_sweeps_are_parted() -> None:
    content = _text(",") + b"\n" + b"\n".join(_text(",").splitlines()[1:])
    assert [s.sweep for s in read("t.csv", content=content).impedance_spectra()] == [1, 2]


def test_named_columns_win_over_recognised_ones() -> None:
    columns = {"f": "f", "re": "Z'", "im": "-Z''"}
    (spectrum,) = read("t.csv", content=_text(","), columns=columns).impedance_spectra()
    assert spectrum.z_ohm[0] == 3 + 4j


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(
        MissingColumnError, match=r"t\.csv: has no column 'freq'; its columns are f"
    ):
        read("t.csv", content=_text(","), columns={"f": "freq", "re": "Z'", "im": "Z''"})


def test_names_without_numbers() -> None:
    with pytest.raises(EmptyFileError, match="no number below"):
        read("t.csv", content=b"f,Z',Z''\n")


def test_text_without_names_says_what_to_give() -> None:
    with pytest.raises(UnknownFormatError, match=r"name its columns \(f=1, re=2, im=3"):
        read("t.csv", content=b"1,2,3\n4,5,6\n")


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["notes"])
    sheet = book.create_sheet("cell 1")
    sheet.append(["measured by", "somebody"])
    sheet.append(["Frequency (Hz)", "Z' (ohm)", "-Z'' (ohm)"])
    for f, re, im in _ROWS:
        sheet.append([f, re, -im])
    book.save(path := tmp_path / "book.xlsx")
    return path


def test_sheets_of_a_workbook(workbook: Path) -> None:
    measured = read(workbook)
    (spectrum,) = measured.impedance_spectra()
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j, 7 - 8j]
    assert spectrum.metadata["sheet"] == "cell 1"
    assert measured.warnings == ("sheet 'Sheet' holds no impedance table; left out",)


def test_columns_of_a_workbook_can_be_named(workbook: Path) -> None:
    columns = {"f": "Frequency (Hz)", "re": "Z' (ohm)", "im": "-Z'' (ohm)"}
    (spectrum,) = read(workbook, columns=columns).impedance_spectra()
    assert spectrum.z_ohm[0] == 3 + 4j  # the name itself begins with a minus sign


def test_a_hold_before_the_sweep_is_kept_as_a_transient() -> None:
    text = (
        "Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\n"
        "3.49\t-0.15\t10\t0\t0\t0\n3.48\t-0.16\t20\t0\t0\t0\n"
        "3.5\t0.02\t30\t1000\t5\t-1\n3.5\t0.02\t31\t100\t6\t-2\n3.5\t0.02\t32\t10\t7\t-3\n"
    )
    sweep, hold = read("hold.txt", content=text.encode()).records
    assert sweep.kind == "impedance" and sweep.n_points == 3
    assert hold.kind == "dc"
    assert hold.time_s.tolist() == [10, 20]
    assert hold.current_A.tolist() == [-0.15, -0.16]
    assert hold.potential_V.tolist() == [3.49, 3.48]
