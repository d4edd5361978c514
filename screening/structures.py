"""Where structures come from: the shared Materials Project table, OBELiX, CIF files.

Every source yields `StructureRecord`, which keeps the CIF text verbatim; the crystal is parsed
when it is needed.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path

from screening.crystal import Crystal, crystal_from_pymatgen, load_cif_text, read_cif
from screening.errors import UnreadableStructureError

__all__ = [
    "Crystal",
    "StructureRecord",
    "crystal_from_pymatgen",
    "load_cif_text",
    "read_cif",
    "read_materials_project_table",
    "read_obelix_archive",
]


# the largest CIF in public collections of inorganic crystals has a few megabytes
LARGEST_CIF_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class StructureRecord:
    """One row of a structure source.

    Attributes
    ----------
    material_id, formula : str
    n_sites : int
        As the source gives it (0 when it does not).
    band_gap_eV, e_above_hull_eV : float or None
    cif : str
        CIF text, verbatim.
    source : str
        ``materials-project``, ``obelix``, ``cif-file`` or ``prototype: ...``.
    space_group_number : int or None
    sigma_S_per_cm : float or None
        Room-temperature conductivity where the source carries one.
    is_upper_bound : bool
        Whether that conductivity was reported as "less than".
    metadata : mapping
        The other columns of the source, verbatim.
    """

    material_id: str
    formula: str
    n_sites: int
    band_gap_eV: float | None
    e_above_hull_eV: float | None
    cif: str
    source: str = "materials-project"
    space_group_number: int | None = None
    sigma_S_per_cm: float | None = None
    is_upper_bound: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """Hash of the CIF text, 32 hexadecimal digits."""
        return hashlib.sha256(self.cif.encode()).hexdigest()[:32]

    def crystal(self) -> Crystal:
        """Parse the CIF text.

        Raises
        ------
        UnreadableStructureError
            When it holds no crystal structure.
        """
        return load_cif_text(self.cif, self.material_id)


def _optional_float(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def read_materials_project_table(
    path: str | Path, ids: Collection[str] | None = None
) -> Iterator[StructureRecord]:
    """Iterate over a (gzipped) CSV table of Materials Project structures.

    Parameters
    ----------
    path : path
        CSV with the columns material_id, formula, nsites, band_gap, e_above_hull, cif.
    ids : collection of str, optional
        Only these materials.

    Yields
    ------
    StructureRecord

    Raises
    ------
    UnreadableStructureError
        When the file is missing or has other columns.
    """
    file = Path(path)
    wanted = None if ids is None else frozenset(ids)
    needed = {"material_id", "formula", "nsites", "band_gap", "e_above_hull", "cif"}
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8", newline="")
            if file.suffix == ".gz"
            else file.open(encoding="utf-8", newline="")
        ) as handle:
            rows = csv.DictReader(handle)
            missing = needed - set(rows.fieldnames or ())
            if missing:
                raise UnreadableStructureError(
                    f"{file}: lacks the column(s) {', '.join(sorted(missing))}"
                )
            for row in rows:
                if wanted is None or row["material_id"] in wanted:
                    yield StructureRecord(
                        material_id=row["material_id"],
                        formula=row["formula"],
                        n_sites=int(float(row["nsites"] or 0)),
                        band_gap_eV=_optional_float(row["band_gap"]),
                        e_above_hull_eV=_optional_float(row["e_above_hull"]),
                        cif=row["cif"],
                    )
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UnreadableStructureError(f"{file}: cannot be read ({error})") from error


def read_obelix_archive(
    archive: str | Path, table: str | Path, *, ids: Collection[str] | None = None
) -> Iterator[StructureRecord]:
    """Iterate over the OBELiX structures, each with its measured conductivity.

    Source: Therrien et al., OBELiX, 2025 (CC-BY-4.0).

    Parameters
    ----------
    archive : path
        ``all_cifs.zip``.
    table : path
        ``all.csv``. Its ``True Composition`` becomes the formula; entries without a CIF are left
        out.
    ids : collection of str, optional
        Only these entries.

    Yields
    ------
    StructureRecord
        ``material_id`` is ``obelix-`` and the entry's three-character name.

    Raises
    ------
    UnreadableStructureError
        When a file is missing or is no such archive or table.
    """
    wanted = None if ids is None else {name.removeprefix("obelix-") for name in ids}
    try:
        with Path(table).open(encoding="utf-8-sig", newline="") as handle:
            entries = {row["ID"]: row for row in csv.DictReader(handle)}
        with zipfile.ZipFile(archive) as cifs:
            for member in cifs.namelist():
                name = Path(member).stem
                if not member.endswith(".cif") or (wanted is not None and name not in wanted):
                    continue
                text = _member_text(archive, cifs, member)
                yield _obelix_record(name, text, entries.get(name, {}))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise UnreadableStructureError(
            f"{archive}, {table}: not an OBELiX archive and its table ({error})"
        ) from error


def _member_text(archive: str | Path, cifs: zipfile.ZipFile, member: str) -> str:
    """Read one CIF of an archive; refuse one that would unpack to more than any CIF holds.

    The size in the archive's directory is looked at before anything is unpacked, and no more than
    that is read: a directory that lies does not fill the memory.
    """
    size = cifs.getinfo(member).file_size
    if size > LARGEST_CIF_BYTES:
        raise UnreadableStructureError(
            f"{archive}: {member!r} would unpack to {size / 1e6:.0f} MB and was not read; a CIF "
            f"has at most {LARGEST_CIF_BYTES // 1_000_000} MB"
        )
    with cifs.open(member) as packed, TextIOWrapper(packed, encoding="utf-8") as handle:
        text = handle.read(LARGEST_CIF_BYTES + 1)
    if len(text) > LARGEST_CIF_BYTES:
        raise UnreadableStructureError(f"{archive}: {member!r} unpacks to more than it says")
    return text


def _obelix_record(name: str, cif: str, row: Mapping[str, str]) -> StructureRecord:
    told = row.get("Ionic conductivity (S cm-1)", "").strip()
    number = row.get("Space group #", "")
    return StructureRecord(
        material_id=f"obelix-{name}",
        formula=row.get("True Composition", "") or row.get("Reduced Composition", ""),
        n_sites=0,
        band_gap_eV=None,
        e_above_hull_eV=None,
        cif=cif,
        source="obelix",
        space_group_number=int(float(number)) if _optional_float(number) else None,
        sigma_S_per_cm=_optional_float(told.lstrip("<")),
        is_upper_bound=told.startswith("<"),
        metadata={key: value for key, value in row.items() if value},
    )
