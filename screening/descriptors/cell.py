"""Descriptors of the cell as a whole: how dense it is, and the trivial controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, Descriptor
from screening.descriptors.elements import element_data
from screening.errors import DescriptorError

__all__ = ["Density", "FrameworkAtoms", "LithiumFraction", "SiteCount", "Volume"]

GRAM_PER_CM3 = 1.66053906660  # one gram per mole per cubic angstrom


@dataclass(frozen=True)
class Density(Descriptor):
    """Density in g/cm3, volume per atom in cubic angstrom, and packing fraction.

    The packing fraction is that of spheres with the atomic radii.
    """

    name: str = field(default="density", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("pymatgen-core",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 3."""
        return 3

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        return ["density g/cm3", "volume per atom A3", "packing fraction"]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the three values."""
        data = [element_data(symbol) for symbol in crystal.symbols]
        radius = np.array([entry.radius_angstrom for entry in data])
        if not np.isfinite(radius).all():
            missing = crystal.symbols[int(np.flatnonzero(~np.isfinite(radius))[0])]
            raise DescriptorError(
                "no-element-data", f"{crystal.material_id}: no atomic radius of {missing} is known"
            )
        volume = crystal.volume_angstrom3
        mass = sum(entry.mass_g_per_mol for entry in data)
        packing = 4.0 / 3.0 * np.pi * (radius**3).sum() / volume
        values = [mass * GRAM_PER_CM3 / volume, volume / crystal.n_sites, packing]
        return np.array(values, dtype=np.float32)


@dataclass(frozen=True)
class _Control(Descriptor):
    """One number that describes no structure: a representation has to do better than this."""

    intensive: ClassVar[bool] = False
    modes: tuple[str, ...] = field(default=("structure",), init=False)
    libraries: tuple[str, ...] = field(default=(), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 1."""
        return 1


@dataclass(frozen=True)
class SiteCount(_Control):
    """Number of sites in the cell (trivial control)."""

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="control_sites", init=False)
    version: int = field(default=1, init=False)

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Count the sites."""
        return np.array([crystal.n_sites], dtype=np.float32)


@dataclass(frozen=True)
class FrameworkAtoms(_Control):
    """Number of atoms other than lithium in the cell (trivial control)."""

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="control_framework_atoms", init=False)
    version: int = field(default=1, init=False)

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Count the framework atoms."""
        return np.array([crystal.n_sites - crystal.symbols.count("Li")], dtype=np.float32)


@dataclass(frozen=True)
class Volume(_Control):
    """Cell volume in cubic angstrom (trivial control)."""

    name: str = field(default="control_volume", init=False)
    version: int = field(default=1, init=False)

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Return the volume."""
        return np.array([crystal.volume_angstrom3], dtype=np.float32)


@dataclass(frozen=True)
class LithiumFraction(_Control):
    """Fraction of lithium among the atoms (trivial control)."""

    scale_invariant: ClassVar[bool] = True
    intensive: ClassVar[bool] = True
    name: str = field(default="control_lithium_fraction", init=False)
    version: int = field(default=1, init=False)

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Return the fraction."""
        return np.array([crystal.symbols.count("Li") / crystal.n_sites], dtype=np.float32)
