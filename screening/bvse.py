"""Bond valence site energy (BVSE) of a mobile ion on a grid, and its migration barriers.

Method: Chen, Wong & Adams, Acta Cryst. B 2019, 75, 18. At each point of the grid the energy of the
mobile ion is a sum of Morse potentials with the anions and of a screened Coulomb repulsion from
the other cations::

    E(r) = 1/2 sum_X D_0 [(exp(alpha (R_min - r)) - 1)^2 - 1]
         + 14.4 eV A  s  sum_M q q_M / r  erfc(r / (0.74 (rho + rho_M)))

with effective charges q = V / sqrt(n) and s, which makes the effective charges of the cell
neutral. Mobile ions do not see each other. A point closer to a cation than that cation's radius
is closed. Barriers are those of `screening.percolation`.

`faithful=True` repeats the published calculation of Laskowski et al., Energy Environ. Sci. 2023,
16, 1264, with its peculiarities (see `screening.bvse_published`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.bvse_grid import Interaction, interaction_energy
from screening.bvse_parameters import (
    COULOMB_EV_ANGSTROM,
    BvseParameters,
    Ion,
    MissingParametersError,
    MorsePair,
    library_parameters,
    name_of,
)
from screening.crystal import Crystal
from screening.errors import StructureError
from screening.percolation import Percolation, percolate

__all__ = [
    "CLOSED_EV",
    "EnergyLandscape",
    "IonModel",
    "MigrationBarriers",
    "energy_landscape",
    "ion_model",
    "migration_barriers",
]

FloatArray = npt.NDArray[np.float64]

SCREENING_FACTOR = 0.74
#: Energy of a point inside a cation, 300 units of the Coulomb term as published.
CLOSED_EV = 300.0 * COULOMB_EV_ANGSTROM
# beyond, even the softest pair (alpha about 1.3 per angstrom) is below 1e-5 eV
_LONGEST_CUTOFF_ANGSTROM = 12.0


class NoMobileIonError(StructureError):
    """The structure does not hold the mobile ion, or not as a cation."""

    code = "no-ion"


@dataclass(frozen=True, slots=True)
class IonModel:
    """Interactions of the mobile ion with the ions of one crystal.

    Attributes
    ----------
    mobile : Ion
    anions : dict
        Sites and Morse pair of each kind of anion.
    cations : dict
        Sites, Coulomb prefactor (eV A) and screening length (A) and radius (A) of each kind.
    """

    mobile: Ion
    anions: dict[Ion, tuple[npt.NDArray[np.int64], MorsePair]]
    cations: dict[Ion, tuple[npt.NDArray[np.int64], float, float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class EnergyLandscape:
    """Energy of the mobile ion on a periodic grid.

    Attributes
    ----------
    energy_eV : ndarray, shape (n1, n2, n3)
        At the fractional coordinates i/n1, j/n2, k/n3.
    crystal : Crystal
    mobile : Ion
    """

    energy_eV: FloatArray
    crystal: Crystal
    mobile: Ion

    @property
    def above_minimum_eV(self) -> FloatArray:
        """Energies above the lowest point of the grid."""
        return np.asarray(self.energy_eV - self.energy_eV.min())


@dataclass(frozen=True, slots=True, eq=False)
class MigrationBarriers:
    """Barriers of one crystal.

    Attributes
    ----------
    barrier_1d_eV, barrier_2d_eV, barrier_3d_eV : float or None
        Lowest energy, above the lowest point, that connects the ion's paths through the crystal
        in so many directions; None where none does.
    mobile : str
        Name of the ion, such as ``Li+``.
    grid : tuple of int
    faithful : bool
        Whether the published calculation was repeated.
    source : str
        Where the parameters come from.
    """

    barrier_1d_eV: float | None
    barrier_2d_eV: float | None
    barrier_3d_eV: float | None
    mobile: str
    grid: tuple[int, int, int]
    faithful: bool
    source: str

    @property
    def barriers_eV(self) -> tuple[float | None, float | None, float | None]:
        """All three."""
        return (self.barrier_1d_eV, self.barrier_2d_eV, self.barrier_3d_eV)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "barrier_1d_eV": self.barrier_1d_eV,
            "barrier_2d_eV": self.barrier_2d_eV,
            "barrier_3d_eV": self.barrier_3d_eV,
            "mobile_ion": self.mobile,
            "grid": list(self.grid),
            "faithful": self.faithful,
            "parameters": self.source,
        }


def ion_model(
    crystal: Crystal, ion: str = "Li", parameters: BvseParameters | None = None
) -> IonModel:
    """Look up the interactions of the mobile ion with every other ion of a crystal.

    Parameters
    ----------
    crystal : Crystal
        Ordered, with charges.
    ion : str
        Element of the mobile ion.
    parameters : BvseParameters, optional
        softBV parameters by default.

    Raises
    ------
    NoMobileIonError
        When the crystal holds no such cation, or its charges are not known.
    MissingParametersError
        When a pair has no parameters; the message names it.
    """
    table = parameters if parameters is not None else library_parameters()
    name = crystal.material_id or "structure"
    if crystal.charges is None or not np.any(crystal.charges):
        raise NoMobileIonError(f"{name}: its ions have no charges, so there are no interactions")
    kinds: dict[Ion, list[int]] = {}
    for site, (symbol, charge) in enumerate(zip(crystal.symbols, crystal.charges, strict=True)):
        kinds.setdefault((symbol, round(float(charge))), []).append(site)
    mobile = [kind for kind in kinds if kind[0] == ion and kind[1] > 0]
    if not mobile:
        raise NoMobileIonError(f"{name}: holds no {ion} cation")
    moving = min(mobile, key=lambda kind: kind[1])
    try:
        return _model(kinds, moving, table, crystal)
    except MissingParametersError as error:
        raise MissingParametersError(f"{name}: {error}") from None


def _model(
    kinds: dict[Ion, list[int]], moving: Ion, table: BvseParameters, crystal: Crystal
) -> IonModel:
    radius, shell = table.screening(moving)
    assert crystal.charges is not None
    effective = {}
    for kind, sites in kinds.items():
        if kind[1] != 0:
            _, quantum = table.screening(kind)
            # the charge as given, which may be a mean over sites and not whole
            effective[kind] = crystal.charges[sites] / np.sqrt(quantum)
    positive = sum(float(part.sum()) for kind, part in effective.items() if kind[1] > 0)
    negative = sum(float(part.sum()) for kind, part in effective.items() if kind[1] < 0)
    scale = -negative / positive
    own = moving[1] / np.sqrt(shell)
    anions, cations = {}, {}
    for kind, sites in kinds.items():
        where = np.array(sites, dtype=np.int64)
        if kind[1] < 0:
            anions[kind] = (where, table.pair(moving, kind))
        elif kind[1] > 0 and kind[0] != moving[0]:
            other, _ = table.screening(kind)
            prefactor = COULOMB_EV_ANGSTROM * scale * own * float(effective[kind].mean())
            cations[kind] = (where, prefactor, SCREENING_FACTOR * (radius + other), other)
    if not anions:
        raise MissingParametersError(f"no anion that could bind {name_of(moving)}")
    return IonModel(moving, anions, cations)


def grid_shape(crystal: Crystal, spacing_angstrom: float) -> tuple[int, int, int]:
    """Return the fewest points along each vector that lie no further apart than the spacing."""
    lengths = np.linalg.norm(crystal.lattice_angstrom, axis=1)
    n = np.maximum(np.ceil(lengths / spacing_angstrom - 1e-9).astype(int), 1)
    return int(n[0]), int(n[1]), int(n[2])


def energy_landscape(
    crystal: Crystal,
    ion: str = "Li",
    *,
    spacing_angstrom: float = 0.2,
    parameters: BvseParameters | None = None,
    cutoff_angstrom: float | None = None,
) -> EnergyLandscape:
    """Compute the energy of the mobile ion at every point of a grid.

    Parameters
    ----------
    crystal : Crystal
        Ordered, with charges.
    ion : str
        Element of the mobile ion.
    spacing_angstrom : float
        Largest distance of neighbouring grid points along the cell vectors.
    parameters : BvseParameters, optional
    cutoff_angstrom : float, optional
        One cutoff for all pairs; 12 by default, where nothing is left of any.

    Raises
    ------
    StructureError
        When the crystal or the parameters do not allow it.
    """
    if not spacing_angstrom > 0.0:
        raise StructureError(f"grid spacing {spacing_angstrom} angstrom: give a positive number")
    model = ion_model(crystal, ion, parameters)
    shape = grid_shape(crystal, spacing_angstrom)
    interactions = radial_interactions(crystal, model, cutoff_angstrom)
    energy = interaction_energy(crystal.lattice_angstrom, shape, interactions, CLOSED_EV)
    return EnergyLandscape(energy, crystal, model.mobile)


def radial_interactions(
    crystal: Crystal, model: IonModel, cutoff: float | None = None
) -> list[Interaction]:
    """Return the radial energies around the sites of each kind of ion."""
    found = []
    for sites, pair in model.anions.values():
        found.append(
            Interaction(
                fractional=crystal.fractional[sites],
                cutoff_angstrom=cutoff or _LONGEST_CUTOFF_ANGSTROM,
                morse=(0.5 * pair.depth_eV, pair.r_min_angstrom, pair.alpha_per_angstrom),
            )
        )
    for sites, prefactor, length, radius in model.cations.values():
        found.append(
            Interaction(
                fractional=crystal.fractional[sites],
                cutoff_angstrom=cutoff or _LONGEST_CUTOFF_ANGSTROM,
                coulomb=(prefactor, length),
                closed_within_angstrom=radius,
            )
        )
    return found


def migration_barriers(
    crystal: Crystal,
    ion: str = "Li",
    *,
    spacing_angstrom: float | None = None,
    parameters: BvseParameters | None = None,
    faithful: bool = False,
) -> MigrationBarriers:
    """Compute the 1-D, 2-D and 3-D migration barriers of a crystal.

    Parameters
    ----------
    crystal : Crystal
        Ordered, with charges.
    ion : str
        Element of the mobile ion.
    spacing_angstrom : float, optional
        0.2 by default, 0.1 in faithful mode.
    parameters : BvseParameters, optional
    faithful : bool
        Repeat the published calculation.

    Raises
    ------
    StructureError
        When the crystal or the parameters do not allow it.
    """
    table = parameters if parameters is not None else library_parameters()
    if faithful:
        from screening.bvse_published import published_barriers

        return published_barriers(crystal, ion, table, spacing_angstrom or 0.1)
    landscape = energy_landscape(
        crystal, ion, spacing_angstrom=spacing_angstrom or 0.2, parameters=table
    )
    return replace(barriers_of(landscape, percolate(landscape.energy_eV)), source=table.source)


def barriers_of(landscape: EnergyLandscape, percolation: Percolation) -> MigrationBarriers:
    """Return the barriers of a landscape that was already searched."""
    shape = landscape.energy_eV.shape
    return MigrationBarriers(
        *percolation.barriers_eV,
        mobile=name_of(landscape.mobile),
        grid=(shape[0], shape[1], shape[2]),
        faithful=False,
        source="",
    )
