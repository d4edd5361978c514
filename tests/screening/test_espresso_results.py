"""Outputs of pw.x and neb.x read back: short ones written here, and one real run where QE is."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screening.crystal import Crystal
from screening.errors import ScreeningError
from screening.espresso_job import EspressoSettings, write_job
from screening.espresso_results import read_band, read_end_point, read_job, result_hashes
from screening.neb_end_points import hop_end_points, initial_band
from screening.neb_hops import Hop

HARTREE_EV = 27.211386245988
BOHR_ANGSTROM = 0.529177210903
ENERGY_HA = (-6.0, -5.99, -5.98, -5.992, -5.9995)


def _aluminium() -> list[Any]:
    """Return the band of a vacancy in a cell of three atoms."""
    fractional = np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]])
    crystal = Crystal(np.eye(3) * 4.0, fractional, ("Al",) * 4)
    path = np.linspace([0.0, 0.0, 0.0], [0.5, 0.5, 0.0], 5)
    hop = Hop(0, 1, (0, 0, 0), 4.0 / np.sqrt(2.0), 0.0, path)
    first, last, way = hop_end_points(crystal, hop, least_width_angstrom=4.0)
    for end in (first, last):
        end.positions[0] += [0.05, 0.02, 0.0]  # something to relax
    return initial_band(first, last, way, 5)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    upf = tmp_path / "upf"
    upf.mkdir()
    (upf / "Al.UPF").write_text(
        '<PP_HEADER element="Al" pseudo_type="NC" functional="PZ" z_valence="3" wfc_cutoff="15"/>',
        encoding="utf-8",
    )
    write_job(tmp_path / "job", _aluminium(), upf)
    return tmp_path / "job"


def _neb_out(*, end: str = "neb: convergence achieved in  16 iterations", done: bool = True) -> str:
    rows = "\n".join(
        f"         {i + 1}       {e * HARTREE_EV:.7f}            0.0{i}5000            {f}"
        for i, (e, f) in enumerate(zip(ENERGY_HA, "TFFFT", strict=True))
    )
    tail = (
        f"\n     {end}\n\n     NEB          :      5.14s CPU   1m12.82s WALL\n\n   JOB DONE.\n"
        if done
        else "     ------------------------------ iteration  17 -----------------------------\n"
    )
    return (
        "     ------------------------------ iteration  16 ------------------------------\n\n"
        "     activation energy (->) =   0.544228 eV\n\n"
        f"     image        energy (eV)        error (eV/A)        frozen\n\n{rows}\n\n"
        f"     climbing image =  3\n{tail}"
    )


def _band_path(images: list[Any]) -> str:
    lines = ["RESTART INFORMATION", "      16", "      50", "       0", "NUMBER OF IMAGES", "   5"]
    lines.append("ENERGIES, POSITIONS AND GRADIENTS")
    for number, (energy, image) in enumerate(zip(ENERGY_HA, images, strict=True), 1):
        lines += [f"Image: {number:4d}", f"  {energy:.10f}"]
        for x, y, z in image.positions / BOHR_ANGSTROM:
            lines.append(
                f"  {x:.12f}  {y:.12f}  {z:.12f}  0.0  0.0  0.0" + "  1 1 1" * (number == 1)
            )
    return "\n".join([*lines, "QUICK-MIN FIELDS", "Image:    1 of velocities", ""])


def test_the_band_is_read_with_its_units(job: Path) -> None:
    images = _aluminium()
    (job / "neb.out").write_text(_neb_out(), encoding="utf-8")
    (job / "band.path").write_text(_band_path(images), encoding="utf-8")

    found = read_band(job)

    assert found.converged
    assert found.barrier_eV == pytest.approx(0.02 * HARTREE_EV)
    assert found.reverse_barrier_eV == pytest.approx(0.0195 * HARTREE_EV)
    assert found.total_energy_eV == pytest.approx(-6.0 * HARTREE_EV)
    steps = [np.linalg.norm(b.positions - a.positions) for a, b in itertools.pairwise(images)]
    np.testing.assert_allclose(found.length_angstrom[1:], np.cumsum(steps), atol=1e-9)
    # the ends are frozen: what is left on them is no matter of the band
    assert found.max_force_eV_per_angstrom == 0.035
    assert found.seconds == pytest.approx(72.82)
    assert found.n_atoms == 3
    assert found.reasons == ()
    assert set(result_hashes(job)) == {"neb.out", "band.path"}


def test_a_band_out_of_steps_is_read_as_not_converged(job: Path) -> None:
    text = _neb_out(end="neb: reached the maximum number of steps")
    (job / "neb.out").write_text(text, encoding="utf-8")
    (job / "band.path").write_text(_band_path(_aluminium()), encoding="utf-8")

    assert read_band(job).reasons == ("not-converged",)


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (_neb_out(done=False), "was cut in iteration 17; start job.sh again"),
        ("     Program NEB v.6.7\n", "was cut before its first iteration"),
        (
            _neb_out().replace("JOB DONE", "WARNING :  scf convergence NOT achieved on image   3"),
            "electrons of an image did not converge",
        ),
        ("     Program NEB v.6.7\n JOB DONE.\n", "no iteration"),
    ],
)
def test_what_is_no_result_is_one_line(job: Path, output: str, says: str) -> None:
    (job / "neb.out").write_text(output, encoding="utf-8")
    (job / "band.path").write_text(_band_path(_aluminium()), encoding="utf-8")

    with pytest.raises(ScreeningError, match=says) as raised:
        read_band(job)
    assert "\n" not in str(raised.value)


def test_a_cut_path_is_one_line(job: Path) -> None:
    (job / "neb.out").write_text(_neb_out(), encoding="utf-8")
    whole = _band_path(_aluminium())
    (job / "band.path").write_text(whole[: whole.index("Image:    4") + 40], encoding="utf-8")

    with pytest.raises(ScreeningError, match="not whole"):
        read_band(job)


def test_a_job_that_has_not_run_says_how_far_it_is(job: Path) -> None:
    (job / "first.out").write_text("     iteration #  3\n", encoding="utf-8")

    with pytest.raises(ScreeningError, match=r"has not run .*was cut.*last end point not started"):
        read_band(job)


def test_a_folder_without_a_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScreeningError, match=r"holds no job.json"):
        read_job(tmp_path)
    (tmp_path / "job.json").write_text("{", encoding="utf-8")
    with pytest.raises(ScreeningError, match="line 1 is no JSON"):
        read_job(tmp_path)


def test_electrons_that_did_not_converge_are_named(tmp_path: Path) -> None:
    file = tmp_path / "first.out"
    file.write_text("     convergence NOT achieved after 100 iterations: stopping\n JOB DONE.\n")

    with pytest.raises(ScreeningError, match=r"first\.out: the electrons did not converge"):
        read_end_point(file)


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("pw.x") and shutil.which("neb.x") and shutil.which("bash")),
    reason="Quantum ESPRESSO is not installed",
)
def test_a_vacancy_in_aluminium_goes_the_whole_way(tmp_path: Path) -> None:
    published = Path("/usr/share/espresso/pseudo/Al.pz-vbc.UPF")
    if not published.is_file():
        pytest.skip("the pseudopotentials that come with Quantum ESPRESSO are not installed")
    upf = tmp_path / "upf"
    upf.mkdir()
    shutil.copyfile(published, upf / published.name)
    # four steps at a time: the job is stopped and started again in every stage
    settings = EspressoSettings(
        8.0, 32.0, kpoints=(2, 2, 2), force_eV_per_angstrom=0.1, max_steps=4, degauss_Ry=0.02
    )
    folder = tmp_path / "job"
    write_job(folder, _aluminium(), upf, settings)
    environment = {**os.environ, "RUN": "", "OMP_NUM_THREADS": "1", "PYTHON": sys.executable}

    starts = 0
    while starts < 15:
        starts += 1
        done = subprocess.run([folder / "job.sh"], env=environment, check=False, timeout=120)
        if done.returncode == 0:
            break

    ends = [read_end_point(folder / f"{name}.out") for name in ("first", "last")]
    band = read_band(folder)
    assert starts > 2
    assert all(end.converged for end in ends)
    assert ends[0].energy_eV == pytest.approx(ends[1].energy_eV, abs=0.01)
    assert ends[0].max_force_eV_per_angstrom < 0.06
    assert band.converged
    assert band.total_energy_eV == pytest.approx(ends[0].energy_eV, abs=0.01)
    # in so small a cell the neighbours of the saddle cannot give way: above the 0.6 eV of the metal
    assert 0.6 < band.barrier_eV < 1.4
    assert band.reverse_barrier_eV == pytest.approx(band.barrier_eV, abs=0.01)
    assert band.length_angstrom[-1] == pytest.approx(4.0 / np.sqrt(2.0), abs=0.6)
