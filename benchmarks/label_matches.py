"""Count how labels find structures, and check fifty matches against the crystals themselves.

Run ``python benchmarks/label_matches.py LAB [SEED]`` on a lab that holds the structures
(``labkit structures add materials-project obelix``); a copy of its database is filled with all
published tables, and the lab itself stays as it is.

Of 3284 labels from five tables, among 18590 Materials Project cells and 321 of OBELiX, 1205 find
a structure: 396 by material id, 606 by ICSD number, 203 by formula and space group; 115 find a
second cell of the same crystal by comparison. Labels that print neither an id nor a space group
(all 820 of the Liverpool list) find none. Of 50 matches drawn with seed 1, 46 hold: 10 by
comparing crystals, 10 by composition and space group, 26 by composition alone, because the label
prints no space group or sites are shared. The four that do not: a CIF without lithium, two ICSD
numbers of another composition (both marked doubtful by the matching), another polymorph.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from db.backup import copy_sqlite
from db.formulas import composition_distance
from db.label_sources import load_label_source
from db.label_tables import SOURCES
from db.literature import load_literature
from db.literature_labels import propose_literature_rows
from db.matching import SAME_COMPOSITION
from db.session import DATABASE_FILE, Database, open_lab_database
from db.source_report import formulas_by_rule, report_sources
from db.structure_comparison import are_same, match_by_comparison, read_cell
from db.structures import cif_text
from db.tables import Label, LabelStructure, LiteratureEntry, SourceDataset, Structure
from labkit.workflows.structure_identity import identify_and_match, space_group_of
from screening.crystal import load_cif_text

BY = "benchmark"
N_CHECKED = 50
# the tolerance with which the Materials Project names its space groups
SYMPREC_ANGSTROM = 0.1


def load_tables(session: Session) -> None:
    """Load all five tables, every row that could be read as a label."""
    load_literature(session)
    readable = session.exec(
        select(LiteratureEntry.row_number).where(
            col(LiteratureEntry.sigma_S_per_cm).is_not(None),
            col(LiteratureEntry.reduced_formula).is_not(None),
        )
    )
    propose_literature_rows(session, list(readable), by=BY, reason="row of the digitised set")
    for source in SOURCES.values():
        load_label_source(session, source, by=BY, accepted_by=BY)


def print_counts(session: Session) -> None:
    """Print, per table, the labels and how many found a structure, by kind."""
    sources = dict(session.exec(select(SourceDataset.id, SourceDataset.name)).all())
    labels = session.exec(
        select(Label.id, Label.dataset_id).where(col(Label.dataset_id).is_not(None))
    ).all()
    kinds: dict[int, set[str]] = defaultdict(set)
    ambiguous: set[int] = set()
    for match in session.exec(select(LabelStructure)):
        kinds[match.label_id].add(match.kind)
        if match.ambiguous:
            ambiguous.add(match.label_id)
    for dataset_id, name in sources.items():
        own = [key for key, dataset in labels if dataset == dataset_id and key is not None]
        by_kind = Counter(kind for key in own for kind in kinds.get(key, ()))
        several = sum(key in ambiguous for key in own)
        matched = sum(key in kinds for key in own)
        print(f"{name}: {len(own)} labels, {matched} matched, {several} ambiguous; {by_kind}")
    present = [key for key, _ in labels if key is not None]
    total = Counter(kind for key in present for kind in kinds.get(key, ()))
    print(f"all: {len(present)} labels, {sum(key in kinds for key in present)} matched; {total}")


@dataclass(frozen=True, slots=True)
class Check:
    """One match looked at: how, and what is wrong with it if anything is."""

    label: str
    material_id: str
    kind: str
    how: str
    error: str | None


def check_matches(session: Session, seed: int) -> Iterator[Check]:
    """Check matches drawn at random; a label's own entry is not drawn, it cannot be wrong."""
    rows = session.exec(
        select(LabelStructure, Label, Structure.material_id)
        .join(Label, col(Label.id) == col(LabelStructure.label_id))
        .join(Structure, col(Structure.id) == col(LabelStructure.structure_id))
        .where(col(Label.dataset_id).is_not(None))
        .order_by(col(LabelStructure.id))
    ).all()
    chosen = [row for row in rows if not row[2].startswith("obelix-") or row[0].kind != KIND_OWN]
    for match, label, material_id in random.Random(seed).sample(chosen, N_CHECKED):
        how, error = check_match(session, label, material_id)
        yield Check(f"L{label.id} {label.formula}", material_id, match.kind, how, error)


