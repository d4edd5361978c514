"""From columns to sweeps and transients."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.biologic_records import Run, _text_precision, impedance_of, records_of
from instruments.errors import MissingColumnError
from instruments.identity import TIES_AWAY_FROM_ZERO

_SWEEP = np.array([1e4, 1e3, 1e2, 1e1])


def _columns(frequency: np.ndarray, **more: np.ndarray) -> dict[str, np.ndarray]:
    n = frequency.size
    return {"freq/Hz": frequency, "Re(Z)/Ohm": np.arange(1.0, n + 1),
            "-Im(Z)/Ohm": np.full(n, 2.0), **more}  # fmt: skip


def _sizes(columns: dict[str, np.ndarray]) -> list[int]:
    records, _ = records_of(columns, Run("PEIS"))
    return [r.n_points for r in records]


def test_the_sign_is_that_of_physics() -> None:
    records, _ = records_of(_columns(_SWEEP), Run("PEIS"))
    assert records[0].z_ohm.tolist() == [1 - 2j, 2 - 2j, 3 - 2j, 4 - 2j]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["cycle number", "z cycle", "Ns"])
def test_a_counter_that_changes_begins_a_sweep(name: str) -> None:
    counter = np.repeat([1.0, 2.0], 4)
    assert _sizes(_columns(np.tile(_SWEEP, 2), **{name: counter})) == [4, 4]


@pytest.mark.parametrize("sweep", [_SWEEP, _SWEEP[::-1]])
def test_without_a_counter_the_wrap_of_frequency_begins_a_sweep(sweep: np.ndarray) -> None:
    assert _sizes(_columns(np.tile(sweep, 3))) == [4, 4, 4]
    assert _sizes(_columns(np.concatenate([sweep, sweep[:2]]))) == [4, 2]


def test_one_frequency_repeated_is_one_sweep() -> None:
    assert _sizes(_columns(np.full(5, 1e3))) == [5]


def test_rows_without_frequency_are_no_points_and_do_not_part_a_sweep_wrongly() -> None:
    frequency = np.array([0, 1e4, 1e3, 0, 0, 1e4, 1e3], dtype=float)
    records, warnings = records_of(_columns(frequency), Run("GEIS"))
    assert [r.n_points for r in records] == [2, 2]
    assert warnings[0].startswith("3 of 7 rows have no frequency")
    assert records[1].columns.keys() == set()


def test_a_point_that_is_no_number_is_left_out_and_counted() -> None:
    columns = _columns(_SWEEP)
    columns["Re(Z)/Ohm"][2] = np.nan
    records, warnings = records_of(columns, Run("PEIS"))
    assert records[0].n_points == 3
    assert warnings == ("1 rows hold an impedance that is no number; left out",)


def test_the_polar_pair_is_used_where_it_stands_first() -> None:
    columns = {"|Z|/Ohm": np.array([2.0]), "Phase(Z)/deg": np.array([-90.0]),
               "Re(Z)/Ohm": np.array([7.0]), "-Im(Z)/Ohm": np.array([7.0])}  # fmt: skip
    assert impedance_of(columns)[0] == pytest.approx(-2j, abs=1e-15)
    assert impedance_of(dict(reversed(columns.items())))[0] == 7 - 7j


def test_half_an_impedance_names_what_is_missing() -> None:
    with pytest.raises(MissingColumnError, match=r"no column -Im\(Z\)/Ohm"):
        records_of({"freq/Hz": _SWEEP, "Re(Z)/Ohm": _SWEEP}, Run("PEIS"))
    with pytest.raises(MissingColumnError, match="without a frequency"):
        records_of({"Re(Z)/Ohm": _SWEEP, "-Im(Z)/Ohm": _SWEEP}, Run("PEIS"))


def test_currents_become_ampere() -> None:
    columns = {
        "time/s": np.arange(3.0),
        "I/mA": np.array([1, 2, 3], np.float32),
        "Ewe/V": np.ones(3),
    }
    (record,), _ = records_of(columns, Run("CA"))
    assert record.current_A.tolist() == [0.001, 0.002, 0.003]  # type: ignore[union-attr]


def test_a_table_of_something_else_lists_its_columns() -> None:
    with pytest.raises(MissingColumnError, match="its columns are a, b"):
        records_of({"a": _SWEEP, "b": _SWEEP}, Run())


def test_rounding_to_the_digits_of_the_text_is_what_printing_gives() -> None:
    rng = np.random.default_rng(5)
    values = (rng.uniform(-10, 10, 20_000) * 10.0 ** rng.integers(-12, 14, 20_000)).astype("f4")
    values = np.concatenate((values, np.float32([136598.125, 1.0, -1e7, 99999999.0, 360.0])))
    printed = [float(f"{v * TIES_AWAY_FROM_ZERO:.7e}") for v in values.tolist()]
    assert np.array_equal(_text_precision(values), printed)
    assert np.array_equal(
        _text_precision(np.array([0.0, 1.5, np.inf, 1e-30])), [0, 1.5, np.inf, 1e-30]
    )
    assert _text_precision(np.empty(0)).size == 0
