"""Descriptors of how sites fill space: packing, symmetry, Madelung energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from screening.bond_valence import equivalent_sites
from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, Descriptor
from screening.errors import DescriptorError
from screening.ordering import distance_matrix

__all__ = ["EwaldEnergy", "MaximumPackingEfficiency", "StructuralComplexity"]

# copies of one crystal that differ in size agree in so many decimals
_DECIMALS = 12


@dataclass(frozen=True)
class MaximumPackingEfficiency(Descriptor):
    """Fraction of space filled by the largest spheres that do not cross a Voronoi face.

    Ward et al., Phys. Rev. B 2017, 96, 024104. The nearest Voronoi face lies half-way to the
    nearest atom, so no tessellation is needed.
    """

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="maximum_packing_efficiency", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=(), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the fraction."""
        distance = distance_matrix(crystal)
        np.fill_diagonal(distance, _shortest_translation(crystal))
        radius = distance.min(axis=1) / 2.0
        filled = 4.0 / 3.0 * np.pi * (radius**3).sum() / crystal.volume_angstrom3
        return np.array([filled], dtype=np.float32)


def _shortest_translation(crystal: Crystal) -> float:
    """Length of the shortest lattice vector."""
    steps = np.array(np.meshgrid(*[np.arange(-3, 4)] * 3)).reshape(3, -1).T
    steps = steps[np.abs(steps).sum(axis=1) > 0]
    return float(np.linalg.norm(steps @ crystal.lattice_angstrom, axis=1).min())


@dataclass(frozen=True)
class StructuralComplexity(Descriptor):
    """Shannon information of the distribution of atoms over orbits, in bits per atom and per cell.

    Krivovichev, Acta Cryst. A 2012, 68, 393. Per cell means per cell as given. Sites of one
    element with different charges are different.
    """

    symprec_angstrom: float = 0.1

    intensive: ClassVar[bool] = False
    name: str = field(default="structural_complexity", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("spglib",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 2."""
        return 2

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        return ["bits per atom", "bits per cell"]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute both."""
        orbit = equivalent_sites(crystal, self.symprec_angstrom, by_charge=True)
        share = np.unique(orbit, return_counts=True)[1] / crystal.n_sites
        bits = float(-(share * np.log2(share)).sum())
        return np.array([bits, bits * crystal.n_sites], dtype=np.float32)


@lru_cache(maxsize=16)
def _ewald_energy(lattice: bytes, fractional: bytes, charges: bytes, accuracy: int) -> float:
    """Energy in eV of charges in a cell whose vectors are in angstrom."""
    from pymatgen.analysis.ewald import EwaldSummation
    from pymatgen.core import DummySpecies, Structure

    structure = Structure(
        np.frombuffer(lattice).reshape(3, 3),
        [DummySpecies("X", charge) for charge in np.frombuffer(charges).tolist()],
        np.frombuffer(fractional).reshape(-1, 3),
    )
    return float(EwaldSummation(structure, acc_factor=accuracy).total_energy)


@dataclass(frozen=True)
class EwaldEnergy(Descriptor):
    """Electrostatic energy of the formal charges in eV, by Ewald summation.

    Ewald, Ann. Phys. 1921, 369, 253, as pymatgen computes it.

    Parameters
    ----------
    accuracy : int
        Accuracy in digits.
    per_atom : bool
        Divide by the number of sites. The published analysis used the energy of the whole cell,
        which is the default.
    """

    accuracy: int = 4
    per_atom: bool = False

    intensive: ClassVar[bool] = False
    name: str = field(default="ewald_energy", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("pymatgen-core",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the energy."""
        if crystal.charges is None:
            raise DescriptorError("no-charges", f"{crystal.material_id}: has no charges")
        if not crystal.charges.any():
            return np.zeros(1, dtype=np.float32)
        # the energy goes with one over the length: copies of another size share the sum
        size = float(np.cbrt(crystal.volume_angstrom3 / crystal.n_sites))
        lattice = np.round(crystal.lattice_angstrom / size, _DECIMALS)
        arrays = (lattice, crystal.fractional, crystal.charges)
        total = _ewald_energy(*(array.tobytes() for array in arrays), self.accuracy) / size
        return np.array([total / crystal.n_sites if self.per_atom else total], dtype=np.float32)
