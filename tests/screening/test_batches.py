"""Batches run anywhere, and a worker that dies takes one structure with it, not the run."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from screening.batches import run_batches


def encode(items: list[int]) -> list[bytes | tuple[str, str]]:
    return [str(item).encode() for item in items]


def encode_or_die(items: list[int]) -> list[bytes | tuple[str, str]]:
    if 13 in items:
        os._exit(1)
    return encode(items)


JOBS = [list(range(start, start + 4)) for start in range(0, 40, 4)]
EXPECTED = {number: encode(job) for number, job in enumerate(JOBS)}


def test_serial_threads_and_processes_agree() -> None:
    assert dict(run_batches(encode, iter(JOBS))) == EXPECTED
    with ThreadPoolExecutor(3) as pool:
        assert dict(run_batches(encode, iter(JOBS), executor=pool)) == EXPECTED


@pytest.mark.slow
def test_processes_agree_and_a_dying_worker_is_named() -> None:
    assert dict(run_batches(encode, iter(JOBS), n_jobs=2)) == EXPECTED
    result = dict(run_batches(encode_or_die, iter(JOBS), n_jobs=2))
    assert result[3][1][0] == "worker-died"
    assert result[3][0] == b"12"
    assert {k: v for k, v in result.items() if k != 3} == {
        k: v for k, v in EXPECTED.items() if k != 3
    }
