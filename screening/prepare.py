"""From a source record to an ordered crystal with charges, or a named failure.

The result is kept as bytes (see `pack_crystal`), so that every descriptor and every mode starts
from the same prepared crystal without parsing or decorating again.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from screening.charges import ChargeMethod, decorate
from screening.crystal import Crystal
from screening.errors import ScreeningError, StructureError
from screening.ordering import distance_matrix, order_crystal

__all__ = [
    "PREPARATION_VERSION",
    "PreparedCrystal",
    "StructureSource",
    "check_elements",
    "pack_crystal",
    "prepare",
    "unpack_crystal",
]

#: Raised whenever ordering or charges give other results.
PREPARATION_VERSION = 1
MAX_SITES = 500
SHORTEST_CONTACT_ANGSTROM = 0.4
_METHODS: tuple[ChargeMethod, ...] = ("given", "table", "bond-valence", "guess", "undecided")


class StructureSource(Protocol):
    """Anything that names, hashes and yields a crystal: `StructureRecord`, `Crystal`, a row."""

    @property
    def material_id(self) -> str:
        """Name for messages."""

    @property
    def content_hash(self) -> str:
        """Hash that changes when the structure does; at most 32 characters."""

    def crystal(self) -> Crystal:
        """Return the crystal."""


class _NamedFailure(StructureError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class PreparedCrystal:
    """An ordered crystal with charges.

    Attributes
    ----------
    crystal : Crystal
    charge_method : str
        How the charges were decided.
    was_disordered : bool
        Whether partial occupancies were resolved.
    """

    crystal: Crystal
    charge_method: ChargeMethod
    was_disordered: bool


def prepare(source: StructureSource, *, ion: str | None = "Li") -> PreparedCrystal:
    """Read, check, order and decorate one structure.

    Parameters
    ----------
    source : StructureSource
    ion : str or None
        Element that must be there.

    Raises
    ------
    StructureError
        With the attribute ``code``: unreadable, unknown-element, deuterium, no-ion,
        too-many-sites, overlapping-sites.
    """
    name = source.material_id
    crystal = source.crystal()
    check_elements(crystal)
    if ion is not None and ion not in crystal.composition:
        raise _NamedFailure("no-ion", f"{name}: holds no {ion}")
    if crystal.n_sites > MAX_SITES:
        raise _NamedFailure(
            "too-many-sites", f"{name}: has {crystal.n_sites} sites, more than {MAX_SITES}"
        )
    ordered = order_crystal(crystal)
    if ordered.n_sites > 1 and crystal.is_ordered:
        distance = distance_matrix(ordered)
        np.fill_diagonal(distance, np.inf)
        if distance.min() < SHORTEST_CONTACT_ANGSTROM:
            first, second = np.unravel_index(int(distance.argmin()), distance.shape)
            raise _NamedFailure(
                "overlapping-sites",
                f"{name}: sites {first} and {second} are {distance.min():.2f} angstrom apart",
            )
    charges = decorate(ordered)
    return PreparedCrystal(
        ordered.with_charges(charges.charges), charges.method, not crystal.is_ordered
    )


def check_elements(crystal: Crystal) -> None:
    """Refuse what is no element, and isotopes that have no data of their own.

    Raises
    ------
    StructureError
        With the attribute ``code``: unknown-element, deuterium.
    """
    from pymatgen.core import Element

    for symbol in crystal.composition:
        if symbol in ("D", "T"):
            raise _NamedFailure(
                "deuterium", f"{crystal.material_id}: holds {symbol}, which has no own data"
            )
        if not Element.is_valid_symbol(symbol):
            raise _NamedFailure(
                "unknown-element", f"{crystal.material_id}: {symbol!r} is no element"
            )


def failure_of(error: Exception, name: str) -> tuple[str, str]:
    """Code and message of an error for the failures table."""
    if isinstance(error, ScreeningError):
        return str(getattr(error, "code", "failed")), str(error)
    return "unexpected", f"{name}: {type(error).__name__}: {error}"


def pack_crystal(prepared: PreparedCrystal) -> bytes:
    """Write a prepared crystal as bytes (little-endian, 64-bit numbers)."""
    crystal = prepared.crystal
    assert crystal.charges is not None
    name = crystal.material_id.encode()
    symbols = " ".join(crystal.symbols).encode()
    head = struct.pack(
        "<IIIBB",
        crystal.n_sites,
        len(name),
        len(symbols),
        _METHODS.index(prepared.charge_method),
        prepared.was_disordered,
    )
    arrays = (crystal.lattice_angstrom, crystal.fractional, crystal.charges)
    return head + b"".join(a.astype("<f8").tobytes() for a in arrays) + name + symbols


def unpack_crystal(record: bytes | memoryview) -> PreparedCrystal:
    """Read what `pack_crystal` wrote."""
    n, name_length, symbol_length, method, disordered = struct.unpack_from("<IIIBB", record)
    start = struct.calcsize("<IIIBB")
    numbers = np.frombuffer(record, dtype="<f8", count=9 + 4 * n, offset=start)
    text = bytes(record[start + numbers.nbytes :])
    crystal = Crystal(
        lattice_angstrom=numbers[:9].reshape(3, 3),
        fractional=numbers[9 : 9 + 3 * n].reshape(n, 3),
        symbols=tuple(text[name_length : name_length + symbol_length].decode().split()),
        charges=numbers[9 + 3 * n :],
        material_id=text[:name_length].decode(),
    )
    return PreparedCrystal(crystal, _METHODS[method], bool(disordered))
