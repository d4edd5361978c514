"""Crystal structures: stored in bulk with their CIF text compressed, read back by material id."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa
import sqlmodel
from sqlmodel import col, func, select

from db.columns import utc_now
from db.errors import DatabaseStorageError, InvalidValueError, UnknownStructureError
from db.formulas import reduced_formula_or_none
from db.tables import Structure

_CHUNK = 1000
# CIF text shrinks to a quarter at this level; higher ones cost time and save 3 % more.
_COMPRESSION = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStructure:
    """A structure to be stored; `reduced_formula` follows from `formula` where not given."""

    material_id: str
    source: str
    formula: str
    n_sites: int
    cif: str
    reduced_formula: str | None = None
    space_group_number: int | None = None
    band_gap_eV: float | None = None
    e_above_hull_eV: float | None = None
    icsd_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class StructureCounts:
    """What a bulk load did; `changed` lists ids stored already with another CIF (left alone)."""

    added: int
    already_there: int
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StructureSummary:
    """A structure without its CIF text."""

    id: int
    material_id: str
    source: str
    formula: str
    reduced_formula: str
    n_sites: int
    space_group_number: int | None
    band_gap_eV: float | None
    e_above_hull_eV: float | None
    icsd_ids: tuple[int, ...]
    content_hash: str


_SUMMARY_COLUMNS = (
    col(Structure.id),
    col(Structure.material_id),
    col(Structure.source),
    col(Structure.formula),
    col(Structure.reduced_formula),
    col(Structure.n_sites),
    col(Structure.space_group_number),
    col(Structure.band_gap_eV),
    col(Structure.e_above_hull_eV),
    col(Structure.icsd_ids),
    col(Structure.content_hash),
)


def add_structures(
    session: sqlmodel.Session, structures: Iterable[NewStructure]
) -> StructureCounts:
    """Store structures in bulk; those whose material id is known are left as they are.

    Parameters
    ----------
    structures : iterable of NewStructure
        May be a generator; a thousand are held at a time.

    Returns
    -------
    StructureCounts

    Raises
    ------
    InvalidValueError
        If a structure has no material id, no sites, or a formula that cannot be read.
    """
    stored = session.exec(select(Structure.material_id, Structure.content_hash))
    known: dict[str, str] = dict(stored.all())
    added = already = 0
    changed: list[str] = []
    iterator = iter(structures)
    while chunk := list(islice(iterator, _CHUNK)):
        rows = []
        for new in chunk:
            cif = new.cif.encode("utf-8")
            content_hash = hashlib.sha256(cif).hexdigest()
            if new.material_id in known:
                already += 1
                if known[new.material_id] != content_hash:
                    changed.append(new.material_id)
                continue
            known[new.material_id] = content_hash
            rows.append(_row(new, cif, content_hash))
        if rows:
            session.connection().execute(sa.insert(Structure), rows)
            added += len(rows)
    return StructureCounts(added, already, tuple(changed))


def _row(new: NewStructure, cif: bytes, content_hash: str) -> dict[str, object]:
    reduced = new.reduced_formula or reduced_formula_or_none(new.formula)
    if not new.material_id.strip() or new.n_sites < 1:
        raise InvalidValueError(f"structure {new.material_id!r} has no material id or no sites")
    if reduced is None:
        raise InvalidValueError(
            f"structure {new.material_id}: the formula {new.formula[:60]!r} cannot be read"
        )
    return {
        "material_id": new.material_id,
        "source": new.source,
        "formula": new.formula,
        "reduced_formula": reduced,
        "n_sites": new.n_sites,
        "space_group_number": new.space_group_number,
        "band_gap_eV": new.band_gap_eV,
        "e_above_hull_eV": new.e_above_hull_eV,
        "icsd_ids": sorted(set(new.icsd_ids)),
        "content_hash": content_hash,
        "cif_zlib": zlib.compress(cif, _COMPRESSION),
        "added_at": utc_now(),
    }


def set_icsd_ids(session: sqlmodel.Session, icsd_ids: dict[str, Iterable[int]]) -> int:
    """Add ICSD numbers to stored structures by material id; return how many rows changed."""
    changed = 0
    stored = session.exec(select(Structure.id, Structure.material_id, Structure.icsd_ids)).all()
    updates = []
    for key, material_id, present in stored:
        wanted = sorted(set(present) | set(icsd_ids.get(material_id, ())))
        if wanted != present:
            updates.append({"id": key, "icsd_ids": wanted})
            changed += 1
    if updates:
        session.connection().execute(
            sa.update(Structure)
            .where(col(Structure.id) == sa.bindparam("key"))
            .values(icsd_ids=sa.bindparam("wanted", type_=sa.JSON())),
            [{"key": update["id"], "wanted": update["icsd_ids"]} for update in updates],
        )
    return changed


def set_space_group_numbers(session: sqlmodel.Session, numbers: Mapping[str, int]) -> int:
    """Store space groups found from the cells, by material id; return how many rows changed.

    A number that a source printed is left as it is.
    """
    stored = session.exec(
        select(Structure.id, Structure.material_id).where(
            col(Structure.space_group_number).is_(None)
        )
    )
    updates = [
        {"key": key, "number": numbers[material_id]}
        for key, material_id in stored
        if material_id in numbers
    ]
    if updates:
        session.connection().execute(
            sa.update(Structure)
            .where(col(Structure.id) == sa.bindparam("key"))
            .values(space_group_number=sa.bindparam("number")),
            updates,
        )
    return len(updates)


def count_structures(session: sqlmodel.Session) -> int:
    """Return how many structures the lab holds."""
    return session.exec(select(func.count()).select_from(Structure)).one()


def list_structures(
    session: sqlmodel.Session,
    *,
    source: str | None = None,
    material_ids: Sequence[str] | None = None,
    reduced_formula: str | None = None,
    limit: int | None = None,
) -> list[StructureSummary]:
    """Return structures without their CIF text, in the order they were added."""
    statement = sa.select(*_SUMMARY_COLUMNS).order_by(col(Structure.id))
    if source is not None:
        statement = statement.where(col(Structure.source) == source)
    if reduced_formula is not None:
        statement = statement.where(col(Structure.reduced_formula) == reduced_formula)
    if limit is not None:
        statement = statement.limit(limit)
    connection = session.connection()
    if material_ids is None:
        return [_summary(row) for row in connection.execute(statement)]
    found: list[StructureSummary] = []
    # SQLite binds a limited number of values in one statement.
    for start in range(0, len(material_ids), _CHUNK):
        some = statement.where(col(Structure.material_id).in_(material_ids[start : start + _CHUNK]))
        found += [_summary(row) for row in connection.execute(some)]
    return sorted(found, key=lambda summary: summary.id)


def _summary(row: sa.Row[*tuple[Any, ...]]) -> StructureSummary:
    values = dict(row._mapping)
    values["icsd_ids"] = tuple(values["icsd_ids"] or ())
    return StructureSummary(**values)


def get_structure(session: sqlmodel.Session, material_id: str) -> StructureSummary:
    """Return one structure without its CIF text, or raise `UnknownStructureError`."""
    found = list_structures(session, material_ids=[material_id])
    if not found:
        count = count_structures(session)
        raise UnknownStructureError(f"there is no structure {material_id!r} among {count}")
    return found[0]


def cif_text(session: sqlmodel.Session, material_id: str) -> str:
    """Return the CIF text of a structure exactly as it was stored."""
    for _, text in iterate_cifs(session, [material_id]):
        return text
    raise UnknownStructureError(
        f"there is no structure {material_id!r} among {count_structures(session)}"
    )


def iterate_cifs(
    session: sqlmodel.Session, material_ids: Sequence[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Yield (material id, CIF text) in the order of storing, a thousand at a time.

    Raises
    ------
    DatabaseStorageError
        If a stored text is damaged.
    """
    statement = sa.select(col(Structure.material_id), col(Structure.cif_zlib))
    statement = statement.order_by(col(Structure.id))
    connection = session.connection()
    if material_ids is None:
        for row in connection.execute(statement.execution_options(yield_per=_CHUNK)):
            yield row[0], _decompressed(row[0], row[1])
        return
    for start in range(0, len(material_ids), _CHUNK):
        chosen = col(Structure.material_id).in_(material_ids[start : start + _CHUNK])
        for row in connection.execute(statement.where(chosen)):
            yield row[0], _decompressed(row[0], row[1])


def _decompressed(material_id: str, blob: bytes) -> str:
    try:
        return zlib.decompress(blob).decode("utf-8")
    except (zlib.error, UnicodeDecodeError) as error:
        raise DatabaseStorageError(
            f"the stored CIF text of {material_id} is damaged ({error}); restore a backup"
        ) from error
