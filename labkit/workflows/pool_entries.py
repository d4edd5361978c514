"""Which structures of a lab make the pool, and their cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import Session, col

import db.structures
from db.tables import Structure
from labkit.workflows.duplicates import replaced_structures
from labkit.workflows.lab import Lab

if TYPE_CHECKING:
    from screening.crystal import Crystal

__all__ = ["PoolEntry", "StoredStructure", "pool_entries", "sources_of_pool"]


@dataclass(frozen=True)
class StoredStructure:
    """A structure of the lab as the screening takes it: a name, a hash, and its CIF text."""

    material_id: str
    content_hash: str
    cif: str

    def crystal(self) -> Crystal:
        """Parse the CIF text."""
        from screening.crystal import load_cif_text

        return load_cif_text(self.cif, self.material_id)


@dataclass(frozen=True)
class PoolEntry:
    """A structure of the pool: its name, the hash of its CIF text, its formula."""

    material_id: str
    content_hash: str
    formula: str


def pool_entries(session: Session) -> list[PoolEntry]:
    """Return the structures of the pool in the order they were added."""
    rows = (
        session.connection()
        .execute(
            sa.select(
                col(Structure.material_id), col(Structure.content_hash), col(Structure.formula)
            ).order_by(col(Structure.id))
        )
        .all()
    )
    replaced = replaced_structures(session)
    return [PoolEntry(*row) for row in rows if row[0] not in replaced]


def sources_of_pool(lab: Lab) -> list[StoredStructure]:
    """Return the structures of the pool with their CIF texts."""
    with lab.database.reading() as session:
        hashes = {entry.material_id: entry.content_hash for entry in pool_entries(session)}
        return [
            StoredStructure(material_id, hashes[material_id], cif)
            for material_id, cif in db.structures.iterate_cifs(session)
            if material_id in hashes
        ]
