"""The short names people type: M12, A3, L7, R2, P4, and material ids for structures.

One letter and a number; upper or lower case. Pellets go by their name as well, structures only
by their material id (``mp-696128``), optionally written ``S:mp-696128``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from db.errors import IdentifierError


class RecordKind(Enum):
    """What an identifier points at; the value is the letter people type."""

    MEASUREMENT = "M"
    ANALYSIS = "A"
    LABEL = "L"
    RANKING = "R"
    PELLET = "P"
    STRUCTURE = "S"

    @property
    def word(self) -> str:
        """The kind in words, for messages."""
        return self.name.lower()

    @property
    def example(self) -> str:
        """An identifier of this kind, for messages."""
        return "mp-696128" if self is RecordKind.STRUCTURE else f"{self.value}12"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A kind with either a number or, for pellets and structures, a text."""

    kind: RecordKind
    number: int | None = None
    text: str | None = None

    def __str__(self) -> str:
        return f"{self.kind.value}{self.number}" if self.number is not None else str(self.text)


# 18 digits fit a signed 64-bit key; a longer run of digits is refused instead of overflowing.
_NUMBERED = re.compile(r"([MALRP])([1-9][0-9]{0,17})", re.IGNORECASE | re.ASCII)
_STRUCTURE = re.compile(r"S:(\S{1,200})", re.IGNORECASE)
_MATERIAL_ID = re.compile(r"(?:mp|mvc|obelix|cif|icsd)-\S{1,190}", re.IGNORECASE)
_LONGEST_ECHO = 40


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO] + "...")


def looks_like_identifier(text: str) -> bool:
    """Tell whether `text` would be read as a numbered identifier (so no pellet may be so named)."""
    return _NUMBERED.fullmatch(text.strip()) is not None


def parse_identifier(text: str, expected: RecordKind | None = None) -> Identifier:
    """Read an identifier.

    Parameters
    ----------
    text : str
        What the user typed, such as ``"M12"``, ``"l7"`` or ``"mp-696128"``.
    expected : RecordKind, optional
        The kind that makes sense here. For a pellet any other text is taken as its name, for a
        structure as its material id; for the rest the letter must fit. A bare number is accepted
        where the kind is known.

    Returns
    -------
    Identifier

    Raises
    ------
    IdentifierError
        If the text is no identifier, or one of another kind.
    """
    cleaned = text.strip()
    if not cleaned:
        raise IdentifierError("an empty text is no identifier; write one such as M12 or L7")
    if expected is RecordKind.STRUCTURE:
        prefixed = _STRUCTURE.fullmatch(cleaned)
        return Identifier(RecordKind.STRUCTURE, text=prefixed[1] if prefixed else cleaned)
    numbered = _NUMBERED.fullmatch(cleaned)
    if numbered:
        kind = RecordKind(numbered[1].upper())
        if expected in (None, kind):
            return Identifier(kind, number=int(numbered[2]))
        if expected is not RecordKind.PELLET:
            assert expected is not None
            raise IdentifierError(
                f"{cleaned} is a {kind.word}; a {expected.word} such as {expected.example} "
                "is needed here"
            )
    if expected is RecordKind.PELLET:
        return Identifier(RecordKind.PELLET, text=cleaned)
    if expected is not None:
        if re.fullmatch(r"[1-9][0-9]{0,17}", cleaned, re.ASCII):
            return Identifier(expected, number=int(cleaned))
        raise IdentifierError(
            f"{_shown(cleaned)} is no {expected.word}; write one such as {expected.example}"
        )
    prefixed = _STRUCTURE.fullmatch(cleaned)
    if prefixed or _MATERIAL_ID.fullmatch(cleaned):
        return Identifier(RecordKind.STRUCTURE, text=prefixed[1] if prefixed else cleaned)
    raise IdentifierError(
        f"{_shown(cleaned)} is no identifier; write M12 (measurement), A3 (analysis), L7 (label), "
        "R2 (ranking), P4 (pellet) or a material id such as mp-696128"
    )


def format_identifier(kind: RecordKind, key: int | str | None) -> str:
    """Write the identifier of a stored record (``format_identifier(RecordKind.LABEL, 7)``: L7)."""
    if key is None:
        raise IdentifierError(f"this {kind.word} is not stored yet and has no identifier")
    return str(key) if kind is RecordKind.STRUCTURE else f"{kind.value}{key}"
