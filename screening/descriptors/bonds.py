"""Bond fractions: which kinds of ions are bonded to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from screening.bonding import crystal_bonds, species_text
from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, OpenDescriptor
from screening.errors import DescriptorError

__all__ = ["BondFraction"]


@dataclass(frozen=True)
class BondFraction(OpenDescriptor):
    """Fraction of each kind of bond among all bonds.

    Hansen et al., J. Phys. Chem. Lett. 2015, 6, 2326 (sum over bonds), with the neighbours of
    `screening.bonding.crystal_bonds`. A kind is a pair of ions with their charges, such as
    ``Li+ - O2-``. The kinds are those of all structures that are described together.

    Parameters
    ----------
    kinds : tuple of str or None
        The columns, once they are known (`OpenDescriptor.with_columns`).
    """

    kinds: tuple[str, ...] | None = None

    name: str = field(default="bond_fraction", init=False)
    version: int = field(default=2, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("scipy", "pymatgen-core"), init=False)

    def terms(self, crystal: Crystal, mode: str) -> Mapping[str, float]:  # noqa: ARG002
        """Fraction of each possible kind of bond; zero for pairs of ions that do not bond."""
        if crystal.charges is None:
            raise DescriptorError("no-charges", f"{crystal.material_id}: has no charges")
        ions = [species_text(s, q) for s, q in zip(crystal.symbols, crystal.charges, strict=True)]
        kinds = sorted(set(ions))
        found = {_kind(a, b): 0.0 for i, a in enumerate(kinds) for b in kinds[i:]}
        bonds = Counter(_kind(ions[a], ions[b]) for a, b in crystal_bonds(crystal).tolist())
        total = sum(bonds.values()) or 1
        return found | {kind: count / total for kind, count in bonds.items()}

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the kinds of bonds."""
        return self._known(self.kinds)

    def with_columns(self, columns: Sequence[str]) -> BondFraction:
        """Return the descriptor with these kinds of bonds."""
        return BondFraction(kinds=tuple(columns))

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:
        """Compute the fractions of the known kinds."""
        return self._row(self.terms(crystal, mode), self.columns(mode))


def _kind(first: str, second: str) -> str:
    return " - ".join(sorted((first, second)))
