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

from labkit.workflows.lab import Lab
from labkit.workflows.map_data import MapSelection, data_hash, map_data
from labkit.workflows.map_judging import judge_baselines, judge_map, mean_and_sd, summarise_runs
from labkit.workflows.map_places import latest_folder, remember_map
from screening.map.model import MapSettings, MaterialsMap
from screening.map.selection import MapError
from screening.map.training import MapData, require_torch, train_map

__all__ = [
    "MapRequest",
    "MapStudy",
    "search_grid",
    "study_maps",
]

Progress = Callable[[int, int], None]
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
    trained = [judge_map(data, made) for made in maps.values()]
    of_each_seed = [maps[request.weights[0], seed] for seed in range(request.seeds)]
    study = MapStudy(data, maps, {})
    study.report.update(
        counts,
        targets=list(data.target_names),
        families=_family_counts(data),
        settings=asdict(request.settings),
        published=PUBLISHED,
        runs=trained,
        table=[summarise_runs(weight, trained) for weight in request.weights],
        baselines=judge_baselines(data, of_each_seed) if request.baselines else [],
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
        Its seeds and settings count; settings that stop on an inner part of the training
        materials keep the held-out ones out of the choice.
    grid : dict of str to sequence of float
        Values of ``learning_rate``, ``l2``, ``batch`` and ``weight``.
    describing, training : callable, optional

    Returns
    -------
    list of dict
        Best first: reconstruction losses, R2, epochs, CPU seconds; each training is kept in the
        cache, so a stopped search goes on where it was.
    """
    require_torch()
    data, _ = map_data(lab, request.selection, progress=describing)
    folder = lab.cache_folder / "map" / "maps"
    combinations = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    rows = []
    for number, combination in enumerate(combinations):
        changed: dict[str, Any] = {
            name: int(value) if name == "batch" else value for name, value in combination.items()
        }
        judged = []
        for seed in range(request.seeds):
            settings = replace(request.settings, **changed, seed=seed)
            judged.append(judge_map(data, _trained(folder, data, settings, lambda *_: None)))
            if training is not None:
                training(number * request.seeds + seed + 1, len(combinations) * request.seeds)
        rows.append(changed | _grid_row(judged))
    return sorted(rows, key=lambda row: float(row["reconstruction_loss"]))


_GRID_SCORES = (
    "r2_composition", "r2_structure", "r2_structure_about_columns", "r2_target",
    "r2_target_clipped", "epochs", "cpu_seconds",
)  # fmt: skip


def _grid_row(judged: Sequence[dict[str, Any]]) -> dict[str, Any]:
    losses = [run["losses"] for run in judged]
    row: dict[str, Any] = {
        "reconstruction_loss": float(np.mean([one["composition"] + one["structure"]
                                              for one in losses])),
        "target_loss": float(np.mean([one["target"] for one in losses])),
    }  # fmt: skip
    return row | {name: mean_and_sd(run[name] for run in judged) for name in _GRID_SCORES}
