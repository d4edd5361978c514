"""Labels tied to further structures by comparing cells: the same crystal under another id.

A label that names a CIF (by material id) belongs to every stored structure that is the same
crystal. Two cells are the same when the matcher of Ong et al. (Comput. Mater. Sci. 2013, 68,
314; pymatgen's ``StructureMatcher``) maps one onto the other after reduction and scaling.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlmodel
from sqlmodel import col, select

from db.matching import CONFIDENCE
from db.structures import iterate_cifs
from db.tables import Label, LabelStructure, Structure

KIND = "structure-comparison"


@dataclass(frozen=True, slots=True)
class ComparisonCounts:
    """What comparing did; `unreadable` lists material ids whose CIF holds no structure."""

    compared: int
    same: int
    added: int
    labels: int
    unreadable: tuple[str, ...]


def read_cell(cif: str) -> Any:
    """Return the pymatgen ``Structure`` of a CIF text, or None where it holds none."""
    from pymatgen.io.cif import CifParser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parser = CifParser.from_str(cif, occupancy_tolerance=1.05)
            structures = parser.parse_structures(primitive=False)
        except Exception:  # the parser raises many unrelated kinds on broken text
            return None
    if not structures:
        return None
    structure = structures[0]
    structure.remove_oxidation_states()
    return structure


def are_same(one: Any, other: Any) -> bool:
    """Test whether two pymatgen structures are one crystal; volumes may differ."""
    from pymatgen.analysis.structure_matcher import StructureMatcher

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(StructureMatcher(primitive_cell=True, scale=True).fit(one, other))


def match_by_comparison(session: sqlmodel.Session) -> ComparisonCounts:
    """Compare the structure that each label names with all others of its composition.

    Matches are added with the kind ``structure-comparison``; one that is there already, also one
    broken by hand, is left as it is. Several structures of one label are no contradiction here:
    they are the same crystal.
    """
    named = _named_structures(session)
    by_formula: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for key, material_id, reduced in session.exec(
        select(Structure.id, Structure.material_id, Structure.reduced_formula)
    ):
        by_formula[reduced].append((key or 0, material_id))
    pairs = {
        (structure_id, other_id): (material_id, other)
        for structure_id, (material_id, reduced, _) in named.items()
        for other_id, other in by_formula[reduced]
        if other_id != structure_id
    }
    wanted = sorted({name for pair in pairs.values() for name in pair})
    cells = {name: read_cell(text) for name, text in iterate_cifs(session, wanted)}
    tied = set(session.exec(select(LabelStructure.label_id, LabelStructure.structure_id)))
    known: dict[tuple[int, int], bool] = {}
    same = added = 0
    labels: set[int] = set()
    for (structure_id, other_id), (one, other) in pairs.items():
        if cells.get(one) is None or cells.get(other) is None:
            continue
        turned = (other_id, structure_id)
        fits = known[turned] if turned in known else are_same(cells[one], cells[other])
        known[structure_id, other_id] = fits
        same += fits
        for label_id in named[structure_id][2] if fits else ():
            labels.add(label_id)
            if (label_id, other_id) not in tied:
                session.add(_match(label_id, other_id, one))
                added += 1
    session.flush()
    unreadable = tuple(name for name, cell in cells.items() if cell is None)
    return ComparisonCounts(len(known), same, added, len(labels), unreadable)


def _named_structures(session: sqlmodel.Session) -> dict[int, tuple[str, str, list[int]]]:
    """Return material id, formula and labels per structure that labels name by its id."""
    statement = (
        select(Structure.id, Structure.material_id, Structure.reduced_formula, Label.id)
        .join(LabelStructure, col(LabelStructure.structure_id) == col(Structure.id))
        .join(Label, col(Label.id) == col(LabelStructure.label_id))
        .where(
            LabelStructure.kind == "material-id",
            LabelStructure.status != "broken",
            col(Label.state).in_(("proposed", "accepted")),
        )
        .order_by(col(Structure.id), col(Label.id))
    )
    named: dict[int, tuple[str, str, list[int]]] = {}
    for key, material_id, reduced, label_id in session.exec(statement):
        entry = named.setdefault(key or 0, (material_id, reduced, []))
        entry[2].append(label_id or 0)
    return named


def _match(label_id: int, structure_id: int, compared_with: str) -> LabelStructure:
    return LabelStructure(
        label_id=label_id,
        structure_id=structure_id,
        kind=KIND,
        confidence=CONFIDENCE[KIND],
        note=f"the same crystal as {compared_with}",
    )
