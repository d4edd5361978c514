"""Crystals as plain arrays.

A `Crystal` is what the rest of this package works on: lattice, fractional coordinates, element
symbols, and charges or partial occupancies where there are any. It is cheap to build, hash and
send to a worker; pymatgen is loaded only when something needs it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.cif_p1 import read_p1_cif
from screening.errors import UnreadableStructureError

__all__ = ["Crystal", "crystal_from_pymatgen", "load_cif_text", "read_cif"]

FloatArray = npt.NDArray[np.float64]
Occupancy = tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class Crystal:
    """One crystal structure.

    Attributes
    ----------
    lattice_angstrom : ndarray, shape (3, 3)
        Lattice vectors in rows.
    fractional : ndarray, shape (n, 3)
        Fractional coordinates.
    symbols : tuple of str
        Element of each site; of a shared site the one with the largest occupancy.
    charges : ndarray, shape (n,), or None
        Formal charge of each site in e, where known.
    occupancies : tuple or None
        Per site ``((symbol, occupancy), ...)``; None when every site is full.
    material_id : str
        Name in the source, for messages.
    """

    lattice_angstrom: FloatArray
    fractional: FloatArray
    symbols: tuple[str, ...]
    charges: FloatArray | None = None
    occupancies: tuple[Occupancy, ...] | None = None
    material_id: str = ""

    def __post_init__(self) -> None:
        lattice = _frozen(self.lattice_angstrom)
        fractional = _frozen(self.fractional)
        n = len(self.symbols)
        if lattice.shape != (3, 3) or fractional.shape != (n, 3) or n == 0:
            raise UnreadableStructureError(
                f"{self.material_id or 'structure'}: lattice {lattice.shape}, coordinates "
                f"{fractional.shape}, {n} symbols do not make a crystal"
            )
        if not (np.isfinite(lattice).all() and np.isfinite(fractional).all()):
            raise UnreadableStructureError(
                f"{self.material_id or 'structure'}: a coordinate is not a number"
            )
        if abs(np.linalg.det(lattice)) < 1e-6:
            raise UnreadableStructureError(
                f"{self.material_id or 'structure'}: the lattice vectors span no volume"
            )
        object.__setattr__(self, "lattice_angstrom", lattice)
        object.__setattr__(self, "fractional", fractional)
        if self.charges is not None:
            charges = _frozen(self.charges)
            if charges.shape != (n,):
                raise UnreadableStructureError(
                    f"{self.material_id or 'structure'}: {charges.size} charges for {n} sites"
                )
            object.__setattr__(self, "charges", charges)

    @property
    def n_sites(self) -> int:
        """Number of sites in the cell."""
        return len(self.symbols)

    @property
    def is_ordered(self) -> bool:
        """Whether every site is filled by one element."""
        return self.occupancies is None

    @property
    def volume_angstrom3(self) -> float:
        """Cell volume."""
        return float(abs(np.linalg.det(self.lattice_angstrom)))

    @property
    def cartesian_angstrom(self) -> FloatArray:
        """Cartesian coordinates, shape (n, 3)."""
        return np.asarray(self.fractional @ self.lattice_angstrom)

    @cached_property
    def composition(self) -> dict[str, float]:
        """Atoms per cell by element, in alphabetical order."""
        amount: dict[str, float] = {}
        if self.occupancies is None:
            for symbol in self.symbols:
                amount[symbol] = amount.get(symbol, 0.0) + 1.0
        else:
            for site in self.occupancies:
                for symbol, share in site:
                    amount[symbol] = amount.get(symbol, 0.0) + share
        return dict(sorted(amount.items()))

    @cached_property
    def reduced_formula(self) -> str:
        """Reduced formula in pymatgen's order (loads pymatgen)."""
        from pymatgen.core import Composition

        return str(Composition(self.composition).reduced_formula)

    @cached_property
    def content_hash(self) -> str:
        """Hash of the content: lattice, coordinates, elements, charges, occupancies.

        Numbers are rounded to 1e-8 (angstrom, fraction, e), so a crystal written to a database
        and read back keeps its hash. The order of the sites counts, the name does not.
        """
        digest = hashlib.sha256(b"crystal-1")
        for array in (self.lattice_angstrom, self.fractional):
            digest.update(_canonical_bytes(array))
        digest.update("\0".join(self.symbols).encode())
        if self.charges is not None:
            digest.update(b"charges" + _canonical_bytes(self.charges))
        if self.occupancies is not None:
            digest.update(repr(self.occupancies).encode())
        return digest.hexdigest()[:32]

    def crystal(self) -> Crystal:
        """Return itself, so that a crystal serves where a source record does."""
        return self

    def with_charges(self, charges: npt.ArrayLike | None) -> Crystal:
        """Return the same crystal with other charges."""
        new = None if charges is None else np.asarray(charges, dtype=np.float64)
        return replace(self, charges=new)

    def to_pymatgen(self) -> Any:
        """Return a pymatgen ``Structure`` (decorated with charges when they are known)."""
        from pymatgen.core import Species, Structure

        species: list[Any]
        if self.occupancies is not None:
            species = [dict(site) for site in self.occupancies]
        elif self.charges is not None:
            species = [Species(s, q) for s, q in zip(self.symbols, self.charges, strict=True)]
        else:
            species = list(self.symbols)
        return Structure(self.lattice_angstrom, species, self.fractional)


