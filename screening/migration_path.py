"""Minimum-energy paths of the mobile ion, their profiles, and the landscape as a cube file.

A barrier found by `screening.percolation` is the highest pass of a closed walk around the cell.
Between its passes the walk follows steepest descent on the grid, which is what a minimum-energy
path is: down from a pass to the minimum on either side.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.bvse import EnergyLandscape
from screening.errors import ScreeningError
from screening.percolation import Percolation

__all__ = ["MigrationPath", "migration_path", "write_cube"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class NoPathError(ScreeningError):
    """The landscape does not percolate in so many dimensions."""


@dataclass(frozen=True, slots=True, eq=False)
class MigrationPath:
    """A closed walk of the mobile ion, from a minimum to an image of it.

    Attributes
    ----------
    fractional : ndarray, shape (n, 3)
        Points in order; not wrapped, so the last is the first moved by `winding` whole cells.
    energy_eV : ndarray, shape (n,)
        Above the lowest point of the landscape.
    length_angstrom : ndarray, shape (n,)
        Distance gone, straight from point to point.
    winding : tuple of int
        Whole cells gained.
    minima, passes : ndarray of int
        Positions along the path of the minima and of the passes that are visited.
    """

    fractional: FloatArray
    energy_eV: FloatArray
    length_angstrom: FloatArray
    winding: tuple[int, int, int]
    minima: IntArray
    passes: IntArray

    @property
    def barrier_eV(self) -> float:
        """Highest energy on the way, above the lowest point of the landscape."""
        return float(self.energy_eV.max())

    @property
    def lowest_eV(self) -> float:
        """Lowest energy on the way; above 0 where the lowest site of the crystal lies aside."""
        return float(self.energy_eV.min())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "winding": list(self.winding),
            "barrier_eV": self.barrier_eV,
            "lowest_eV": self.lowest_eV,
            "barrier_above_own_lowest_eV": self.barrier_eV - self.lowest_eV,
            "length_angstrom": self.length_angstrom.tolist(),
            "energy_eV": self.energy_eV.tolist(),
            "fractional": self.fractional.tolist(),
            "minima": self.minima.tolist(),
            "passes": self.passes.tolist(),
        }


def migration_path(
    landscape: EnergyLandscape, percolation: Percolation, dimension: int = 3
) -> MigrationPath:
    """Follow the walk whose highest pass completes percolation in a number of dimensions.

    Parameters
    ----------
    landscape : EnergyLandscape
    percolation : Percolation
        Of this landscape.
    dimension : {1, 2, 3}

    Returns
    -------
    MigrationPath
        Starting from the lowest minimum on the walk.

    Raises
    ------
    NoPathError
        When the landscape does not percolate in so many dimensions.
    """
    if not 1 <= dimension <= len(percolation.cycles):
        raise NoPathError(
            f"{landscape.crystal.material_id or 'structure'}: the paths of "
            f"{landscape.mobile[0]} do not connect in {dimension} dimension(s)"
        )
    cycle = percolation.cycles[dimension - 1]
    energy = landscape.energy_eV.ravel() - percolation.minimum_eV
    legs: list[IntArray] = []
    for step, forward in cycle.passes:
        first, second = (step.low, step.high) if forward else (step.high, step.low)
        up = _descent(percolation.downhill, first)[::-1]
        down = _descent(percolation.downhill, second)
        legs.append(np.concatenate([up, down[:-1]]))
    legs = _starting_lowest(legs, energy)
    closed = np.concatenate([*legs, legs[0][:1]])
    points, cells = _unrolled(closed, percolation.shape)
    cartesian = points @ landscape.crystal.lattice_angstrom
    gone = np.linalg.norm(np.diff(cartesian, axis=0), axis=1)
    starts = np.cumsum([0, *(len(leg) for leg in legs)])
    tops = [
        int(start) + int(np.argmax(energy[leg])) for start, leg in zip(starts, legs, strict=False)
    ]
    return MigrationPath(
        fractional=points,
        energy_eV=energy[closed],
        length_angstrom=np.concatenate([[0.0], np.cumsum(gone)]),
        winding=cells,
        minima=starts.astype(np.int64),
        passes=np.array(tops, dtype=np.int64),
    )


def _descent(downhill: IntArray, start: int) -> IntArray:
    """Flat indices from a point down to the minimum of its basin, both included."""
    way = [start]
    while (following := int(downhill[way[-1]])) != way[-1]:
        way.append(following)
    return np.array(way, dtype=np.int64)


def _starting_lowest(legs: list[IntArray], energy: FloatArray) -> list[IntArray]:
    first = int(np.argmin([energy[leg[0]] for leg in legs]))
    return legs[first:] + legs[:first]


def _unrolled(
    flat: IntArray, shape: tuple[int, int, int]
) -> tuple[FloatArray, tuple[int, int, int]]:
    """Fractional coordinates without jumps at the faces, and the whole cells gained."""
    index = np.array(np.unravel_index(flat, shape)).T
    size = np.array(shape)
    step = np.diff(index, axis=0)
    # neighbours are one point apart; further means that a face was crossed
    step -= size * np.round(step / size).astype(np.int64)
    position = np.concatenate([index[:1], index[:1] + np.cumsum(step, axis=0)])
    gained = (position[-1] - position[0]) // size
    return position / size, (int(gained[0]), int(gained[1]), int(gained[2]))


def write_cube(path: str | Path, landscape: EnergyLandscape, *, ceiling_eV: float = 10.0) -> None:
    """Write the energies above the minimum as a Gaussian cube file, for VESTA and others.

    Parameters
    ----------
    path : path
        Written whole or not at all.
    landscape : EnergyLandscape
    ceiling_eV : float
        Higher energies are written as this, so that isosurfaces are drawn sensibly.

    Raises
    ------
    ScreeningError
        When the file cannot be written.
    """
    from ase import Atoms
    from ase.io.cube import write_cube as write_ase_cube

    crystal = landscape.crystal
    atoms = Atoms(
        crystal.symbols, scaled_positions=crystal.fractional, cell=crystal.lattice_angstrom
    )
    target = Path(path)
    name = f"{crystal.material_id or 'structure'}: {landscape.mobile[0]} energy above minimum, eV"
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent or ".", prefix=".part-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                data = np.minimum(landscape.above_minimum_eV, ceiling_eV)
                write_ase_cube(stream, atoms, data=data, comment=name)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ScreeningError(f"{target}: cannot be written ({error.strerror})") from error
