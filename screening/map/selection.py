"""Which materials the map is for, and to which family of structures each belongs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from screening.crystal import Crystal
from screening.errors import ScreeningError

__all__ = ["ELEMENTS", "MapError", "check_composition_for_map", "family_of"]

#: elements of the published map beside lithium and oxygen
_PARTNERS = (
    *("Mg", "Ca", "Sr", "Ba", "Sc", "Y", "La", "Ti", "Zr", "Hf", "Nb", "Ta", "Zn"),
    *("B", "Al", "Ga", "In", "C", "Si", "Ge", "Sn", "P", "As", "Sb", "S"),
)
#: all elements of the map, in this order in its descriptors
ELEMENTS = ("Li", "O", *_PARTNERS)
_LARGE = frozenset(("La", "Y", "Ca", "Sr", "Ba"))
_SMALL = frozenset(["B", "C", "Si", "Ge", "P", "As", "S"])
_MIDDLE = frozenset(
    ("Mg", "Sc", "Ti", "Zr", "Hf", "Nb", "Ta", "Zn", "Al", "Ga", "In", "Sn", "Sb", "Ge")
)
_TOLERANCE = 0.06
_BOND_ANGSTROM = 2.6
# rhombohedral NASICON, and its monoclinic and triclinic distortions
_NASICON_GROUPS = frozenset((*range(146, 168), 1, 2, 8, 9, 12, 15))


class MapError(ScreeningError):
    """A map of materials cannot be made or used."""


def check_composition_for_map(composition: Mapping[str, float], name: str) -> None:
    """Check that a material holds lithium, oxygen and nothing beyond the elements of the map.

    Raises
    ------
    MapError
        One line that says what is missing or foreign.
    """
    for element in ("Li", "O"):
        if composition.get(element, 0.0) <= 0:
            raise MapError(
                f"{name}: holds no {element}; the map is for compounds of lithium and oxygen"
            )
    foreign = sorted(set(composition) - set(ELEMENTS))
    if foreign:
        raise MapError(
            f"{name}: holds {', '.join(foreign)}, which the map does not know; its elements are "
            f"{' '.join(ELEMENTS)}"
        )


def family_of(crystal: Crystal, space_group: int | None = None) -> str | None:
    """Return ``garnet``, ``NASICON``, ``perovskite`` or None, by composition and bonding.

    * garnet: per 12 O, 3 large cations (La, Y, Ca, Sr, Ba) and 2 others outside the group of B,
      C, Si, P, As and S; Al and Ga may sit on places of lithium instead, in the interstices.
    * NASICON: per 12 O, 3 of P, Si, Ge, As, S, B and 2 octahedral cations, with a rhombohedral
      space group or a C-centred monoclinic or triclinic distortion of it (groups 1, 2, 8, 9, 12,
      15, 146 to 167). Without a space group the composition decides.
    * perovskite: per 3 O, one octahedral cation B (Ti, Zr, Hf, Nb, Ta, Sn, ...) and a large cation
      beside lithium; at least nine of ten O within 2.6 angstrom of exactly two B.

    Amounts may differ by 2 %, or 0.06 of 1, so that doped compounds count.

    Parameters
    ----------
    crystal : Crystal
        Shared sites allowed.
    space_group : int, optional
    """
    amount = crystal.composition
    oxygen = amount.get("O", 0.0)
    if oxygen <= 0 or set(amount) - set(ELEMENTS):
        return None

    def per(group: frozenset[str], times: float) -> float:
        return times * sum(amount.get(element, 0.0) for element in group) / oxygen

    large, small = per(_LARGE, 12.0), per(_SMALL, 12.0)
    middle = per(_MIDDLE, 12.0)
    octahedral = (middle, middle - per(frozenset(("Al", "Ga")), 12.0))
    foreign = per(_SMALL - _MIDDLE, 12.0)
    if _near(large, 3.0) and any(_near(m, 2.0) for m in octahedral) and _near(foreign, 0.0):
        return "garnet"
    if _is_nasicon(amount, oxygen, small, large, space_group):
        return "NASICON"
    if large > 0.2 and _near(middle / 4.0, 1.0) and _near(small - per(frozenset(("Ge",)), 12.0), 0):
        return "perovskite" if _corners_are_shared(crystal) else None
    return None


def _near(value: float, wanted: float) -> bool:
    return abs(value - wanted) <= max(_TOLERANCE, 0.04 * wanted)


def _is_nasicon(
    amount: Mapping[str, float],
    oxygen: float,
    small: float,
    large: float,
    space_group: int | None,
) -> bool:
    if space_group is not None and space_group not in _NASICON_GROUPS:
        return False
    germanium = 12.0 * amount.get("Ge", 0.0) / oxygen
    # germanium takes either place
    tetrahedral = [small - germanium, small]
    others = 12.0 * sum(amount.get(e, 0.0) for e in _MIDDLE - {"Ge"}) / oxygen + large
    octahedral = [others + germanium, others]
    return any(
        _near(t, 3.0) and _near(o, 2.0) for t, o in zip(tetrahedral, octahedral, strict=True)
    )


def _corners_are_shared(crystal: Crystal) -> bool:
    """Whether nine of ten O have exactly two neighbours of the octahedral kind."""
    from scipy.spatial import cKDTree

    from screening.neighbours import image_offsets

    symbols = np.array(crystal.symbols)
    small = np.array([symbol in _MIDDLE for symbol in symbols])
    lattice = crystal.lattice_angstrom
    inside = (crystal.fractional - np.floor(crystal.fractional)) @ lattice
    images = image_offsets(lattice, _BOND_ANGSTROM) @ lattice
    metal = (inside[small][None, :, :] + images[:, None, :]).reshape(-1, 3)
    oxygen = inside[symbols == "O"]
    if not len(metal) or not len(oxygen):
        return False
    counted = cKDTree(metal).query_ball_point(oxygen, _BOND_ANGSTROM, return_length=True)
    return bool(np.mean(np.asarray(counted) == 2) >= 0.9)
