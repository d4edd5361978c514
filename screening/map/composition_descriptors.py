"""1782 numbers of a composition.

Yamaguchi et al., Sci. Rep. 2023, 13, 16799, name the properties and the total but not the bins.
Here: atomic fractions of the 27 elements of the map (27), mass fractions of the same (27), and for
each of twelve element properties a histogram of 144 bins (1728). A histogram runs from the least to
the largest value among the 27 elements; every element of the compound adds its atomic fraction,
spread by a Gaussian of two bins, so that like elements lie near each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from screening.map.selection import ELEMENTS, check_composition_for_map

__all__ = ["KINDS", "LENGTH", "PROPERTIES", "composition_descriptor", "element_table"]

FloatArray = npt.NDArray[np.float64]

#: the twelve properties, in this order
PROPERTIES = (
    "atomic number",
    "atomic weight",
    "electronegativity",
    "melting point",
    "atomic radius",
    "ionic radius",
    "covalent radius",
    "s electrons",
    "p electrons",
    "d electrons",
    "f electrons",
    "Mendeleev number",
)
BINS = 144
_SPREAD_BINS = 2.0
LENGTH = 2 * len(ELEMENTS) + BINS * len(PROPERTIES)
#: columns that are scaled by one maximum
KINDS: tuple[tuple[str, slice], ...] = (
    ("atomic fraction", slice(0, len(ELEMENTS))),
    ("mass fraction", slice(len(ELEMENTS), 2 * len(ELEMENTS))),
    *(
        (name, slice(2 * len(ELEMENTS) + i * BINS, 2 * len(ELEMENTS) + (i + 1) * BINS))
        for i, name in enumerate(PROPERTIES)
    ),
)


@lru_cache(maxsize=1)
def element_table() -> FloatArray:
    """Properties of the elements of the map, shape (27, 12), in the order of `PROPERTIES`.

    From pymatgen (radii in angstrom, melting point in K; the ionic radius is the mean over the
    tabulated charges) and, for covalent radii, ASE (Cordero et al., Dalton Trans. 2008, 2832).
    Electrons are all of the neutral atom.
    """
    import warnings

    from ase.data import atomic_numbers, covalent_radii
    from pymatgen.core import Element

    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for symbol in ELEMENTS:
            element = Element(symbol)
            shells = element.full_electronic_structure
            electrons = [
                float(sum(n for _, orbital, n in shells if orbital == kind)) for kind in "spdf"
            ]
            radii = [float(r) for r in element.ionic_radii.values()]
            ionic = float(np.mean(radii)) if radii else float(element.atomic_radius or 0.0)
            rows.append(
                [
                    float(element.Z),
                    float(element.atomic_mass),
                    float(element.X),
                    float(element.melting_point or 0.0),
                    float(element.atomic_radius or 0.0),
                    ionic,
                    float(covalent_radii[atomic_numbers[symbol]]),
                    *electrons,
                    float(element.mendeleev_no or 0.0),
                ]
            )
    table = np.array(rows)
    table.flags.writeable = False
    return table


@lru_cache(maxsize=1)
def _basis() -> FloatArray:
    """Histogram that one whole atom of each element adds, shape (27, 1728)."""
    table = element_table()
    low, high = table.min(axis=0), table.max(axis=0)
    position = (table - low) / np.where(high > low, high - low, 1.0) * (BINS - 1)
    offset = np.arange(BINS)[None, None, :] - position[:, :, None]
    weight = np.exp(-0.5 * (offset / _SPREAD_BINS) ** 2)
    weight /= weight.sum(axis=2, keepdims=True)
    return np.asarray(weight.reshape(len(ELEMENTS), -1))


def composition_descriptor(composition: Mapping[str, float], name: str = "") -> FloatArray:
    """Describe one composition, not yet scaled.

    Parameters
    ----------
    composition : mapping of str to float
        Amounts; their sum does not matter.
    name : str
        For messages.

    Returns
    -------
    ndarray, shape (1782,)

    Raises
    ------
    MapError
        When an element is not of the map, or lithium or oxygen is missing.
    """
    check_composition_for_map(composition, name or "composition")
    amount = np.array([composition.get(element, 0.0) for element in ELEMENTS])
    atomic = amount / amount.sum()
    mass = atomic * element_table()[:, PROPERTIES.index("atomic weight")]
    return np.concatenate([atomic, mass / mass.sum(), atomic @ _basis()])


def fractions_from(descriptor: Sequence[float] | FloatArray) -> dict[str, float]:
    """Read the atomic fractions back from a descriptor, the largest first."""
    values = np.maximum(np.asarray(descriptor, dtype=np.float64)[: len(ELEMENTS)], 0.0)
    total = max(float(values.sum()), 1e-300)
    order = np.argsort(-values)
    return {ELEMENTS[i]: float(values[i] / total) for i in order if values[i] > 0}
