"""A small set of lithium compounds, built from well-known structure types.

Used when no data set is at hand. Every entry is a structure type (space group and positions) with
the lattice parameters that textbooks and handbooks give for room temperature, rounded; the free
coordinates of a type are shared by its members. They are good for trying the tools, not for
science: ``source`` says ``prototype: <type>``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from screening.cif_p1 import lattice_from_parameters, write_p1_cif
from screening.structures import StructureRecord

__all__ = ["Prototype", "prototype_records", "prototypes"]

FloatArray = npt.NDArray[np.float64]
Position = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Prototype:
    """One compound of a structure type.

    Attributes
    ----------
    formula : str
    structure_type : str
    space_group : str
    cell : tuple of float
        a, b, c in angstrom, alpha, beta, gamma in degree.
    sites : tuple
        (element, fractional position) of one site per orbit.
    """

    formula: str
    structure_type: str
    space_group: str
    cell: tuple[float, float, float, float, float, float]
    sites: tuple[tuple[str, Position], ...]

    @property
    def material_id(self) -> str:
        """Name of the entry, for example ``prototype-LiCl-rocksalt``."""
        return f"prototype-{self.formula}-{self.structure_type.split()[0]}"

    def record(self) -> StructureRecord:
        """Build the primitive cell."""
        import spglib

        number = _SPACE_GROUP_NUMBERS[self.space_group]
        elements = sorted({element for element, _ in self.sites})
        kinds, positions = [], []
        for element, position in self.sites:
            orbit = _orbit(number, position)
            positions.append(orbit)
            kinds += [elements.index(element)] * len(orbit)
        conventional = (lattice_from_parameters(*self.cell), np.concatenate(positions), kinds)
        lattice, fractional, kept = spglib.find_primitive(conventional, symprec=1e-3)
        symbols = tuple(elements[int(kind)] for kind in kept)
        return StructureRecord(
            material_id=self.material_id,
            formula=self.formula,
            n_sites=len(symbols),
            band_gap_eV=None,
            e_above_hull_eV=None,
            cif=write_p1_cif(np.asarray(lattice), np.asarray(fractional), symbols, self.formula),
            source=f"prototype: {self.structure_type}",
            space_group_number=number,
        )


_SPACE_GROUP_NUMBERS = {
    "C2/c": 15,
    "Pna2_1": 33,
    "Pnma": 62,
    "P4_12_12": 92,
    "I-42d": 122,
    "R3c": 161,
    "P-3m1": 164,
    "R-3m": 166,
    "R-3c": 167,
    "P6/mmm": 191,
    "P6_3/mmc": 194,
    "F-43m": 216,
    "Pm-3m": 221,
    "Fm-3m": 225,
    "Fd-3m": 227,
}


@lru_cache(maxsize=32)
def _operations(number: int) -> tuple[FloatArray, FloatArray]:
    """Rotations and translations of a space group in the first setting of the tables."""
    import spglib

    hall = next(h for h in range(1, 531) if spglib.get_spacegroup_type(h).number == number)
    database = spglib.get_symmetry_from_database(hall)
    return np.asarray(database["rotations"], float), np.asarray(database["translations"], float)


def _orbit(number: int, position: Position) -> FloatArray:
    """Distinct images of a position in one cell, shape (m, 3)."""
    rotations, translations = _operations(number)
    images = (rotations @ np.array(position) + translations) % 1.0
    # 1/3 + 2/3 may come out just below 1
    return np.unique(np.round(images, 6) % 1.0, axis=0)


def _cubic(a: float) -> tuple[float, float, float, float, float, float]:
    return (a, a, a, 90.0, 90.0, 90.0)


def _tetragonal(a: float, c: float) -> tuple[float, float, float, float, float, float]:
    return (a, a, c, 90.0, 90.0, 90.0)


def _hexagonal(a: float, c: float) -> tuple[float, float, float, float, float, float]:
    return (a, a, c, 90.0, 90.0, 120.0)


_O: Position = (0.0, 0.0, 0.0)
_H: Position = (0.5, 0.5, 0.5)
_Q: Position = (0.25, 0.25, 0.25)


def _binaries() -> Iterator[Prototype]:
    for anion, a in (("F", 4.03), ("Cl", 5.13), ("Br", 5.50), ("I", 6.00), ("H", 4.08)):
        yield Prototype(f"Li{anion}", "rocksalt", "Fm-3m", _cubic(a), (("Li", _O), (anion, _H)))
    for anion, a in (("O", 4.62), ("S", 5.71), ("Se", 6.00), ("Te", 6.52)):
        sites = ((anion, _O), ("Li", _Q))
        yield Prototype(f"Li2{anion}", "antifluorite", "Fm-3m", _cubic(a), sites)
    yield Prototype(
        "Li3N",
        "lithium-nitride",
        "P6/mmm",
        _hexagonal(3.65, 3.88),
        (("N", _O), ("Li", (0.0, 0.0, 0.5)), ("Li", (1 / 3, 2 / 3, 0.0))),
    )
    for anion, a, c in (("P", 4.27, 7.59), ("As", 4.39, 7.81)):
        sites3 = (
            (anion, (1 / 3, 2 / 3, 0.25)),
            ("Li", (0.0, 0.0, 0.25)),
            ("Li", (1 / 3, 2 / 3, 0.583)),
        )
        yield Prototype(f"Li3{anion}", "sodium-arsenide", "P6_3/mmc", _hexagonal(a, c), sites3)
    for anion, a in (("Sb", 6.57), ("Bi", 6.71)):
        sites4 = ((anion, _O), ("Li", _H), ("Li", _Q))
        yield Prototype(f"Li3{anion}", "bismuth-trifluoride", "Fm-3m", _cubic(a), sites4)


def _tetrahedral() -> Iterator[Prototype]:
    """Yield filled zinc blendes (Nowotny-Juza) and chalcopyrites."""
    filled = (
        ("Mg", "N", 4.96),
        ("Zn", "N", 4.88),
        ("Mg", "P", 6.02),
        ("Zn", "P", 5.77),
        ("Cd", "P", 6.09),
        ("Mg", "As", 6.19),
        ("Zn", "As", 5.94),
        ("Cd", "As", 6.26),
    )
    for metal, anion, a in filled:
        sites = (("Li", _H), (metal, _O), (anion, _Q))
        yield Prototype(f"Li{metal}{anion}", "filled-zinc-blende", "F-43m", _cubic(a), sites)
    for metal, a, c in (("Al", 6.44, 11.9), ("Ga", 6.34, 11.7), ("In", 6.40, 12.5)):
        chalcopyrite = (("Li", _O), (metal, (0.0, 0.0, 0.5)), ("Te", (0.25, 0.25, 0.125)))
        yield Prototype(f"Li{metal}Te2", "chalcopyrite", "I-42d", _tetragonal(a, c), chalcopyrite)
    yield Prototype(
        "LiAlO2",
        "gamma-lithium-aluminate",
        "P4_12_12",
        _tetragonal(5.17, 6.27),
        (
            ("Al", (0.176, 0.176, 0.0)),
            ("Li", (0.813, 0.813, 0.0)),
            ("O", (0.337, 0.291, 0.772)),
        ),
    )
    yield Prototype(
        "LiGaO2",
        "beta-lithium-gallate",
        "Pna2_1",
        (5.40, 6.37, 5.01, 90.0, 90.0, 90.0),
        (
            ("Ga", (0.082, 0.126, 0.0)),
            ("Li", (0.421, 0.127, 0.494)),
            ("O", (0.407, 0.139, 0.893)),
            ("O", (0.070, 0.112, 0.371)),
        ),
    )


def _oxides() -> Iterator[Prototype]:
    layered = (("Co", 2.82, 14.05), ("Ni", 2.88, 14.19), ("Cr", 2.90, 14.42), ("V", 2.84, 14.8))
    for metal, a, c in (*layered, ("Al", 2.80, 14.21)):
        sites = ((metal, _O), ("Li", (0.0, 0.0, 0.5)), ("O", (0.0, 0.0, 0.26)))
        yield Prototype(f"Li{metal}O2", "layered-oxide", "R-3m", _hexagonal(a, c), sites)
    for metal, a in (("Mn", 8.25), ("Ti", 8.41), ("V", 8.24)):
        # origin at the tetrahedral site
        spinel = (("Li", _O), (metal, (0.625, 0.625, 0.625)), ("O", (0.388, 0.388, 0.388)))
        yield Prototype(f"Li{metal}2O4", "spinel", "Fd-3m", _cubic(a), spinel)
    for metal, a, c, z in (("Nb", 5.15, 13.86, 0.283), ("Ta", 5.15, 13.78, 0.279)):
        niobate = ((metal, _O), ("Li", (0.0, 0.0, z)), ("O", (0.049, 0.343, 0.066)))
        yield Prototype(f"Li{metal}O3", "lithium-niobate", "R3c", _hexagonal(a, c), niobate)
    olivine = (
        ("Fe", 10.33, 6.01, 4.69),
        ("Mn", 10.45, 6.10, 4.74),
        ("Co", 10.20, 5.92, 4.70),
        ("Ni", 10.03, 5.85, 4.68),
        ("Mg", 10.15, 5.91, 4.69),
    )
    for metal, a, b, c in olivine:
        phosphate = (
            ("Li", _O),
            (metal, (0.282, 0.25, 0.975)),
            ("P", (0.095, 0.25, 0.418)),
            ("O", (0.097, 0.25, 0.743)),
            ("O", (0.457, 0.25, 0.206)),
            ("O", (0.166, 0.047, 0.285)),
        )
        yield Prototype(f"Li{metal}PO4", "olivine", "Pnma", (a, b, c, 90.0, 90.0, 90.0), phosphate)
    yield Prototype(
        "Li2CO3",
        "lithium-carbonate",
        "C2/c",
        (8.36, 4.97, 6.20, 90.0, 114.8, 90.0),
        (
            ("Li", (0.197, 0.449, 0.834)),
            ("C", (0.0, 0.066, 0.25)),
            ("O", (0.0, 0.321, 0.25)),
            ("O", (0.146, 0.934, 0.313)),
        ),
    )
    nitrate = (("Li", _O), ("N", (0.0, 0.0, 0.25)), ("O", (0.264, 0.0, 0.25)))
    yield Prototype("LiNO3", "calcite", "R-3c", _hexagonal(4.69, 15.22), nitrate)


def _perovskites_and_halides() -> Iterator[Prototype]:
    for halide, a in (("Cl", 3.91), ("Br", 4.02)):
        sites = (("O", _H), (halide, _O), ("Li", (0.5, 0.5, 0.0)))
        yield Prototype(f"Li3O{halide}", "antiperovskite", "Pm-3m", _cubic(a), sites)
    for metal, anion, a in (("Ba", "F", 4.00), ("Ba", "H", 4.02), ("Sr", "H", 3.83)):
        inverse = ((metal, _O), ("Li", _H), (anion, (0.5, 0.5, 0.0)))
        yield Prototype(f"{metal}Li{anion}3", "perovskite", "Pm-3m", _cubic(a), inverse)
    elpasolites = (
        ("Cs2LiYCl6", "Cs", "Y", "Cl", 10.48, 0.249),
        ("Cs2LiInCl6", "Cs", "In", "Cl", 10.5, 0.243),
        ("K2LiAlF6", "K", "Al", "F", 7.84, 0.232),
        ("Ba2LiOsO6", "Ba", "Os", "O", 8.10, 0.234),
        ("Ba2LiReO6", "Ba", "Re", "O", 8.12, 0.234),
    )
    for formula, large, metal, anion, a, x in elpasolites:
        double = ((large, _Q), ("Li", _H), (metal, _O), (anion, (x, 0.0, 0.0)))
        yield Prototype(formula, "elpasolite", "Fm-3m", _cubic(a), double)
    for metal, a, c in (("Ti", 3.46, 6.20), ("Cr", 3.46, 6.05)):
        sulfide = ((metal, _O), ("Li", (0.0, 0.0, 0.5)), ("S", (1 / 3, 2 / 3, 0.25)))
        yield Prototype(f"Li{metal}S2", "layered-sulfide", "P-3m1", _hexagonal(a, c), sulfide)


def _metals() -> Iterator[Prototype]:
    for metal, a in (("Al", 6.37), ("In", 6.79), ("Zn", 6.22), ("Cd", 6.69)):
        zintl = (("Li", _O), (metal, _H))
        yield Prototype(f"Li{metal}", "sodium-thallide", "Fd-3m", _cubic(a), zintl)
    for metal, a in (("Ag", 3.17), ("Hg", 3.29), ("Tl", 3.43)):
        yield Prototype(
            f"Li{metal}", "cesium-chloride", "Pm-3m", _cubic(a), (("Li", _O), (metal, _H))
        )


def prototypes() -> list[Prototype]:
    """Return all entries."""
    families = (_binaries, _tetrahedral, _oxides, _perovskites_and_halides, _metals)
    return [entry for family in families for entry in family()]


def prototype_records() -> list[StructureRecord]:
    """Build all entries as structure records with CIF text."""
    return [entry.record() for entry in prototypes()]
