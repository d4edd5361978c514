"""Damage of every kind, to every format at hand: only our own exceptions come out."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from instruments import InstrumentFileError, read

_PIECES = (b"99999999", b"-1", b"nan", b"1e999", b"inf", b"0", b"\xff\xff\xff\xff", b"\t", b"\n")


def _damaged(content: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not damaged:
            break
        within = len(damaged) if rng.random() < 0.5 else min(len(damaged), 1500)
        at = rng.randrange(within)
        match rng.randrange(5):
            case 0:
                damaged[at] = rng.randrange(256)
            case 1:
                del damaged[at : at + rng.choice((1, 2, 4, 8, 50))]
            case 2:
                damaged[at:at] = rng.randbytes(rng.choice((1, 4, 8)))
            case 3:
                other = rng.randrange(len(damaged))
                damaged[at : at + 20] = damaged[other : other + 20]
            case _:
                damaged[at : at + 1] = rng.choice(_PIECES)
    if rng.random() < 0.25:
        del damaged[rng.randrange(len(damaged) + 1) :]
    return bytes(damaged)


def _survives(paths: list[Path], n_inputs: int, seed: int) -> int:
    rng = random.Random(seed)
    contents = [(path.name, path.read_bytes()) for path in paths]
    n_read = 0
    for _ in range(n_inputs):
        name, content = rng.choice(contents)
        try:
            measured = read(Path("nowhere") / name, content=_damaged(content, rng))
        except InstrumentFileError as error:
            assert "\n" not in str(error)
            assert name in str(error)
        else:
            n_read += 1
            assert all(record.data_hash for record in measured.records)
    return n_read


def _small_files(data_dir: Path) -> list[Path]:
    found = [*(data_dir / "eis").rglob("*.*"), *(data_dir / "xrd").rglob("*.*")]
    return sorted(p for p in found if p.is_file() and p.stat().st_size < 30_000)


def test_a_thousand_damaged_files(data_dir: Path) -> None:
    assert _survives(_small_files(data_dir), 1000, seed=20) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_many_damaged_files(data_dir: Path, seed: int) -> None:
    assert _survives(_small_files(data_dir), 25_000, seed) > 0
