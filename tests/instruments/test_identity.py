"""Hashes that recognise a measurement."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import canonical_data_hash, file_sha256
from instruments.errors import FileAccessError, RecordError


def test_file_hash_is_the_published_sha256_of_abc(tmp_path: Path) -> None:
    # FIPS 180-2, appendix B.1.
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    target = tmp_path / "abc"
    target.write_bytes(b"abc")
    assert file_sha256(target) == file_sha256(b"abc") == expected


def test_a_missing_file_is_said_in_our_words(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"none\.mpr: cannot be read"):
        file_sha256(tmp_path / "none.mpr")


def _as_printed(value: float) -> float:
    """Round as EC-Lab prints: eight significant digits, ties away from zero."""
    if value == 0:
        return 0.0
    exact = Decimal(value)
    quantum = Decimal(1).scaleb(exact.adjusted() - 7)
    return float(exact.quantize(quantum, rounding=ROUND_HALF_UP))


@given(st.lists(st.floats(width=32, min_value=2.0**-40, max_value=2.0**60), min_size=1, max_size=9))
def test_single_precision_and_its_printed_form_hash_equally(values: list[float]) -> None:
    printed = [_as_printed(value) for value in values]
    binary = canonical_data_hash(values, np.array(values) * (1 - 1j))
    text = canonical_data_hash(printed, np.array(printed) * (1 - 1j))
    assert binary == text


def test_an_exact_tie_rounds_as_the_export_prints_it() -> None:
    assert canonical_data_hash([136598.125], [1.0]) == canonical_data_hash([136598.13], [1.0])


def test_rows_without_frequency_do_not_count_and_order_does() -> None:
    f, z = np.array([0.0, 10.0, 1.0]), np.array([0, 1 - 1j, 2 - 3j])
    assert canonical_data_hash(f, z) == canonical_data_hash(f[1:], z[1:])
    assert canonical_data_hash(f[1:], z[1:]) != canonical_data_hash(f[:0:-1], z[:0:-1])


def test_negative_zero_is_zero() -> None:
    assert canonical_data_hash([1.0], [complex(1, -0.0)]) == canonical_data_hash([1.0], [1 + 0j])


def test_lengths_must_agree() -> None:
    with pytest.raises(RecordError, match="2 frequencies but 1"):
        canonical_data_hash([1.0, 2.0], [1.0])
