"""Smooth overlap of atomic positions, averaged over the sites of a cell.

Bartók, Kondor & Csányi, Phys. Rev. B 2013, 87, 184115, as DScribe computes it (Himanen et al.,
Comput. Phys. Commun. 2020, 247, 106949). The settings are those of Laskowski et al., Energy
Environ. Sci. 2023, 16, 1264: cut-off 3 angstrom, 5 radial functions, angular momentum up to 3,
Gaussians of 1 angstrom, outer average. Of all pairs of species only those with sulfur, which
stands for the anions, are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import Descriptor
from screening.errors import DescriptorError

__all__ = ["Soap"]

# Elements of a mode; the mode "structure" needs the elements of the set itself.
_SPECIES = {
    "A": ("S",),
    "AM": ("Li", "S"),
    "CAN": ("Al", "Mg", "S"),
    "CAMN": ("Al", "Li", "Mg", "S"),
}


@lru_cache(maxsize=32)
def _calculator(
    species: tuple[str, ...], r_cut: float, n_max: int, l_max: int, sigma: float
) -> tuple[Any, npt.NDArray[np.int64]]:
    """DScribe's calculator and the columns of the channels with sulfur."""
    from dscribe.descriptors import SOAP

    soap = SOAP(
        species=list(species),
        r_cut=r_cut,
        n_max=n_max,
        l_max=l_max,
        sigma=sigma,
        rbf="gto",
        average="outer",
        periodic=True,
        compression={"mode": "off"},
    )
    everything = np.arange(soap.get_number_of_features())
    columns = [everything[soap.get_location(("S", other))] for other in species]
    return soap, np.concatenate(columns)


@dataclass(frozen=True)
class Soap(Descriptor):
    """Outer-averaged SOAP, the channels of sulfur with every species.

    Parameters
    ----------
    r_cut_angstrom : float
    n_max, l_max : int
        Number of radial functions and largest angular momentum.
    sigma_angstrom : float
        Width of the Gaussian put on each site.

    Notes
    -----
    One pair (S, S) gives n_max (n_max + 1) / 2 (l_max + 1) numbers, one pair (S, x) n_max^2
    (l_max + 1): 260 for the mode CAN.
    """

    r_cut_angstrom: float = 3.0
    n_max: int = 5
    l_max: int = 3
    sigma_angstrom: float = 1.0

    name: str = field(default="soap", init=False)
    version: int = field(default=2, init=False)
    modes: tuple[str, ...] = field(
        default=("A", "AM", "CAN", "CAMN", "A40", "AM40", "CAN40", "CAMN40"), init=False
    )
    libraries: tuple[str, ...] = field(default=("dscribe",), init=False)

    def length(self, mode: str) -> int:
        """Return the number of values in a mode."""
        others = len(_SPECIES[self._mode(mode)]) - 1
        own = self.n_max * (self.n_max + 1) // 2
        return (own + others * self.n_max**2) * (self.l_max + 1)

    def columns(self, mode: str) -> Sequence[str]:
        """Return the names of the values."""
        names = []
        for other in _SPECIES[self._mode(mode)]:
            pairs = self.n_max * (self.n_max + 1) // 2 if other == "S" else self.n_max**2
            names += [f"S-{other} {k}" for k in range(pairs * (self.l_max + 1))]
        return names

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:
        """Compute the descriptor of one simplified crystal."""
        species = _SPECIES[self._mode(mode)]
        foreign = sorted(set(crystal.symbols) - set(species))
        if foreign:
            raise DescriptorError(
                "species",
                f"{crystal.material_id}: holds {', '.join(foreign)}, which the mode {mode} "
                "does not know; simplify it first",
            )
        from ase import Atoms

        soap, columns = _calculator(
            species, self.r_cut_angstrom, self.n_max, self.l_max, self.sigma_angstrom
        )
        atoms = Atoms(
            symbols=list(crystal.symbols),
            # DScribe builds periodic images around the cell: sites must lie inside it
            scaled_positions=crystal.fractional - np.floor(crystal.fractional),
            cell=np.array(crystal.lattice_angstrom),
            pbc=True,
        )
        return np.asarray(soap.create(atoms)[columns], dtype=np.float32)

    def _mode(self, mode: str) -> str:
        reduced = mode.removesuffix("40")
        if reduced not in _SPECIES:
            raise DescriptorError(
                "mode", f"soap is defined for simplified structures, not for the mode {mode!r}"
            )
        return reduced
