"""The pool of candidates: structures added from tables, archives, prototypes and CIF files."""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import col, select

import db.structures
from db.sources import data_path
from db.structures import NewStructure
from db.tables import Label, LabelStructure, Structure
from labkit.errors import UsageError
from labkit.workflows.duplicates import icsd_number_of_cif, merge_structures, replaced_structures
from labkit.workflows.lab import Lab
from labkit.workflows.structure_identity import identify_and_match, space_group_of
from screening.composition_check import check_composition
from screening.errors import CompositionError, ScreeningError
from screening.prepare import check_elements
from screening.structures import (
    StructureRecord,
    load_cif_text,
    read_materials_project_table,
    read_obelix_archive,
)

__all__ = ["add_structures", "labelled_material_ids", "show_structure"]

MATERIALS_PROJECT = "materials-project"
MATERIALS_PROJECT_API = "materials-project-api"
OBELIX = "obelix"
PROTOTYPES = "prototypes"

Progress = Callable[[int, int], None]

# what the table holds, for the progress bar alone
_MATERIALS_PROJECT_ROWS = 18590


def add_structures(
    lab: Lab,
    sources: Sequence[str],
    *,
    limit: int | None = None,
    also: Collection[str] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Add structures to the pool, those of all sources in one transaction.

    Parameters
    ----------
    lab : Lab
    sources : sequence of str
        ``materials-project`` (a published table), ``materials-project-api`` (asked now, with a
        key), ``obelix``, ``prototypes``, or paths of CIF files and folders.
    limit : int, optional
        Take about this many entries of the Materials Project table: every labelled one, the rest
        chosen by a fixed rule that spreads over the table.
    also : collection of str
        Materials Project ids to take whatever the limit.
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    dict
        Per source what was added and known; ``refused`` CIF files with their lines; ``warnings``
        about cells that hold something else than their record says; ``replaced``, the number of
        Materials Project entries for which an ICSD file stands; the total.

    Raises
    ------
    UsageError
        When a source is neither known nor a path.
    DataUnavailableError
        When a public data set is not at hand.
    SourceError, MissingLibraryError
        When the Materials Project cannot be asked. Nothing is added then, of no source.
    """
    lab.database.require_writable()
    _check_sources(sources)
    results: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    warnings: list[dict[str, str]] = []
    with lab.database.session() as session:
        for source in sources:
            known, skipped = set(session.exec(select(Structure.material_id))), list[str]()
            new: Iterable[NewStructure]
            if source == MATERIALS_PROJECT:
                new = _materials_project(limit, also, progress)
            elif source == MATERIALS_PROJECT_API:
                from screening.materials_project import read_materials_project

                new = (_plain(record) for record in read_materials_project())
            elif source in (OBELIX, PROTOTYPES):
                new = _records(_archived(source), known, skipped, refused, warnings)
            else:
                new = _cif_files(Path(source), refused)
            counts = db.structures.add_structures(session, new)
            there = counts.already_there + len(skipped)
            results.append({"source": source, "added": counts.added, "known": there})
        if any(result["added"] for result in results):
            merge_structures(session)
            identify_and_match(session)
    with lab.database.reading() as session:
        total = db.structures.count_structures(session)
        replaced = len(replaced_structures(session))
    return {
        "sources": results,
        "refused": refused,
        "warnings": warnings,
        "replaced": replaced,
        "total": total,
    }


def labelled_material_ids() -> set[str]:
    """Return the Materials Project ids that carry a published conductivity."""
    with gzip.open(data_path("bvse/li_pool_labels.csv.gz"), "rt", encoding="utf-8-sig") as file:
        return {
            row["material_id"]
            for row in csv.DictReader(file)
            if row["material_id"] and row["conductivity_S_cm"]
        }


def _materials_project(
    limit: int | None, also: Collection[str], progress: Progress | None
) -> Iterator[NewStructure]:
    path = data_path("structures/li_mp_structures.csv.gz")
    named = set(also) | (labelled_material_ids() if limit is not None else set())
    for done, record in enumerate(read_materials_project_table(path)):
        if progress is not None and done % 500 == 0:
            progress(done, _MATERIALS_PROJECT_ROWS)
        if limit is None or record.material_id in named or _is_sampled(record, limit):
            yield _plain(record)


def _is_sampled(record: StructureRecord, limit: int) -> bool:
    """Choose by a hash of the id: the same on every machine, and more with a higher limit."""
    digest = hashlib.sha256(record.material_id.encode()).digest()
    return int.from_bytes(digest[:4], "big") < limit / _MATERIALS_PROJECT_ROWS * 2**32


def _plain(record: StructureRecord) -> NewStructure:
    return NewStructure(
        material_id=record.material_id,
        source=record.source,
        formula=record.formula,
        n_sites=record.n_sites,
        cif=record.cif,
        space_group_number=record.space_group_number,
        band_gap_eV=record.band_gap_eV,
        e_above_hull_eV=record.e_above_hull_eV,
        icsd_ids=[int(number) for number in record.metadata.get("icsd_ids", "").split()],
    )


def _archived(source: str) -> Iterable[StructureRecord]:
    if source == OBELIX:
        return read_obelix_archive(data_path("obelix/all_cifs.zip"), data_path("obelix/all.csv"))
    from screening.prototypes import prototype_records

    return prototype_records()


def _records(
    records: Iterable[StructureRecord],
    known: set[str],
    skipped: list[str],
    refused: list[dict[str, Any]],
    warnings: list[dict[str, str]],
) -> Iterator[NewStructure]:
    """Turn records into stored structures; the cell of a new one is read to know its size."""
    for record in records:
        if record.material_id in known:
            skipped.append(record.material_id)
            continue
        try:
            crystal = record.crystal()
        except ScreeningError as error:
            refused.append({"structure": record.material_id, "error": str(error)})
            continue
        if record.formula:
            try:
                check_composition(crystal, record.formula)
            except CompositionError as error:
                warnings.append({"structure": record.material_id, "warning": str(error)})
        yield NewStructure(
            material_id=record.material_id,
            source=record.source,
            formula=_tidy(record.formula) or crystal.reduced_formula,
            n_sites=crystal.n_sites,
            cif=record.cif,
            space_group_number=record.space_group_number,
            band_gap_eV=record.band_gap_eV,
            e_above_hull_eV=record.e_above_hull_eV,
        )


def _tidy(formula: str) -> str:
    """Write whole amounts without a decimal: Li20.0Ge2.0 becomes Li20Ge2."""
    return re.sub(r"(\d)\.0+(?!\d)", r"\1", formula)


def _check_sources(sources: Sequence[str]) -> None:
    """Refuse a source that is none before anything is added."""
    named = (MATERIALS_PROJECT, MATERIALS_PROJECT_API, OBELIX, PROTOTYPES)
    for source in sources:
        if source in named:
            continue
        path = Path(source)
        if path.is_dir():
            if not any(path.rglob("*.cif")):
                raise UsageError(f"{path}: no .cif file in this folder; nothing was added")
        elif not path.is_file():
            raise UsageError(
                f"{path}: neither a CIF file or folder nor one of {', '.join(named)}; "
                "nothing was added"
            )


def _cif_files(path: Path, refused: list[dict[str, Any]]) -> Iterator[NewStructure]:
    files = sorted(path.rglob("*.cif")) if path.is_dir() else [path]
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
            crystal = load_cif_text(text, f"cif-{file.stem}")
            check_elements(crystal)
            number = icsd_number_of_cif(text)
            yield NewStructure(
                material_id=f"cif-{file.stem}",
                source="cif-file",
                formula=crystal.reduced_formula,
                n_sites=crystal.n_sites,
                cif=text,
                icsd_ids=[] if number is None else [number],
            )
        except ScreeningError as error:
            refused.append({"structure": str(file), "error": f"{file}: {error}"})
        except OSError as error:
            refused.append({"structure": str(file), "error": f"{file}: {error.strerror}"})


def show_structure(lab: Lab, material_id: str) -> dict[str, Any]:
    """Return what is known of one structure: cell, symmetry, properties, labels.

    Raises
    ------
    UnknownStructureError
        When the lab has no structure of this id.
    """
    with lab.database.reading() as session:
        structure = db.structures.get_structure(session, material_id)
        cif = db.structures.cif_text(session, material_id)
        # not DISTINCT: PostgreSQL cannot compare the JSON columns of a label
        matched = select(LabelStructure.label_id).where(
            LabelStructure.structure_id == structure.id, LabelStructure.status != "broken"
        )
        labels = session.exec(
            select(Label).where(col(Label.id).in_(matched)).order_by(col(Label.id))
        ).all()
    crystal = load_cif_text(cif, material_id)
    symmetry = space_group_of(crystal)
    return {
        "structure": structure.material_id,
        "formula": structure.formula,
        "reduced_formula": crystal.reduced_formula,
        "source": structure.source,
        "sites": structure.n_sites,
        "ordered": crystal.is_ordered,
        "volume_angstrom3": round(crystal.volume_angstrom3, 4),
        "space_group": None if symmetry is None else f"{symmetry[0]} ({symmetry[1]})",
        "band_gap_eV": structure.band_gap_eV,
        "e_above_hull_eV": structure.e_above_hull_eV,
        "labels": [
            f"L{label.id} {label.state} {label.qualifier}{label.sigma_S_per_cm:.3g} S/cm"
            for label in labels
        ],
        "cif": cif,
    }
