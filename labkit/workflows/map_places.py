"""A map that was made, put to use: structures placed on it, points decoded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.errors import UsageError
from labkit.workflows.barriers import crystal_of
from labkit.workflows.lab import Lab
from labkit.workflows.map_data import describe_one
from screening.map.composition_descriptors import fractions_from
from screening.map.model import MaterialsMap

__all__ = ["decode_point", "latest_folder", "latest_map", "place_structures", "remember_map"]

FloatArray = npt.NDArray[np.float64]


def remember_map(lab: Lab, folder: Path) -> None:
    """Note that the map in a folder was made last."""
    pointer = lab.cache_folder / "map" / "latest.txt"
    pointer.write_text(folder.name, encoding="utf-8")


def latest_folder(lab: Lab) -> Path:
    """Return the folder of the map that was made last.

    Raises
    ------
    UsageError
        When none was made.
    """
    pointer = lab.cache_folder / "map" / "latest.txt"
    if not pointer.is_file():
        raise UsageError("this lab has no map of materials yet; make one with 'labkit screen map'")
    return lab.cache_folder / "map" / "maps" / pointer.read_text(encoding="utf-8").strip()


def latest_map(lab: Lab) -> MaterialsMap:
    """Return the map that was made last."""
    return MaterialsMap.load(latest_folder(lab))


def place_structures(
    lab: Lab, structures: Sequence[str], *, count: int = 10, made: MaterialsMap | None = None
) -> list[dict[str, Any]]:
    """Place structures on the map and list the nearest known materials.

    Parameters
    ----------
    lab : Lab
    structures : sequence of str
        Ids, or paths ending in ``.cif``.
    count : int
    made : MaterialsMap, optional
        The one made last by default.
    """
    chart = made or latest_map(lab)
    rows = []
    for name in structures:
        crystal, _ = crystal_of(lab.folder, name)
        found = describe_one(crystal)
        point = chart.encode(found["composition"], found["structure"])
        rows.append(
            {
                "structure": name,
                "formula": found["formula"],
                "family": found["family"],
                "in_training_set": name in {chart.ids[row] for row in chart.train},
                "on_the_map": name in chart.ids,
            }
            | _at(chart, point[0], count)
        )
    return rows


def decode_point(
    lab: Lab, point: tuple[float, float], *, count: int = 10, made: MaterialsMap | None = None
) -> dict[str, Any]:
    """Decode a point of the plane: composition, structure, target, nearest materials."""
    chart = made or latest_map(lab)
    composition, structure = chart.decode(np.array(point))
    fractions = fractions_from(composition[0])
    return {
        "atomic_fractions": {e: f for e, f in fractions.items() if f >= 0.01},
        "structure": structure[0].tolist(),
        "composition": composition[0].tolist(),
    } | _at(chart, np.array(point), count)


def _at(chart: MaterialsMap, point: FloatArray, count: int) -> dict[str, Any]:
    predicted = chart.predict(point)[0]
    rows, distances = chart.nearest(point, count)
    low, high = chart.coordinates.min(axis=0), chart.coordinates.max(axis=0)
    return {
        "x": float(point[0]),
        "y": float(point[1]),
        "outside": bool(((point < low) | (point > high)).any()),
        "predicted": dict(zip(chart.target_names, predicted.tolist(), strict=True)),
        "nearest": [
            {
                "structure": chart.ids[row],
                "formula": chart.formulas[row],
                "family": chart.families[row],
                "distance": float(distance),
                **{
                    name: float(value) if np.isfinite(value) else None
                    for name, value in zip(chart.target_names, chart.targets[row], strict=True)
                },
            }
            for row, distance in zip(rows.tolist(), distances.tolist(), strict=True)
        ],
    }
