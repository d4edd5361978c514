"""A geometry that cannot be right, or is hardly known, asks for a person."""

from __future__ import annotations

import pytest

from labkit.geometry import PelletGeometry, parse_length
from labkit.geometry_verdict import judge_geometry


def _codes(thickness: str, diameter: str = "6.35mm+-0.02mm") -> list[tuple[str, str]]:
    geometry = PelletGeometry(*parse_length(thickness), *parse_length(diameter))
    return [(reason.weight, reason.code) for reason in judge_geometry(geometry)]


def test_a_usual_pellet_with_its_errors_is_believed() -> None:
    assert _codes("0.81mm+-0.01mm") == []


@pytest.mark.parametrize(
    ("thickness", "diameter"),
    [
        ("810mm+-1mm", "6.35mm+-0.02mm"),
        ("0.81um+-0.01um", "6.35mm+-0.02mm"),
        ("9.9um+-0.1um", "6.35mm+-0.02mm"),
        ("0.81mm+-0.01mm", "635mm+-1mm"),
        ("0.81mm+-0.01mm", "0.9mm+-0.01mm"),
    ],
)
def test_a_length_that_pellets_do_not_have_is_looked_at(thickness: str, diameter: str) -> None:
    assert _codes(thickness, diameter) == [("review", "geometry-implausible")]


@pytest.mark.parametrize(
    ("thickness", "diameter"), [("10um+-1um", "1mm+-0.01mm"), ("10mm+-0.1mm", "50mm+-0.1mm")]
)
def test_the_bounds_themselves_are_believed(thickness: str, diameter: str) -> None:
    assert _codes(thickness, diameter) == []


def test_a_geometry_known_to_worse_than_a_fifth_is_looked_at() -> None:
    assert _codes("0.81mm+-5mm") == [("review", "geometry-uncertain")]
    assert _codes("0.80mm+-0.17mm") == [("review", "geometry-uncertain")]
    assert _codes("0.80mm+-0.15mm") == []
    # the area carries the error of the diameter twice
    assert _codes("0.80mm+-0.01mm", "6mm+-0.7mm") == [("review", "geometry-uncertain")]


def test_a_missing_error_is_told_and_does_not_weigh() -> None:
    assert _codes("0.81mm", "6.35mm") == [("note", "geometry-error-missing")]
    (reason,) = judge_geometry(PelletGeometry(0.81e-3, 0.0, 6.35e-3, 0.0))
    assert "thickness and the diameter" in reason.message
    assert "lower bound" in reason.message


def test_the_message_names_the_length_as_it_was_understood() -> None:
    (reason,) = judge_geometry(PelletGeometry(0.81e-6, 1e-8, 6.35e-3, 2e-5))
    assert "a thickness of 0.81 um is outside 10 um to 10 mm" in reason.message
