"""The envelope of .mpr files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.biologic_modules import MAGIC, modules_of, pack_file, pack_module
from instruments.errors import LayoutError, TruncatedFileError


@given(st.lists(st.tuples(st.sampled_from([0, 2, 3, 10, 11]), st.binary(max_size=60)), max_size=5))
def test_packed_modules_are_found_again(parts: list[tuple[int, bytes]]) -> None:
    content = pack_file(
        [pack_module(f"VMP {i}", "long name", v, "01/31/24", body) for i, (v, body) in
         enumerate(parts)]
    )  # fmt: skip
    found = list(modules_of(content))
    assert [(m.name, m.version, m.date, m.body(content)) for m in found] == [
        (f"VMP {i}", v, "01/31/24", body) for i, (v, body) in enumerate(parts)
    ]


def test_a_cut_module_says_where_it_should_end() -> None:
    content = pack_file([pack_module("VMP data", "VMP data", 11, "01/31/24", bytes(100))])
    with pytest.raises(TruncatedFileError, match=rf"should end at byte {len(content)}, the file"):
        list(modules_of(content[:-1]))


@pytest.mark.parametrize("kept", [1, 5, 20, 45, 55, 64])
def test_a_cut_header_is_a_truncation(kept: int) -> None:
    content = pack_file([pack_module("VMP data", "VMP data", 11, "01/31/24", bytes(9))])
    with pytest.raises(TruncatedFileError, match="cut off"):
        list(modules_of(content[: len(MAGIC) + kept]))


def test_rubbish_between_modules_is_a_layout_error() -> None:
    with pytest.raises(LayoutError, match=r"no module begins .* \(byte 52\)"):
        list(modules_of(MAGIC + b"rubbish" * 20))
