"""Eigenvalues of the sine Coulomb matrix.

Faber et al., Int. J. Quantum Chem. 2015, 115, 1094: a periodic stand-in for the Coulomb matrix,
``M_ij = Z_i Z_j / |B sin^2(pi B^-1 (r_i - r_j))|`` with distances in bohr, ``M_ii = Z_i^2.4 / 2``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, Descriptor
from screening.descriptors.elements import element_data
from screening.errors import DescriptorError

__all__ = ["SineCoulomb", "sine_coulomb_matrix"]

ANGSTROM_IN_BOHR = 1.0 / 0.529177210903


def sine_coulomb_matrix(crystal: Crystal) -> npt.NDArray[np.float64]:
    """Compute the sine Coulomb matrix, shape (n, n).

    Raises
    ------
    DescriptorError
        When two sites coincide.
    """
    number = np.array([element_data(symbol).number for symbol in crystal.symbols], dtype=float)
    delta = crystal.fractional[:, None, :] - crystal.fractional[None, :, :]
    vector = np.sin(np.pi * delta) ** 2 @ crystal.lattice_angstrom
    distance = np.linalg.norm(vector, axis=-1) * ANGSTROM_IN_BOHR
    np.fill_diagonal(distance, 1.0)
    if distance.min() < 1e-9:
        raise DescriptorError("overlapping-sites", f"{crystal.material_id}: two sites coincide")
    matrix = np.outer(number, number) / distance
    np.fill_diagonal(matrix, 0.5 * number**2.4)
    return np.asarray(matrix)


@dataclass(frozen=True)
class SineCoulomb(Descriptor):
    """Eigenvalues of the sine Coulomb matrix, padded with zeros.

    Parameters
    ----------
    max_sites : int
        Length of the vector.
    faithful : bool
        Keep the order in which the general eigenvalue solver returns them, as the published
        analysis did. That order changes under a scaling by 1e-13, so the default sorts, largest
        first.
    """

    max_sites: int = 500
    faithful: bool = False

    intensive: ClassVar[bool] = False
    name: str = field(default="sine_coulomb", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=(), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return the largest number of sites."""
        return self.max_sites

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the eigenvalues."""
        if crystal.n_sites > self.max_sites:
            raise DescriptorError(
                "too-many-sites",
                f"{crystal.material_id}: has {crystal.n_sites} sites, more than {self.max_sites}",
            )
        matrix = sine_coulomb_matrix(crystal)
        values = np.zeros(self.max_sites)
        if self.faithful:
            values[: crystal.n_sites] = np.linalg.eigvals(matrix).real
        else:
            values[: crystal.n_sites] = np.linalg.eigvalsh(matrix)[::-1]
        return values.astype(np.float32)
