"""Element properties that descriptors need, looked up once (from pymatgen)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from screening.errors import DescriptorError

__all__ = ["ElementData", "element_data"]

_SHELL = re.compile(r"(\d)([spdf])(\d+)")


@dataclass(frozen=True, slots=True)
class ElementData:
    """Properties of one element.

    Attributes
    ----------
    number, group, row : int
    mass_g_per_mol : float
    radius_angstrom : float
        Atomic radius (Slater 1964); nan where none is known.
    electronegativity : float
        Pauling's scale; nan where none is known.
    valence_electrons : tuple of int
        Electrons outside the noble-gas core in s, p, d and f shells.
    """

    number: int
    group: int
    row: int
    mass_g_per_mol: float
    radius_angstrom: float
    electronegativity: float
    valence_electrons: tuple[int, int, int, int]


@lru_cache(maxsize=256)
def element_data(symbol: str) -> ElementData:
    """Return the properties of an element.

    Raises
    ------
    DescriptorError
        With the code ``unknown-element``.
    """
    import warnings

    from pymatgen.core import Element

    if not Element.is_valid_symbol(symbol):
        raise DescriptorError("unknown-element", f"{symbol!r} is no element")
    element = Element(symbol)
    counted = dict.fromkeys("spdf", 0)
    shells = element.electronic_structure.rsplit("]", 1)[-1]
    for _, orbital, electrons in _SHELL.findall(shells):
        counted[orbital] += int(electrons)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns where it has no electronegativity
        electronegativity = float(element.X)
        radius = element.atomic_radius
    return ElementData(
        number=int(element.Z),
        group=int(element.group),
        row=int(element.row),
        mass_g_per_mol=float(element.atomic_mass),
        radius_angstrom=np.nan if radius is None else float(radius),
        electronegativity=electronegativity,
        valence_electrons=(counted["s"], counted["p"], counted["d"], counted["f"]),
    )
