"""What a page looks like to who reads it: numbers, formulas and headings that hold together."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.web.pages import _formula
from labkit.wording import unbroken
from labkit.workflows.label_evidence import _each_once
from tests.labkit.web.conftest import Browser


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Li24P4S18.4Se1.6Br4", "Li24<wbr>P4<wbr>S18.4<wbr>Se1.6<wbr>Br4"),
        ("Li3(PO4)2", "Li3<wbr>(P<wbr>O4)2"),
        ("a<b>", "a&lt;b&gt;"),
    ],
)
def test_a_formula_breaks_between_elements_only(text: str, shown: str) -> None:
    assert _formula(text) == f'<span class="formula">{shown}</span>'


def test_a_number_keeps_its_unit() -> None:
    text = unbroken("(1.793 ± 0.002 ± 0.025) × 10⁻⁴ S/cm")
    assert text.split(" ")[-1] == "0.025)\u00a0×\u00a010⁻⁴\u00a0S/cm"
    assert unbroken("118 Ω") == "118\u00a0Ω"


def test_labels_show_the_accepted_ones_where_nothing_waits(candidates_browser: Browser) -> None:
    page = candidates_browser.get("/labels").text
    assert "Nothing waits for a decision; these are the accepted labels" in page
    assert 'href="/labels/L1"' in page
    asked = candidates_browser.get("/labels", params={"state": "proposed"}).text
    assert 'href="/labels/L1"' not in asked


def test_an_accepted_label_is_not_called_a_proposal(candidates_browser: Browser) -> None:
    page = candidates_browser.get("/labels/L1").text
    assert "The accepted label" in page
    assert "The proposal" not in page


def test_conflicts_are_found_among_the_labels(candidates_browser: Browser) -> None:
    answer = candidates_browser.get("/labels/conflicts", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/conflicts"


def test_what_is_not_recorded_of_a_pellet_is_one_quiet_line(looking: Browser) -> None:
    page = looking.get("/pellets/LBS-1").text
    assert page.count("Not recorded: ") == 1
    assert ">missing<" not in page


def _row(**fields: Any) -> dict[str, Any]:
    return {
        "qualifier": "=",
        "sigma_S_per_cm": 1.3e-3,
        "ea_eV": None,
        "space_group_number": 216,
        "temperature_K": 298.15,
        "source": "10.1016/j.ssi.2012.06.008",
        "label": "L623",
    } | fields


def test_one_publication_in_two_tables_is_one_value() -> None:
    printed = _row(ea_eV=0.33, temperature_K=None, source="literature row 477", label=None)
    (merged,) = _each_once([_row()], [printed])
    assert merged["label"] == "L623"
    assert merged["ea_eV"] == 0.33
    assert merged["source"].endswith("literature row 477")


@pytest.mark.parametrize(
    "other",
    [
        {"sigma_S_per_cm": 1.31e-3},
        {"temperature_K": 248.15},
        {"qualifier": "<"},
        {"space_group_number": 31},
    ],
)
def test_values_that_differ_stay_apart(other: dict[str, Any]) -> None:
    printed = _row(temperature_K=None, source="literature row 477", label=None)
    assert len(_each_once([_row(**other)], [printed])) == 2
