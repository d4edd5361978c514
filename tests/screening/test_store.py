"""The store keeps whole shards, packs them, and its bytes forget their history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.errors import CacheError
from screening.store import RecordStore


def key(number: int) -> str:
    return f"{number:032x}"


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@given(st.lists(st.integers(0, 30), unique=True, min_size=1), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_records_come_back_in_any_order(tmp_path_factory, numbers, step) -> None:
    store = RecordStore(tmp_path_factory.mktemp("store"))
    for start in range(0, len(numbers), step):
        part = numbers[start : start + step]
        store.add({key(n): bytes([n]) * (n % 4) for n in part}, {})
    store.pack()
    wanted = numbers[::-1]
    assert [bytes(r) for r in store.records([key(n) for n in wanted])] == [
        bytes([n]) * (n % 4) for n in wanted
    ]
    assert list(store.known([key(n) for n in range(31)])) == [n in numbers for n in range(31)]


def test_packed_bytes_do_not_depend_on_history(tmp_path: Path) -> None:
    rows = {key(n): np.full(3, n, dtype="<f4").tobytes() for n in range(40)}
    once = RecordStore(tmp_path / "once")
    once.add(rows, {key(99): ("odd", "why")})
    once.pack()
    often = RecordStore(tmp_path / "often")
    for n in range(39, -1, -1):
        often.add({key(n): rows[key(n)]}, {key(99): ("odd", "why")} if n == 7 else {})
        if n % 9 == 0:
            often.pack()
    often.pack()
    assert folder_bytes(tmp_path / "once") == folder_bytes(tmp_path / "often")
    assert often.failures == {key(99): ("odd", "why")}


def test_whole_pack_is_memory_mapped(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    store.add({key(n): np.full(5, n, dtype="<f4").tobytes() for n in range(12)}, {})
    rows = RecordStore(tmp_path).rows([key(n) for n in range(12)], 5)
    assert isinstance(rows.base, np.memmap) or isinstance(rows, np.memmap)
    np.testing.assert_array_equal(rows[:, 0], np.arange(12))
    shuffled = store.rows([key(n) for n in (7, 3, 3)], 5)
    np.testing.assert_array_equal(shuffled[:, 4], [7, 3, 3])


def test_leftovers_of_a_killed_run_are_ignored_and_removed(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    store.add({key(1): b"one"}, {})
    (tmp_path / ".abc.idx.npy.77.part").write_bytes(b"half")
    (tmp_path / "feedbeef.bin").write_bytes(b"written before its index")
    again = RecordStore(tmp_path)
    assert len(again) == 1
    again.pack()
    assert len(list(tmp_path.iterdir())) == 3


def test_damage_is_told(tmp_path: Path) -> None:
    store = RecordStore(tmp_path)
    store.add({key(1): b"0123456789"}, {})
    (binary,) = tmp_path.glob("*.bin")
    binary.write_bytes(b"012")
    with pytest.raises(CacheError, match="shorter than its index"):
        RecordStore(tmp_path)
    with pytest.raises(CacheError, match="holds no record"):
        store.records([key(2)])