def _frozen(array: npt.ArrayLike) -> FloatArray:
    copy = np.array(array, dtype=np.float64)
    copy.flags.writeable = False
    return copy


def _canonical_bytes(array: FloatArray) -> bytes:
    # adding zero turns -0.0 into 0.0
    return (np.round(array * 1e8) + 0.0).astype("<i8").tobytes()


def crystal_from_pymatgen(structure: Any, material_id: str = "") -> Crystal:
    """Build a `Crystal` from a pymatgen ``Structure``.

    Charges are taken over when every site names one and not all are zero.
    """
    symbols, charges, shares = [], [], []
    ordered = True
    for site in structure:
        parts = sorted(
            ((specie.symbol, float(amount)) for specie, amount in site.species.items()),
            key=lambda part: (-part[1], part[0]),
        )
        if not parts:
            continue
        ordered = ordered and len(parts) == 1 and abs(parts[0][1] - 1.0) < 1e-8
        symbols.append(parts[0][0])
        shares.append(tuple(parts))
        weights = [float(amount) for amount in site.species.values()]
        # a specie without a charge gives nan, which marks the whole crystal as undecorated
        told = [getattr(specie, "oxi_state", None) for specie in site.species]
        states = [np.nan if state is None else float(state) for state in told]
        charges.append(float(np.average(states, weights=weights)))
    given = np.array(charges)
    decorated = bool(np.isfinite(given).all() and np.any(given != 0.0))
    return Crystal(
        lattice_angstrom=np.asarray(structure.lattice.matrix),
        fractional=np.asarray(structure.frac_coords),
        symbols=tuple(symbols),
        charges=given if decorated else None,
        occupancies=None if ordered else tuple(shares),
        material_id=material_id,
    )


def load_cif_text(text: str, material_id: str = "") -> Crystal:
    """Read a crystal from CIF text.

    Plain P1 CIFs take a fast path; everything else goes through pymatgen.

    Parameters
    ----------
    text : str
        CIF text; the first structure in it is read.
    material_id : str
        Name used in messages and kept with the crystal.

    Raises
    ------
    UnreadableStructureError
        When the text holds no crystal structure.
    """
    plain = read_p1_cif(text)
    if plain is not None:
        return Crystal(*plain, material_id=material_id)
    return _load_with_pymatgen(text, material_id)


def _load_with_pymatgen(text: str, material_id: str) -> Crystal:
    import warnings

    from pymatgen.io.cif import CifParser

    name = material_id or "CIF"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parser = CifParser.from_str(text, occupancy_tolerance=1.05)
            structures = parser.parse_structures(primitive=False)
    except Exception as error:  # the parser raises many unrelated kinds on broken text
        # anything but a ValueError speaks of the parser, not of the file
        told = str(error).splitlines()[0] if isinstance(error, ValueError) and str(error) else ""
        reason = told or "it is damaged or cut short"
        raise UnreadableStructureError(
            f"{name}: holds no crystal structure that can be read ({reason})"
        ) from error
    if not structures:
        raise UnreadableStructureError(f"{name}: holds no crystal structure")
    return crystal_from_pymatgen(structures[0], material_id)


def read_cif(path: str | Path) -> Crystal:
    """Read the first crystal of a CIF file; its name is the file's stem.

    Raises
    ------
    UnreadableStructureError
        When the file is missing or holds no crystal structure.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UnreadableStructureError(f"{file}: cannot be read ({error.strerror})") from error
    try:
        return load_cif_text(text, file.stem)
    except UnreadableStructureError as error:
        raise UnreadableStructureError(f"{file}: {error}") from error
