"""One entry per compound where two databases hold the same crystal.

The rule of Laskowski et al., Energy Environ. Sci. 2023, 16, 1264: entries of the Materials Project
come first, those of the ICSD after them. When a later entry carries an ICSD number of an earlier
one, the earlier one is dropped, so the ICSD's cell wins. What only the Materials Project knows of
the compound (its id, space group, band gap, energy above the hull) goes over to the survivor,
unless that has an id of the Materials Project already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["Merged", "PoolEntry", "merge_duplicates"]


@dataclass(frozen=True, slots=True)
class PoolEntry:
    """What merging looks at and hands over.

    Attributes
    ----------
    name : str
        What the entry is called in its source.
    icsd_ids : tuple of int
        Numbers of the ICSD that it carries, in the order of the source.
    material_id : str or None
        Its id in the Materials Project.
    space_group_number : int or None
    band_gap_eV, e_above_hull_eV : float or None
    """

    name: str
    icsd_ids: tuple[int, ...]
    material_id: str | None = None
    space_group_number: int | None = None
    band_gap_eV: float | None = None
    e_above_hull_eV: float | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """What is left of a list of entries.

    Attributes
    ----------
    kept : tuple of PoolEntry
        In their order, with what they took over.
    replaced : dict of str to str
        Which entry stands for each dropped one.
    taken_over : int
        How many survivors took over the properties of a dropped entry.
    """

    kept: tuple[PoolEntry, ...]
    replaced: dict[str, str]
    taken_over: int


def merge_duplicates(entries: Sequence[PoolEntry], *, first_id_only: bool = True) -> Merged:
    """Drop every entry that a later one replaces.

    Parameters
    ----------
    entries : sequence of PoolEntry
        The Materials Project's before those of the ICSD.
    first_id_only : bool
        Look at the first ICSD number of an entry alone, as published; its others are left out,
        although they name the same crystal too.

    Returns
    -------
    Merged
    """
    holder: dict[int, int] = {}
    stands_for: dict[int, int] = {}
    current = list(entries)
    taken_over = 0
    for row, entry in enumerate(entries):
        numbers = entry.icsd_ids[:1] if first_id_only else entry.icsd_ids
        for number in numbers:
            earlier = holder.get(number)
            holder[number] = row
            if earlier is None or earlier == row or earlier in stands_for:
                continue
            stands_for[earlier] = row
            if current[row].material_id is None and current[earlier].material_id is not None:
                current[row] = _taking_over(current[row], current[earlier])
                taken_over += 1
    replaced = {}
    for row in stands_for:
        last = row
        while last in stands_for:
            last = stands_for[last]
        replaced[entries[row].name] = entries[last].name
    kept = tuple(entry for row, entry in enumerate(current) if row not in stands_for)
    return Merged(kept, replaced, taken_over)


def _taking_over(survivor: PoolEntry, dropped: PoolEntry) -> PoolEntry:
    return replace(
        survivor,
        material_id=dropped.material_id,
        space_group_number=survivor.space_group_number or dropped.space_group_number,
        band_gap_eV=dropped.band_gap_eV,
        e_above_hull_eV=dropped.e_above_hull_eV,
    )
