"""Global instability index: how far bond-valence sums are from the charges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, Descriptor
from screening.errors import DescriptorError, MissingLibraryError
from screening.neighbours import image_offsets

__all__ = ["GlobalInstability"]

FloatArray = npt.NDArray[np.float64]

_ANY_VALENCE = 9
_VALENCES = range(1, 7)
_PAIRS_AT_ONCE = 2_000_000


class _Bond(NamedTuple):
    length_angstrom: float
    softness_angstrom: float


@lru_cache(maxsize=1)
def _parameters() -> dict[tuple[str, float, str, float], _Bond]:
    """Bond-valence parameters of the IUCr table (I. D. Brown, bvparm2020), as matminer ships it.

    Of several entries for one pair of ions the first counts. Entries for any valence serve for
    valences 1 to 6 that have none of their own (Brese & O'Keeffe, Acta Cryst. B 1991, 47, 192).
    """
    try:
        table = files("matminer.utils") / "data_files" / "bvparm2020.cif"
        lines = table.read_bytes().decode("utf-8", "replace").splitlines()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise MissingLibraryError(
            "descriptor global_instability needs the bond-valence table of matminer; "
            "install it with 'python -m pip install \".[descriptors]\"'"
        ) from error
    last = max(i for i, line in enumerate(lines) if line.strip() == "_valence_param_details")
    exact: dict[tuple[str, float, str, float], _Bond] = {}
    general: dict[tuple[str, float, str, float], _Bond] = {}
    seen: set[tuple[str, str]] = set()
    for line in lines[last + 1 :]:
        parts = line.split()
        if len(parts) < 6 or line.startswith("#"):
            continue
        cation, cation_valence, anion, anion_valence, length, softness = parts[:6]
        bond = _Bond(float(length), float(softness))
        valence = float(anion_valence)
        exact.setdefault((cation, float(cation_valence), anion, valence), bond)
        if int(cation_valence) == _ANY_VALENCE and (cation, anion) not in seen:
            seen.add((cation, anion))
            for charge in _VALENCES:
                general.setdefault((cation, float(charge), anion, valence), bond)
    return general | exact


@dataclass(frozen=True)
class GlobalInstability(Descriptor):
    """Root mean square difference between bond-valence sums and charges, in valence units.

    Salinas-Sanchez et al., J. Solid State Chem. 1992, 100, 201. The parameters of most simplified
    crystals, whose cations are all called aluminium, are in no table: those fail by name. Zero
    for a crystal without charged sites.

    Parameters
    ----------
    cutoff_angstrom : float
        Neighbours up to this distance count.
    """

    cutoff_angstrom: float = 20.0

    name: str = field(default="global_instability", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("matminer",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the name of the value."""
        return ["global instability index"]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the index."""
        charges = crystal.charges
        name = crystal.material_id
        if charges is None:
            raise DescriptorError("no-charges", f"{name}: has no charges")
        if len(set(crystal.symbols)) == 1:
            raise DescriptorError("one-element", f"{name}: holds one element only")
        if (charges != np.round(charges)).any():
            raise DescriptorError("fractional-charge", f"{name}: a charge is not a whole number")
        sums = self._valence_sums(crystal, charges)
        return np.array([np.sqrt(np.mean((sums - charges) ** 2))], dtype=np.float32)

    def _valence_sums(self, crystal: Crystal, charges: FloatArray) -> FloatArray:
        cations, anions = np.flatnonzero(charges > 0), np.flatnonzero(charges < 0)
        length = np.empty((cations.size, anions.size))
        softness = np.empty_like(length)
        for row, i in enumerate(cations):
            for column, j in enumerate(anions):
                bond = self._bond(crystal, int(i), int(j))
                length[row, column], softness[row, column] = bond
        valence = self._bond_valences(crystal, cations, anions, length, softness)
        sums = np.zeros(crystal.n_sites)
        sums[cations] = valence.sum(axis=1)
        sums[anions] = -valence.sum(axis=0)
        return sums

    def _bond_valences(
        self,
        crystal: Crystal,
        cations: npt.NDArray[np.int64],
        anions: npt.NDArray[np.int64],
        length: FloatArray,
        softness: FloatArray,
    ) -> FloatArray:
        """Sum of the valences of each cation and all images of each anion."""
        lattice = crystal.lattice_angstrom
        inside = (crystal.fractional - np.floor(crystal.fractional)) @ lattice
        shifts = image_offsets(lattice, self.cutoff_angstrom) @ lattice
        square = np.einsum("ij,ij->i", shifts, shifts)
        out = np.zeros(length.shape)
        rows = max(1, _PAIRS_AT_ONCE // max(1, len(shifts) * anions.size))
        for start in range(0, cations.size, rows):
            part = slice(start, start + rows)
            delta = inside[anions][None, :, :] - inside[cations[part]][:, None, :]
            squared = 2.0 * delta @ shifts.T + square
            squared += np.einsum("ijk,ijk->ij", delta, delta)[:, :, None]
            distance = np.sqrt(np.maximum(squared, 0.0))
            near = distance <= self.cutoff_angstrom
            r, b = length[part][:, :, None], softness[part][:, :, None]
            out[part] = np.where(near, np.exp((r - distance) / b), 0.0).sum(axis=2)
        return out

    @staticmethod
    def _bond(crystal: Crystal, cation: int, anion: int) -> _Bond:
        assert crystal.charges is not None
        first, second = crystal.symbols[cation], crystal.symbols[anion]
        charge, other = float(crystal.charges[cation]), float(crystal.charges[anion])
        bond = _parameters().get((first, charge, second, other))
        if bond is None:
            raise DescriptorError(
                "no-bond-valence",
                f"{crystal.material_id}: no bond-valence parameters for {first}{charge:+.0f} "
                f"and {second}{other:+.0f}",
            )
        return bond
