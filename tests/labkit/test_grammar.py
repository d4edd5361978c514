"""One thing is not things, and vowels take an."""

from __future__ import annotations

import pytest

from labkit.grammar import counted, with_article


@pytest.mark.parametrize(
    ("number", "written"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1000, "1000 files")]
)
def test_counted_things(number: int, written: str) -> None:
    assert counted(number, "file") == written


def test_an_irregular_plural() -> None:
    assert counted(1, "conductivity", "conductivities") == "1 conductivity"
    assert counted(3, "conductivity", "conductivities") == "3 conductivities"


@pytest.mark.parametrize("noun", ["impedance measurement", "arrhenius result"])
def test_vowels_take_an(noun: str) -> None:
    assert with_article(noun) == f"an {noun}"
    assert with_article("dc measurement") == "a dc measurement"
