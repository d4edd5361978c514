"""Results become what JSON can hold."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np

from labkit.json_ready import json_ready


@dataclass(frozen=True)
class Inner:
    value: float


@dataclass(frozen=True)
class Outer:
    inner: Inner
    items: tuple[Inner, ...]
    array: np.ndarray


def test_everything_nested_becomes_plain() -> None:
    outer = Outer(Inner(math.nan), (Inner(1.0),), np.array([1.0, math.inf]))
    got = json_ready({"a": outer, "z": 1 + 2j, "n": np.int64(3), "b": np.bool_(True), "s": None})
    assert got == {
        "a": {"inner": {"value": None}, "items": [{"value": 1.0}], "array": [1.0, None]},
        "z": [1.0, 2.0],
        "n": 3,
        "b": True,
        "s": None,
    }
    json.dumps(got, allow_nan=False)
