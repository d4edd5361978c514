"""GSAS-II as an engine, through its scripting interface.

Toby & Von Dreele, J. Appl. Cryst. 46 (2013) 544; O'Donnell et al., J. Appl. Cryst. 51 (2018) 1244.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.errors import EngineMissingError, RefinementError
from labkit.xrd.phase import Cell, Phase, cell_volume
from labkit.xrd.radiation import Radiation

__all__ = ["INSTALL_COMMAND", "GsasFit", "gsas_scripting", "run_gsas"]

FloatArray: TypeAlias = NDArray[np.float64]
GsasFit: TypeAlias = dict[str, Any]
"""What GSAS-II found, by name."""

INSTALL_COMMAND = 'pip install "git+https://github.com/AdvancedPhotonSource/GSAS-II"'

_CELL_KEYS = (
    "length_a",
    "length_b",
    "length_c",
    "angle_alpha",
    "angle_beta",
    "angle_gamma",
)


def gsas_scripting(folder: Path | None = None) -> ModuleType:
    """Import GSASIIscriptable.

    Parameters
    ----------
    folder : Path, optional
        Folder that holds the GSASII package; ``LABKIT_GSAS2`` names it otherwise.

    Raises
    ------
    EngineMissingError
        When it cannot be imported; the line says how to install it.
    """
    named = folder or (Path(os.environ["LABKIT_GSAS2"]) if "LABKIT_GSAS2" in os.environ else None)
    if named is not None and str(named) not in sys.path:
        sys.path.append(str(named))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return importlib.import_module("GSASII.GSASIIscriptable")
    except ImportError:
        raise EngineMissingError(
            f"GSAS-II is not installed here: {INSTALL_COMMAND} (it needs a Fortran compiler), or "
            "name the folder of an installation in LABKIT_GSAS2; --engine builtin works without it"
        ) from None


def _instrument_file(lines: Radiation, fwhm_deg: float) -> str:
    """Return an instrument parameter file with widths that start at `fwhm_deg`.

    GSAS-II counts widths in hundredths of a degree, Gaussian ones as variances.
    """
    variance = (100 * 0.7 * fwhm_deg) ** 2 / (8 * math.log(2))
    rows = ["#GSAS-II instrument parameter file; made by labkit", "Type:PXC", "Bank:1.0"]
    if len(lines.lines) > 1:
        (first, _), (second, weight) = lines.lines[:2]
        rows += [f"Lam1:{first}", f"Lam2:{second}", f"I(L2)/I(L1):{weight}"]
    else:
        rows.append(f"Lam:{lines.wavelength_angstrom}")
    rows += ["Zero:0.0", "Polariz.:0.5", "U:0.0", "V:0.0", f"W:{variance:.4f}"]
    rows += [f"X:{35 * fwhm_deg:.4f}", "Y:0.0", "Z:0.0", "SH/L:0.002", "Azimuth:0.0"]
    return "\n".join(rows) + "\n"


def run_gsas(
    two_theta: FloatArray,
    observed: FloatArray,
    sigma: FloatArray,
    phases: Sequence[Phase],
    lines: Radiation,
    options: BuiltinOptions,
    *,
    fwhm_deg: float,
    artefact: Path | None,
    gsas_path: Path | None,
) -> GsasFit:
    """Refine with GSAS-II: Le Bail for free intensities, else Rietveld with the CIF's atoms.

    Parameters
    ----------
    two_theta, observed, sigma : ndarray, shape (n,)
    artefact : Path, optional
        Where the project (.gpx) is kept; it can be opened in GSAS-II.

    Raises
    ------
    EngineMissingError
        When GSAS-II cannot be imported.
    RefinementError
        When GSAS-II gives up.
    """
    scripting = gsas_scripting(gsas_path)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project_path = (artefact or folder / "labkit.gpx").absolute()
        np.savetxt(folder / "pattern.xye", np.stack([two_theta, observed, sigma], axis=1))
        (folder / "labkit.instprm").write_text(_instrument_file(lines, fwhm_deg), encoding="utf-8")
        quiet = io.StringIO()
        try:
            with contextlib.redirect_stdout(quiet):
                return _refine_project(scripting, folder, project_path, phases, options)
        except EngineMissingError:
            raise
        except Exception as error:
            raise RefinementError(
                f"GSAS-II could not refine this: {type(error).__name__}: {error}; "
                "try --engine builtin"
            ) from error


def _refine_project(
    scripting: ModuleType,
    folder: Path,
    project_path: Path,
    phases: Sequence[Phase],
    options: BuiltinOptions,
) -> GsasFit:
    project = scripting.G2Project(newgpx=str(project_path))
    histogram = project.add_powder_histogram(
        str(folder / "pattern.xye"), str(folder / "labkit.instprm"), fmthint="xye"
    )
    added = []
    for number, phase in enumerate(phases):
        cif = folder / f"phase{number}.cif"
        cif.write_text(phase.cif_text, encoding="utf-8")
        one = project.add_phase(
            str(cif), phasename=f"{number} {phase.name}", histograms=[histogram], fmthint="CIF"
        )
        one.data["General"]["Cell"][1:8] = [*phase.cell, cell_volume(phase.cell)]
        added.append(one)
    free = options.intensities == "free"
    project.set_Controls("cycles", 8)
    span = float(np.ptp(histogram.getdata("x")))
    terms = options.background_terms or int(np.clip(round(span / 12), 6, 14))
    histogram.set_refinements({"Background": {"no. coeffs": terms, "refine": True}})
    if free:
        for one in added:
            one.set_HAP_refinements({"LeBail": True})
        histogram.clear_refinements({"Sample Parameters": ["Scale"]})
    project.refine()
    shift = {"displacement": ["Shift"], "both": ["Shift"]}.get(options.shift, [])
    if shift:
        histogram.set_refinements({"Sample Parameters": shift})
    if options.shift in ("zero", "both"):
        histogram.set_refinements({"Instrument Parameters": ["Zero"]})
    for one in added:
        one.set_refinements({"Cell": True})
    if not free:
        for one in added[1:]:
            one.set_HAP_refinements({"Scale": True})
    project.refine()
    histogram.set_refinements({"Instrument Parameters": ["W", "X"]})
    project.refine()
    shape = ["U", "V", "W", "X", "Y"] + (["SH/L"] if options.axial else [])
    histogram.set_refinements({"Instrument Parameters": shape})
    project.refine()
    project.refine()
    project.save()
    return _collect(project, histogram, added)


def _collect(project: Any, histogram: Any, added: Sequence[Any]) -> GsasFit:
    cells: list[Cell] = []
    esds: list[tuple[float | None, ...]] = []
    volumes: list[tuple[float, float | None]] = []
    for one in added:
        cell, esd = one.get_cell_and_esd()
        a, b, c, alpha, beta, gamma = (float(cell[key]) for key in _CELL_KEYS)
        cells.append((a, b, c, alpha, beta, gamma))
        # GSAS-II writes 0 where symmetry fixes a value or no error is known
        esds.append(tuple(float(esd[key]) or None for key in _CELL_KEYS))
        volumes.append((float(cell["volume"]), float(esd["volume"]) or None))
    residuals = project["Covariance"]["data"]["Rvals"]
    lists = histogram.reflections()
    return {
        "cells": cells,
        "esds": esds,
        "volumes": volumes,
        "r_wp": float(histogram.residuals["wR"]) / 100,
        "gof": float(residuals["GOF"]),
        "n_parameters": int(residuals["Nvars"]),
        "converged": bool(residuals.get("converged", True)),
        "calculated": np.array(histogram.getdata("ycalc"), dtype=float),
        "background": np.array(histogram.getdata("background"), dtype=float),
        "reflections": [
            np.array(lists[one.name]["RefList"], dtype=float)[:, 5]
            if one.name in lists
            else np.empty(0)
            for one in added
        ],
        "version": str(getattr(sys.modules.get("GSASII.GSASIIpath"), "GetVersionTag", str)() or ""),
    }
