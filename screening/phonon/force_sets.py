"""Densities of states from phonopy runs: unit cell, supercell, forces, and Born charges if any.

A run is a folder or an archive (``.tar.lzma``, ``.tar.xz``, ``.tar.gz``) that holds
``POSCAR-unitcell`` (or ``POSCAR``), ``phonopy.conf`` with ``DIM`` and perhaps ``PRIMITIVE_AXIS``,
``FORCE_SETS`` and perhaps ``BORN``, as PhononDB of Kyoto publishes them.
"""

from __future__ import annotations

import lzma
import re
import tarfile
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.errors import MissingLibraryError
from screening.phonon.dos import PhononDos, PhononDosError

__all__ = ["DosSettings", "dos_from_run", "load_run"]

FloatArray = npt.NDArray[np.float64]
_WANTED = ("POSCAR-unitcell", "POSCAR", "phonopy.conf", "FORCE_SETS", "BORN")
_NAMED = re.compile(r"^(mp-\d+)|materials-id-(\d+)-")


@dataclass(frozen=True)
class DosSettings:
    """How a density of states is sampled.

    Attributes
    ----------
    first_THz, step_THz : float
    bins : int
    smearing_THz : float
        Standard deviation of the Gaussian of each mode.
    mesh_length_angstrom, mesh_length_large_angstrom : float
        Length that sets the mesh of wave vectors, and the one for more than `large_atoms` atoms.
    large_atoms : int
    """

    first_THz: float = -10.0
    step_THz: float = 0.25
    bins: int = 180
    smearing_THz: float = 0.25
    mesh_length_angstrom: float = 30.0
    mesh_length_large_angstrom: float = 20.0
    large_atoms: int = 40

    @property
    def frequency_THz(self) -> FloatArray:
        """The grid."""
        return np.asarray(self.first_THz + self.step_THz * np.arange(self.bins), dtype=np.float64)


def dos_from_run(path: str | Path, settings: DosSettings | None = None) -> PhononDos:
    """Compute total and projected densities of states from a phonopy run.

    Parameters
    ----------
    path : str or Path
        Folder or archive.
    settings : DosSettings, optional

    Raises
    ------
    PhononDosError
        When files are missing or do not fit each other.
    MissingLibraryError
        When phonopy is not installed.
    """
    chosen = settings or DosSettings()
    phonon, name = load_run(path)
    symbols = [str(symbol) for symbol in phonon.primitive.symbols]
    large = len(symbols) > chosen.large_atoms
    length = chosen.mesh_length_large_angstrom if large else chosen.mesh_length_angstrom
    phonon.run_mesh(length, with_eigenvectors=True, is_mesh_symmetry=False)
    frequencies = np.asarray(phonon.mesh.frequencies, dtype=np.float64)
    vectors = np.asarray(phonon.mesh.eigenvectors)
    # |e|^2 summed over x, y, z of each atom: (q, atoms, modes)
    per_atom = (np.abs(vectors) ** 2).reshape(len(frequencies), len(symbols), 3, -1).sum(axis=2)
    per_element = {
        element: per_atom[:, [i for i, s in enumerate(symbols) if s == element], :].sum(axis=1)
        for element in sorted(set(symbols))
    }
    grid = chosen.frequency_THz
    smeared = {
        element: _smear(frequencies, share, grid, chosen.smearing_THz)
        for element, share in per_element.items()
    }
    return PhononDos(
        name,
        "".join(f"{element}{symbols.count(element)}" for element in sorted(set(symbols))),
        grid,
        np.sum(list(smeared.values()), axis=0),
        smeared,
        float(frequencies.min()),
        float(frequencies.max()),
        f"phonopy run {Path(path).name}",
    )


def _smear(
    frequencies: FloatArray, weights: FloatArray, grid: FloatArray, width: float
) -> FloatArray:
    """Mean over wave vectors of Gaussians at each mode, by a fine histogram and a convolution."""
    fine = width / 50.0
    pad = 6.0 * width
    edges = np.arange(grid[0] - pad, grid[-1] + pad + fine, fine)
    counted, _ = np.histogram(frequencies.ravel(), edges, weights=weights.ravel())
    centres = 0.5 * (edges[1:] + edges[:-1])
    occupied = np.flatnonzero(counted)
    offset = (grid[:, None] - centres[None, occupied]) / width
    kernel = np.exp(-0.5 * offset**2) / (width * np.sqrt(2.0 * np.pi))
    return np.asarray(kernel @ counted[occupied] / len(frequencies))


