"""Reference powders whose lattice parameter is certified.

Values and expanded uncertainties (k = 2) are those of the certificates of the National Institute of
Standards and Technology, at 22.5 C, in nanometres there:

- SRM 660b: 0.415 691(8), also Black et al., Powder Diffr. 26 (2011) 155.
- SRM 660c: 0.415 682 6 +- 0.000 008.
- SRM 640c: 0.543 119 46 +- 0.000 000 92.
- SRM 640d: 0.543 123(8), certificate of 26 May 2010. The report (Black et al., Powder Diffr. 25
  (2010) 187), accepted before, has 0.543 159(20); the certificate is the later one.
- SRM 640e: 0.543 117 9 +- 0.000 008.
- SRM 640g: 0.543 110 9 +- 0.000 008, certificate of 27 February 2024, also Cline et al., NIST SP
  260-245 (2024).
"""

from __future__ import annotations

from dataclasses import dataclass

from labkit.xrd.errors import XrdError
from labkit.xrd.phase import Phase, phase_from_cif_text
from labkit.xrd.simulate import cif_of

__all__ = ["STANDARDS", "Standard", "standard_named"]


@dataclass(frozen=True, slots=True)
class Standard:
    """A certified reference powder.

    Attributes
    ----------
    name : str
        What a user types.
    a_angstrom, expanded_uncertainty_angstrom : float
        Cubic cell at 22.5 C and its expanded uncertainty (k = 2).
    source : str
        The certificate.
    cif : str
        Structure in textbook coordinates, with the certified cell.
    """

    name: str
    a_angstrom: float
    expanded_uncertainty_angstrom: float
    source: str
    cif: str

    def phase(self) -> Phase:
        """Return the standard as a phase with its certified cell."""
        return phase_from_cif_text(self.cif, self.name, name=self.name)


def _lanthanum_hexaboride(name: str, a: float, uncertainty: float, srm: str) -> Standard:
    cif = cif_of(name, (a,) * 3 + (90,) * 3, "P m -3 m", [("La", 0, 0, 0), ("B", 0.1996, 0.5, 0.5)])
    return Standard(name, a, uncertainty, f"NIST certificate of SRM {srm}, at 22.5 C", cif)


def _silicon(name: str, a: float, uncertainty: float, srm: str) -> Standard:
    cif = cif_of(name, (a,) * 3 + (90,) * 3, "F d -3 m :2", [("Si", 0.125, 0.125, 0.125)])
    return Standard(name, a, uncertainty, f"NIST certificate of SRM {srm}, at 22.5 C", cif)


STANDARDS: dict[str, Standard] = {
    standard.name: standard
    for standard in (
        _lanthanum_hexaboride("LaB6-660b", 4.15691, 0.00008, "660b"),
        _lanthanum_hexaboride("LaB6-660c", 4.156826, 0.000080, "660c"),
        _silicon("Si-640c", 5.4311946, 0.0000092, "640c"),
        _silicon("Si-640d", 5.43123, 0.00008, "640d"),
        _silicon("Si-640e", 5.431179, 0.000080, "640e"),
        _silicon("Si-640g", 5.431109, 0.000080, "640g"),
    )
}
"""Certified standards by name."""

_SHORT = {"LaB6": "LaB6-660c", "Si": "Si-640g"}


def standard_named(name: str) -> Standard:
    """Return a standard by its name; ``LaB6`` and ``Si`` are the newest of each here.

    Raises
    ------
    XrdError
        When none has this name.
    """
    found = STANDARDS.get(_SHORT.get(name, name))
    if found is None:
        raise XrdError(
            f"{name!r} is no standard that is known here: {', '.join([*_SHORT, *STANDARDS])}"
        )
    return found
