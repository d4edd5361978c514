"""Single cells: bounds, typographic minus signs, slips that go to a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.cells import read_conductivity, read_ea, read_icsd, read_number, read_space_group, whole


@given(st.floats(1e-29, 0.9))
def test_a_plain_conductivity_is_read_exactly(value: float) -> None:
    cell = read_conductivity(repr(value))
    assert (cell.sigma_S_per_cm, cell.qualifier, cell.notes) == (value, "=", ())


@pytest.mark.parametrize(
    ("text", "value", "qualifier"),
    [("<1E-10", 1e-10, "<"), ("< 1E-8", 1e-8, "<"), (">1e-3", 1e-3, ">"), ("≤2E-9", 2e-9, "<")],
)
def test_a_bound_is_a_bound(text: str, value: float, qualifier: str) -> None:
    cell = read_conductivity(text)
    assert (cell.sigma_S_per_cm, cell.qualifier) == (value, qualifier)


def test_a_unicode_minus_is_read_with_a_note() -> None:
    cell = read_conductivity("1.2E−4")
    assert cell.sigma_S_per_cm == 1.2e-4
    assert cell.notes == ("typographic-minus",)


def test_a_lost_minus_is_suggested_but_not_applied() -> None:
    cell = read_conductivity("<1E10")
    assert cell.sigma_S_per_cm is None
    assert cell.qualifier is None
    assert cell.doubt is not None
    assert (cell.doubt.reason, cell.doubt.suggestion) == ("implausible-conductivity", "<1E-10")


@pytest.mark.parametrize(
    "text", ["", "n/a", "1e-4 S/cm", "0", "-1E-4", "~1e-4", "nan", "inf", "١e-4"]
)
def test_what_is_not_a_conductivity_is_doubted(text: str) -> None:
    cell = read_conductivity(text)
    assert cell.sigma_S_per_cm is None
    assert cell.doubt is not None


@given(st.text(max_size=30))
def test_any_cell_is_read_or_doubted(text: str) -> None:
    cell = read_conductivity(text)
    assert (cell.sigma_S_per_cm is None) == (cell.doubt is not None)


def test_empty_optional_cells_are_simply_empty() -> None:
    for reader in (read_number, read_ea, read_space_group, read_icsd):
        assert reader("  ").value is None
        assert reader("").doubt is None


def test_activation_energies_in_milli_electronvolt_are_suggested() -> None:
    assert read_ea("0.35").value == 0.35
    cell = read_ea("350")
    assert cell.value is None
    assert cell.doubt is not None
    assert cell.doubt.suggestion == "0.35"


def test_whole_numbers_written_as_floats_are_whole() -> None:
    assert whole(read_icsd("155950.0")) == 155950
    assert whole(read_space_group("227")) == 227


@pytest.mark.parametrize("text", ["0", "231", "2.5", "P-1"])
def test_a_space_group_is_one_of_230(text: str) -> None:
    assert read_space_group(text).doubt is not None
