"""A job folder for Quantum ESPRESSO: both end points with pw.x, then the band with neb.x.

The folder is complete: inputs, pseudopotentials, a job script that goes on after a stop, and a
README. Inputs are written by ASE; what neb.x needs beside them (Giannozzi et al., J. Phys.:
Condens. Matter 2017, 29, 465901, and its manual) is added here.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from screening import espresso_relaxed_ends
from screening.espresso_texts import job_script, readme
from screening.neb_end_points import NebError
from screening.pseudopotentials import Pseudopotential, find_pseudopotentials

__all__ = ["JOB_FILE", "EspressoSettings", "write_job"]

JOB_FILE = "job.json"
_RY_PER_BOHR_EV_PER_ANGSTROM = 13.605693122994 / 0.529177210903
# of a direction times its number of k-points
_KPOINT_LENGTH_ANGSTROM = 20.0
# open d and f shells: without spin their energies are wrong
_MAGNETIC = {"V", "Cr", "Mn", "Fe", "Co", "Ni", "Mo", "Ru", "Ir", "Ce", "Pr", "Nd", "Sm", "Eu"} | {
    *("Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "U")
}


@dataclass(frozen=True, slots=True)
class EspressoSettings:
    """What is computed and how.

    Attributes
    ----------
    wfc_cutoff_Ry, rho_cutoff_Ry : float, optional
        By default the largest that the pseudopotentials recommend.
    kpoints : tuple of int, optional
        By default as many as make 20 angstrom in every direction.
    charge : int
        Of the supercell with the vacancy, in e: 0 takes a neutral atom out, -1 a Li+ ion.
    force_eV_per_angstrom : float
        Largest force left on the band; the end points are relaxed to 0.6 times that.
    max_steps : int
        Of each relaxation and of the band.
    degauss_Ry : float
        Width of the Gaussian smearing; a neutral vacancy leaves a partly filled band.
    tasks : int
        Processes of MPI in the job script.
    slurm : bool
        Whether the job script starts with lines for SLURM.
    """

    wfc_cutoff_Ry: float | None = None
    rho_cutoff_Ry: float | None = None
    kpoints: tuple[int, int, int] | None = None
    charge: int = 0
    force_eV_per_angstrom: float = 0.05
    max_steps: int = 100
    degauss_Ry: float = 0.005
    tasks: int = 16
    slurm: bool = False


def write_job(
    folder: Path,
    images: Sequence[Any],
    pseudopotential_folder: Path,
    settings: EspressoSettings | None = None,
    *,
    title: str = "band",
    origin: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write a folder that runs as it stands.

    Parameters
    ----------
    folder : Path
        New, or empty; written whole or not at all.
    images : sequence of ase.Atoms
        The band from end point to end point, in one cell; the hopping ion last.
    pseudopotential_folder : Path
        Holds one UPF file of each element.
    settings : EspressoSettings, optional
    title : str
        Named in the README and the queue.
    origin : mapping, optional
        Plain values kept in ``job.json`` and given back with the result.

    Returns
    -------
    dict
        What was written: files, cut-offs, k-points, electrons.

    Raises
    ------
    PseudopotentialError
        When an element has none, or no cut-off.
    NebError
        When the folder is in use, or the band has no middle.
    """
    settings = settings or EspressoSettings()
    if len(images) < 3:
        raise NebError(f"a band of {len(images)} images has no middle: take at least 3")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NebError(f"{folder}: exists and is not empty; name a new folder")
    symbols = images[0].get_chemical_symbols()
    found = find_pseudopotentials(pseudopotential_folder, symbols)
    numbers = _numbers(images[0], found, settings)
    job: dict[str, Any] = {
        "title": title,
        "origin": dict(origin or {}),
        "settings": asdict(settings),
        **numbers,
        "images": len(images),
        "atoms": len(symbols),
        "pseudopotentials": {
            element: {
                "file": pseudo.path.name,
                "sha256": hashlib.sha256(pseudo.path.read_bytes()).hexdigest(),
                "kind": pseudo.kind,
                "functional": pseudo.functional,
                "wfc_cutoff_Ry": pseudo.wfc_cutoff_Ry,
                "rho_cutoff_Ry": pseudo.rho_cutoff_Ry,
            }
            for element, pseudo in found.items()
        },
    }
    texts = {
        "first.in": _relaxation(images[0], "first", job),
        "last.in": _relaxation(images[-1], "last", job),
        "band.in": _band(images, job),
        "relaxed_ends.py": Path(espresso_relaxed_ends.__file__).read_text(encoding="utf-8"),
        "job.sh": job_script(job),
        "README.md": readme(job),
        JOB_FILE: json.dumps(job, indent=1) + "\n",
    }
    _write_whole(folder, texts, [pseudo.path for pseudo in found.values()])
    return job | {"files": [*texts, *(f"pseudo/{p.path.name}" for p in found.values())]}


