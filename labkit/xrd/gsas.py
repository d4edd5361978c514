"""GSAS-II as an engine, driven through its scripting interface in a process of its own.

Toby & Von Dreele, J. Appl. Cryst. 46 (2013) 544; O'Donnell et al., J. Appl. Cryst. 51 (2018) 1244.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.errors import EngineMissingError, RefinementError
from labkit.xrd.gsas_install import INSTALL_COMMAND, GsasInstallation
from labkit.xrd.phase import Phase, cell_volume
from labkit.xrd.prepared import PreparedPattern
from labkit.xrd.radiation import Radiation

__all__ = ["RADIUS_MM", "GsasFit", "keep_project", "run_gsas"]

FloatArray: TypeAlias = NDArray[np.float64]

RADIUS_MM = 200.0
"""Goniometer radius in the project; a displacement in degrees does not depend on it."""

_LONGEST_S = 3600


@dataclass(frozen=True, slots=True, eq=False)
class GsasFit:
    """What GSAS-II found.

    Attributes
    ----------
    numbers : dict
        As the script in `labkit.xrd.gsas_script` writes them.
    curves : dict of ndarray
        ``calculated0``, ``background0``, ``reflections0_0`` (pattern, phase) and so on.
    """

    numbers: dict[str, Any]
    curves: dict[str, FloatArray]


def run_gsas(
    installation: GsasInstallation,
    patterns: Sequence[PreparedPattern],
    phases: Sequence[Phase],
    options: BuiltinOptions,
    *,
    artefact: Path | None,
) -> GsasFit:
    """Refine with GSAS-II: Le Bail for free intensities, else Rietveld with the CIF's atoms.

    Parameters
    ----------
    installation : GsasInstallation
    patterns : sequence of PreparedPattern
        Several patterns of one sample share their phases and cells.
    artefact : Path, optional
        Where the project (.gpx) is kept; it can be opened in GSAS-II.

    Raises
    ------
    EngineMissingError
        When GSAS-II cannot be imported by its Python.
    RefinementError
        When GSAS-II gives up.
    """
    with tempfile.TemporaryDirectory(prefix="labkit-gsas-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _write_job(folder, installation, patterns, phases, options)
        output = _run(folder, installation)
        numbers = _result(folder, installation, output)
        numbers["cycles"] = len(re.findall(r"^ *Cycle \d+:", output, flags=re.MULTILINE))
        with np.load(folder / "curves.npz") as stored:
            curves = {key: np.asarray(stored[key], dtype=float) for key in stored.files}
        if artefact is not None:
            keep_project(folder / "labkit.gpx", artefact)
    return GsasFit(numbers, curves)


def _write_job(
    folder: Path,
    installation: GsasInstallation,
    patterns: Sequence[PreparedPattern],
    phases: Sequence[Phase],
    options: BuiltinOptions,
) -> None:
    described = []
    for number, pattern in enumerate(patterns):
        columns = np.stack([pattern.two_theta, pattern.observed, pattern.sigma], axis=1)
        np.savetxt(folder / f"pattern{number}.xye", columns, fmt="%.8g")
        axial = options.axial and pattern.two_theta[0] < 50
        text = _instrument_file(pattern.lines, pattern.fwhm_deg, options, axial=axial)
        (folder / f"pattern{number}.instprm").write_text(text, encoding="utf-8")
        neutron = pattern.lines.kind == "neutron"
        span = float(np.ptp(pattern.two_theta))
        described.append(
            {
                "radiation": pattern.lines.kind,
                "radius_mm": RADIUS_MM,
                "background_terms": options.background_terms
                or int(np.clip(round(span / 12), 6, 14)),
                "background_counts": float(np.percentile(pattern.observed, 20)),
                "shifts": _shifts(options, neutron=neutron),
                "axial": axial,
                # the cell that X-rays give calibrates the monochromator of the neutrons
                "refine_wavelength": neutron and number > 0,
            }
        )
    job = {
        "search": list(installation.search),
        "patterns": described,
        "phases": [
            {
                "name": f"{number} {phase.name}",
                "cell": list(phase.cell),
                "volume": cell_volume(phase.cell),
                "has_atoms": phase.atoms is not None,
            }
            for number, phase in enumerate(phases)
        ],
        "intensities": options.intensities,
        "atoms": options.atoms,
        "max_cycles": min(options.max_cycles, 12),
    }
    for number, phase in enumerate(phases):
        (folder / f"phase{number}.cif").write_text(phase.cif_text, encoding="utf-8")
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    # a copy: beside the original lie modules with names of the standard library
    script = resources.files("labkit.xrd").joinpath("gsas_script.py").read_text(encoding="utf-8")
    (folder / "refine.py").write_text(script, encoding="utf-8")


def _shifts(options: BuiltinOptions, *, neutron: bool) -> list[str]:
    """Return which errors of the angles to refine; neutrons go through the whole sample."""
    if options.shift == "none":
        return []
    if neutron:
        return ["zero"]
    return ["displacement", "zero"] if options.shift == "both" else [options.shift]


def _instrument_file(
    lines: Radiation, fwhm_deg: float, options: BuiltinOptions, *, axial: bool
) -> str:
    """Return an instrument parameter file with widths that start at `fwhm_deg`.

    GSAS-II counts widths in hundredths of a degree, Gaussian ones as variances.
    """
    variance = (100 * 0.7 * fwhm_deg) ** 2 / (8 * math.log(2))
    neutron = lines.kind == "neutron"
    rows = ["#GSAS-II instrument parameter file; made by labkit"]
    rows += ["Type:PNC" if neutron else "Type:PXC", "Bank:1.0"]
    if len(lines.lines) > 1:
        (first, _), (second, weight) = lines.lines[:2]
        rows += [f"Lam1:{first}", f"Lam2:{second}", f"I(L2)/I(L1):{weight}"]
    else:
        rows.append(f"Lam:{lines.wavelength_angstrom}")
    share = math.cos(math.radians(options.monochromator_deg)) ** 2
    polarisation = 0.0 if neutron else 1 / (1 + share)
    rows += ["Zero:0.0", f"Polariz.:{polarisation:.6f}", "U:0.0", "V:0.0", f"W:{variance:.4f}"]
    rows += [f"X:{35 * fwhm_deg:.4f}", "Y:0.0", "Z:0.0"]
    rows += [f"SH/L:{0.02 if axial else 0.002}", "Azimuth:0.0"]
    return "\n".join(rows) + "\n"


def _run(folder: Path, installation: GsasInstallation) -> str:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"}
    environment.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            [str(installation.python), str(folder / "refine.py"), str(folder)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RefinementError(
            f"GSAS-II did not end within {_LONGEST_S // 60} minutes; narrow --range, or use "
            "--engine builtin"
        ) from None
    except OSError as error:
        raise EngineMissingError(
            f"{installation.python}: the Python of GSAS-II does not start ({error.strerror})"
        ) from None
    return done.stdout.decode("utf-8", errors="replace")


def _result(folder: Path, installation: GsasInstallation, output: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        last = (output.strip().splitlines() or ["it said nothing"])[-1]
        raise RefinementError(f"GSAS-II broke off: {last}; try --engine builtin") from None
    if "missing" in found:
        raise EngineMissingError(
            f"{installation.python} cannot import GSAS-II ({found['missing']}): {INSTALL_COMMAND}"
        )
    if "failed" in found:
        raise RefinementError(
            f"GSAS-II could not refine this: {found['failed']}; try --engine builtin"
        )
    return found


def keep_project(project: Path, artefact: Path) -> None:
    """Put a project where it is kept, whole or not at all.

    Raises
    ------
    RefinementError
        When it cannot be written there.
    """
    temporary = artefact.with_name(f".{artefact.name}.{os.getpid()}.part")
    try:
        artefact.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(project.read_bytes())
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(artefact)
    except OSError as error:
        raise RefinementError(
            f"{artefact}: the GSAS-II project cannot be written ({error.strerror}); name another "
            "place"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
