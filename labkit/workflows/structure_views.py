"""A structure as a page draws it: atoms with their colours and radii, bonds, the cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import db.structures
from labkit.plots.landscape_in_space import AtomsInCell
from labkit.workflows.lab import Lab
from labkit.workflows.structure_pool import show_structure
from screening.crystal import Crystal, load_cif_text

__all__ = ["atoms_in_cell", "view_structure"]

_BOND_TOLERANCE = 1.15
_EDGE = 1e-3
_MOST_ATOMS = 400


def view_structure(lab: Lab, material_id: str) -> dict[str, Any]:
    """Return what is known of a structure and its atoms in space.

    Returns
    -------
    dict
        As `show_structure`, with ``atoms`` (symbol, position, colour, covalent radius; those on a
        face of the cell are repeated on the other), ``bonds`` (pairs of atoms nearer than 1.15
        times the sum of their covalent radii), and the ``cell`` vectors.

    Raises
    ------
    UnknownStructureError
        When the lab has no structure of this id.
    """
    shown = show_structure(lab, material_id)
    with lab.database.reading() as session:
        crystal = load_cif_text(db.structures.cif_text(session, material_id), material_id)
    drawn = atoms_in_cell(crystal)
    return shown | {
        "atoms": [
            {
                "symbol": symbol,
                "x_angstrom": float(position[0]),
                "y_angstrom": float(position[1]),
                "z_angstrom": float(position[2]),
                "radius_angstrom": float(radius),
                "colour": colour,
            }
            for symbol, position, radius, colour in zip(
                drawn.symbols,
                drawn.positions_angstrom,
                drawn.radii_angstrom,
                drawn.colours,
                strict=True,
            )
        ],
        "bonds": drawn.bonds.tolist(),
        "cell": crystal.lattice_angstrom.tolist(),
    }


def atoms_in_cell(crystal: Crystal) -> AtomsInCell:
    """Return the atoms of a cell as they are drawn, with colours, radii and bonds."""
    symbols, positions = _with_faces(crystal)
    numbers, radii, colours = _elements(symbols)
    bonds = _bonds(positions, numbers, radii)
    return AtomsInCell(symbols, positions, radii, colours, bonds, crystal.lattice_angstrom)


def _with_faces(crystal: Crystal) -> tuple[list[str], NDArray[np.float64]]:
    """Repeat atoms on a face, an edge or a corner of the cell on the opposite ones."""
    symbols: list[str] = []
    fractions: list[NDArray[np.float64]] = []
    for symbol, place in zip(crystal.symbols, np.mod(crystal.fractional, 1.0), strict=True):
        place = np.where(place > 1.0 - _EDGE, 0.0, place)
        shifts = [(0.0, 1.0) if value < _EDGE else (0.0,) for value in place]
        for a in shifts[0]:
            for b in shifts[1]:
                for c in shifts[2]:
                    symbols.append(symbol)
                    fractions.append(place + np.array([a, b, c]))
    kept = slice(0, max(_MOST_ATOMS, crystal.n_sites))
    return symbols[kept], np.array(fractions)[kept] @ crystal.lattice_angstrom


def _elements(symbols: list[str]) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str]]:
    from ase.data import atomic_numbers, covalent_radii
    from ase.data.colors import jmol_colors

    numbers = np.array([atomic_numbers.get(symbol, 0) for symbol in symbols])
    shades = (255 * np.asarray(jmol_colors)[numbers]).round().astype(int)
    return (
        numbers,
        np.asarray(covalent_radii)[numbers],
        [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in shades],
    )


def _bonds(
    positions: NDArray[np.float64], numbers: NDArray[np.int64], radii: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Pairs that touch; alkali metals, which move, get none so that the framework shows."""
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    touching = apart < _BOND_TOLERANCE * (radii[:, None] + radii[None])
    mobile = np.isin(numbers, (3, 11, 19, 37, 55))
    touching &= ~mobile[:, None] & ~mobile[None] & (apart > 0.4)
    first, second = np.nonzero(np.triu(touching, 1))
    return np.column_stack([first, second]).astype(np.int64)
