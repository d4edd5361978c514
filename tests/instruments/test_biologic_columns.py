"""Names that columns and techniques have in records."""

from __future__ import annotations

import functools
import operator

import pytest

from instruments.biologic_columns import COLUMNS, FLAG_BITS, TECHNIQUE_TITLES, column_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("<Ewe>/V", "Ewe_V"), ("Ewe/V", "Ewe_V"), ("|Ewe|/V", "Ewe_amplitude_V"),
        ("<I>/mA", "I_mA"), ("|I|/A", "I_amplitude_A"), ("-Im(Zce)/Ohm", "minus_Im_Zce_ohm"),
        ("|Zwe-ce|/Ohm", "Zwe_ce_modulus_ohm"), ("(Q-Qo)/mA.h", "Q_minus_Qo_mAh"),
        ("cycle number", "cycle_number"), ("Cs/µF", "Cs_uF"), ("Temperatur/°C", "temperature_C"),
        ("THD Ewe/%", "THD_Ewe_percent"),
    ],
)  # fmt: skip
def test_keys_carry_the_unit_at_their_end(name: str, key: str) -> None:
    assert column_key(name) == key


def test_every_key_is_an_identifier() -> None:
    names = [c.name for c in COLUMNS.values()] + [flag[0] for flag in FLAG_BITS.values()]
    assert all(column_key(name).isidentifier() for name in names)


def test_flag_masks_do_not_overlap() -> None:
    masks = [mask for _, mask, _ in FLAG_BITS.values()]
    assert sum(masks) == functools.reduce(operator.or_, masks)


def test_titles_are_matched_in_lower_case() -> None:
    assert all(title == title.lower() for title in TECHNIQUE_TITLES)
