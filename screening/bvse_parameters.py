"""Interaction parameters of bond valence site energies, for any mobile ion.

Method: Adams & Rao, Phys. Status Solidi A 2011, 208, 1746 and Chen & Adams, IUCrJ 2017, 4, 614.
A mobile cation and an anion attract by a Morse potential with

* ``alpha = 1/b``, the inverse softness parameter of the pair,
* ``R_min = R_0 (0.9185 + 0.2285 |s_A - s_X|) - b ln(V / N_C)``, the distance of lowest energy,
* ``D_0 = k b^2 / 2`` with ``k = 14.4 eV A c (V_A V_X)^(1/c) / (R_min sqrt(n_A n_X))``, where c is 1
  for mobile ions of the s and p blocks and 2 for those of the d and f blocks, and n is the
  principal quantum number of the valence shell.

``D_0`` is computed here from that relation (`morse_depth_eV`). ``R_min``, ``b``, the radii of the
Coulomb screening and the quantum numbers are published per pair and per ion; they are read from
the data of the installed library bvlain (MIT licence; the softBV set of Chen & Adams), or from a
CSV file of the user's.
"""

from __future__ import annotations

import csv
import io
import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from screening.errors import MissingLibraryError, StructureError

__all__ = [
    "BvseParameters",
    "Ion",
    "MissingParametersError",
    "MorsePair",
    "library_parameters",
    "morse_depth_eV",
    "read_parameters_csv",
]

COULOMB_EV_ANGSTROM = 14.4

Ion = tuple[str, int]
"""Element and formal charge, such as ``("Li", 1)``."""


class MissingParametersError(StructureError):
    """An interaction of the mobile ion has no published parameters."""

    code = "no-parameters"


@dataclass(frozen=True, slots=True)
class MorsePair:
    """Morse potential of a mobile ion and an anion.

    Attributes
    ----------
    depth_eV : float
        D_0.
    r_min_angstrom : float
        Distance of lowest energy.
    alpha_per_angstrom : float
    """

    depth_eV: float
    r_min_angstrom: float
    alpha_per_angstrom: float


@dataclass(frozen=True)
class BvseParameters:
    """All parameters that a calculation may ask for.

    Attributes
    ----------
    morse : mapping
        ``(mobile ion, anion) -> MorsePair``.
    radius_angstrom : mapping
        ``ion -> radius`` of the Coulomb screening.
    quantum_number : mapping
        ``element -> principal quantum number`` of the valence shell.
    source : str
        Where they come from, for records.
    """

    morse: Mapping[tuple[Ion, Ion], MorsePair]
    radius_angstrom: Mapping[Ion, float]
    quantum_number: Mapping[str, int]
    source: str

    def mobile_ions(self) -> list[Ion]:
        """Return the ions that have at least one Morse pair, by element."""
        return sorted({mobile for mobile, _ in self.morse})

    def pair(self, mobile: Ion, anion: Ion) -> MorsePair:
        """Return the potential of a pair.

        Raises
        ------
        MissingParametersError
        """
        try:
            return self.morse[mobile, anion]
        except KeyError:
            known = sorted({a for m, a in self.morse if m == mobile})
            has = ", ".join(name_of(ion) for ion in known) or "none"
            raise MissingParametersError(
                f"no Morse parameters for {name_of(mobile)} with {name_of(anion)} in "
                f"{self.source} (anions it has for {name_of(mobile)}: {has})"
            ) from None

    def screening(self, ion: Ion) -> tuple[float, int]:
        """Return radius in angstrom and quantum number of an ion.

        An ion whose charge is not tabulated takes the radius of the same element at the nearest
        charge of the same sign.

        Raises
        ------
        MissingParametersError
        """
        symbol, charge = ion
        near = [
            (abs(other - charge), other)
            for element, other in self.radius_angstrom
            if element == symbol and other * charge > 0
        ]
        if not near or symbol not in self.quantum_number:
            raise MissingParametersError(
                f"no screening radius or quantum number for {name_of(ion)} in {self.source}"
            )
        return self.radius_angstrom[symbol, min(near)[1]], self.quantum_number[symbol]


def name_of(ion: Ion) -> str:
    """Write an ion as people do: ``Li+``, ``O2-``."""
    symbol, charge = ion
    size = "" if abs(charge) == 1 else str(abs(charge))
    return f"{symbol}{size}{'+' if charge > 0 else '-' if charge < 0 else ''}"


