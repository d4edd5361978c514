"""Supercells with one vacancy before and after a hop, and the first band between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.errors import ScreeningError
from screening.neb_hops import Hop

__all__ = [
    "NebError",
    "hop_end_points",
    "initial_band",
    "pushed_off_ridges",
    "smallest_supercell",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_PUSH_ANGSTROM = 0.02


class NebError(ScreeningError):
    """A band cannot be set up or does not belong to the folder."""


def hop_end_points(
    crystal: Crystal, hop: Hop, *, least_width_angstrom: float = 10.0
) -> tuple[Any, Any, FloatArray]:
    """Build the supercell with one vacancy before and after the hop.

    Parameters
    ----------
    crystal : Crystal
        Ordered.
    hop : Hop
    least_width_angstrom : float
        The supercell's opposite faces are at least so far apart.

    Returns
    -------
    first, last : ase.Atoms
        The hopping ion is the last atom of both.
    path : ndarray, shape (n, 3)
        Its way in angstrom.
    """
    from ase import Atoms

    lattice = crystal.lattice_angstrom
    supercell = smallest_supercell(crystal, least_width_angstrom)
    back = np.linalg.inv(supercell)
    reach = np.abs(supercell).sum(axis=0)
    grid = np.array(list(np.ndindex(*(2 * reach + 1).tolist()))) - reach
    shares = grid @ back
    cells = grid[((shares > -1e-9) & (shares < 1.0 - 1e-9)).all(axis=1)]
    symbols, positions = [], []
    for cell in cells:
        for site, symbol in enumerate(crystal.symbols):
            # the hopping ion's site and the vacancy, each wherever the supercell repeats it
            if any(
                site == end and np.allclose(moved := (cell - place) @ back, np.round(moved))
                for end, place in ((hop.start, np.zeros(3)), (hop.end, np.array(hop.cells)))
            ):
                continue
            symbols.append(symbol)
            positions.append((crystal.fractional[site] + cell) @ lattice)
    if len(symbols) != len(cells) * crystal.n_sites - 2:
        raise NebError("the hop starts and ends at one site of the supercell; make it larger")
    path = hop.path_fractional @ lattice
    symbols.append(crystal.symbols[hop.start])
    first, last = (
        Atoms(symbols, positions=[*positions, end], cell=supercell @ lattice, pbc=True)
        for end in (path[0], path[-1])
    )
    return first, last, path


def smallest_supercell(crystal: Crystal, least_width_angstrom: float) -> IntArray:
    """Choose the supercell with the fewest atoms whose opposite faces are far enough apart.

    Multiples of the cell as given and of its conventional cell are tried: the conventional cell of
    a centred lattice often needs fewer atoms.

    Returns
    -------
    ndarray of int, shape (3, 3)
        Rows are the supercell's vectors in those of the crystal.
    """
    import spglib

    kinds = {symbol: number for number, symbol in enumerate(sorted(set(crystal.symbols)))}
    numbers = [kinds[symbol] for symbol in crystal.symbols]
    lattice = crystal.lattice_angstrom
    bases = [np.eye(3, dtype=np.int64)]
    found = spglib.get_symmetry_dataset((lattice, crystal.fractional, numbers), symprec=0.01)
    if found is not None:
        conventional = np.linalg.inv(found.transformation_matrix).T
        whole = np.round(conventional).astype(np.int64)
        if np.allclose(conventional, whole, atol=1e-3) and round(np.linalg.det(whole)) > 1:
            bases.append(whole)
    choices = []
    for basis in bases:
        widths = 1.0 / np.linalg.norm(np.linalg.inv(basis @ lattice), axis=0)
        times = np.maximum(np.ceil(least_width_angstrom / widths - 1e-6).astype(np.int64), 1)
        choices.append(times[:, None] * basis)
    return min(choices, key=lambda matrix: round(abs(np.linalg.det(matrix))))


def pushed_off_ridges(atoms: Any) -> Any:
    """Return a copy with every atom moved a little at random, the same way every time.

    On a ridge that the symmetry of the crystal makes, forces vanish: a relaxation would stay.
    """
    pushed = atoms.copy()
    pushed.rattle(_PUSH_ANGSTROM, seed=0)
    return pushed


def initial_band(first: Any, last: Any, path: FloatArray, n_images: int) -> list[Any]:
    """Lay images between two end points, the ion along its path and the others straight.

    Parameters
    ----------
    first, last : ase.Atoms
        Relaxed end points.
    path : ndarray, shape (n, 3)
        Way of the last atom before relaxation.
    n_images : int
        With both end points.
    """
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    along /= along[-1]
    images = []
    for share in np.linspace(0.0, 1.0, n_images):
        image = first.copy()
        positions = (1.0 - share) * first.positions + share * last.positions
        on_path = np.array([np.interp(share, along, path[:, axis]) for axis in range(3)])
        straight = (1.0 - share) * path[0] + share * path[-1]
        # the path's detour on top of the straight way between the relaxed ends
        positions[-1] += on_path - straight
        image.positions = positions
        images.append(image)
    return images
