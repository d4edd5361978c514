"""Tables, documents and columns."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from screening.phonon.dos import PhononDosError
from screening.phonon.reading import read_dos, read_materials_project_document

GRID = [0.5 * k for k in range(40)]
TOTAL = [float(np.exp(-0.5 * ((f - 8.0) / 2.0) ** 2)) for f in GRID]
META = {"meta": {"freq_THz": "0 + 0.5*k, k = 0..39"}}
ROW = {"material_id": "mp-1", "formula": "Li2O", "total_dos": TOTAL, "li_dos": TOTAL}


def write(path: Path, *rows: object) -> Path:
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_a_table_is_read(tmp_path: Path, name: str) -> None:
    (dos,) = read_dos(write(tmp_path / name, META, ROW))

    assert dos.material_id == "mp-1"
    assert dos.frequency_THz.tolist() == GRID
    assert dos.by_element["Li"].tolist() == TOTAL


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([ROW], "line 1: no line before it says"),
        ([META, "{oops"], "line 2: no JSON"),
        ([META, {"material_id": "mp-1"}], "line 2: lacks or spoils 'total_dos'"),
        ([META, {**ROW, "total_dos": [-1.0] * 40}], "line 2: mp-1: total density is negative"),
        ([META, {**ROW, "total_dos": "none"}], "line 2: lacks or spoils"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, rows: list[object], words: str) -> None:
    with pytest.raises(PhononDosError, match=words):
        read_dos(write(tmp_path / "t.jsonl", *rows))


def test_a_materials_project_document_is_read(tmp_path: Path) -> None:
    half = [0.5 * value for value in TOTAL]
    sites = [{"species": [{"element": "Li"}]}, {"species": [{"element": "F"}]}]
    document = {"frequencies": GRID, "densities": TOTAL, "pdos": [half, half],
                "structure": {"sites": sites}}  # fmt: skip
    (dos,) = read_dos(write(tmp_path / "mp-1138.json", document))

    assert dos.material_id == "mp-1138"
    assert set(dos.by_element) == {"Li", "F"}
    with pytest.raises(PhononDosError, match="lacks or spoils 'densities'"):
        read_materials_project_document({"frequencies": GRID}, "mp-2")
    with pytest.raises(PhononDosError, match="1 projections for 2 sites"):
        read_materials_project_document({**document, "pdos": [half]}, "mp-2")


def test_two_columns_are_read_and_others_refused(tmp_path: Path) -> None:
    good = "# Frequency DOS\n" + "\n".join(f"{f} {d}" for f, d in zip(GRID, TOTAL, strict=True))
    (dos,) = read_dos(write(tmp_path / "total_dos.dat", good))

    assert dos.total.tolist() == TOTAL
    with pytest.raises(PhononDosError, match="line 2: expected frequency"):
        read_dos(write(tmp_path / "bad.dat", "1 2\n3\n"))
    with pytest.raises(PhononDosError, match="holds no numbers"):
        read_dos(write(tmp_path / "empty.dat", "# nothing\n"))
    with pytest.raises(PhononDosError, match="cannot be read"):
        read_dos(tmp_path / "missing.dat")
