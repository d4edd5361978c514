"""Compare what a cell holds with what its record says.

Structure files and composition tables go apart: a CIF without the lithium that the measured
compound is named for, or with another doping level. Such a structure must not carry the label.
"""

from __future__ import annotations

from dataclasses import dataclass

from screening.crystal import Crystal
from screening.errors import CompositionError

__all__ = ["CompositionCheck", "check_composition", "compare_composition"]


@dataclass(frozen=True, slots=True)
class CompositionCheck:
    """Comparison of a cell with a formula.

    Attributes
    ----------
    distance : float
        Half the sum over elements of the differences of atomic fractions: the part of the atoms
        that would have to change element, 0 ... 1.
    missing, extra : tuple of str
        Elements only in the formula, only in the cell.
    worst_element : str
        Element whose atomic fraction differs most.
    told, found : float
        Its atomic fraction in the formula and in the cell.
    """

    distance: float
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    worst_element: str
    told: float
    found: float


def compare_composition(crystal: Crystal, formula: str) -> CompositionCheck:
    """Compare the content of a cell with a formula (hydrogen and deuterium count as one).

    Raises
    ------
    CompositionError
        When the formula cannot be read.
    """
    from pymatgen.core import Composition

    try:
        told = {str(e): float(x) for e, x in Composition(formula).get_el_amt_dict().items()}
    except (ValueError, KeyError) as error:
        raise CompositionError(
            f"{crystal.material_id or 'structure'}: {formula!r} is no formula that can be read"
        ) from error
    told, found = (_fractions(amounts) for amounts in (told, crystal.composition))
    elements = sorted(set(told) | set(found))
    difference = {e: abs(told.get(e, 0.0) - found.get(e, 0.0)) for e in elements}
    worst = max(elements, key=lambda e: difference[e])
    return CompositionCheck(
        distance=0.5 * sum(difference.values()),
        missing=tuple(e for e in elements if e not in found),
        extra=tuple(e for e in elements if e not in told),
        worst_element=worst,
        told=told.get(worst, 0.0),
        found=found.get(worst, 0.0),
    )


def check_composition(
    crystal: Crystal, formula: str, *, tolerance: float = 0.08, ion: str | None = "Li"
) -> CompositionCheck:
    """Refuse a cell whose content is not what the formula says.

    Parameters
    ----------
    crystal : Crystal
    formula : str
    tolerance : float
        Largest accepted part of the atoms that differ.
    ion : str or None
        Element that must be in the cell.

    Raises
    ------
    CompositionError
        When the ion is absent, an element is missing or extra by more than half the tolerance, or
        the whole differs by more than the tolerance.
    """
    name = crystal.material_id or "structure"
    if ion is not None and ion not in crystal.composition:
        raise CompositionError(f"{name}: the cell holds no {ion}, though it is named {formula}")
    check = compare_composition(crystal, formula)
    if check.distance > tolerance:
        raise CompositionError(
            f"{name}: {check.distance:.0%} of the atoms differ from {formula}; "
            f"{check.worst_element} makes up {check.found:.1%} of the cell instead of "
            f"{check.told:.1%}"
        )
    return check


def _fractions(amounts: dict[str, float]) -> dict[str, float]:
    merged: dict[str, float] = {}
    for element, amount in amounts.items():
        name = "H" if element == "D" else element
        merged[name] = merged.get(name, 0.0) + amount
    total = sum(merged.values())
    return {element: amount / total for element, amount in merged.items()}
