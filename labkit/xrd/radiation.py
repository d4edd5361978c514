"""Wavelengths of laboratory anodes and the lines a pattern was measured with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from instruments.records import DiffractionPattern
from labkit.xrd.errors import WavelengthError

__all__ = [
    "ANODES",
    "KALPHA2_WEIGHT",
    "Radiation",
    "parse_wavelength",
    "radiation_of",
    "wavelength_difference",
    "wavelength_notes",
]

ANODES: dict[str, tuple[float, float]] = {
    "Cr": (2.289760, 2.293663),
    "Fe": (1.936042, 1.939980),
    "Co": (1.789010, 1.792900),
    "Cu": (1.540593, 1.544427),
    "Mo": (0.709319, 0.713609),
    "Ag": (0.559422, 0.563813),
}
"""K-alpha1 and K-alpha2 in angstrom (Hölzer et al., Phys. Rev. A 56 (1997) 4554 for Cr to Cu;
Deslattes et al., Rev. Mod. Phys. 75 (2003) 35 for Mo and Ag)."""

KALPHA2_WEIGHT = 0.5
"""Intensity of K-alpha2 beside K-alpha1, from the multiplicities of the two levels."""


@dataclass(frozen=True, slots=True)
class Radiation:
    """Lines of the source as (wavelength in angstrom, weight), the first with weight 1.

    `kind` says what is scattered: X-rays by electrons, neutrons by nuclei.
    """

    lines: tuple[tuple[float, float], ...]
    source: str
    kind: Literal["x-ray", "neutron"] = "x-ray"

    @property
    def wavelength_angstrom(self) -> float:
        """Wavelength of the first line."""
        return self.lines[0][0]

    @property
    def energy_eV(self) -> float:
        """Photon energy of the first line."""
        return 12398.419843 / self.wavelength_angstrom


def parse_wavelength(text: str) -> Radiation:
    """Read what was typed: ``Cu``, ``CuKa1``, ``1.5406``, ``1.5405,1.5443`` or with ``:weight``.

    An ``n`` before the wavelength (``n1.909``) says neutrons.

    Raises
    ------
    WavelengthError
        When it is none of these.
    """
    word = text.strip()
    anode = re.fullmatch(r"([A-Z][a-z])(?:[ -]?K[aα](?:lpha)?(1|12)?)?", word)
    if anode and anode[1] in ANODES:
        first, second = ANODES[anode[1]]
        if anode[2] == "1":
            return Radiation(((first, 1.0),), f"{anode[1]} K-alpha1")
        return Radiation(((first, 1.0), (second, KALPHA2_WEIGHT)), f"{anode[1]} K-alpha")
    neutron = re.fullmatch(r"n *(\d.*)", word)
    try:
        lines = []
        for number, part in enumerate((neutron[1] if neutron else word).split(",")):
            wavelength, _, weight = part.partition(":")
            default = 1.0 if number == 0 else KALPHA2_WEIGHT
            lines.append((float(wavelength), float(weight) if weight else default))
    except ValueError:
        lines = []
    if not lines or not all(0.1 < w < 6 and 0 < share <= 1 for w, share in lines):
        raise WavelengthError(
            f"{text!r} is no wavelength: write an anode (Cu, CuKa1, Co, Mo) or angstrom such as "
            "1.5406 or 1.5406,1.5444 for a doublet, or n1.909 for neutrons"
        )
    return Radiation(tuple(lines), "command line", "neutron" if neutron else "x-ray")


def radiation_of(pattern: DiffractionPattern, given: Radiation | None = None) -> Radiation:
    """Return the radiation given, else that of the file, else that of its anode.

    Raises
    ------
    WavelengthError
        When nothing says the wavelength.
    """
    if given is not None:
        return given
    if pattern.wavelength_angstrom:
        kind: Literal["x-ray", "neutron"] = "neutron" if pattern.radiation == "neutron" else "x-ray"
        return Radiation(pattern.wavelength_angstrom, "file", kind)
    if pattern.anode in ANODES:
        first, second = ANODES[pattern.anode]
        return Radiation(
            ((first, 1.0), (second, KALPHA2_WEIGHT)), f"anode {pattern.anode} named by the file"
        )
    raise WavelengthError(
        "the file does not say its wavelength; give it, such as --wavelength Cu or "
        "--wavelength 1.5406"
    )


_SAME_WAVELENGTH = 1e-5
"""Relative difference below which two wavelengths are one: good cells have esds of this size."""


def wavelength_difference(used_angstrom: float, other_angstrom: float, whose: str) -> str | None:
    """Return what to say where two first lines differ, None where they do not.

    Parameters
    ----------
    used_angstrom, other_angstrom : float
        First line used, and as somebody else says.
    whose : str
        Who says the other one.
    """
    change = used_angstrom / other_angstrom - 1
    if abs(change) <= _SAME_WAVELENGTH:
        return None
    return (
        f"the wavelength used is {used_angstrom:.6f} A, {whose} {other_angstrom:.6f} A; cell edges "
        f"scale with it and are {abs(change):.1e} of their length "
        f"{'larger' if change > 0 else 'smaller'} than with the other"
    )


def wavelength_notes(pattern: DiffractionPattern, used: Radiation) -> list[str]:
    """Return a note where the file names another wavelength than the one used."""
    try:
        told = radiation_of(pattern)
    except WavelengthError:
        return []
    note = wavelength_difference(
        used.wavelength_angstrom, told.wavelength_angstrom, "the file says"
    )
    return [] if note is None else [note]
