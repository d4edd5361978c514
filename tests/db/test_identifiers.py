"""Identifiers: what people type is understood, and what they mistype is explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import IdentifierError
from db.identifiers import (
    Identifier,
    RecordKind,
    format_identifier,
    looks_like_identifier,
    parse_identifier,
)

NUMBERED = [kind for kind in RecordKind if kind is not RecordKind.STRUCTURE]


@given(st.sampled_from(NUMBERED), st.integers(1, 10**17))
def test_what_is_printed_is_read_back(kind: RecordKind, number: int) -> None:
    assert parse_identifier(format_identifier(kind, number)) == Identifier(kind, number=number)


@pytest.mark.parametrize("text", ["m12", " M12 "])
def test_case_and_blanks_do_not_matter(text: str) -> None:
    assert str(parse_identifier(text)) == "M12"


def test_a_structure_goes_by_its_material_id() -> None:
    assert parse_identifier("mp-696128").text == "mp-696128"
    assert parse_identifier("S:my-phase").text == "my-phase"
    assert parse_identifier("anything", RecordKind.STRUCTURE).text == "anything"


def test_a_pellet_goes_by_name_or_number() -> None:
    assert parse_identifier("P4", RecordKind.PELLET).number == 4
    assert parse_identifier("LPSCl-7", RecordKind.PELLET).text == "LPSCl-7"
    assert parse_identifier("M4", RecordKind.PELLET).text == "M4"


def test_a_bare_number_is_enough_where_the_kind_is_known() -> None:
    assert parse_identifier("12", RecordKind.LABEL) == Identifier(RecordKind.LABEL, number=12)


@pytest.mark.parametrize("text", ["", "M0", "M-1", "M1.5", "X3", "M" + "9" * 30, "M١٢", "mp"])
def test_nonsense_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(IdentifierError, match="M12"):
        parse_identifier(text)


def test_the_wrong_kind_is_named() -> None:
    with pytest.raises(IdentifierError, match="M12 is a measurement; a label such as L12"):
        parse_identifier("M12", RecordKind.LABEL)


def test_a_very_long_text_is_not_echoed() -> None:
    with pytest.raises(IdentifierError) as caught:
        parse_identifier("x" * 10**6)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(("name", "taken"), [("P4", True), ("l7", True), ("Li3PS4", False)])
def test_names_that_read_like_identifiers_are_recognised(name: str, taken: bool) -> None:
    assert looks_like_identifier(name) is taken
