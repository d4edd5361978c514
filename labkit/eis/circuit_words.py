"""Names and units of circuit parameters as people write them: ``CPE1 Q`` in S sⁿ."""

from __future__ import annotations

import re

__all__ = ["parameter_name", "unit_words"]

_SYMBOLS = {
    "CPE": ("Q", "n"),
    "Wo": ("R", "τ"),
    "Ws": ("R", "τ"),
    "K": ("R", "τ"),
    "Zarc": ("R", "τ", "n"),
}
"""Symbols of the parameters of an element that has more than one, in their order."""

_UNITS = {
    "Ohm": "Ω",
    "Ohm sec^-1/2": "Ω s^(−1/2)",
    "Ohm^-1 sec^a": "S sⁿ",
    "sec": "s",
}


def parameter_name(name: str) -> str:
    """Write the name of a parameter: ``CPE1_0`` is ``CPE1 Q``, ``R1`` stays ``R1``.

    Parameters
    ----------
    name : str
        As `labkit.eis.circuit_string` names it.
    """
    found = re.fullmatch(r"(([A-Za-z]+)\w*)_(\d)", name)
    if found is None or found[2] not in _SYMBOLS:
        return name
    return f"{found[1]} {_SYMBOLS[found[2]][int(found[3])]}"


def unit_words(unit: str) -> str:
    """Write the unit of a parameter, ``Ohm^-1 sec^a`` as ``S sⁿ``."""
    return _UNITS.get(unit, unit)
