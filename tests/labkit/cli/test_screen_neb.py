"""``labkit screen neb`` with an engine that is no network, and without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import screening.neb

pytest.importorskip("bvlain")


@pytest.fixture
def cif(tmp_path: Path) -> Path:
    from ase.spacegroup import crystal

    file = tmp_path / "Li2S.cif"
    atoms = crystal(
        ["S", "Li"], [(0, 0, 0), (0.25, 0.25, 0.25)], spacegroup=225, cellpar=[5.71] * 3 + [90] * 3
    )
    atoms.write(file, format="cif")
    return file


def test_the_hop_of_the_antifluorite_with_a_pair_potential(
    shell: Any, cif: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ase.calculators.lj import LennardJones

    monkeypatch.setattr(
        screening.neb,
        "calculator_factory",
        lambda _: lambda: LennardJones(sigma=2.2, epsilon=0.1, rc=5.0, smooth=True),
    )
    figure = tmp_path / "band.png"

    done = shell(
        *("--lab", tmp_path / "none", "screen", "neb", cif, "--images", 3, "--width", 5.5),
        *("--force", 0.5, "--plot", figure, "--json"),
    )

    assert done.code == 0, done.err
    assert done.json["formula"] == "Li2S"
    assert done.json["atoms"] == 11
    assert done.json["hop_angstrom"] == pytest.approx(5.71 / 2)
    assert len(done.json["energy_eV"]) == 3
    assert done.json["energy_eV"][0] == 0.0
    assert figure.stat().st_size > 10_000


def test_an_engine_that_is_not_there_is_one_line(shell: Any, cif: Path, tmp_path: Path) -> None:
    done = shell("--lab", tmp_path / "none", "screen", "neb", cif, "--engine", "orb")

    assert done.code == 1
    assert "known are chgnet" in done.err
    assert len(done.error_lines) == 1


def _pseudopotentials(folder: Path, *elements: str) -> Path:
    folder.mkdir()
    for element in elements:
        (folder / f"{element}.UPF").write_text(
            f'<PP_HEADER element="{element}" pseudo_type="PAW" functional="PBE" '
            'z_valence="3" wfc_cutoff="41" rho_cutoff="328"/>',
            encoding="utf-8",
        )
    return folder


def test_a_job_for_quantum_espresso_is_written_and_read_back_into_the_lab(
    lab: Any, cif: Path, tmp_path: Path
) -> None:
    import json

    upf = _pseudopotentials(tmp_path / "upf", "Li", "S")
    folder = tmp_path / "job"

    words = lab(
        *("screen", "neb-job", cif, "--folder", folder, "--pseudopotentials", upf),
        *("--images", 3, "--width", 5.5, "--kpoints", 1, 1, 1),
    )

    assert words.code == 0, words.err
    assert "11 atoms, 33 electrons, 3 images" in words.out
    assert "cut-offs 41 and 328 Ry, k-points 1 x 1 x 1" in words.out
    waiting = lab("screen", "neb-read", folder)
    assert waiting.code == 1
    assert "has not run (first end point not started; last" in waiting.err
    assert len(waiting.error_lines) == 1

    rows = "".join(f"   {n}   {e:.5f}   0.04000   F\n" for n, e in ((1, -9), (2, -8.7), (3, -9)))
    (folder / "neb.out").write_text(
        "-- iteration   4 --\n image  energy (eV)  error (eV/A)  frozen\n"
        f"{rows}\n neb: convergence achieved in   4 iterations\n"
        " NEB          :   1h 2m CPU  1h10m WALL\n JOB DONE.\n",
        encoding="utf-8",
    )
    place = "0.0 0.0 0.0 0.0 0.0 0.0\n" * 11
    (folder / "band.path").write_text(
        "".join(f"Image:  {n}\n {e / 27.211386245988}\n{place}" for n, e in ((1, -9), (2, -8.7)))
        + f"Image:  3\n {-9 / 27.211386245988}\n{place}",
        encoding="utf-8",
    )
    done = lab("screen", "neb-read", folder, "--json")

    assert done.code == 0, done.err
    assert done.json["formula"] == "Li2S"
    assert done.json["barrier_eV"] == pytest.approx(0.3)
    assert done.json["hop_angstrom"] == pytest.approx(5.71 / 2)
    assert lab("screen", "neb-read", folder, "--json").json["analysis"] == done.json["analysis"]
    why = lab("why", done.json["analysis"], "--json").json
    assert why["details"]["parameters"]["engine"] == "quantum-espresso"
    assert set(why["details"]["parameters"]["files"]) == {"neb.out", "band.path"}
    sha256 = json.loads((folder / "job.json").read_text(encoding="utf-8"))["pseudopotentials"]
    assert why["details"]["parameters"]["pseudopotentials"] == sha256


def test_a_missing_pseudopotential_is_one_line(shell: Any, cif: Path, tmp_path: Path) -> None:
    upf = _pseudopotentials(tmp_path / "upf", "Li")

    done = shell(
        *("--lab", tmp_path / "none", "screen", "neb-job", cif),
        *("--folder", tmp_path / "job", "--pseudopotentials", upf),
    )

    assert done.code == 1
    assert "no pseudopotential for S (only for Li)" in done.err
    assert len(done.error_lines) == 1
    assert not (tmp_path / "job").exists()


def test_quantum_espresso_is_no_engine_of_this_process(
    shell: Any, cif: Path, tmp_path: Path
) -> None:
    done = shell("--lab", tmp_path, "screen", "neb", cif, "--engine", "quantum-espresso")

    assert done.code == 1
    assert "labkit screen neb-job" in done.err
    assert len(done.error_lines) == 1
