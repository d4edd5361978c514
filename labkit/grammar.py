"""Counted things and articles in the lines that labkit prints."""

from __future__ import annotations

__all__ = ["counted", "with_article"]


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number of things.

    Examples
    --------
    >>> counted(1, "file"), counted(0, "file"), counted(1234, "conductivity", "conductivities")
    ('1 file', '0 files', '1234 conductivities')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def with_article(noun: str) -> str:
    """Write a noun with its indefinite article.

    Examples
    --------
    >>> with_article("impedance measurement"), with_article("label")
    ('an impedance measurement', 'a label')
    """
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
