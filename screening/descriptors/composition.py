"""Descriptors of what a crystal is made of, without where the atoms are.

They take the simplified crystal like all others, so in the simplified modes the elements are the
stand-ins (S, Al, Mg, Li). All are unchanged by scaling and by repeating the cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, Descriptor
from screening.descriptors.elements import element_data
from screening.errors import DescriptorError

__all__ = [
    "BandCenter",
    "ElectronegativityDifference",
    "Meredig",
    "OxidationStates",
    "ValenceOrbitals",
]

FloatArray = npt.NDArray[np.float64]
N_ELEMENTS = 103


def weighted_standard_deviation(values: FloatArray, weights: FloatArray) -> float:
    """Return the unbiased weighted standard deviation; zero for a single value.

    The weights are amounts; ``sum w / ((sum w)^2 - sum w^2)`` replaces ``1 / (n - 1)``.
    """
    if values.size == 1:
        return 0.0
    total = weights.sum()
    scale = total / (total**2 - (weights**2).sum())
    mean = np.average(values, weights=weights)
    return float(np.sqrt(scale * np.dot((values - mean) ** 2, weights)))


def _amounts(crystal: Crystal) -> tuple[list[str], FloatArray]:
    counted = Counter(crystal.symbols)
    symbols = sorted(counted)
    return symbols, np.array([counted[symbol] for symbol in symbols], dtype=np.float64)


def _species(crystal: Crystal) -> tuple[list[str], FloatArray, FloatArray]:
    """Element, charge and amount of each distinct pair of element and charge."""
    if crystal.charges is None:
        raise DescriptorError("no-charges", f"{crystal.material_id}: has no charges; decorate it")
    counted = Counter(zip(crystal.symbols, crystal.charges.tolist(), strict=True))
    pairs = sorted(counted)
    return (
        [symbol for symbol, _ in pairs],
        np.array([charge for _, charge in pairs]),
        np.array([counted[pair] for pair in pairs], dtype=np.float64),
    )


def _property(crystal: Crystal, symbols: Sequence[str], name: str) -> FloatArray:
    values = np.array([float(getattr(element_data(symbol), name)) for symbol in symbols])
    if not np.isfinite(values).all():
        missing = symbols[int(np.flatnonzero(~np.isfinite(values))[0])]
        raise DescriptorError(
            "no-element-data", f"{crystal.material_id}: no {name} is known for {missing}"
        )
    return values


@dataclass(frozen=True)
class BandCenter(Descriptor):
    """Minus the geometric mean of Pauling electronegativities.

    Butler & Ginley, J. Electrochem. Soc. 1978, 125, 228, in the form ``-prod X_i^{x_i}`` that
    matminer 0.6 used; later versions use Mulliken's scale.
    """

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="band_center", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("pymatgen-core",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the band centre."""
        symbols, amounts = _amounts(crystal)
        x = _property(crystal, symbols, "electronegativity")
        return np.array([-np.exp(np.average(np.log(x), weights=amounts))], dtype=np.float32)


def _valence(symbols: Sequence[str], amounts: FloatArray) -> FloatArray:
    electrons = np.array([element_data(symbol).valence_electrons for symbol in symbols])
    mean = np.average(electrons, axis=0, weights=amounts)
    return np.concatenate([mean, mean / mean.sum()])


@dataclass(frozen=True)
class ValenceOrbitals(Descriptor):
    """Mean number of s, p, d, f valence electrons, and each as a fraction of all.

    Ward et al., npj Comput. Mater. 2016, 2, 16028.
    """

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="valence_orbitals", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("pymatgen-core",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 8."""
        return 8

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        return [f"{kind} {orbital}" for kind in ("mean", "fraction") for orbital in "spdf"]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the occupation of the valence shells."""
        return _valence(*_amounts(crystal)).astype(np.float32)


@dataclass(frozen=True)
class Meredig(Descriptor):
    """Element fractions and 17 statistics of element properties.

    Meredig et al., Phys. Rev. B 2014, 89, 094104: fractions of the first 103 elements; mean
    atomic weight, column and row; range and mean of atomic number, atomic radius and
    electronegativity; the eight values of `ValenceOrbitals`. Element properties are pymatgen's;
    electronegativities of Pm, Eu, Tb and Yb differ from the Magpie table in the third digit.
    """

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="meredig", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("pymatgen-core",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 120."""
        return N_ELEMENTS + 17

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute fractions and statistics."""
        symbols, amounts = _amounts(crystal)
        number = _property(crystal, symbols, "number")
        if number.max() > N_ELEMENTS:
            raise DescriptorError(
                "no-element-data", f"{crystal.material_id}: holds an element beyond lawrencium"
            )
        fractions = np.zeros(N_ELEMENTS)
        fractions[number.astype(int) - 1] = amounts / amounts.sum()
        mean = [
            float(np.average(_property(crystal, symbols, name), weights=amounts))
            for name in ("mass_g_per_mol", "group", "row")
        ]
        spread: list[float] = []
        for name in ("number", "radius_angstrom", "electronegativity"):
            values = _property(crystal, symbols, name)
            spread += [float(np.ptp(values)), float(np.average(values, weights=amounts))]
        statistics = np.array(mean + spread)
        parts = [fractions, statistics, _valence(symbols, amounts)]
        return np.concatenate(parts).astype(np.float32)


@dataclass(frozen=True)
class OxidationStates(Descriptor):
    """Minimum, maximum, range and standard deviation of the charges.

    Deml et al., Phys. Rev. B 2016, 93, 085142. Distinct pairs of element and charge are weighted
    by their amounts.
    """

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="oxidation_states", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)

    libraries: tuple[str, ...] = field(default=("pymatgen-core",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 4."""
        return 4

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        return ["minimum", "maximum", "range", "standard deviation"]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the statistics of the charges."""
        _, charges, amounts = _species(crystal)
        spread = weighted_standard_deviation(charges, amounts)
        values = [charges.min(), charges.max(), np.ptp(charges), spread]
        return np.array(values, dtype=np.float32)


@dataclass(frozen=True)
class ElectronegativityDifference(Descriptor):
    """Mean anion electronegativity minus that of each cation: min, max, range, mean, deviation.

    Deml et al., Phys. Rev. B 2016, 93, 085142. Zeros for a crystal that is not ionic, as in
    Laskowski et al., Energy Environ. Sci. 2023, 16, 1264.
    """

    scale_invariant: ClassVar[bool] = True
    name: str = field(default="electronegativity_difference", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("pymatgen-core",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return 5."""
        return 5

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        return ["minimum", "maximum", "range", "mean", "standard deviation"]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the statistics of the differences."""
        symbols, charges, amounts = _species(crystal)
        anion, cation = charges < 0, charges > 0
        if not anion.any() or not cation.any():
            return np.zeros(5, dtype=np.float32)
        x = _property(crystal, symbols, "electronegativity")
        difference = np.average(x[anion], weights=amounts[anion]) - x[cation]
        weight = amounts[cation]
        values = [
            difference.min(),
            difference.max(),
            np.ptp(difference),
            np.average(difference, weights=weight),
            weighted_standard_deviation(difference, weight),
        ]
        return np.array(values, dtype=np.float32)
