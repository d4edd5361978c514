"""Radial distribution function over all pairs of atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, Descriptor
from screening.neighbours import pair_distances

__all__ = ["RadialDistribution"]

# A distance that sits on the edge of a bin in a perfect crystal belongs to the bin above,
# whichever way rounding went.
_EDGE_ANGSTROM = 1e-7


@dataclass(frozen=True)
class RadialDistribution(Descriptor):
    """Number of atoms at a distance, relative to a uniform gas of the same density.

    Parameters
    ----------
    cutoff_angstrom, bin_angstrom : float
    per_site : bool
        Divide by the number of sites, which makes the function independent of the cell. The
        published analysis did not, so its function grows with the cell; that is the default.
    """

    cutoff_angstrom: float = 10.0
    bin_angstrom: float = 0.1
    per_site: bool = False

    intensive: ClassVar[bool] = False
    name: str = field(default="rdf", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=(), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return the number of bins."""
        return round(self.cutoff_angstrom / self.bin_angstrom)

    def columns(self, mode: str) -> Sequence[str]:
        """Return the names of the values."""
        return [f"{self.bin_angstrom * k:.2f} A" for k in range(self.length(mode))]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:
        """Compute the distribution."""
        bins = self.length(mode)
        distance, times = pair_distances(crystal, self.cutoff_angstrom)
        slot = ((distance + _EDGE_ANGSTROM) / self.bin_angstrom).astype(np.int64)
        counted = np.bincount(np.minimum(slot, bins - 1), times, bins).astype(np.float64)
        edge = self.bin_angstrom * np.arange(bins + 1)
        shell = 4.0 / 3.0 * np.pi * np.diff(edge**3)
        density = crystal.n_sites / crystal.volume_angstrom3
        if self.per_site:
            counted = counted / crystal.n_sites
        return (counted / shell / density).astype(np.float32)
