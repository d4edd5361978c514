"""A job folder for Quantum ESPRESSO: complete, consistent, and refused when it cannot be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screening.errors import ScreeningError
from screening.espresso_job import EspressoSettings, write_job
from screening.espresso_relaxed_ends import (
    EndPointError,
    final_positions,
    going_on,
    main,
    read_images,
    with_relaxed_ends,
)
from screening.pseudopotentials import PseudopotentialError


@pytest.fixture
def upf(tmp_path: Path) -> Path:
    folder = tmp_path / "upf"
    folder.mkdir()
    for element, valence, cutoff in (("Li", 3, 40.2), ("S", 6, 35.0), ("Mn", 15, 50.0)):
        (folder / f"{element}.UPF").write_text(
            f'<PP_HEADER element="{element}" pseudo_type="PAW" functional="PBE" '
            f'z_valence="{valence}" wfc_cutoff="{cutoff}" rho_cutoff="{cutoff * 5}"/>',
            encoding="utf-8",
        )
    return folder


def _band(symbols: str = "S2Li3", n_images: int = 5) -> list[Any]:
    from ase import Atoms

    places = np.array([[0, 0, 0], [2, 2, 2], [1, 0, 0], [0, 1, 0], [0, 0, 1]], float)[:5]
    images = []
    for share in np.linspace(0.0, 1.0, n_images):
        image = Atoms(symbols, positions=places, cell=[10.0, 21.0, 6.0], pbc=True)
        image.positions[-1] += [2.0 * share, np.sin(np.pi * share), 0.0]
        images.append(image)
    return images


def test_the_folder_is_complete(tmp_path: Path, upf: Path) -> None:
    job = write_job(tmp_path / "job", _band(), upf, title="mp-1 Li2S", origin={"ion": "Li"})

    there = {str(f.relative_to(tmp_path / "job")) for f in (tmp_path / "job").rglob("*.*")}
    assert there == set(job["files"])
    assert there == {
        *("first.in", "last.in", "band.in", "relaxed_ends.py", "job.sh", "README.md", "job.json"),
        *("pseudo/Li.UPF", "pseudo/S.UPF"),
    }
    kept = json.loads((tmp_path / "job" / "job.json").read_text(encoding="utf-8"))
    assert kept["origin"] == {"ion": "Li"}
    assert kept["electrons"] == 2 * 6 + 3 * 3
    assert not list(tmp_path.glob(".part-*"))


def test_cutoffs_and_kpoints_are_chosen_from_files_and_cell(tmp_path: Path, upf: Path) -> None:
    job = write_job(tmp_path / "job", _band(), upf)

    assert (job["ecutwfc_Ry"], job["ecutrho_Ry"]) == (41.0, 201.0)
    assert job["kpoints"] == [2, 1, 4]
    text = (tmp_path / "job" / "first.in").read_text(encoding="utf-8")
    assert re.search(r"ecutwfc\s+= 41.0", text)
    assert re.search(r"K_POINTS automatic\s+2 1 4", text)


def test_ase_reads_the_end_points_back(tmp_path: Path, upf: Path) -> None:
    from ase.io import read

    images = _band()
    write_job(tmp_path / "job", images, upf)

    for name, image in (("first", images[0]), ("last", images[-1])):
        again = read(tmp_path / "job" / f"{name}.in", format="espresso-in")
        assert again.get_chemical_symbols() == image.get_chemical_symbols()
        np.testing.assert_allclose(again.positions, image.positions, atol=1e-9)
        np.testing.assert_allclose(again.cell, image.cell)


def test_the_band_holds_every_image(tmp_path: Path, upf: Path) -> None:
    images = _band()
    write_job(tmp_path / "job", images, upf)

    text = (tmp_path / "job" / "band.in").read_text(encoding="utf-8")
    found = read_images(text)

    assert len(found) == 5
    assert text.count("INTERMEDIATE_IMAGE") == 3
    for image, rows in zip(images, found, strict=True):
        np.testing.assert_allclose([row[1:] for row in rows], image.positions, atol=1e-9)
    order = [text.index(word) for word in ("&PATH", "&SYSTEM", "FIRST_IMAGE", "LAST_IMAGE")]
    assert order == sorted(order)


def test_a_magnetic_element_switches_spin_on(tmp_path: Path, upf: Path) -> None:
    write_job(tmp_path / "job", _band("S2MnLi2"), upf)

    text = (tmp_path / "job" / "first.in").read_text(encoding="utf-8")
    assert re.search(r"nspin\s+= 2", text)
    assert re.search(r"starting_magnetization\(2\) = 0.5", text)


def test_the_charge_and_slurm_are_options(tmp_path: Path, upf: Path) -> None:
    settings = EspressoSettings(charge=-1, slurm=True, tasks=48)
    job = write_job(tmp_path / "job", _band(), upf, settings, title="mp-1 (x) 'y'")

    script = (tmp_path / "job" / "job.sh").read_text(encoding="utf-8")
    assert job["electrons"] == 22
    assert "#SBATCH --ntasks=48" in script
    assert "#SBATCH --job-name=mp-1-x-y\n" in script
    assert re.search(
        r"tot_charge\s+= -1", (tmp_path / "job" / "band.in").read_text(encoding="utf-8")
    )


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_job_script_is_bash(tmp_path: Path, upf: Path) -> None:
    for slurm in (False, True):
        folder = tmp_path / f"job{slurm}"
        write_job(folder, _band(), upf, EspressoSettings(slurm=slurm))
        subprocess.run(["bash", "-n", str(folder / "job.sh")], check=True)


def test_what_cannot_be_written_is_one_line(tmp_path: Path, upf: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thesis.tex").write_text("x", encoding="utf-8")
    with pytest.raises(ScreeningError, match="is not empty; name a new folder"):
        write_job(tmp_path / "used", _band(), upf)
    with pytest.raises(ScreeningError, match="has no middle"):
        write_job(tmp_path / "job", _band(n_images=2), upf)
    with pytest.raises(ScreeningError, match="below four times"):
        write_job(tmp_path / "job", _band(), upf, EspressoSettings(30.0, 60.0))
    (upf / "S.UPF").write_text('<PP_HEADER element="S" z_valence="6" functional="PBE"/>')
    with pytest.raises(PseudopotentialError, match=r"S.UPF: recommends no cut-off"):
        write_job(tmp_path / "job", _band(), upf)
    assert not (tmp_path / "job").exists()


def _relaxed(images: list[Any], shift: float, end: str = "bfgs converged in 2 steps") -> str:
    rows = "\n".join(
        f"{s}  {x + shift:.9f}  {y:.9f}  {z:.9f}"
        for s, (x, y, z) in zip(images.get_chemical_symbols(), images.positions, strict=True)
    )
    return (
        f"     {end}\nBegin final coordinates\n\n"
        f"ATOMIC_POSITIONS (angstrom)\n{rows}\nEnd final coordinates\n\n   JOB DONE.\n"
    )


def test_images_move_with_the_relaxed_ends(tmp_path: Path, upf: Path) -> None:
    images = _band()
    folder = tmp_path / "job"
    write_job(folder, images, upf)
    (folder / "first.out").write_text(_relaxed(images[0], 0.1), encoding="utf-8")
    (folder / "last.out").write_text(_relaxed(images[-1], 0.5), encoding="utf-8")

    assert main(folder) == 0

    moved = read_images((folder / "neb.in").read_text(encoding="utf-8"))
    for number, (before, after) in enumerate(zip(images, moved, strict=True)):
        shift = np.array([row[1:] for row in after]) - before.positions
        np.testing.assert_allclose(shift[:, 0], 0.1 + 0.1 * number, atol=1e-8)
        np.testing.assert_allclose(shift[:, 1:], 0.0, atol=1e-8)


def test_the_copy_in_the_folder_runs_alone(tmp_path: Path, upf: Path) -> None:
    import sys

    folder = tmp_path / "job"
    write_job(folder, _band(), upf)

    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "relaxed_ends.py")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "first.out" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("convergence NOT achieved after 100 iterations", "electrons did not converge"),
        ("The maximum number of steps has been reached.\nJOB DONE.", "ran out of steps"),
        ("iteration #  3", "the run was cut"),
    ],
)
def test_an_end_point_that_is_not_relaxed_says_why(output: str, says: str) -> None:
    with pytest.raises(EndPointError, match=says):
        final_positions(output, "first.out")


def test_ends_of_another_band_are_refused(tmp_path: Path, upf: Path) -> None:
    write_job(tmp_path / "job", _band(), upf)
    text = (tmp_path / "job" / "band.in").read_text(encoding="utf-8")
    first = read_images(text)[0]

    with pytest.raises(EndPointError, match="last end point holds other atoms"):
        with_relaxed_ends(text, first, first[:-1])


def test_a_stopped_relaxation_goes_on_from_its_last_whole_positions(
    tmp_path: Path, upf: Path
) -> None:
    images = _band()
    write_job(tmp_path / "job", images, upf)
    text = (tmp_path / "job" / "first.in").read_text(encoding="utf-8")
    whole = _relaxed(images[0], 0.3)
    cut = whole + "ATOMIC_POSITIONS (angstrom)\nS   9.0  9.0  9.0\n"

    again = going_on(text, cut)

    np.testing.assert_allclose(
        [row[1] for row in read_images(again)[0]], images[0].positions[:, 0] + 0.3, atol=1e-8
    )
    assert again.split("ATOMIC_POSITIONS")[0] == text.split("ATOMIC_POSITIONS")[0]
    assert read_images(going_on(text, "cut before any step")) == read_images(text)
