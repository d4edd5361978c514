"""CH Instruments text files."""

from __future__ import annotations

import pytest

from instruments import read
from instruments.errors import NotImpedanceError

_HEAD = (
    "Feb. 20, 2020   15:55:08\n{technique}\nInstrument Model:  CHI660E\nInit E (V) = 0\n"
    "Amplitude (V) = 0.025\n\n"
)


def test_impedance_with_its_header() -> None:
    table = (
        "Freq/Hz, Z'/ohm, Z\"/ohm, Z/ohm, Phase/deg\n\n1e+3, 3, -4, 5, -53.1\n1e+2, 5, -6, 7, -50\n"
    )
    content = (_HEAD.format(technique="A.C. Impedance") + table).encode()
    (spectrum,) = read("a.txt", content=content).impedance_spectra()
    assert spectrum.z_ohm.tolist() == [3 - 4j, 5 - 6j]
    assert (spectrum.instrument, spectrum.amplitude) == ("CHI660E", "0.025 V")
    assert spectrum.started_at is not None
    assert spectrum.started_at.iso == "2020-02-20T15:55:08"


def test_another_technique_is_named() -> None:
    content = (
        _HEAD.format(technique="Cyclic Voltammetry").encode() + b"Potential/V, Current/A\n0,1\n"
    )
    with pytest.raises(NotImpedanceError, match="'Cyclic Voltammetry'"):
        read("a.txt", content=content)
