"""One descriptor in one mode, and how a batch of structures is described in several at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import Descriptor, OpenDescriptor
from screening.errors import ScreeningError
from screening.prepare import PREPARATION_VERSION, failure_of, unpack_crystal
from screening.simplify import Simplifier
from screening.store import Failure

__all__ = ["Representation", "computed_mode", "describe_batch", "rows_of_terms"]

# a representation by its number, and a prepared crystal as bytes
Item = tuple[int, bytes]


def computed_mode(descriptor: Descriptor, mode: str) -> str:
    """Return the mode whose values serve for `mode`.

    A descriptor that does not change when the cell is scaled has the same values in a mode and in
    the one scaled to 40 cubic angstrom per site: they are computed and stored once.
    """
    return mode.removesuffix("40") if descriptor.scale_invariant else mode


@dataclass(frozen=True)
class Representation:
    """A descriptor in a mode.

    Attributes
    ----------
    descriptor : Descriptor
    mode : str
        As asked for.
    computed : str
        The mode that is computed and stored for it.
    """

    descriptor: Descriptor
    mode: str

    def __post_init__(self) -> None:
        if self.mode not in self.descriptor.modes:
            raise ScreeningError(
                f"descriptor {self.descriptor.name} is not defined in the mode {self.mode!r}; "
                f"choose one of {', '.join(self.descriptor.modes)}"
            )

    @property
    def computed(self) -> str:
        """The mode whose values serve for it."""
        return computed_mode(self.descriptor, self.mode)

    @property
    def key_text(self) -> str:
        """All that determines the values: descriptor, settings, versions, mode."""
        return json.dumps([self.descriptor.key, self.computed, PREPARATION_VERSION])

    @property
    def key(self) -> str:
        """Hash of `key_text`."""
        return hashlib.sha256(self.key_text.encode()).hexdigest()[:16]

    @property
    def folder(self) -> str:
        """Name of its store below the cache folder."""
        return f"{self.descriptor.name}-{self.computed}-{self.key}"

    def describe(self, simple: Crystal) -> bytes | Failure:
        """Compute the record of one simplified crystal, or a named failure."""
        name = simple.material_id
        try:
            if isinstance(self.descriptor, OpenDescriptor):
                # its columns are known only when all structures are
                terms: Mapping[str, float] = self.descriptor.terms(simple, self.computed)
                return json.dumps(dict(terms), sort_keys=True).encode()
            length = self.descriptor.length(self.computed)
            values = np.asarray(self.descriptor.compute(simple, self.computed))
        except Exception as error:  # one bad structure must not stop a batch
            return failure_of(error, name)
        if values.shape != (length,):
            return "length", f"{name}: {values.shape} values instead of {length}"
        if not np.isfinite(values).all():
            return "not-finite", f"{name}: a value is not a number"
        return values.astype("<f4").tobytes()


def describe_batch(
    job: tuple[Sequence[Representation], Sequence[Item]],
) -> list[bytes | Failure]:
    """Describe prepared crystals.

    Items of one crystal follow each other, so that it is unpacked and simplified once, and its
    descriptors share what they keep of it (`screening.voronoi.voronoi_faces`).
    """
    representations, items = job
    out: list[bytes | Failure] = []
    last: bytes | None = None
    simplified: dict[str, Crystal | Failure] = {}
    for number, record in items:
        representation = representations[number]
        mode = representation.computed
        if record is not last:
            last, simplified = record, {}
        if mode not in simplified:
            simplified[mode] = _simplify(record, mode)
        simple = simplified[mode]
        out.append(representation.describe(simple) if isinstance(simple, Crystal) else simple)
    return out


def _simplify(record: bytes, mode: str) -> Crystal | Failure:
    crystal = unpack_crystal(record).crystal
    try:
        return Simplifier(mode).simplify(crystal)
    except Exception as error:  # one bad structure must not stop a batch
        return failure_of(error, crystal.material_id)


def rows_of_terms(
    descriptor: OpenDescriptor, stored: Sequence[memoryview]
) -> tuple[Descriptor, npt.NDArray[np.float32]]:
    """Return the descriptor with the columns that occur, and its rows."""
    terms: list[dict[str, float]] = [json.loads(bytes(record)) for record in stored]
    columns = sorted({name for row in terms for name in row})
    slot = {name: number for number, name in enumerate(columns)}
    values = np.zeros((len(terms), len(columns)), dtype=np.float32)
    for number, row in enumerate(terms):
        values[number, [slot[name] for name in row]] = list(row.values())
    return descriptor.with_columns(columns), values
