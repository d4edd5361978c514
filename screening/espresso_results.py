"""Results of Quantum ESPRESSO read back: relaxed end points of pw.x, the band of neb.x.

Energies and positions of the band come from ``band.path`` (Hartree and bohr); from the output of
neb.x come whether it converged, the forces left on the images, and the time.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.espresso_job import JOB_FILE
from screening.neb import NebResult
from screening.neb_end_points import NebError

__all__ = ["EndPoint", "read_band", "read_end_point", "read_job", "result_hashes"]

FloatArray = npt.NDArray[np.float64]
_BOHR_ANGSTROM = 0.529177210903
_HARTREE_EV = 27.211386245988
_RESULT_FILES = ("first.out", "last.out", "neb.in", "neb.out", "band.path")


@dataclass(frozen=True, slots=True)
class EndPoint:
    """A relaxed end point.

    Attributes
    ----------
    energy_eV : float
        Total energy of the cell.
    max_force_eV_per_angstrom : float
    n_atoms : int
    converged : bool
        Whether the relaxation ended as asked.
    """

    energy_eV: float
    max_force_eV_per_angstrom: float
    n_atoms: int
    converged: bool


def read_job(folder: Path) -> dict[str, Any]:
    """Return what the folder's job was written with.

    Raises
    ------
    NebError
        When the folder holds no job.
    """
    try:
        content = json.loads((folder / JOB_FILE).read_text(encoding="utf-8"))
    except OSError:
        raise NebError(f"{folder}: holds no {JOB_FILE}, so it is no job folder") from None
    except json.JSONDecodeError as error:
        raise NebError(f"{folder / JOB_FILE}: line {error.lineno} is no JSON") from error
    if not isinstance(content, dict) or "atoms" not in content:
        raise NebError(f"{folder / JOB_FILE}: is not what a job folder was written with")
    return content


def read_end_point(file: Path) -> EndPoint:
    """Read the output of a relaxation by pw.x.

    Parameters
    ----------
    file : Path

    Raises
    ------
    NebError
        When it is missing, was cut, or its electrons did not converge.
    """
    from ase.io.espresso import read_espresso_out

    text = _text(file)
    if "convergence NOT achieved" in text:
        raise NebError(f"{file}: the electrons did not converge; change mixing_beta or smearing")
    if "JOB DONE" not in text:
        raise NebError(f"{file}: the run was cut; start job.sh again, it goes on from there")
    try:
        with file.open(encoding="utf-8") as stream:
            # the last step but the repeated final coordinates, which carry no forces
            frames = [a for a in read_espresso_out(stream, index=slice(None)) if a.calc is not None]
        atoms = [frame for frame in frames if "forces" in frame.calc.results][-1]
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
    except (IndexError, KeyError, ValueError) as error:
        raise NebError(f"{file}: holds no energy with forces ({error})") from error
    return EndPoint(
        energy_eV=float(energy),
        max_force_eV_per_angstrom=float(np.linalg.norm(forces, axis=1).max()),
        n_atoms=len(atoms),
        converged="bfgs converged" in text,
    )


def read_band(folder: Path) -> NebResult:
    """Read the band of a job folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    NebResult
        `converged` is false when neb.x ran out of steps.

    Raises
    ------
    NebError
        When neb.x has not run, was cut, or did not converge its electrons.
    """
    job = read_job(folder)
    file = folder / "neb.out"
    if not file.is_file():
        raise NebError(f"{folder}: the band has not run ({_state_of_ends(folder)})")
    text = _text(file)
    _refuse_unfinished(file, text)
    error = _errors_left(file, text)
    energy_Ha, positions_bohr = _read_path(folder / "band.path", int(job["atoms"]))
    if len(energy_Ha) != job["images"] or len(error) != job["images"]:
        raise NebError(
            f"{folder}: the job has {job['images']} images, but band.path {len(energy_Ha)} and "
            f"neb.out {len(error)}; they are not of one run"
        )
    energy = (energy_Ha - energy_Ha[0]) * _HARTREE_EV
    gone = np.linalg.norm(np.diff(positions_bohr, axis=0).reshape(len(energy) - 1, -1), axis=1)
    inner = error[1:-1]
    return NebResult(
        energy_eV=energy,
        length_angstrom=np.concatenate([[0.0], np.cumsum(gone)]) * _BOHR_ANGSTROM,
        barrier_eV=float(energy.max()),
        reverse_barrier_eV=float(energy.max() - energy[-1]),
        max_force_eV_per_angstrom=float(inner.max()),
        converged="neb: convergence achieved" in text,
        n_atoms=int(job["atoms"]),
        seconds=_wall_seconds(text),
        total_energy_eV=float(energy_Ha[0] * _HARTREE_EV),
    )


def result_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that the result rests on, by name."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in _RESULT_FILES
        if (folder / name).is_file()
    }


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NebError(f"{file}: cannot be read ({error.strerror})") from error


def _state_of_ends(folder: Path) -> str:
    told = []
    for name in ("first", "last"):
        file = folder / f"{name}.out"
        if not file.is_file():
            told.append(f"{name} end point not started")
            continue
        try:
            end = read_end_point(file)
        except NebError as error:
            told.append(str(error).split(": ", 1)[1])
            continue
        state = "relaxed" if end.converged else "not relaxed"
        told.append(f"{name} end point {state}, {end.energy_eV:.3f} eV")
    return "; ".join(told)


def _refuse_unfinished(file: Path, text: str) -> None:
    iterations = re.findall(r"-- iteration\s+(\d+)", text)
    if re.search(
        r"scf convergence (?:NOT|not) achieved|not achieved on image", text, re.IGNORECASE
    ):
        raise NebError(f"{file}: the electrons of an image did not converge; change mixing_beta")
    if "JOB DONE" not in text:
        where = f"in iteration {iterations[-1]}" if iterations else "before its first iteration"
        raise NebError(f"{file}: the run was cut {where}; start job.sh again, it goes on")
    if not iterations:
        raise NebError(f"{file}: holds no iteration of the band; start job.sh again")


def _errors_left(file: Path, text: str) -> FloatArray:
    """Force left on each image in eV/angstrom, from the last whole table."""
    tables = text.split("error (eV/A)")[1:]
    if not tables:
        raise NebError(f"{file}: holds no table of images")
    rows = re.findall(r"^\s+\d+\s+-?[\d.]+\s+([\d.]+)\s+[TF]\s*$", tables[-1], re.MULTILINE)
    return np.array([float(row) for row in rows])


def _read_path(file: Path, n_atoms: int) -> tuple[FloatArray, FloatArray]:
    """Energies (images,) in Hartree and positions (images, atoms, 3) in bohr."""
    blocks = re.split(r"^Image:\s+\d+\s*$", _text(file), flags=re.MULTILINE)[1:]
    energies, positions = [], []
    try:
        for block in blocks:
            lines = block.strip().splitlines()
            energies.append(float(lines[0]))
            # position, gradient, and in the first image which coordinates are free
            rows = [[float(word) for word in line.split()[:3]] for line in lines[1 : n_atoms + 1]]
            positions.append(np.array(rows).reshape(n_atoms, 3))
    except (IndexError, ValueError) as error:
        raise NebError(
            f"{file}: image {len(energies) or 1} is not whole; start job.sh again"
        ) from error
    return np.array(energies), np.array(positions)


def _wall_seconds(text: str) -> float:
    """Wall-clock time of the program, as ``1d 2h 3m 4.56s WALL``."""
    found = re.findall(r"NEB\s+:.*?CPU\s+(.*?)\s*WALL", text)
    if not found:
        return float("nan")
    units = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
    return sum(float(n) * units[u] for n, u in re.findall(r"([\d.]+)\s*([dhms])", found[-1]))
