"""Files beside measurements."""

from __future__ import annotations

import pytest

from instruments import read
from instruments.errors import NoMeasurementError


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.cif", b"data_x\n_cell_length_a 1.0\n", "a structure"),
        ("a.prm", b"INS   BANK      1\n", "instrument parameter file"),
        ("a.EXP", b" EXPR  NPHAS    1\n", "GSAS experiment file"),
        ("a.cif", b"anything\n", "a structure, a model or instrument parameters"),
    ],
)
def test_each_is_named(name: str, content: bytes, what: str) -> None:
    with pytest.raises(NoMeasurementError, match=rf"^{name}: holds no measurement: .*{what}"):
        read(name, content=content)