def _numbers(
    atoms: Any, found: dict[str, Pseudopotential], settings: EspressoSettings
) -> dict[str, Any]:
    """Cut-offs, k-points and electrons."""
    from screening.pseudopotentials import PseudopotentialError

    wfc, rho = settings.wfc_cutoff_Ry, settings.rho_cutoff_Ry
    if wfc is None:
        silent = [p.path.name for p in found.values() if p.wfc_cutoff_Ry is None]
        if silent:
            raise PseudopotentialError(
                f"{', '.join(silent)}: recommends no cut-off; give one in Ry (--cutoffs 60 480)"
            )
        wfc = float(math.ceil(max(p.wfc_cutoff_Ry or 0.0 for p in found.values())))
    if rho is None:
        # four times is exact for norm-conserving ones; the others need more for their charges
        least = 4.0 if all(p.kind == "norm-conserving" for p in found.values()) else 8.0
        recommended = [p.rho_cutoff_Ry for p in found.values()]
        if settings.wfc_cutoff_Ry is None and None not in recommended:
            least = 4.0
        rho = float(math.ceil(max(least * wfc, *(value or 0.0 for value in recommended))))
    if rho < 4.0 * wfc:
        raise NebError(f"a density cut-off of {rho:g} Ry is below four times {wfc:g} Ry")
    kpoints = settings.kpoints or tuple(
        max(1, math.ceil(_KPOINT_LENGTH_ANGSTROM / length - 1e-6))
        for length in atoms.cell.lengths()
    )
    electrons = sum(found[symbol].z_valence for symbol in atoms.get_chemical_symbols())
    return {
        "ecutwfc_Ry": wfc,
        "ecutrho_Ry": rho,
        "kpoints": list(kpoints),
        "electrons": electrons - settings.charge,
        "spin": bool(_MAGNETIC & set(found)),
    }


def _pw_input(atoms: Any, job: dict[str, Any], control: dict[str, Any], extra: Any) -> str:
    """Input of pw.x as ASE writes it, without the namelists that stay empty."""
    from ase.io.espresso import write_espresso_in

    settings = job["settings"]
    system: dict[str, Any] = {
        "ecutwfc": job["ecutwfc_Ry"],
        "ecutrho": job["ecutrho_Ry"],
        "occupations": "smearing",
        "smearing": "gaussian",
        "degauss": settings["degauss_Ry"],
        "nosym": True,
        "tot_charge": settings["charge"],
    }
    if job["spin"]:
        system["nspin"] = 2
    names = {element: entry["file"] for element, entry in job["pseudopotentials"].items()}
    stream = io.StringIO()
    write_espresso_in(
        stream,
        atoms,
        input_data={
            "control": {"outdir": "tmp", "pseudo_dir": "pseudo", "tprnfor": True, **control},
            "system": system,
            "electrons": {
                "conv_thr": 1e-9 * len(atoms),
                "mixing_beta": 0.4,
                "electron_maxstep": 200,
            },
            **extra,
        },
        pseudopotentials=names,
        kpts=None if job["kpoints"] == [1, 1, 1] else tuple(job["kpoints"]),
    )
    text = stream.getvalue()
    for name in ("FCP", "RISM", "CELL", "IONS"):
        text = text.replace(f"&{name}\n/\n", "")
    return _with_starting_moments(text, list(dict.fromkeys(atoms.get_chemical_symbols())))


def _with_starting_moments(text: str, species: Sequence[str]) -> str:
    """Set half the valence on magnetic elements; versions of ASE scale moments differently."""
    return re.sub(
        r"starting_magnetization\((\d+)\) = .*",
        lambda m: (
            f"starting_magnetization({m[1]}) = "
            f"{0.5 if species[int(m[1]) - 1] in _MAGNETIC else 0.0}"
        ),
        text,
    )


def _relaxation(atoms: Any, prefix: str, job: dict[str, Any]) -> str:
    settings = job["settings"]
    control = {
        "calculation": "relax",
        "prefix": prefix,
        "nstep": settings["max_steps"],
        "forc_conv_thr": round(
            0.6 * settings["force_eV_per_angstrom"] / _RY_PER_BOHR_EV_PER_ANGSTROM, 6
        ),
        "etot_conv_thr": 1e-5,
    }
    return _pw_input(atoms, job, control, {"ions": {"ion_dynamics": "bfgs"}})


def _band(images: Sequence[Any], job: dict[str, Any]) -> str:
    """Input of neb.x: its own namelist, the engine's input, and the positions of all images."""
    settings = job["settings"]
    engine = _pw_input(images[0], job, {"prefix": "band"}, {})
    engine = engine.split("ATOMIC_POSITIONS")[0]
    positions = [
        [
            (symbol, *place)
            for symbol, place in zip(
                image.get_chemical_symbols(), np.asarray(image.positions).tolist(), strict=True
            )
        ]
        for image in images
    ]
    return (
        "BEGIN\nBEGIN_PATH_INPUT\n&PATH\n"
        "   restart_mode     = 'from_scratch'\n"
        "   string_method    = 'neb'\n"
        f"   num_of_images    = {len(images)}\n"
        f"   nstep_path       = {settings['max_steps']}\n"
        "   opt_scheme       = 'broyden'\n"
        "   CI_scheme        = 'auto'\n"
        f"   path_thr         = {settings['force_eV_per_angstrom']}\n"
        "/\nEND_PATH_INPUT\nBEGIN_ENGINE_INPUT\n"
        f"{engine}{espresso_relaxed_ends.write_images(positions)}"
        "END_ENGINE_INPUT\nEND\n"
    )


def _write_whole(folder: Path, texts: Mapping[str, str], pseudopotentials: Sequence[Path]) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".part-"))
        try:
            made.chmod(0o755)
            (made / "pseudo").mkdir()
            for path in pseudopotentials:
                shutil.copyfile(path, made / "pseudo" / path.name)
            for name, text in texts.items():
                # a shell script with Windows' line ends does not run
                (made / name).write_text(text, encoding="utf-8", newline="\n")
            (made / "job.sh").chmod(0o755)
            if folder.exists():
                folder.rmdir()
            made.replace(folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        raise NebError(f"{folder}: cannot be written ({error.strerror})") from error
