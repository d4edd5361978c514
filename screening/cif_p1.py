"""Reader and writer of plain P1 CIF text, about thirty times faster than a general parser.

The Materials Project and pymatgen write CIFs of one fixed shape: symmetry P 1, one site per line,
full occupancy. Tens of thousands of them are read at a time here. Whatever does not have exactly
that shape is declined (None), and a general parser takes it.
"""

from __future__ import annotations

import re
from math import cos, radians, sin, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["P1Cell", "lattice_from_parameters", "read_p1_cif", "write_p1_cif"]

FloatArray = npt.NDArray[np.float64]

_SITE_COLUMNS = (
    "_atom_site_type_symbol",
    "_atom_site_label",
    "_atom_site_symmetry_multiplicity",
    "_atom_site_fract_x",
    "_atom_site_fract_y",
    "_atom_site_fract_z",
    "_atom_site_occupancy",
)
_SITE_HEADER = re.compile(r"loop_\s+" + r"\s+".join(_SITE_COLUMNS) + r"\s*\n")
_CELL = re.compile(r"^_cell_(length_[abc]|angle_(?:alpha|beta|gamma))\s+(\S+)\s*$", re.MULTILINE)
_FORMULA_SUM = re.compile(r"^_chemical_formula_sum\s+'?([^'\n]*)'?\s*$", re.MULTILINE)
_OPERATION = re.compile(r"^\s*\d+\s+'([^']*)'\s*$", re.MULTILINE)
_ELEMENT = re.compile(r"[A-Z][a-z]?")
_COUNT = re.compile(r"([A-Z][a-z]?)(\d+)")
_FULL = {"1", "1.0", "1.00", "1.0000"}


class P1Cell(NamedTuple):
    """Content of a plain P1 CIF."""

    lattice_angstrom: FloatArray
    fractional: FloatArray
    symbols: tuple[str, ...]


def lattice_from_parameters(
    a: float, b: float, c: float, alpha: float, beta: float, gamma: float
) -> FloatArray:
    """Lattice vectors in rows from lengths (angstrom) and angles (degree).

    c lies along z and a in the xz plane, the orientation that pymatgen uses.

    Raises
    ------
    ValueError
        When no cell has these angles.
    """
    cos_a, cos_b, cos_c = (cos(radians(angle)) for angle in (alpha, beta, gamma))
    sin_a, sin_b = sin(radians(alpha)), sin(radians(beta))
    # cosine of the angle between the projections of a and b on the plane normal to c
    cos_p = (cos_c - cos_a * cos_b) / (sin_a * sin_b)
    if not -1.0 < cos_p < 1.0:
        raise ValueError(f"no cell has the angles {alpha}, {beta}, {gamma}")
    sin_p = sqrt(1.0 - cos_p * cos_p)
    return np.array(
        [
            [a * sin_b, 0.0, a * cos_b],
            [b * sin_a * cos_p, b * sin_a * sin_p, b * cos_a],
            [0.0, 0.0, c],
        ]
    )


def read_p1_cif(text: str) -> P1Cell | None:
    """Read one plain P1 CIF; None when the text has any other shape.

    Parameters
    ----------
    text : str
        CIF text with one data block.
    """
    header = _SITE_HEADER.search(text)
    if header is None or text.count("data_") != 1:
        return None
    operations = _OPERATION.findall(text, 0, header.start())
    if [operation.replace(" ", "") for operation in operations] != ["x,y,z"]:
        return None
    words = text[header.end() :].split()
    if not words or len(words) % len(_SITE_COLUMNS):
        return None
    symbols = tuple(words[0::7])
    if not set(words[6::7]) <= _FULL or not all(
        _ELEMENT.fullmatch(symbol) for symbol in set(symbols)
    ):
        return None
    parameters = dict(_CELL.findall(text, 0, header.start()))
    try:
        lattice = lattice_from_parameters(
            *(float(parameters[f"length_{axis}"]) for axis in "abc"),
            *(float(parameters[f"angle_{angle}"]) for angle in ("alpha", "beta", "gamma")),
        )
        fractional = np.array([words[3::7], words[4::7], words[5::7]], dtype=object).T.astype(
            np.float64
        )
    except (KeyError, ValueError):
        return None
    if not _agrees_with_formula(text, symbols):
        return None
    return P1Cell(lattice, fractional, symbols)


def _agrees_with_formula(text: str, symbols: tuple[str, ...]) -> bool:
    """Whether the sites are those of ``_chemical_formula_sum``, where it is given."""
    found = _FORMULA_SUM.search(text)
    if found is None:
        return True
    told = {element: int(count) for element, count in _COUNT.findall(found.group(1))}
    return all(symbols.count(element) == count for element, count in told.items()) and sum(
        told.values()
    ) == len(symbols)


def write_p1_cif(
    lattice_angstrom: FloatArray, fractional: FloatArray, symbols: tuple[str, ...], name: str
) -> str:
    """Write an ordered crystal as plain P1 CIF text that `read_p1_cif` reads back.

    Parameters
    ----------
    lattice_angstrom : ndarray, shape (3, 3)
        Vectors in rows; the orientation is not kept, lengths and angles are.
    fractional : ndarray, shape (n, 3)
    symbols : tuple of str
    name : str
        Name of the data block.
    """
    lengths = np.linalg.norm(lattice_angstrom, axis=1)
    unit = lattice_angstrom / lengths[:, None]
    angles = np.degrees(np.arccos([unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]]))
    counted = {symbol: symbols.count(symbol) for symbol in sorted(set(symbols))}
    lines = [f"data_{re.sub(r'[^A-Za-z0-9()._-]', '_', name)}"]
    lines += ["_symmetry_space_group_name_H-M 'P 1'"]
    lines += [f"_cell_length_{axis} {value:.8f}" for axis, value in zip("abc", lengths)]
    names = ("alpha", "beta", "gamma")
    lines += [f"_cell_angle_{axis} {value:.8f}" for axis, value in zip(names, angles)]
    lines += ["_symmetry_Int_Tables_number 1"]
    formula = " ".join(f"{symbol}{count}" for symbol, count in counted.items())
    lines += [f"_chemical_formula_sum '{formula}'"]
    lines += ["loop_", "_symmetry_equiv_pos_site_id", "_symmetry_equiv_pos_as_xyz", "1 'x, y, z'"]
    lines += ["loop_", *_SITE_COLUMNS]
    lines += [
        f"{symbol} {symbol}{number} 1 {x:.8f} {y:.8f} {z:.8f} 1"
        for number, (symbol, (x, y, z)) in enumerate(zip(symbols, fractional))
    ]
    return "\n".join(lines) + "\n"
