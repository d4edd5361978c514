"""``labkit simulate`` writes files with a known truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize("file_format", ["mpr", "mpt"])
def test_files_are_written_with_their_truth(shell: Any, tmp_path: Path, file_format: str) -> None:
    made = shell(
        *("simulate", tmp_path / "sim", "--count", "3", "--format", file_format),
        *("--ea", "0.3", "--sigma25", "1e-5", "--json"),
    ).json

    truth = json.loads(Path(made["truth"]).read_text(encoding="utf-8"))
    assert truth["ea_eV"] == 0.3
    assert [Path(path).name for path in made["files"]] == [
        f"simulated_{celsius}C.{file_format}" for celsius in (25, 35, 45)
    ]
    # R = t / (A sigma) at 25 C
    area_cm2 = 3.14159265 / 4 * 0.635**2
    assert truth["spectra"][0]["resistance_ohm"] == pytest.approx(0.080 / area_cm2 / 1e-5)


def test_the_same_seed_gives_the_same_bytes(shell: Any, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        shell("simulate", tmp_path / folder, "--count", "1", "--seed", "5")
    shell("simulate", tmp_path / "c", "--count", "1", "--seed", "6")

    first, same, other = (
        (tmp_path / folder / "simulated_25C.mpr").read_bytes() for folder in "abc"
    )
    assert same == first
    assert other != first


def test_a_value_that_makes_no_pellet_is_refused(shell: Any, tmp_path: Path) -> None:
    done = shell("simulate", tmp_path / "sim", "--sigma25=-1")

    assert done.code == 1
    assert "sigma" in done.err
    assert not (tmp_path / "sim").exists()


def test_nothing_that_is_there_is_replaced(shell: Any, tmp_path: Path) -> None:
    folder = tmp_path / "sim"
    assert shell("simulate", folder, "--count", "2", "--seed", "1").code == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    done = shell("simulate", folder, "--count", "2", "--seed", "2")

    assert done.code == 1
    assert "simulated_25C.mpr and 2 more are there already" in done.err
    assert "--overwrite" in done.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert shell("simulate", folder, "--count", "2", "--seed", "2", "--overwrite").code == 0
    assert (folder / "simulated_25C.mpr").read_bytes() != before["simulated_25C.mpr"]


def test_impedance_and_diffraction_keep_their_truths_apart(shell: Any, tmp_path: Path) -> None:
    folder = tmp_path / "series"
    spectra = shell("simulate", folder, "--count", "1", "--json").json
    patterns = shell("xrd", "simulate", folder, "--x", "0", "--json").json

    assert "ea_eV" in json.loads(Path(spectra["truth"]).read_text(encoding="utf-8"))
    assert "limit" in json.loads(Path(patterns["truth"]).read_text(encoding="utf-8"))
    again = shell("xrd", "simulate", folder, "--x", "0")
    assert again.code == 1
    assert "are there already" in again.err