KIND_OWN = "material-id"


def check_match(session: Session, label: Label, material_id: str) -> tuple[str, str | None]:
    """Compare crystals where an independent CIF exists, else composition and space group."""
    own = _independent_cif(session, label, material_id)
    text = cif_text(session, material_id)
    structure = read_cell(text)
    if own is not None:
        name, cell = own
        if are_same(cell, structure):
            return f"same crystal as {name}", None
        how = f"compared with {name}"
        if not (cell.is_ordered and structure.is_ordered):
            return how, "occupancies differ" if _same_frame(cell, structure) else "another crystal"
        return how, "another crystal"
    apart = composition_distance(structure.composition.formula.replace(" ", ""), label.formula)
    if apart is None or apart > SAME_COMPOSITION:
        cell = structure.composition.get_reduced_composition_and_factor()[0].formula
        return "composition", f"the cell holds {cell} (share of atoms that differ: {apart})"
    if label.space_group_number is None:
        return "composition", None
    found = space_group_of(load_cif_text(text))
    group = None if found is None else found[1]
    if group is None:
        return "composition; shared sites", None
    if group != label.space_group_number:
        return "space group", f"the cell has {group}, the label says {label.space_group_number}"
    return "composition and space group", None


def _independent_cif(session: Session, label: Label, material_id: str) -> tuple[str, Any] | None:
    """Return the CIF of an OBELiX entry that the label names, or that has its ICSD number."""
    names = session.exec(
        select(Structure.material_id, Structure.icsd_ids).where(
            Structure.source == "obelix", Structure.material_id != material_id
        )
    )
    for name, icsd_ids in names:
        if name == label.material_id or (label.icsd_id is not None and label.icsd_id in icsd_ids):
            cell = read_cell(cif_text(session, name))
            if cell is not None:
                return name, cell
    return None


def _same_frame(one: Any, other: Any) -> bool:
    """Compare two crystals without regard to which elements share which sites."""
    from pymatgen.analysis.structure_matcher import FrameworkComparator, StructureMatcher

    matcher = StructureMatcher(comparator=FrameworkComparator(), attempt_supercell=True)
    return bool(matcher.fit(one, other))


def report(database: Database, seed: int) -> None:
    """Fill the database, match, count, check."""
    start = time.perf_counter()
    with database.session() as session:
        load_tables(session)
        print("by id, number, formula:", identify_and_match(session))
        print("by comparison:", match_by_comparison(session))
    print(f"{time.perf_counter() - start:.1f} s")
    with database.reading() as session:
        for source in report_sources(session):
            print(source)
        for rule, formulas in formulas_by_rule(session).items():
            print(f"{len(formulas):6d}  {rule}, such as {formulas[0][0]!r}")
        print_counts(session)
        checks = list(check_matches(session, seed))
    print(f"{N_CHECKED} matches: {sum(check.error is None for check in checks)} hold")
    print(Counter(check.how.split(" obelix")[0] for check in checks if check.error is None))
    for check in checks:
        if check.error is not None:
            print(f"  {check.label} at {check.material_id} ({check.kind}): {check.error}")


def main() -> None:
    """Work on a copy of the lab named on the command line."""
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder:
        copied = copy_sqlite(Path(sys.argv[1]) / DATABASE_FILE, Path(folder) / DATABASE_FILE)
        with open_lab_database(copied) as database:
            report(database, seed)


if __name__ == "__main__":
    main()
