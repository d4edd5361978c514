"""Densities of states computed from raw phonopy runs."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from screening.phonon.dos import PhononDosError
from screening.phonon.force_sets import dos_from_run
from screening.phonon.reading import read_dos_table

pytest.importorskip("phonopy")

RUNS = ["2530-li2te-fm-3m-225", "696128-li10ge-ps6-2-p4-2mc-105", "985583-li3ps4-pnma-62"]


@pytest.mark.parametrize("run", RUNS)
def test_a_raw_run_gives_the_density_of_the_table(data_dir: Path, run: str) -> None:
    archive = data_dir / f"phonon/phonondb_raw/materials-id-{run}.tar.lzma"
    table = data_dir / "phonon/li_phonon_dos.jsonl.gz"
    if not (archive.is_file() and table.is_file()):
        pytest.skip("the raw phonopy runs are not at hand")
    name = f"mp-{run.split('-')[0]}"
    reference = next(one for one in read_dos_table(table) if one.material_id == name)

    own = dos_from_run(archive)

    assert own.material_id == name
    for ours, theirs in (
        (own.total, reference.total),
        (own.by_element["Li"], reference.by_element["Li"]),
    ):
        assert ours @ theirs / np.sqrt((ours @ ours) * (theirs @ theirs)) > 0.9999
    assert own.lowest_THz == pytest.approx(reference.lowest_THz, abs=0.02)
    assert own.n_modes == pytest.approx(reference.n_modes, rel=1e-3)
    assert sum(part.sum() for part in own.by_element.values()) == pytest.approx(own.total.sum())


def test_what_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "run"
    empty.mkdir()
    with pytest.raises(PhononDosError, match="holds no POSCAR-unitcell"):
        dos_from_run(empty)
    (empty / "POSCAR-unitcell").write_text("Li\n", encoding="utf-8")
    (empty / "FORCE_SETS").write_text("2\n", encoding="utf-8")
    (empty / "phonopy.conf").write_text("DIM = 2 x 2\n", encoding="utf-8")
    with pytest.raises(PhononDosError, match="DIM = 2 x 2 is not 3 or 9 numbers"):
        dos_from_run(empty)
    (empty / "phonopy.conf").write_text("DIM = 2 2 2\n", encoding="utf-8")
    with pytest.raises(PhononDosError, match="phonopy refuses the run"):
        dos_from_run(empty)
    broken = tmp_path / "run.tar.lzma"
    broken.write_bytes(b"no archive")
    with pytest.raises(PhononDosError, match="is no archive of a phonopy run"):
        dos_from_run(broken)
    with tarfile.open(tmp_path / "mp-1.tar.gz", "w:gz") as tar:
        tar.add(empty / "FORCE_SETS", "mp-1/FORCE_SETS")
    with pytest.raises(PhononDosError, match="holds no POSCAR-unitcell"):
        dos_from_run(tmp_path / "mp-1.tar.gz")
