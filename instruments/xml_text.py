"""Small helpers of the XML readers: parse, find by local name, read numbers."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from instruments.errors import MalformedFileError

__all__ = ["Element", "children", "first", "first_text", "number", "numbers", "parse_xml"]

Element = ElementTree.Element


def parse_xml(content: bytes) -> Element:
    """Parse XML without a document type.

    Raises
    ------
    MalformedFileError
        When it is not well formed, or declares entities.
    """
    if b"<!ENTITY" in content[:10_000] or b"<!DOCTYPE" in content[:10_000]:
        raise MalformedFileError("declares XML entities, which no instrument does")
    try:
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise MalformedFileError(f"is no whole XML: {error}; copy it again") from error


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    """Yield all descendants of a name, whatever their namespace."""
    return (e for e in element.iter() if _local(e) == name)


def first(element: Element | None, name: str) -> Element | None:
    """Return the first descendant of a name."""
    return None if element is None else next(children(element, name), None)


def first_text(element: Element | None, name: str) -> str | None:
    """Return the stripped text of the first descendant of a name; None when empty."""
    found = first(element, name)
    return (found.text or "").strip() or None if found is not None else None


def number(text: str | None) -> float | None:
    """Read a finite number; None when it is none."""
    try:
        value = float(text) if text else float("nan")
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def numbers(text: str | None, what: str) -> NDArray[np.float64]:
    """Read numbers that blanks part.

    Raises
    ------
    MalformedFileError
        When a word is no number.
    """
    try:
        return np.array((text or "").split(), dtype=np.float64)
    except ValueError as error:
        raise MalformedFileError(f"has {what} that are no numbers: {error}") from error
