"""What structures are known by elsewhere, ICSD number and space group, so that labels find them."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from db.errors import DataUnavailableError
from db.matching import MatchCounts, match_labels
from db.sources import data_path
from db.structures import iterate_cifs, set_icsd_ids, set_space_group_numbers
from db.tables import Label, Structure
from screening.crystal import load_cif_text
from screening.errors import ScreeningError

if TYPE_CHECKING:
    from screening.crystal import Crystal

__all__ = ["identify_and_match", "space_group_of"]

# the tolerance with which the Materials Project names its space groups
SYMPREC_ANGSTROM = 0.1


def identify_and_match(session: Session) -> MatchCounts:
    """Complete what is known of the structures, then tie labels to them.

    ICSD numbers come from the published tables that are at hand; space groups are found from the
    cells of ordered structures whose composition a label with a space group has.

    Returns
    -------
    MatchCounts
        How many labels found a structure, by kind.
    """
    set_icsd_ids(session, _published_icsd_ids())
    wanted = session.exec(
        select(Structure.material_id)
        .where(
            col(Structure.space_group_number).is_(None),
            col(Structure.reduced_formula).in_(
                select(Label.reduced_formula).where(col(Label.space_group_number).is_not(None))
            ),
        )
        .order_by(col(Structure.id))
    )
    numbers = {
        material_id: _number_of(cif) for material_id, cif in iterate_cifs(session, list(wanted))
    }
    set_space_group_numbers(
        session, {name: number for name, number in numbers.items() if number is not None}
    )
    return match_labels(session)


def _published_icsd_ids() -> dict[str, Iterable[int]]:
    """ICSD numbers by material id, from the pool's table and from OBELiX where they are at hand."""
    numbers: dict[str, list[int]] = defaultdict(list)
    try:
        pool = data_path("bvse/li_pool_labels.csv.gz", fetch=False)
        with gzip.open(pool, "rt", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                if row["icsd_id"] and row["material_id"]:
                    numbers[row["material_id"]].append(int(float(row["icsd_id"])))
    except DataUnavailableError:
        pass
    try:
        obelix = data_path("obelix/all.csv", fetch=False)
        with obelix.open(encoding="utf-8-sig", newline="") as table:
            for row in csv.DictReader(table):
                if row["ICSD ID"] and row["Cif ID"] == "done":
                    numbers[f"obelix-{row['ID']}"].append(int(float(row["ICSD ID"])))
    except DataUnavailableError:
        pass
    return {**numbers}


def _number_of(cif: str) -> int | None:
    try:
        found = space_group_of(load_cif_text(cif))
    except ScreeningError:
        return None
    return None if found is None else found[1]


def space_group_of(crystal: Crystal) -> tuple[str, int] | None:
    """Return symbol and number of the space group of an ordered cell; None for shared sites."""
    import spglib

    if not crystal.is_ordered:
        return None
    kinds = {symbol: number for number, symbol in enumerate(sorted(set(crystal.symbols)))}
    cell = (
        crystal.lattice_angstrom,
        crystal.fractional,
        [kinds[symbol] for symbol in crystal.symbols],
    )
    found = spglib.get_symmetry_dataset(cell, symprec=SYMPREC_ANGSTROM)
    return None if found is None else (str(found.international), int(found.number))
