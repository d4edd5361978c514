"""Turn results into what JSON can hold."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def json_ready(value: Any) -> Any:
    """Return `value` with dataclasses, arrays and tuples replaced by dicts and lists.

    Parameters
    ----------
    value
        A dataclass instance, mapping, sequence, NumPy array or scalar.

    Returns
    -------
    Any
        The same content in dict, list, str, int, float, bool and None. JSON has no NaN and no
        infinity: both become None. A complex number becomes ``[real, imaginary]``.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: json_ready(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(item) for item in value]
    if isinstance(value, np.ndarray):
        return [json_ready(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        return json_ready(value.item())
    if isinstance(value, complex):
        return [json_ready(value.real), json_ready(value.imag)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
