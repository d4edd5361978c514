"""Rows whose columns are partly unknown, and the proof that decides."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from instruments.biologic_columns import COLUMNS
from instruments.biologic_layout import header_of, read_table
from instruments.errors import LayoutError

_WIDTH = {number: np.dtype(column.dtype).itemsize for number, column in COLUMNS.items()}
_EIS_IDS = (32, 37, 38, 36, 35, 4)


def _body(fields: list[tuple[int, str, np.ndarray]], version: int = 11) -> bytes:
    """Make a data module of (id, type, values) with any ids, known or not."""
    n = len(fields[0][2])
    dtype = np.dtype([(f"f{i}", kind) for i, (_, kind, _) in enumerate(fields)])
    rows = np.zeros(n, dtype)
    for i, (_, _, values) in enumerate(fields):
        rows[f"f{i}"] = values
    count, offset = {2: ("B", 405), 3: ("B", 406), 11: ("H", 1007)}[version]
    head = struct.pack(f"<I{count}{len(fields)}H", n, len(fields), *(i for i, _, _ in fields))
    return head.ljust(offset, b"\x00") + rows.tobytes()


def _eis(n: int = 50) -> dict[int, np.ndarray]:
    rng = np.random.default_rng(7)
    frequency = np.geomspace(1e5, 1.0, n)
    z = rng.uniform(10, 1e4, n) - 1j * rng.uniform(10, 1e5, n)
    return {32: frequency, 37: z.real, 38: -z.imag, 36: np.abs(z),
            35: np.rad2deg(np.angle(z)), 4: np.arange(n) * 1.5}  # fmt: skip


def _fields(
    ids: tuple[int, ...], values: dict[int, np.ndarray]
) -> list[tuple[int, str, np.ndarray]]:
    return [(i, COLUMNS[i].dtype, values[i]) for i in ids]


@pytest.mark.parametrize("version", [2, 3, 11])
def test_every_head_form_is_read(version: int) -> None:
    body = _body(_fields(_EIS_IDS, _eis()), version)
    header = header_of(body, version)
    assert (header.n_rows, header.ids) == (50, _EIS_IDS)
    table = read_table(body, header)
    assert np.allclose(table.columns["Re(Z)/Ohm"], _eis()[37], rtol=1e-6)


def test_a_future_version_is_tried_with_the_known_forms() -> None:
    body = _body(_fields(_EIS_IDS, _eis()), 11)
    assert header_of(body, 12).offset == 1007


@pytest.mark.parametrize("kind", ["<f4", "<f8", "<u2", "u1"])
@pytest.mark.parametrize("position", [0, 2, 6])
def test_one_unknown_column_of_any_width_anywhere(kind: str, position: int) -> None:
    values = _eis()
    fields = _fields(_EIS_IDS, values)
    fields.insert(position, (9999, kind, np.random.default_rng(1).integers(0, 200, 50)))
    body = _body(fields)
    table = read_table(body, header_of(body, 11))
    assert table.unknown_ids == (9999,)
    for number in (32, 37, 38):
        assert np.allclose(table.columns[COLUMNS[number].name], values[number], rtol=1e-6)


def test_two_unknown_columns_around_the_impedance_are_solved_by_the_proof() -> None:
    values = _eis()
    noise = np.random.default_rng(3).integers(0, 60000, 50)
    fields = [(9001, "<u2", noise), *_fields(_EIS_IDS, values), (9002, "<f8", noise * 1.1)]
    body = _body(fields)
    table = read_table(body, header_of(body, 11))
    assert table.unknown_ids == (9001, 9002)
    assert np.allclose(table.columns["-Im(Z)/Ohm"], values[38], rtol=1e-6)


def test_a_column_whose_place_is_not_certain_is_left_out_by_name() -> None:
    values = _eis() | {6: np.zeros(50)}
    noise = np.random.default_rng(3).integers(0, 200, 50)
    fields = [*_fields(_EIS_IDS, values), (9001, "<u2", noise), *_fields((6,), values),
              (9002, "<f4", noise)]  # fmt: skip
    body = _body(fields)
    table = read_table(body, header_of(body, 11))
    assert table.left_out == ("Ewe/V",)
    assert "Ewe/V" not in table.columns


def test_numbers_that_do_not_obey_the_modulus_are_refused() -> None:
    values = _eis()
    values[36] = values[36] * 1.01
    body = _body(_fields(_EIS_IDS, values))
    with pytest.raises(LayoutError, match=r"cannot be proven: its numbers do not obey \|Z\|\^2"):
        read_table(body, header_of(body, 11))


def test_unknown_columns_without_proof_are_refused_by_id() -> None:
    values = _eis()
    values[35] = values[35] + 30.0
    body = _body([*_fields(_EIS_IDS, values), (9001, "<f4", values[4])])
    with pytest.raises(LayoutError, match=r"column ids 9001 are not known .*\.mpt"):
        read_table(body, header_of(body, 11))


def test_a_head_that_does_not_fit_its_module_is_refused() -> None:
    body = _body(_fields(_EIS_IDS, _eis()))
    with pytest.raises(LayoutError, match="does not fit the module's length"):
        header_of(body[:-1], 11)


def test_flags_of_one_byte_are_taken_apart() -> None:
    # mode 3, ox/red 1, error 0, control changes 1, Ns changes 0, counter inc. 1
    dtype = np.dtype([("flags", "u1"), ("time", "<f8"), ("ewe", "<f4")])
    rows = np.zeros(3, dtype)
    rows["flags"], rows["time"], rows["ewe"] = 0b1001_0111, np.arange(3), 1.0
    ids = (1, 2, 3, 21, 31, 65, 4, 6)
    body = struct.pack(f"<IH{len(ids)}H", 3, len(ids), *ids).ljust(1007, b"\x00") + rows.tobytes()
    table = read_table(body, header_of(body, 11))
    names = ("mode", "ox/red", "error", "control changes", "Ns changes", "counter inc.")
    assert [int(table.columns[name][0]) for name in names] == [3, 1, 0, 1, 0, 1]
    assert table.columns["Ewe/V"].tolist() == [1, 1, 1]