def morse_depth_eV(
    mobile: Ion,
    anion: Ion,
    r_min_angstrom: float,
    b_angstrom: float,
    quantum_numbers: tuple[int, int],
    *,
    d_or_f_block: bool = False,
) -> float:
    """Depth D_0 of a pair's Morse potential, in eV (Adams & Rao 2011).

    Parameters
    ----------
    mobile, anion : Ion
    r_min_angstrom, b_angstrom : float
    quantum_numbers : tuple of int
        Principal quantum numbers of the mobile ion and of the anion.
    d_or_f_block : bool
        Whether the mobile ion's element belongs to the d or f block.
    """
    c = 2.0 if d_or_f_block else 1.0
    charges: float = abs(mobile[1] * anion[1]) ** (1.0 / c)
    shells = math.sqrt(quantum_numbers[0] * quantum_numbers[1])
    force_constant = COULOMB_EV_ANGSTROM * c * charges / (r_min_angstrom * shells)
    return 0.5 * force_constant * b_angstrom**2


def read_parameters_csv(path: str | Path) -> BvseParameters:
    """Read parameters from a CSV file.

    Parameters
    ----------
    path : path
        Columns ``kind, ion, charge, partner, partner_charge, r_min_angstrom, alpha_per_angstrom,
        depth_eV, radius_angstrom, quantum_number``. A row of kind ``morse`` fills r_min, alpha and
        depth; a row of kind ``ion`` fills radius and quantum number.

    Raises
    ------
    MissingParametersError
        When the file cannot be read or a row is incomplete.
    """
    file = Path(path)
    morse: dict[tuple[Ion, Ion], MorsePair] = {}
    radius: dict[Ion, float] = {}
    quantum: dict[str, int] = {}
    try:
        rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError) as error:
        raise MissingParametersError(f"{file}: cannot be read ({error})") from error
    for number, row in enumerate(rows, 2):
        try:
            ion = (row["ion"], int(row["charge"]))
            if row["kind"] == "morse":
                partner = (row["partner"], int(row["partner_charge"]))
                morse[ion, partner] = MorsePair(
                    float(row["depth_eV"]),
                    float(row["r_min_angstrom"]),
                    float(row["alpha_per_angstrom"]),
                )
            elif row["kind"] == "ion":
                radius[ion] = float(row["radius_angstrom"])
                quantum[ion[0]] = int(row["quantum_number"])
            else:
                raise ValueError(f"kind {row['kind']!r} is neither 'morse' nor 'ion'")
        except (KeyError, TypeError, ValueError) as error:
            raise MissingParametersError(f"{file}, line {number}: {error}") from error
    if not morse:
        raise MissingParametersError(f"{file}: holds no row of kind 'morse'")
    return BvseParameters(morse, radius, quantum, file.name)


class _NumbersOnly(pickle.Unpickler):
    """Reads pickled dictionaries of numbers and refuses everything else."""

    _ALLOWED = frozenset(
        [
            ("numpy.core.multiarray", "scalar"),
            ("numpy._core.multiarray", "scalar"),
            ("numpy", "dtype"),
        ]
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not expected in a parameter file")
        return super().find_class(module, name)


def _symbols() -> list[str]:
    from ase.data import chemical_symbols

    return list(chemical_symbols)


@lru_cache(maxsize=1)
def library_parameters() -> BvseParameters:
    """Return the softBV parameters that the library bvlain distributes.

    Pairs for which the table holds no usable potential (a negative alpha) are left out.

    Raises
    ------
    MissingLibraryError
        When the library is not installed.
    """
    # found without importing it: only its data files are needed
    spec = find_spec("bvlain")
    if spec is None or not spec.submodule_search_locations:
        raise MissingLibraryError(
            "bond valence site energies need the parameters that come with bvlain: "
            "install it with 'python -m pip install bvlain', or name a parameter file"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    try:
        tables = [
            _NumbersOnly(io.BytesIO((folder / name).read_bytes())).load()
            for name in ("cation.pkl", "covalent_radii_softvb.pkl", "quantum_n.pkl")
        ]
    except (OSError, pickle.UnpicklingError, AttributeError, EOFError) as error:
        raise MissingLibraryError(
            f"the parameter files of the installed bvlain cannot be read ({error}); "
            "install bvlain 0.25"
        ) from error
    pairs, radii, shells = tables
    symbols = _symbols()
    morse = {}
    for number, by_charge in pairs.items():
        for charge, by_anion in by_charge.items():
            for anion, by_anion_charge in by_anion.items():
                for anion_charge, row in by_anion_charge.items():
                    if row["alpha"] <= 0.0:
                        continue
                    key = ((symbols[number], int(charge)), (symbols[anion], int(anion_charge)))
                    morse[key] = MorsePair(
                        float(row["d0"]), float(row["r_min"]), float(row["alpha"])
                    )
    return BvseParameters(
        morse=morse,
        radius_angstrom={
            (symbols[number], int(charge)): float(value)
            for number, by_charge in radii.items()
            for charge, value in by_charge.items()
        },
        quantum_number={symbols[number]: int(value) for number, value in shells.items()},
        source="softBV (Chen & Adams 2017, by way of bvlain)",
    )
