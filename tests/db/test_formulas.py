"""Formulas: sixty read by hand, compositions checked with pymatgen, slips left to a person."""

from __future__ import annotations

import csv
import warnings
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import InvalidValueError
from db.formulas import (
    composition,
    composition_distance,
    read_formula,
    reduced_formula,
    reduced_formula_or_none,
)

_spec = spec_from_file_location("odd_formulas", Path(__file__).with_name("odd_formulas.py"))
assert _spec is not None and _spec.loader is not None
odd = module_from_spec(_spec)
_spec.loader.exec_module(odd)


@pytest.mark.parametrize(("text", "moles", "rule"), odd.READABLE)
def test_odd_formulas_read_as_by_hand(text: str, moles: dict[str, float], rule: str) -> None:
    reading = read_formula(text)
    assert reading.amounts is not None, reading.doubts
    assert {name: float(value) for name, value in reading.amounts.items()} == pytest.approx(moles)
    assert rule in reading.rules


@pytest.mark.parametrize(("text", "reason", "suggestion"), odd.DOUBTFUL)
def test_doubtful_formulas_wait_for_a_person(text: str, reason: str, suggestion: str) -> None:
    reading = read_formula(text)
    assert reading.amounts is None
    assert reading.reduced_formula is None
    assert [doubt.reason for doubt in reading.doubts] == [reason]
    assert reading.doubts[0].suggestion == suggestion
    if suggestion is not None:
        assert read_formula(suggestion).amounts is not None


def test_there_are_sixty_of_them_at_least() -> None:
    assert len(odd.READABLE) + len(odd.DOUBTFUL) >= 60


def test_composites_by_weight_are_weighed() -> None:
    """10 g of Al2O3 (101.961 g/mol) in 90 g of Li3PS4 (180.03 g/mol)."""
    reading = read_formula("Li3PS4 – 10 wt% Al2O3")
    assert reading.amounts is not None
    moles = {name: float(value) for name, value in reading.amounts.items()}
    assert moles["Al"] / 2 == pytest.approx(10 / 101.961, rel=1e-4)
    assert moles["P"] == pytest.approx(90 / 180.03, rel=1e-3)
    assert "composite-by-weight" in reading.rules
    assert [(text, float(share)) for text, share in reading.components] == [
        ("Li3PS4", 0.9),
        ("Al2O3", 0.1),
    ]


def test_the_additive_of_a_composite_may_be_a_glass() -> None:
    reading = read_formula("Li7La3Zr2O12–3 wt% 65Li2O·27B2O3·8SiO2")
    assert reading.amounts is not None
    moles = {name: float(value) for name, value in reading.amounts.items()}
    assert moles["B"] / moles["Si"] == pytest.approx(2 * 27 / 8)
    # 97 g of Li7La3Zr2O12 at 839.7 g/mol.
    assert moles["La"] == pytest.approx(3 * 97 / 839.7, rel=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "-",
        "()",
        "Xy2O3",
        "Li2S--P2S5",
        "Li2S-",
        "5",
        "Li7La3Zr2012",
        "Li(",
        ")Li",
        "1e5",
    ],
)
def test_nonsense_is_never_read(text: str) -> None:
    reading = read_formula(text)
    assert reading.amounts is None
    assert reading.doubts


def test_hostile_lengths_and_depths_are_refused_quickly() -> None:
    assert read_formula("Li" * 10**6).doubts[0].reason == "formula-too-long"
    assert read_formula("(" * 400 + "Li" + ")" * 90).amounts is None


@given(st.text(max_size=60))
def test_any_text_gives_a_reading_or_a_doubt(text: str) -> None:
    reading = read_formula(text)
    assert (reading.amounts is None) == bool(
        [d for d in reading.doubts if d.reason != "polymorph-misread"]
    )


@given(
    st.dictionaries(
        st.sampled_from(["Li", "Na", "P", "S", "O", "Cl", "La", "Zr"]),
        st.integers(1, 300),
        min_size=1,
    ),
    st.integers(1, 5),
)
def test_the_reduced_formula_is_canonical(counts: dict[str, int], factor: int) -> None:
    exact = {name: Fraction(count) for name, count in counts.items()}
    scaled = {name: value * factor / 7 for name, value in reversed(list(exact.items()))}
    reduced = reduced_formula(exact)
    assert reduced == reduced_formula(scaled)
    assert reduced_formula_or_none(reduced) == reduced


def test_equal_compositions_written_differently_compare_equal() -> None:
    texts = ["Li7P3S11", "0.7Li2S-0.3P2S5", "70Li2S*30P2S5", "Li1.4P0.6S2.2", "Li28 P12 S44"]
    assert {read_formula(text).reduced_formula for text in texts} == {"Li7P3S11"}


def test_composition_raises_where_there_is_a_doubt() -> None:
    assert composition("Li3N") == {"Li": 3.0, "N": 1.0}
    with pytest.raises(InvalidValueError, match="letter o"):
        composition("Lao.51Li0.34TiO2.94")


def _literature(data_dir: Path) -> list[str]:
    path = data_dir / "literature/digitized_data_for_SSEs.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[0] for row in list(csv.reader(file))[1:]]


def test_of_the_literature_all_but_a_few_are_read(data_dir: Path) -> None:
    readings = [read_formula(text) for text in _literature(data_dir)]
    read = [reading for reading in readings if reading.amounts is not None]
    assert len(readings) == 1346
    assert len(read) >= 1300
    assert all(reading.rules for reading in read)
    assert all(reading.doubts for reading in readings if reading.amounts is None)


def test_plain_formulas_agree_with_pymatgen(data_dir: Path) -> None:
    from pymatgen.core import Composition

    compared = 0
    for text in set(_literature(data_dir)):
        reading = read_formula(text)
        if reading.amounts is None or reading.rules != ("plain",):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = Composition(text).get_el_amt_dict()
        assert {k: float(v) for k, v in reading.amounts.items()} == pytest.approx(expected), text
        compared += 1
    assert compared > 700


def test_mixtures_agree_with_pymatgen_sums(data_dir: Path) -> None:
    """Nested fractions expanded by pymatgen's own arithmetic on the innermost parts."""
    import re

    from pymatgen.core import Composition

    simple = re.compile(r"\d*\.\d+[A-Z][A-Za-z0-9()]*(-\d*\.\d+[A-Z][A-Za-z0-9()]*)+")
    compared = 0
    for text in set(_literature(data_dir)):
        reading = read_formula(text)
        if reading.amounts is None or simple.fullmatch(text) is None:
            continue
        total = Composition()
        for part in text.split("-"):
            coefficient = re.match(r"\d*\.\d+", part)
            assert coefficient is not None
            total += Composition(part[coefficient.end() :]) * float(coefficient[0])
        expected = total.get_el_amt_dict()
        assert {k: float(v) for k, v in reading.amounts.items()} == pytest.approx(expected), text
        compared += 1
    assert compared > 100


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("Li3PS4", "Li6P2S8", 0.0),
        ("LiCl", "LiBr", 0.5),
        ("LiCl", "NaBr", 1.0),
        ("Li3PS4", "not a formula", None),
    ],
)
def test_the_distance_of_compositions(one: str, other: str, apart: float | None) -> None:
    assert composition_distance(one, other) == composition_distance(other, one) == apart
