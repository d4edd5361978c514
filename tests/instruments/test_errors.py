"""The one line a person sees."""

from __future__ import annotations

import inspect

import pytest

from instruments import errors
from instruments.errors import InstrumentFileError, LayoutError


def test_every_exception_belongs_to_the_tree() -> None:
    classes = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(c, InstrumentFileError) for c in classes)
    assert len(classes) == len({c.__name__ for c in classes})


def test_the_drawing_names_every_exception() -> None:
    drawing = inspect.getdoc(errors) or ""
    assert all(name in drawing for name in errors.__all__)


@pytest.mark.parametrize(
    ("place", "tail"), [({"line": 12}, " (line 12)"), ({"offset": 405}, " (byte 405)"), ({}, "")]
)
def test_a_message_is_one_line_with_file_and_place(place: dict[str, int], tail: str) -> None:
    error = LayoutError("cannot be\n proven", path="/data/cell.mpr", **place)
    assert str(error) == f"cell.mpr: cannot be proven{tail}"
