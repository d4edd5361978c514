"""Structures of two sources that are one compound: the ICSD's file stands for both."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.tables import Structure
from screening.merging import Merged, PoolEntry, merge_duplicates

__all__ = ["icsd_number_of_cif", "merge_structures", "replaced_structures"]

MATERIALS_PROJECT, CIF_FILE = "materials-project", "cif-file"
_ICSD_CODE = re.compile(r"^_database_code_ICSD\s+['\"]?(\d+)", re.MULTILINE)


def icsd_number_of_cif(text: str) -> int | None:
    """Return the ICSD number that an export of the ICSD names, or None."""
    found = _ICSD_CODE.search(text)
    return None if found is None else int(found[1])


def replaced_structures(session: Session) -> dict[str, str]:
    """Return Materials Project entries for which an ICSD file of the lab stands, by material id.

    Nothing is deleted: the entries stay in the lab and are left out of the pool.
    """
    merged = _merge(session)
    return {} if merged is None else merged.replaced


def merge_structures(session: Session) -> int:
    """Give ICSD files what the Materials Project knows of their compounds; return how many.

    Band gap, energy above the hull and, where the file has none, the space group.
    """
    merged = _merge(session)
    if merged is None or not merged.replaced:
        return 0
    known = {entry.name: entry for entry in merged.kept}
    changed = 0
    survivors = select(Structure).where(
        col(Structure.material_id).in_(sorted(set(merged.replaced.values())))
    )
    for structure in session.exec(survivors):
        entry = known[structure.material_id]
        told = (entry.band_gap_eV, entry.e_above_hull_eV, entry.space_group_number)
        if told != (
            structure.band_gap_eV,
            structure.e_above_hull_eV,
            structure.space_group_number,
        ):
            structure.band_gap_eV, structure.e_above_hull_eV, structure.space_group_number = told
            session.add(structure)
            changed += 1
    return changed


def _merge(session: Session) -> Merged | None:
    """Merge the pool; None when no ICSD file is in it, which is quick to see."""
    files = _entries(session, CIF_FILE)
    if not any(entry.icsd_ids for entry in files):
        return None
    # two files of one number are two refinements: only the Materials Project's entry is dropped
    by_number: dict[int, PoolEntry] = {}
    for entry in files:
        for number in entry.icsd_ids:
            by_number.setdefault(number, entry)
    twins = [
        entry
        for entry in _entries(session, MATERIALS_PROJECT)
        if any(number in by_number for number in entry.icsd_ids)
    ]
    return merge_duplicates([*twins, *dict.fromkeys(by_number.values())], first_id_only=False)


def _entries(session: Session, source: str) -> list[PoolEntry]:
    statement = (
        sa.select(
            col(Structure.material_id),
            col(Structure.icsd_ids),
            col(Structure.space_group_number),
            col(Structure.band_gap_eV),
            col(Structure.e_above_hull_eV),
        )
        .where(col(Structure.source) == source)
        .order_by(col(Structure.id))
    )
    rows = session.connection().execute(statement)
    return [
        PoolEntry(
            name=name,
            icsd_ids=tuple(numbers),
            material_id=name if source == MATERIALS_PROJECT else None,
            space_group_number=group,
            band_gap_eV=gap,
            e_above_hull_eV=hull,
        )
        for name, numbers, group, gap, hull in rows
    ]
