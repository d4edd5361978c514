"""Climbing-image nudged elastic band of one vacancy hop, with any ASE calculator.

Method: Henkelman, Uberuaga & Jonsson, J. Chem. Phys. 2000, 113, 9901 (climbing image) and Henkelman
& Jonsson, ibid., 9978 (improved tangent), as implemented in ASE. One mobile ion is taken out of a
supercell; its neighbour moves into the vacancy, first along the path of lowest bond valence site
energy. The charge of the vacancy is not compensated, as usual with machine-learned potentials.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.errors import MissingLibraryError
from screening.neb_end_points import (
    NebError,
    hop_end_points,
    initial_band,
    pushed_off_ridges,
    smallest_supercell,
)
from screening.neb_hops import Hop

__all__ = ["NebResult", "Progress", "calculator_factory", "engine_version", "run_neb"]

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[str, int, float], None]
"""Called with the stage, the step, and the largest force in eV/angstrom."""

ENTRY_POINT_GROUP = "labkit.calculators"
# an image so far below both end points says that these are no minima of the hop
_LOWER_THAN_ENDS_EV = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class NebResult:
    """A converged (or stopped) band.

    Attributes
    ----------
    energy_eV : ndarray, shape (images,)
        Of each image above the first.
    length_angstrom : ndarray, shape (images,)
        Distance of the band up to each image.
    barrier_eV, reverse_barrier_eV : float
        From the first and from the last image.
    max_force_eV_per_angstrom : float
        Largest force left on the band.
    converged : bool
    n_atoms : int
    seconds : float
        Of the wall clock; not counted is what an earlier, stopped run took.
    total_energy_eV : float
        Of the first image, so that bands in one supercell can be compared.
    """

    energy_eV: FloatArray
    length_angstrom: FloatArray
    barrier_eV: float
    reverse_barrier_eV: float
    max_force_eV_per_angstrom: float
    converged: bool
    n_atoms: int
    seconds: float
    total_energy_eV: float

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks against the barrier, as codes; empty when nothing does."""
        found = [] if self.converged else ["not-converged"]
        if int(np.argmax(self.energy_eV)) in (0, len(self.energy_eV) - 1):
            found.append("no-saddle-between-ends")
        lowest = min(float(self.energy_eV[0]), float(self.energy_eV[-1]))
        if float(self.energy_eV.min()) < lowest - _LOWER_THAN_ENDS_EV:
            found.append("minimum-between-ends")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "barrier_eV": self.barrier_eV,
            "reverse_barrier_eV": self.reverse_barrier_eV,
            "energy_eV": self.energy_eV.tolist(),
            "length_angstrom": self.length_angstrom.tolist(),
            "max_force_eV_per_angstrom": self.max_force_eV_per_angstrom,
            "converged": self.converged,
            "atoms": self.n_atoms,
            "seconds": self.seconds,
            "total_energy_eV": self.total_energy_eV,
            "reasons": list(self.reasons),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NebResult:
        """Return what `to_dict` has written."""
        return cls(
            energy_eV=np.array(values["energy_eV"], dtype=np.float64),
            length_angstrom=np.array(values["length_angstrom"], dtype=np.float64),
            barrier_eV=float(values["barrier_eV"]),
            reverse_barrier_eV=float(values["reverse_barrier_eV"]),
            max_force_eV_per_angstrom=float(values["max_force_eV_per_angstrom"]),
            converged=bool(values["converged"]),
            n_atoms=int(values["atoms"]),
            seconds=float(values["seconds"]),
            total_energy_eV=float(values["total_energy_eV"]),
        )


def calculator_factory(engine: str) -> Callable[[], Any]:
    """Return what makes an ASE calculator of a name.

    Parameters
    ----------
    engine : str
        ``chgnet``, or the name of an entry point in the group ``labkit.calculators``.

    Raises
    ------
    MissingLibraryError
        When it is not installed.
    """
    if engine == "chgnet":
        try:
            dynamics: Any = import_module("chgnet.model.dynamics")
        except ImportError as error:
            raise MissingLibraryError(
                f"the potential chgnet cannot be used ({error}): install it with "
                "'python -m pip install \".[neb]\"'"
            ) from None
        return _chgnet(dynamics)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == engine:
            made: Callable[[], Any] = entry.load()
            return made
    if engine == "quantum-espresso":
        raise MissingLibraryError(
            "Quantum ESPRESSO runs on its own: write its folder with 'labkit screen neb-job' "
            "and read it back with 'labkit screen neb-read'"
        )
    known = ", ".join(["chgnet", *(e.name for e in entry_points(group=ENTRY_POINT_GROUP))])
    raise MissingLibraryError(
        f"there is no engine {engine!r}; known are {known} (install a package that offers its "
        f"ASE calculator as an entry point in the group {ENTRY_POINT_GROUP})"
    )


def _chgnet(dynamics: Any) -> Callable[[], Any]:
    """One network for all images, each with a calculator that remembers its last result."""
    # it talks on stdout, where a command's result belongs, and warns of its own code
    warnings.filterwarnings("ignore", category=UserWarning, module=r"chgnet\.")
    with redirect_stdout(io.StringIO()):
        model: Any = import_module("chgnet.model.model").CHGNet.load(
            use_device="cpu", verbose=False
        )

    def make() -> Any:
        with redirect_stdout(io.StringIO()):
            return dynamics.CHGNetCalculator(model, use_device="cpu")

    return make


