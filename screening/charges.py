"""Formal charges of the sites of a crystal, and how each decision was reached.

The order of the attempts follows Laskowski et al., Energy Environ. Sci. 2023, 16, 1264:

1. charges given with the structure are kept;
2. a fixed table, one charge per element, if it makes the cell neutral within 0.5 e;
3. bond valence: the most probable neutral combination of oxidation states given the bond-valence
   sums of the symmetrically distinct sites (O'Keeffe & Brese, JACS 1991, 113, 3226, with the
   statistics of the ICSD that pymatgen carries);
4. the most probable neutral combination of common oxidation states, from the composition alone;
5. nothing found: every charge is zero and the method says ``undecided``.

Searches are limited in steps, never in time, so that the answer does not depend on the machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from screening.bond_valence import bond_valence_charges
from screening.crystal import Crystal
from screening.errors import DisorderedStructureError

__all__ = ["ChargeAssignment", "ChargeMethod", "charge_table", "count_methods", "decorate"]

FloatArray = npt.NDArray[np.float64]
ChargeMethod = Literal["given", "table", "bond-valence", "guess", "undecided"]

NEUTRALITY_TOLERANCE_E = 0.5

# Charges that the published analysis fixes although the element has several common ones.
_PUBLISHED_CHARGES = {
    "C": 4,
    "Co": 3,
    "Cr": 6,
    "Cu": 2,
    "Fe": 3,
    "H": 1,
    "Mn": 7,
    "Mo": 4,
    "N": -3,
    "Ni": 2,
    "P": 5,
    "S": -2,
    "Sm": 2,
}
# Halogens and chalcogens are the anions of these compounds.
_ANIONS = {"O": -2, "Se": -2, "Te": -2, "F": -1, "Cl": -1, "Br": -1, "I": -1}


@dataclass(frozen=True, slots=True, eq=False)
class ChargeAssignment:
    """Charges of one crystal.

    Attributes
    ----------
    charges : ndarray, shape (n,)
        Formal charge of each site in e; zeros when undecided.
    method : str
        ``given``, ``table``, ``bond-valence``, ``guess`` or ``undecided``.
    detail : str
        Why earlier methods did not decide, for the log.
    """

    charges: FloatArray
    method: ChargeMethod
    detail: str = ""


@lru_cache(maxsize=1)
def charge_table() -> dict[str, int]:
    """Return the fixed charge of each element.

    Elements with one common oxidation state take it. For the others: the published choices where
    they are stated, the negative state of chalcogens and halogens, and otherwise the common state
    met most often in the ICSD. Elements without a common state (noble gases) are absent.
    """
    from pymatgen.core import Element, Species
    from pymatgen.core.bond_valence import PRIOR_PROB

    table: dict[str, int] = {}
    for element in Element:
        states = element.common_oxidation_states
        if element.Z > 98 or not states or element.symbol in table:
            continue
        seen = [PRIOR_PROB.get(Species(element.symbol, state), 0.0) for state in states]
        table[element.symbol] = int(states[int(np.argmax(seen))])
    return table | _ANIONS | _PUBLISHED_CHARGES


def decorate(crystal: Crystal, *, step_limit: int = 100_000) -> ChargeAssignment:
    """Assign a formal charge to every site.

    Parameters
    ----------
    crystal : Crystal
        An ordered crystal.
    step_limit : int
        Largest number of partial combinations the bond-valence search looks at. A search that is
        cut off uses the best combination found so far.

    Returns
    -------
    ChargeAssignment

    Raises
    ------
    DisorderedStructureError
        When a site is partly occupied; order the cell first.
    """
    if not crystal.is_ordered:
        raise DisorderedStructureError(
            f"{crystal.material_id or 'structure'}: has partly occupied sites; order the cell "
            "before assigning charges"
        )
    if crystal.charges is not None:
        return ChargeAssignment(crystal.charges, "given")
    if len(set(crystal.symbols)) == 1:
        return ChargeAssignment(np.zeros(crystal.n_sites), "undecided", "a pure element")
    table = charge_table()
    if all(symbol in table for symbol in crystal.symbols):
        charges = np.array([table[symbol] for symbol in crystal.symbols], dtype=np.float64)
        if abs(charges.sum()) < NEUTRALITY_TOLERANCE_E:
            return ChargeAssignment(charges, "table")
    found, reason = bond_valence_charges(crystal, step_limit=step_limit)
    if found is not None:
        return ChargeAssignment(found, "bond-valence")
    guess = _guess_from_composition(Counter(crystal.symbols))
    if guess is not None:
        charges = np.array([guess[symbol] for symbol in crystal.symbols])
        return ChargeAssignment(charges, "guess", reason)
    return ChargeAssignment(
        np.zeros(crystal.n_sites), "undecided", f"{reason}; no neutral combination"
    )


def count_methods(assignments: Iterable[ChargeAssignment]) -> dict[str, int]:
    """Count how the charges of many crystals were decided."""
    counted = Counter(assignment.method for assignment in assignments)
    order: tuple[ChargeMethod, ...] = ("given", "table", "bond-valence", "guess", "undecided")
    return {method: counted[method] for method in order}


def _guess_from_composition(amounts: Counter[str]) -> dict[str, float] | None:
    """Most probable neutral mixture of oxidation states; the mean charge per element.

    The score of a mixture is the sum over atoms of the ICSD frequency of their states. Scores
    add, so the best mixture follows from dynamic programming over the total charge, without
    listing mixtures.
    """
    best: dict[int, float] = {0: 0.0}
    trail: list[tuple[str, int, dict[int, int]]] = []
    for symbol, amount in amounts.items():
        reachable = _best_score_by_sum(symbol, amount)
        if not reachable:
            return None
        combined: dict[int, float] = {}
        origin: dict[int, int] = {}
        for charge, score in best.items():
            for part, gain in reachable.items():
                total = charge + part
                if total not in combined or score + gain > combined[total] + 1e-9:
                    combined[total] = score + gain
                    origin[total] = part
        best = combined
        trail.append((symbol, amount, origin))
    if 0 not in best:
        return None
    mean: dict[str, float] = {}
    charge = 0
    for symbol, amount, origin in reversed(trail):
        part = origin[charge]
        mean[symbol] = part / amount
        charge -= part
    return mean


@lru_cache(maxsize=4096)
def _best_score_by_sum(symbol: str, amount: int) -> dict[int, float]:
    """Best additive score of `amount` atoms of an element, for each total charge."""
    from pymatgen.core import Element, Species
    from pymatgen.core.bond_valence import PRIOR_PROB

    element: Any = Element(symbol)
    states = element.icsd_oxidation_states or element.common_oxidation_states
    one = {int(state): float(PRIOR_PROB.get(Species(symbol, state), 0.0)) for state in states}
    if not one:
        return {}
    low, high = min(one), max(one)
    scores = np.full((high - low) * amount + 1, -np.inf)
    scores[0] = 0.0
    for _ in range(amount):
        # adding an atom: shift by its charge above the lowest, keep the best per total
        shifted = [
            np.concatenate([np.full(state - low, -np.inf), scores[: scores.size - (state - low)]])
            + gain
            for state, gain in one.items()
        ]
        scores = np.max(shifted, axis=0)
    offsets = np.flatnonzero(np.isfinite(scores))
    return {int(offset) + low * amount: float(scores[offset]) for offset in offsets}
