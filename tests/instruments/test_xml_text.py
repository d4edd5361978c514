"""Helpers of the XML readers."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.errors import MalformedFileError
from instruments.xml_text import children, first, first_text, number, numbers, parse_xml

_XML = b'<a xmlns="urn:x"><b> 1 </b><c><b>2</b><d/></c></a>'


def test_elements_are_found_whatever_their_namespace() -> None:
    root = parse_xml(_XML)
    assert [e.text for e in children(root, "b")] == [" 1 ", "2"]
    assert first_text(root, "b") == "1"
    assert first_text(root, "d") is None
    assert first(None, "b") is None


@pytest.mark.parametrize("text", [None, "", "x", "nan", "inf"])
def test_what_is_no_finite_number(text: str | None) -> None:
    assert number(text) is None


def test_lists_of_numbers() -> None:
    assert np.array_equal(numbers("1 2\n3", "counts"), [1, 2, 3])
    with pytest.raises(MalformedFileError, match="counts that are no numbers"):
        numbers("1 x", "counts")


@pytest.mark.parametrize(
    "content",
    [b"<a><b></a>", b"", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
)
def test_xml_that_is_not_read(content: bytes) -> None:
    with pytest.raises(MalformedFileError):
        parse_xml(content)
