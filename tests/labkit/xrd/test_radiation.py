"""Wavelengths as people type them and files give them."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.records import DiffractionPattern
from labkit.xrd.errors import WavelengthError
from labkit.xrd.radiation import (
    ANODES,
    KALPHA2_WEIGHT,
    Radiation,
    parse_wavelength,
    radiation_of,
    wavelength_notes,
)

ANGLE = np.arange(10.0, 20.0, 0.1)


def pattern(**more: object) -> DiffractionPattern:
    return DiffractionPattern(two_theta_deg=ANGLE, intensity_counts=np.ones(ANGLE.size), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["Cu", "CuKa", "Cu Ka", "CuKα", "CuKalpha", "CuKa12", " Cu "])
def test_an_anode_is_its_doublet(text: str) -> None:
    found = parse_wavelength(text)
    assert found.lines == ((1.540593, 1.0), (1.544427, KALPHA2_WEIGHT))


def test_one_line_one_wavelength_and_doublets_in_angstrom() -> None:
    assert parse_wavelength("CuKa1").lines == ((1.540593, 1.0),)
    assert parse_wavelength("0.7107").lines == ((0.7107, 1.0),)
    assert parse_wavelength("1.5405,1.5443").lines == ((1.5405, 1.0), (1.5443, KALPHA2_WEIGHT))
    assert parse_wavelength("1.5405,1.5443:0.48").lines[1] == (1.5443, 0.48)


@pytest.mark.parametrize("text", ["", "Xy", "1.54 A", "15.4", "0", "-1.54", "1.54,abc", "1.5:2"])
def test_what_is_no_wavelength_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(WavelengthError, match=r"1\.5406"):
        parse_wavelength(text)


def test_what_is_given_wins_over_the_file_and_the_file_over_its_anode() -> None:
    own = parse_wavelength("Co")
    assert radiation_of(pattern(anode="Cu"), own) is own
    assert radiation_of(pattern(anode="Cu", wavelength_angstrom=((1.5, 1.0),))).lines == (
        (1.5, 1.0),
    )
    assert radiation_of(pattern(anode="Mo")).wavelength_angstrom == ANODES["Mo"][0]
    with pytest.raises(WavelengthError, match="--wavelength"):
        radiation_of(pattern())


def test_k_alpha_1_of_copper_has_8048_eV() -> None:
    assert Radiation(((1.540593, 1.0),), "x").energy_eV == pytest.approx(8047.8, abs=0.1)


@pytest.mark.parametrize("anode", ANODES)
def test_the_second_line_is_the_longer_one(anode: str) -> None:
    first, second = ANODES[anode]
    assert 0.001 < second - first < 0.006


def test_a_wavelength_that_is_not_the_files_is_told_with_what_it_does_to_the_cell() -> None:
    file = pattern(wavelength_angstrom=((1.540598, 1.0), (1.544426, 0.5)))
    (note,) = wavelength_notes(file, parse_wavelength("1.5405,1.5443"))
    assert "1.540500 A, the file says 1.540598 A" in note
    assert "6.4e-05 of their length smaller" in note
    assert wavelength_notes(file, parse_wavelength("Cu")) == []  # 3e-6 apart
    assert wavelength_notes(pattern(), parse_wavelength("Co")) == []
    (note,) = wavelength_notes(pattern(anode="Cu"), parse_wavelength("Co"))
    assert "1.6e-01 of their length larger" in note
