"""GSAS-II as an engine, through its scripting interface."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from instruments.records import DiffractionPattern
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.errors import EngineMissingError
from labkit.xrd.phase import Phase
from labkit.xrd.radiation import Radiation
from labkit.xrd.result import RefinementResult

__all__ = ["INSTALL_COMMAND", "gsas_scripting", "refine_with_gsas"]

INSTALL_COMMAND = 'pip install "git+https://github.com/AdvancedPhotonSource/GSAS-II"'


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
        sys.path.insert(0, str(named))
    try:
        return importlib.import_module("GSASII.GSASIIscriptable")
    except ImportError:
        raise EngineMissingError(
            f"GSAS-II is not installed here: {INSTALL_COMMAND} (it needs a Fortran compiler), or "
            "name the folder of an installation in LABKIT_GSAS2; --engine builtin works without it"
        ) from None


def refine_with_gsas(
    pattern: DiffractionPattern,
    phases: Sequence[Phase],
    lines: Radiation,
    used: NDArray[np.bool_],
    options: BuiltinOptions,
    *,
    artefact: Path | None,
    gsas_path: Path | None,
) -> RefinementResult:
    """Refine with GSAS-II; see `labkit.xrd.engine.refine_pattern`."""
    gsas_scripting(gsas_path)
    raise EngineMissingError(
        "this version of labkit refines with --engine builtin; GSAS-II is found but not driven yet"
    )