def engine_version(engine: str) -> str:
    """Return the distribution that an engine comes from, with its version."""
    if engine == "chgnet":
        try:
            return f"chgnet {version('chgnet')}"
        except PackageNotFoundError:  # `calculator_factory` says what to install
            return engine
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == engine and entry.dist is not None:
            return f"{entry.dist.name} {entry.dist.version}"
    return engine


def run_neb(
    crystal: Crystal,
    hop: Hop,
    make_calculator: Callable[[], Any],
    *,
    folder: Path | None = None,
    n_images: int = 7,
    least_width_angstrom: float = 10.0,
    force_eV_per_angstrom: float = 0.08,
    max_steps: int = 200,
    progress: Progress | None = None,
) -> NebResult:
    """Relax both end points and the band between them.

    Parameters
    ----------
    crystal : Crystal
    hop : Hop
    make_calculator : callable
        Makes an ASE calculator.
    folder : Path, optional
        What is finished is kept here (``first.xyz``, ``last.xyz``, ``band.xyz``), and a later run
        with the same settings goes on from it.
    n_images : int
        With both end points.
    least_width_angstrom, force_eV_per_angstrom : float
    max_steps : int
        Of each stage.
    progress : callable, optional

    Returns
    -------
    NebResult
    """
    from ase.mep import NEB
    from ase.optimize import FIRE

    if n_images < 3:
        raise NebError(f"a band of {n_images} images has no middle: take at least 3")
    start = time.perf_counter()
    kept = _Kept(folder, crystal, hop, n_images, least_width_angstrom)
    first, last, path = hop_end_points(crystal, hop, least_width_angstrom=least_width_angstrom)
    ends = []
    for name, atoms in (("first", first), ("last", last)):
        relaxed = kept.read(name, 1)
        end = relaxed[0] if relaxed else pushed_off_ridges(atoms)
        end.calc = make_calculator()
        optimizer = FIRE(end, logfile=None)
        _watch(optimizer, f"end point {name}", progress)
        optimizer.attach(kept.write, interval=10, name=name, images=[end])
        optimizer.run(fmax=0.6 * force_eV_per_angstrom, steps=max_steps)
        kept.write(name, [end])
        ends.append(end)
    images = kept.read("band", n_images) or initial_band(ends[0], ends[1], path, n_images)
    images[0], images[-1] = ends
    for image in images[1:-1]:
        image.calc = make_calculator()
    band = NEB(images, climb=False, method="improvedtangent")
    converged = False
    for climb, force in ((False, 4.0 * force_eV_per_angstrom), (True, force_eV_per_angstrom)):
        band.climb = climb
        optimizer = FIRE(band, logfile=None)
        _watch(optimizer, "climbing band" if climb else "band", progress)
        optimizer.attach(kept.write, interval=10, name="band", images=images)
        converged = bool(optimizer.run(fmax=force, steps=max_steps))
        kept.write("band", images)
    energy = np.array([float(image.get_potential_energy()) for image in images])
    gone = [float(np.linalg.norm(b.positions - a.positions)) for a, b in itertools.pairwise(images)]
    forces = np.asarray(band.get_forces()).reshape(-1, 3)
    return NebResult(
        energy_eV=energy - energy[0],
        length_angstrom=np.concatenate([[0.0], np.cumsum(gone)]),
        barrier_eV=float(energy.max() - energy[0]),
        reverse_barrier_eV=float(energy.max() - energy[-1]),
        max_force_eV_per_angstrom=float(np.linalg.norm(forces, axis=1).max()),
        converged=converged,
        n_atoms=len(images[0]),
        seconds=time.perf_counter() - start,
        total_energy_eV=float(energy[0]),
    )


def _watch(optimizer: Any, stage: str, progress: Progress | None) -> None:
    if progress is None:
        return

    def tell() -> None:
        forces = np.asarray(optimizer.optimizable.get_gradient()).reshape(-1, 3)
        progress(stage, int(optimizer.nsteps), float(np.linalg.norm(forces, axis=1).max()))

    optimizer.attach(tell)


class _Kept:
    """What is finished of a band, in a folder that belongs to one hop and one setting."""

    def __init__(
        self, folder: Path | None, crystal: Crystal, hop: Hop, n_images: int, width: float
    ) -> None:
        self.folder = folder
        if folder is None:
            return
        settings = {
            "crystal": crystal.content_hash,
            "hop": [hop.start, hop.end, *hop.cells],
            "images": n_images,
            "supercell": smallest_supercell(crystal, width).tolist(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        note = folder / "band.json"
        if note.exists() and json.loads(note.read_text(encoding="utf-8")) != settings:
            raise NebError(f"{folder} holds another band; name another folder")
        note.write_text(json.dumps(settings), encoding="utf-8")

    def read(self, name: str, count: int) -> list[Any]:
        from ase.io import read

        if self.folder is None or not (self.folder / f"{name}.xyz").exists():
            return []
        frames = read(self.folder / f"{name}.xyz", index=":")
        return list(frames) if len(frames) == count else []

    def write(self, name: str, images: list[Any]) -> None:
        from ase.io import write

        if self.folder is None:
            return
        target, part = self.folder / f"{name}.xyz", self.folder / f".{name}.{os.getpid()}.part.xyz"
        bare = [image.copy() for image in images]
        write(part, bare, format="extxyz")
        part.replace(target)
