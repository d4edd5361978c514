"""Where GSAS-II is: importable here, or in an installation of its own with its own Python."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from labkit.xrd.errors import EngineMissingError

__all__ = ["INSTALL_COMMAND", "GsasInstallation", "find_gsas"]

INSTALL_COMMAND = 'pip install "git+https://github.com/AdvancedPhotonSource/GSAS-II"'

_PACKAGE = "GSASII"


@dataclass(frozen=True, slots=True)
class GsasInstallation:
    """A GSAS-II that can be run.

    Attributes
    ----------
    python : Path
        Interpreter that its compiled parts were built for.
    search : tuple of str
        Folders to add to that interpreter's search path.
    """

    python: Path
    search: tuple[str, ...] = ()


def find_gsas(named: Path | None = None) -> GsasInstallation:
    """Find GSAS-II.

    ``LABKIT_GSAS2`` wins over `named`, and that over an importable package. A path may be the
    folder that holds the package ``GSASII``, the package itself, or the root of a conda or
    gsas2main installation; where a Python lies beside it, that Python runs it.

    Raises
    ------
    EngineMissingError
        When there is none; the line says how to install it.
    """
    variable = os.environ.get("LABKIT_GSAS2")
    if variable:
        return _installation(Path(variable), "LABKIT_GSAS2")
    if named is not None:
        return _installation(named, "[xrd] gsas2 in lab.toml")
    if importlib.util.find_spec(_PACKAGE) is not None:
        return GsasInstallation(Path(sys.executable))
    raise EngineMissingError(
        f"GSAS-II is not installed here: {INSTALL_COMMAND} (it needs gfortran), or name the folder "
        "of an installation under [xrd] gsas2 in lab.toml; --engine builtin works without it"
    )


def _installation(path: Path, said_by: str) -> GsasInstallation:
    folder = path.expanduser()
    holder = _holder(folder)
    if holder is None:
        what = "is no folder" if not folder.is_dir() else "holds no GSAS-II"
        raise EngineMissingError(
            f"{path} ({said_by}) {what}: name the folder that holds the package {_PACKAGE}, or "
            f"install it: {INSTALL_COMMAND}"
        )
    # site-packages lies three levels below its Python (two on Windows), a clone beside it
    roots = [folder, *list(holder.parents)[:4], holder]
    found = [python for root in roots if (python := _python(root)) is not None]
    python = found[0] if found else Path(sys.executable)
    return GsasInstallation(python, (str(holder.absolute()),))


def _holder(folder: Path) -> Path | None:
    """Return the folder whose child is the package."""
    places = [
        folder,
        folder.parent if folder.name == _PACKAGE else folder,
        folder / "GSAS-II",
        *sorted(folder.glob("lib/python3*/site-packages")),
        folder / "Lib" / "site-packages",
    ]
    for place in places:
        if (place / _PACKAGE / "GSASIIscriptable.py").is_file():
            return place
    return None


def _python(root: Path) -> Path | None:
    """Return the interpreter of an environment at `root`; a system's own is none."""
    is_environment = (root / "conda-meta").is_dir() or (root / "pyvenv.cfg").is_file()
    if not is_environment:
        return None
    for name in ("bin/python", "python.exe", "Scripts/python.exe"):
        if (root / name).is_file():
            return (root / name).absolute()
    return None
