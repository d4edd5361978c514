"""Reading single cells of published tables: what they say, what was mended, what needs a person.

A reader of this kind never guesses: a cell either says something plainly, or carries a doubt
with a suggestion.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from db.columns import canonical_json
from db.formula_mixtures import Doubt

_MINUS = re.compile("[−‐‑–—]")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_MISSING_EXPONENT_SIGN = re.compile(r"(\d(?:\.\d+)?[eE])(\d+)")

# No solid conducts lithium ions better than this at room temperature, by a wide margin.
LARGEST_SIGMA_S_PER_CM = 1.0
SMALLEST_SIGMA_S_PER_CM = 1e-30
LARGEST_EA_EV = 3.0


@dataclass(frozen=True, slots=True)
class ConductivityCell:
    """A conductivity as printed: value and qualifier, or a doubt."""

    sigma_S_per_cm: float | None = None
    qualifier: str | None = None
    notes: tuple[str, ...] = ()
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class NumberCell:
    """A number as printed, None for an empty cell, or a doubt."""

    value: float | None = None
    notes: tuple[str, ...] = ()
    doubt: Doubt | None = None


def read_number(text: str) -> NumberCell:
    """Read a number; a typographic minus is read as one, with a note."""
    cleaned = text.strip().replace("\u00a0", "")
    if not cleaned:
        return NumberCell()
    plain = _MINUS.sub("-", cleaned)
    notes = ("typographic-minus",) if plain != cleaned else ()
    if _NUMBER.fullmatch(plain) is None:
        return NumberCell(doubt=Doubt("unreadable-number", f"{text[:60]!r} is no number"))
    return NumberCell(float(plain), notes)


def read_conductivity(text: str) -> ConductivityCell:
    """Read a conductivity in S/cm with its qualifier.

    ``<1E-10`` is a bound. A value no solid electrolyte can have (``<1E10``: a minus was lost)
    goes to a person, with the value that was probably meant.
    """
    cleaned = text.strip()
    qualifier = "="
    if cleaned[:1] in ("<", ">", "≤", "≥", "~", "≈"):
        sign, cleaned = cleaned[0], cleaned[1:].strip()
        if sign in "~≈":
            return ConductivityCell(
                doubt=Doubt("approximate-value", f"{text!r} is only approximate", cleaned)
            )
        qualifier = {"≤": "<", "≥": ">"}.get(sign, sign)
    number = read_number(cleaned)
    if number.value is None:
        return ConductivityCell(
            doubt=number.doubt or Doubt("missing-conductivity", "the conductivity is missing")
        )
    if not SMALLEST_SIGMA_S_PER_CM <= number.value <= LARGEST_SIGMA_S_PER_CM:
        return ConductivityCell(
            doubt=Doubt(
                "implausible-conductivity",
                f"{text.strip()} S/cm is no conductivity of a solid electrolyte",
                _with_exponent_sign(text.strip()),
            )
        )
    return ConductivityCell(number.value, qualifier, number.notes)


def _with_exponent_sign(text: str) -> str | None:
    mended = _MISSING_EXPONENT_SIGN.sub(r"\1-\2", text)
    return mended if mended != text else None


def read_ea(text: str) -> NumberCell:
    """Read an activation energy in eV."""
    number = read_number(text)
    if number.value is not None and not 0 < number.value <= LARGEST_EA_EV:
        milli = f"{number.value / 1000:g}" if 10 <= number.value <= 3000 else None
        message = f"{text.strip()} eV is no activation energy of ion transport"
        return NumberCell(doubt=Doubt("implausible-activation-energy", message, milli))
    return number


def read_whole(text: str, *, low: int, high: int, what: str) -> NumberCell:
    """Read a whole number within limits; ``155950.0`` counts as whole."""
    number = read_number(text)
    if number.value is None:
        return number
    if number.value != int(number.value) or not low <= number.value <= high:
        return NumberCell(doubt=Doubt(f"implausible-{what}", f"{text.strip()!r} is no {what}"))
    return number


def read_space_group(text: str) -> NumberCell:
    """Read a space group number, 1 to 230."""
    return read_whole(text, low=1, high=230, what="space-group")


def read_icsd(text: str) -> NumberCell:
    """Read an ICSD collection code."""
    return read_whole(text, low=1, high=99_999_999, what="icsd-number")


def row_sha256(cells: list[str]) -> str:
    """Return the hash that names a row by its cells."""
    return hashlib.sha256(canonical_json(cells).encode("utf-8")).hexdigest()


def whole(cell: NumberCell) -> int | None:
    """Return a whole number cell's value as int."""
    return None if cell.value is None else int(cell.value)
