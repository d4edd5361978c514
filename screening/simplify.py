"""Simplified crystals: sites reduced to anion, cation, neutral and mobile ion.

Method: Laskowski et al., Energy Environ. Sci. 2023, 16, 1264. Every site is Li (M), neutral (N),
a cation (C) or an anion (A). C becomes Al, A becomes S, N becomes Mg, each keeping its charge; the
classes that the mode does not name are removed. The modes ending in 40 then scale the cell to
40 cubic angstrom per anion or neutral site, so that structures of different size compare.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.errors import StructureError, UnknownModeError

__all__ = ["MODES", "SITE_SYMBOLS", "Simplifier", "site_classes"]

MODES = ("structure", "A", "AM", "CAN", "CAMN", "A40", "AM40", "CAN40", "CAMN40")
SITE_SYMBOLS = {"A": "S", "C": "Al", "M": "Li", "N": "Mg"}
VOLUME_PER_SITE_ANGSTROM3 = 40.0


def site_classes(crystal: Crystal) -> npt.NDArray[np.str_]:
    """Class of every site: M (Li), N (neutral), C (cation) or A (anion).

    Parameters
    ----------
    crystal : Crystal
        Decorated with charges.

    Raises
    ------
    StructureError
        When the crystal carries no charges.
    """
    if crystal.charges is None:
        raise StructureError(
            f"{crystal.material_id or 'structure'}: has no charges; decorate it first"
        )
    charged = np.where(crystal.charges > 0, "C", np.where(crystal.charges < 0, "A", "N"))
    return np.where(np.array(crystal.symbols) == "Li", "M", charged)


class Simplifier:
    """Reduce crystals to one of the nine modes, in scikit-learn style.

    Parameters
    ----------
    mode : str
        One of `MODES`: ``structure`` (left as it is), ``A`` (anions), ``AM`` (and mobile ions),
        ``CAN`` (cations, anions, neutrals), ``CAMN`` (all), each of the last four also with the
        suffix ``40`` (scaled to 40 cubic angstrom per anion or neutral site).

    Raises
    ------
    UnknownModeError
        When there is no such mode.
    """

    def __init__(self, mode: str = "CAN") -> None:
        if mode not in MODES:
            raise UnknownModeError(f"no simplification {mode!r}: choose one of {', '.join(MODES)}")
        self.mode = mode

    def fit(self, crystals: Any = None, y: Any = None) -> Self:  # noqa: ARG002
        """Do nothing; a simplification has nothing to learn."""
        return self

    def transform(self, crystals: Iterable[Crystal]) -> list[Crystal]:
        """Simplify several crystals."""
        return [self.simplify(crystal) for crystal in crystals]

    def fit_transform(
        self,
        crystals: Iterable[Crystal],
        y: Any = None,  # noqa: ARG002
    ) -> list[Crystal]:
        """Simplify several crystals."""
        return self.transform(crystals)

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """Return the mode, as scikit-learn asks for it."""
        return {"mode": self.mode}

    def set_params(self, **parameters: Any) -> Self:
        """Change the mode, as scikit-learn does it."""
        Simplifier.__init__(self, **parameters)
        return self

    def __repr__(self) -> str:
        return f"Simplifier(mode={self.mode!r})"

    def simplify(self, crystal: Crystal) -> Crystal:
        """Simplify one decorated crystal; the given one is not changed.

        Raises
        ------
        StructureError
            When the crystal carries no charges (any mode but ``structure``).
        """
        if self.mode == "structure":
            return crystal
        wanted = self.mode.removesuffix("40")
        found = site_classes(crystal)
        classes, charges = _with_fallback(found, crystal, wanted)
        keep = np.isin(classes, list(wanted))
        lattice = np.array(crystal.lattice_angstrom)
        if self.mode.endswith("40"):
            sized = int(np.count_nonzero((classes == "A") | (classes == "N")))
            if sized:
                target = VOLUME_PER_SITE_ANGSTROM3 * sized
                lattice *= (target / crystal.volume_angstrom3) ** (1.0 / 3.0)
        return Crystal(
            lattice_angstrom=lattice,
            fractional=crystal.fractional[keep],
            symbols=tuple(SITE_SYMBOLS[letter] for letter in classes[keep]),
            charges=charges[keep],
            material_id=crystal.material_id,
        )


def _with_fallback(
    classes: npt.NDArray[np.str_], crystal: Crystal, wanted: str
) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.float64]]:
    """Classes after the rule that keeps a structure from becoming empty."""
    assert crystal.charges is not None
    charges = np.array(crystal.charges)
    if "M" not in wanted and (classes == "M").all():
        # lithium metal: every site stands for an anion, with the charge of the last site
        return np.full_like(classes, "A"), np.full_like(charges, charges[-1])
    if np.isin(classes, list(wanted)).any():
        return classes, charges
    for letter in "NMC":
        if (classes == letter).any():
            return np.where(classes == letter, "A", "removed"), charges
    return classes, charges