def load_run(path: str | Path) -> tuple[Any, str]:
    """Return the ``Phonopy`` object of a run with its force constants, and its name.

    Raises
    ------
    PhononDosError
        When files are missing or do not fit each other.
    MissingLibraryError
        When phonopy is not installed.
    """
    source = Path(path)
    if source.is_dir():
        return _load_folder(source, _name_of(source.name), source)
    with tempfile.TemporaryDirectory() as unpacked:
        name = _unpack(source, Path(unpacked))
        return _load_folder(Path(unpacked), name, source)


def _name_of(text: str) -> str:
    found = _NAMED.search(text)
    if found is None:
        return text.partition(".")[0]
    return found.group(1) or f"mp-{found.group(2)}"


def _unpack(archive: Path, folder: Path) -> str:
    """Write the files that count into a folder; return the name of the run."""
    try:
        content = archive.read_bytes()
        if archive.suffix == ".lzma":
            content = lzma.decompress(content)
        with tarfile.open(fileobj=BytesIO(content)) as tar:
            for member in tar.getmembers():
                file = Path(member.name).name
                if member.isfile() and file in _WANTED:
                    stream = tar.extractfile(member)
                    assert stream is not None
                    (folder / file).write_bytes(stream.read())
    except OSError as error:
        raise PhononDosError(f"{archive}: cannot be read ({error.strerror or error})") from error
    except (lzma.LZMAError, tarfile.TarError, EOFError) as error:
        raise PhononDosError(f"{archive}: is no archive of a phonopy run ({error})") from error
    return _name_of(archive.name)


def _load_folder(folder: Path, name: str, source: Path) -> tuple[Any, str]:
    try:
        import phonopy
    except ImportError as error:
        raise MissingLibraryError(
            "phonopy runs need phonopy, which is not installed; "
            "install it with 'python -m pip install \".[phonon]\"'"
        ) from error
    cell = next((folder / f for f in _WANTED[:2] if (folder / f).is_file()), None)
    forces, conf, born = folder / "FORCE_SETS", folder / "phonopy.conf", folder / "BORN"
    for file, what in ((cell, "POSCAR-unitcell"), (forces, "FORCE_SETS"), (conf, "phonopy.conf")):
        if file is None or not file.is_file():
            raise PhononDosError(f"{source}: holds no {what}; a phonopy run needs one")
    text = conf.read_text(encoding="utf-8", errors="replace")
    supercell = _matrix(text, "DIM", source)
    if supercell is None:
        raise PhononDosError(f"{source}: phonopy.conf names no DIM, the supercell of the forces")
    primitive = _matrix(text, "PRIMITIVE_AXIS", source) or _matrix(text, "PRIMITIVE_AXES", source)
    try:
        phonon = phonopy.load(
            supercell_matrix=np.rint(supercell).astype(int).tolist(),
            primitive_matrix=np.eye(3).tolist() if primitive is None else primitive,
            unitcell_filename=str(cell),
            force_sets_filename=str(forces),
            born_filename=str(born) if born.is_file() else None,
            is_nac=born.is_file(),
            log_level=0,
        )
    except Exception as error:  # phonopy raises many unrelated kinds on files that do not fit
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PhononDosError(f"{source}: phonopy refuses the run ({reason})") from error
    return phonon, name


def _matrix(text: str, tag: str, source: Path) -> list[list[float]] | None:
    """Read three or nine numbers, fractions allowed, after a tag of ``phonopy.conf``."""
    found = re.search(rf"^\s*{tag}\s*=\s*(.+)$", text, re.MULTILINE | re.IGNORECASE)
    if found is None:
        return None
    try:
        numbers = [_fraction(word) for word in found.group(1).split()]
        if len(numbers) == 3:
            return np.diag(numbers).tolist()
        return np.array(numbers).reshape(3, 3).tolist()
    except (ValueError, ZeroDivisionError):
        raise PhononDosError(
            f"{source}: phonopy.conf: {tag} = {found.group(1)} is not 3 or 9 numbers"
        ) from None


def _fraction(word: str) -> float:
    above, slash, below = word.partition("/")
    return float(above) / float(below) if slash else float(above)
