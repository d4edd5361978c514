"""The materials of a map: chosen from the lab's pool, described once, with their barriers."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import col

import db.structures
from db.tables import Structure
from labkit.errors import UsageError
from labkit.workflows.barriers import BarrierRequest, barriers_of_structure, crystal_of
from labkit.workflows.lab import Lab
from labkit.workflows.screening_labels import labels_on_structures
from labkit.workflows.structure_identity import space_group_of
from screening.crystal import Crystal
from screening.errors import ScreeningError
from screening.map import composition_descriptors, structure_descriptors
from screening.map.composition_descriptors import composition_descriptor
from screening.map.selection import MapError, check_composition_for_map, family_of
from screening.map.structure_descriptors import structure_descriptor
from screening.map.training import MapData
from screening.prepare import prepare

__all__ = ["MapSelection", "describe_one", "map_data"]

Progress = Callable[[int, int], None]

# raised whenever descriptors or families, and barriers, come out otherwise
_VERSION = 3
_BARRIER_VERSION = 2


@dataclass(frozen=True)
class MapSelection:
    """Which materials go on the map, and what is predicted there.

    Attributes
    ----------
    e_above_hull_eV : float or None
        At most so far above the hull; materials without a value are left out. None takes all.
    targets : tuple of str
        ``barrier`` (eV) and ``sigma`` (log10 of the lab's labels, S/cm).
    dimension : int
        Directions in which the barrier connects the crystal.
    """

    e_above_hull_eV: float | None = 0.07
    targets: tuple[str, ...] = ("barrier",)
    dimension: int = 1


def map_data(
    lab: Lab, selection: MapSelection, *, progress: Progress | None = None
) -> tuple[MapData, dict[str, Any]]:
    """Select, describe and label the materials of a map; goes on where it stopped.

    Parameters
    ----------
    lab : Lab
    selection : MapSelection
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    data : MapData
    counts : dict
        Structures looked at, selected, left out with the reason.

    Raises
    ------
    UsageError
        When no structure of the lab belongs on the map.
    """
    chosen, looked_at = _select(lab, selection)
    if not chosen:
        raise UsageError(
            f"none of the {looked_at} structures of this lab is a compound of lithium and oxygen "
            "with the elements of the map and the hull asked for; add some with 'labkit "
            "structures add materials-project'"
        )
    cache = lab.cache_folder / "map"
    rows, failures = list[dict[str, Any]](), list[dict[str, str]]()
    for done, name in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen))
        try:
            row = _described(lab, name, cache)
        except ScreeningError as error:
            failures.append({"structure": name, "error": str(error)})
            continue
        row["barrier"] = None
        if "barrier" in selection.targets:
            row["barrier"] = _barrier(lab, name, selection.dimension, cache)
        rows.append(row | {"id": name})
    sigma = {
        label.material_id: label.log_sigma
        for label in (labels_on_structures(lab, chosen) if "sigma" in selection.targets else [])
    }
    targets = np.array(
        [
            [
                _value(row["barrier"] if t == "barrier" else sigma.get(row["id"]))
                for t in selection.targets
            ]
            for row in rows
        ],
        dtype=np.float64,
    ).reshape(len(rows), len(selection.targets))
    kept = _with_targets(targets, selection)
    data = MapData(
        ids=tuple(row["id"] for row, keep in zip(rows, kept, strict=True) if keep),
        formulas=tuple(row["formula"] for row, keep in zip(rows, kept, strict=True) if keep),
        families=tuple(row["family"] for row, keep in zip(rows, kept, strict=True) if keep),
        composition=np.array([row["composition"] for row in rows])[kept],
        structure=np.array([row["structure"] for row in rows])[kept],
        targets=targets[kept],
        target_names=selection.targets,
    )
    counts = {
        "structures": looked_at,
        "selected": len(chosen),
        "described": len(rows),
        "failed": failures,
        "without_target": int((~kept).sum()),
        "on_the_map": len(data.ids),
    }
    return data, counts


def _with_targets(targets: Any, selection: MapSelection) -> Any:
    """Leave out materials without a barrier, as the paper does; labels are too few for that."""
    if "barrier" not in selection.targets:
        return np.ones(len(targets), dtype=np.bool_)
    return np.isfinite(targets[:, selection.targets.index("barrier")])


def _value(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _select(lab: Lab, selection: MapSelection) -> tuple[list[str], int]:
    statement = sa.select(
        col(Structure.material_id), col(Structure.formula), col(Structure.e_above_hull_eV)
    ).order_by(col(Structure.id))
    with lab.database.reading() as session:
        rows = session.connection().execute(statement).all()
    chosen = []
    for name, formula, hull in rows:
        if selection.e_above_hull_eV is not None and (
            hull is None or hull > selection.e_above_hull_eV
        ):
            continue
        try:
            check_composition_for_map(dict.fromkeys(_elements(formula), 1.0), name)
        except MapError:
            continue
        chosen.append(name)
    return chosen, len(rows)


def _elements(formula: str) -> set[str]:
    import re

    return set(re.findall(r"[A-Z][a-z]?", formula))


def _described(lab: Lab, name: str, cache: Path) -> dict[str, Any]:
    kept = cache / "described" / f"{_content_hash(lab, name)}-{_VERSION}.npz"
    found = _read(kept)
    if found is None:
        crystal, _ = crystal_of(lab.folder, name)
        found = describe_one(crystal)
        _keep(kept, found)
    return found


def describe_one(crystal: Crystal) -> dict[str, Any]:
    """Return formula, family and both descriptors of one crystal; shared sites are ordered first.

    Raises
    ------
    StructureError
        When the crystal cannot be ordered or holds no lithium.
    MapError
        When it has no oxygen or foreign elements.
    DescriptorError
        When there is no Voronoi tessellation.
    """
    check_composition_for_map(crystal.composition, crystal.material_id)
    ordered = prepare(crystal).crystal
    group = space_group_of(crystal)
    return {
        "formula": crystal.reduced_formula,
        "family": family_of(crystal, None if group is None else group[1]),
        "composition": composition_descriptor(crystal.composition, crystal.material_id),
        "structure": structure_descriptor(ordered),
    }


def _read(kept: Path) -> dict[str, Any] | None:
    try:
        with np.load(kept) as stored:
            told = json.loads(str(stored["told"]))
            composition, structure = stored["composition"], stored["structure"]
    except (OSError, ValueError, KeyError, EOFError):
        return None
    if composition.size != composition_descriptors.LENGTH:
        return None
    if structure.size != structure_descriptors.LENGTH:
        return None
    return {**told, "composition": composition, "structure": structure}


def _keep(kept: Path, found: dict[str, Any]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_name(f".{kept.name}.{os.getpid()}.part")
    told = json.dumps({"formula": found["formula"], "family": found["family"]})
    with partial.open("wb") as handle:
        np.savez(handle, told=told, composition=found["composition"], structure=found["structure"])
    partial.replace(kept)


def _barrier(lab: Lab, name: str, dimension: int, cache: Path) -> float | None:
    """Return the barrier of our own bond-valence calculation; None where there is none."""
    kept = cache / "barriers" / f"{_content_hash(lab, name)}-{_BARRIER_VERSION}.json"
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        try:
            whole = barriers_of_structure(lab.folder, name, BarrierRequest())
        except ScreeningError:
            whole = {}
        found = {str(d): whole.get(f"barrier_{d}d_eV") for d in (1, 2, 3)}
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_name(f".{kept.name}.{os.getpid()}.part")
        partial.write_text(json.dumps(found), encoding="utf-8")
        partial.replace(kept)
    value = found[str(dimension)]
    return None if value is None else float(value)


def _content_hash(lab: Lab, name: str) -> str:
    with lab.database.reading() as session:
        return db.structures.get_structure(session, name).content_hash


def data_hash(data: MapData) -> str:
    """Name the materials, their descriptors and targets of a map."""
    digest = hashlib.sha256("\n".join((*data.ids, *data.target_names)).encode())
    for part in (data.composition, data.structure, data.targets):
        digest.update(np.ascontiguousarray(part).astype("<f8").tobytes())
    return digest.hexdigest()[:16]
