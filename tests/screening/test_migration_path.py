"""Paths that close around the cell, whose top is the barrier, and cube files that read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from screening.bvse import EnergyLandscape
from screening.crystal import Crystal
from screening.errors import ScreeningError
from screening.migration_path import NoPathError, migration_path, write_cube
from screening.percolation import percolate


def _landscape(energy: np.ndarray, lattice: np.ndarray | None = None) -> EnergyLandscape:
    cell = np.diag([4.0, 5.0, 6.0]) if lattice is None else lattice
    crystal = Crystal(cell, np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]), ("Li", "O"))
    return EnergyLandscape(energy, crystal, ("Li", 1))


def _waves(heights: tuple[float, float, float], n: int = 10) -> np.ndarray:
    phase = 2.0 * np.pi * np.arange(n) / n
    a, b, c = (0.5 * height * (1.0 - np.cos(phase)) for height in heights)
    return a[:, None, None] + b[None, :, None] + c[None, None, :]


def test_a_straight_channel_gives_a_straight_path() -> None:
    landscape = _landscape(_waves((0.2, 0.5, 0.9)) - 3.0)

    path = migration_path(landscape, percolate(landscape.energy_eV), 1)

    assert np.abs(path.winding).tolist() == [1, 0, 0]
    assert path.length_angstrom[-1] == pytest.approx(4.0)
    assert path.barrier_eV == pytest.approx(0.2)
    assert path.energy_eV[0] == path.energy_eV[-1] == pytest.approx(0.0)
    assert path.passes.tolist() == [int(np.argmax(path.energy_eV))]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_a_path_closes_by_its_winding_and_tops_out_at_the_barrier(
    seed: int, dimension: int
) -> None:
    rng = np.random.default_rng(seed)
    landscape = _landscape(rng.random((7, 9, 8)))
    found = percolate(landscape.energy_eV)

    path = migration_path(landscape, found, dimension)

    assert path.winding == found.cycles[dimension - 1].winding
    np.testing.assert_allclose(path.fractional[-1] - path.fractional[0], path.winding, atol=1e-12)
    steps = np.diff(path.fractional, axis=0) * np.array(landscape.energy_eV.shape)
    assert np.abs(steps).max() <= 1.0 + 1e-9
    assert path.barrier_eV <= found.barriers_eV[dimension - 1] + 1e-12
    index = np.round(path.fractional * landscape.energy_eV.shape).astype(int)
    along = landscape.energy_eV[tuple((index % landscape.energy_eV.shape).T)]
    np.testing.assert_allclose(path.energy_eV, along - landscape.energy_eV.min())
    assert (path.energy_eV[path.passes] >= path.energy_eV[path.minima[:-1]]).all()


def test_the_first_path_tops_out_exactly_at_the_first_barrier() -> None:
    landscape = _landscape(np.random.default_rng(5).random((8, 8, 8)))
    found = percolate(landscape.energy_eV)

    assert migration_path(landscape, found, 1).barrier_eV == pytest.approx(found.barriers_eV[0])


def test_a_closed_direction_has_no_path() -> None:
    energy = np.full((5, 5, 5), np.inf)
    energy[2, 2, :] = 0.0
    landscape = _landscape(energy)

    with pytest.raises(NoPathError, match="do not connect in 2"):
        migration_path(landscape, percolate(energy), 2)


def test_a_cube_file_reads_back(tmp_path: Path) -> None:
    from ase.io.cube import read_cube_data

    lattice = np.array([[4.0, 0.0, 0.0], [1.0, 5.0, 0.0], [0.5, -0.5, 6.0]])
    landscape = _landscape(_waves((0.2, 30.0, 0.9)), lattice)

    write_cube(tmp_path / "landscape.cube", landscape)
    data, atoms = read_cube_data(str(tmp_path / "landscape.cube"))

    np.testing.assert_allclose(data, np.minimum(landscape.above_minimum_eV, 10.0), atol=1e-5)
    np.testing.assert_allclose(atoms.cell, lattice, atol=1e-4)
    assert atoms.get_chemical_symbols() == ["Li", "O"]
    assert [file.name for file in tmp_path.iterdir()] == ["landscape.cube"]


def test_a_cube_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ScreeningError, match="cannot be written"):
        write_cube(tmp_path / "missing" / "x.cube", _landscape(_waves((0.1, 0.1, 0.1))))
