"""Maps of materials trained over weights and seeds, judged beside simpler planes, and used.

After Yamaguchi et al., Sci. Rep. 2023, 13, 16799.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.workflows.lab import Lab
from labkit.workflows.map_data import MapSelection, data_hash, map_data
from labkit.workflows.map_places import latest_folder, remember_map
from screening.map.baselines import (
    BASELINES,
    baseline_plane,
    neighbour_regression_r2,
    trustworthiness_of,
)
from screening.map.model import MapSettings, MaterialsMap, reconstruction_r2, target_r2
from screening.map.selection import MapError
from screening.map.training import MapData, require_torch, train_map

__all__ = [
    "MapRequest",
    "MapStudy",
    "search_grid",
    "study_maps",
]

Progress = Callable[[int, int], None]
FloatArray = npt.NDArray[np.float64]

#: what the paper reports at W = 0.1 on 708 compounds
PUBLISHED = {"composition": "> 0.8", "structure": "> 0.8", "target": 0.29}
PUBLISHED_WEIGHTS = (0.0, 0.01, 0.1, 1.0)


@dataclass(frozen=True)
class MapRequest:
    """What to train.

    Attributes
    ----------
    selection : MapSelection
    weights : tuple of float
        W of the loss.
    seeds : int
        Trainings of each weight, each with its own split.
    settings : MapSettings
        Everything else.
    baselines : bool
        Whether PCA and UMAP are judged too.
    """

    selection: MapSelection = field(default_factory=MapSelection)
    weights: tuple[float, ...] = PUBLISHED_WEIGHTS
    seeds: int = 5
    settings: MapSettings = field(default_factory=MapSettings)
    baselines: bool = True


@dataclass(frozen=True, eq=False)
class MapStudy:
    """Trained maps and what they are worth.

    Attributes
    ----------
    data : MapData
    maps : dict of (weight, seed) to MaterialsMap
    report : dict
        JSON-ready.
    """

    data: MapData
    maps: dict[tuple[float, int], MaterialsMap]
    report: dict[str, Any]

    @property
    def chosen(self) -> MaterialsMap:
        """The map at the published weight, or the nearest to it, with the first seed."""
        weight = min({w for w, _ in self.maps}, key=lambda w: abs(w - MapSettings.weight))
        return self.maps[weight, min(seed for w, seed in self.maps if w == weight)]


def study_maps(
    lab: Lab,
    request: MapRequest,
    *,
    describing: Progress | None = None,
    training: Progress | None = None,
) -> MapStudy:
    """Train a map for every weight and seed, or take it from the cache, and judge them.

    Parameters
    ----------
    lab : Lab
    request : MapRequest
    describing, training : callable, optional
        Called with (done, total).

    Raises
    ------
    UsageError
        When no structure of the lab belongs on the map.
    MissingLibraryError
        When PyTorch, or UMAP for the baselines, is not installed.
    """
    require_torch()
    data, counts = map_data(lab, request.selection, progress=describing)
    folder = lab.cache_folder / "map" / "maps"
    runs = [
        replace(request.settings, weight=weight, seed=seed)
        for weight, seed in product(request.weights, range(request.seeds))
    ]
    maps = {}
    for number, settings in enumerate(runs):

        def within(epoch: int, most: int, number: int = number) -> None:
            if training is not None:
                training(number * most + epoch, len(runs) * most)

        maps[settings.weight, settings.seed] = _trained(folder, data, settings, within)
    trained = [_judge(data, made) for made in maps.values()]
    study = MapStudy(data, maps, {})
    study.report.update(
        counts,
        targets=list(data.target_names),
        families=_family_counts(data),
        settings=asdict(request.settings),
        published=PUBLISHED,
        runs=trained,
        table=[_summary(weight, trained) for weight in request.weights],
        baselines=_baselines(data, maps, request) if request.baselines else [],
    )
    remember_map(lab, _folder_of(folder, data, study.chosen.settings))
    study.report["map"] = str(latest_folder(lab))
    return study


def _folder_of(folder: Path, data: MapData, settings: MapSettings) -> Path:
    told = json.dumps(asdict(settings), sort_keys=True)
    return folder / f"{data_hash(data)}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _trained(
    folder: Path, data: MapData, settings: MapSettings, progress: Progress
) -> MaterialsMap:
    place = _folder_of(folder, data, settings)
    try:
        return MaterialsMap.load(place)
    except MapError:
        made = train_map(data, settings, progress=progress)
    made.save(place)
    return made


def _joint(data: MapData, made: MaterialsMap) -> tuple[FloatArray, FloatArray]:
    return (
        made.scalers[0].transform(data.composition),
        made.scalers[1].transform(data.structure),
    )


def _judge(data: MapData, made: MaterialsMap) -> dict[str, Any]:
    """Everything that one training is judged by, on its held-out materials."""
    composition, structure = _joint(data, made)
    decoded = made.decode(made.coordinates)
    rebuilt = (made.scalers[0].transform(decoded[0]), made.scalers[1].transform(decoded[1]))
    out = made.held_out
    predicted = made.predict(made.coordinates)
    row: dict[str, Any] = {"weight": made.settings.weight, "seed": made.settings.seed}
    for name, truth, again in zip(
        ("composition", "structure"), (composition, structure), rebuilt, strict=True
    ):
        about_mean, about_columns = reconstruction_r2(truth[out], again[out])
        row[f"r2_{name}"], row[f"r2_{name}_about_columns"] = about_mean, about_columns
    best = int(made.provenance["best_epoch"])
    row |= {
        "r2_target": target_r2(data.targets[out, 0], predicted[out, 0]),
        "trustworthiness": trustworthiness_of(
            np.hstack([composition, structure]), made.coordinates
        ),
        "r2_target_by_neighbours": _neighbours(data, made.coordinates, made),
        "losses": {k: float(v[best]) for k, v in made.history.items()},
        "epochs": made.provenance["epochs"],
        "best_epoch": best,
        "seconds": made.provenance["seconds"],
        "cpu_seconds": made.provenance["cpu_seconds"],
    }
    return row


def _neighbours(data: MapData, plane: FloatArray, made: MaterialsMap) -> float | None:
    known = np.isfinite(data.targets[:, 0])
    train, out = made.train[known[made.train]], made.held_out[known[made.held_out]]
    if train.size < 2 or out.size < 2:
        return None
    return neighbour_regression_r2(plane, np.nan_to_num(data.targets[:, 0]), train, out)


_JUDGED = (
    "r2_composition",
    "r2_structure",
    "r2_composition_about_columns",
    "r2_structure_about_columns",
    "r2_target",
    "trustworthiness",
    "r2_target_by_neighbours",
    "epochs",
    "seconds",
    "cpu_seconds",
)


def _summary(weight: float, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    own = [run for run in runs if run["weight"] == weight]
    row: dict[str, Any] = {"weight": weight, "seeds": len(own)}
    for name in _JUDGED:
        values = [run[name] for run in own if run[name] is not None]
        row[name] = _mean_and_sd(values)
    row["losses"] = {
        name: float(np.mean([run["losses"][name] for run in own])) for name in own[0]["losses"]
    }
    return row


def _mean_and_sd(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return {"mean": float(np.mean(values)), "sd": spread}


def _baselines(
    data: MapData, maps: dict[tuple[float, int], MaterialsMap], request: MapRequest
) -> list[dict[str, Any]]:
    """Judge simpler planes on the splits of the maps."""
    rows = []
    for name, what in BASELINES.items():
        trust, regression = list[float](), list[float]()
        for seed in range(request.seeds):
            made = maps[request.weights[0], seed]
            composition, structure = _joint(data, made)
            plane = baseline_plane(name, composition, structure, made.train, seed)
            trust.append(trustworthiness_of(np.hstack([composition, structure]), plane))
            found = _neighbours(data, plane, made)
            if found is not None:
                regression.append(found)
        rows.append(
            {
                "plane": name,
                "what": what,
                "trustworthiness": _mean_and_sd(trust),
                "r2_target_by_neighbours": _mean_and_sd(regression),
            }
        )
    return rows


def _family_counts(data: MapData) -> dict[str, int]:
    known = [family for family in data.families if family is not None]
    return {family: known.count(family) for family in sorted(set(known))}


def search_grid(
    lab: Lab,
    request: MapRequest,
    grid: dict[str, Sequence[float]],
    *,
    describing: Progress | None = None,
    training: Progress | None = None,
) -> list[dict[str, Any]]:
    """Train at every combination of settings and sort by the watched loss without the target.

    Parameters
    ----------
    lab : Lab
    request : MapRequest
        Its first weight and its seeds count.
    grid : dict of str to sequence of float
        Values of ``learning_rate``, ``l2``, ``batch`` or ``weight``.
    describing, training : callable, optional

    Returns
    -------
    list of dict
        Best first: reconstruction losses, R2, epochs, CPU seconds; each combination is kept in
        the cache, so a stopped search goes on where it was.
    """
    require_torch()
    data, _ = map_data(lab, request.selection, progress=describing)
    combinations = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    rows = []
    for number, combination in enumerate(combinations):
        changed: dict[str, Any] = {
            name: int(value) if name == "batch" else value for name, value in combination.items()
        }
        judged = []
        for seed in range(request.seeds):
            settings = replace(
                request.settings, **{"weight": request.weights[0], **changed, "seed": seed}
            )
            folder = lab.cache_folder / "map" / "maps"
            judged.append(_judge(data, _trained(folder, data, settings, lambda *_: None)))
        if training is not None:
            training(number + 1, len(combinations))
        row: dict[str, Any] = dict(changed)
        row["reconstruction_loss"] = float(
            np.mean([run["losses"]["composition"] + run["losses"]["structure"] for run in judged])
        )
        for name in ("r2_composition", "r2_structure", "r2_target", "epochs", "cpu_seconds"):
            row[name] = _mean_and_sd([run[name] for run in judged if run[name] is not None])
        rows.append(row)
    return sorted(rows, key=lambda row: float(row["reconstruction_loss"]))
