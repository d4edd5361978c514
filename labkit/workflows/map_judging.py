"""What trained maps, and simpler planes of the same materials, are worth on held-out materials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.map.baselines import (
    BASELINES,
    baseline_plane,
    neighbour_prediction,
    principal_reconstruction,
    trustworthiness_of,
)
from screening.map.model import BRANCHES, MaterialsMap
from screening.map.scores import TargetScores, reconstruction_r2, target_scores
from screening.map.training import MapData

__all__ = ["judge_baselines", "judge_map", "mean_and_sd", "summarise_runs"]

FloatArray = npt.NDArray[np.float64]

#: few barriers are larger; they would decide R2 alone
CLIP = {"barrier": 3.0}
_DEFINITIONS = ("", "_about_materials", "_about_columns")
_TARGET = ("r2_target", "r2_target_clipped", "mae_target", "spearman_target")
_ON_PLANE = ("trustworthiness", *(f"{name}_by_neighbours" for name in _TARGET))
_REBUILT = tuple(f"r2_{branch}{about}" for branch in BRANCHES for about in _DEFINITIONS)
_JUDGED = (*_REBUILT, *_TARGET, *_ON_PLANE, "epochs", "seconds", "cpu_seconds")


def judge_map(data: MapData, made: MaterialsMap) -> dict[str, Any]:
    """Everything that one training is judged by, on its held-out materials.

    Parameters
    ----------
    data : MapData
        The materials it was trained on.
    made : MaterialsMap
    """
    scaled = _scaled(data, made)
    decoded = made.decode(made.coordinates)
    rebuilt = [made.scalers[b].transform(decoded[b]) for b in range(2)]
    out = made.held_out
    best = int(made.provenance["best_epoch"])
    clip = CLIP.get(made.target_names[0])
    own = None  # with W = 0 the head is not trained
    if made.settings.weight > 0:
        own = target_scores(data.targets[out, 0], made.predict(made.coordinates[out])[:, 0], clip)
    return {
        "weight": made.settings.weight,
        "seed": made.settings.seed,
        **_rebuilt_scores(scaled, rebuilt, out),
        **_named(own, ""),
        **_plane_scores(data, scaled, made.coordinates, made),
        "losses": {k: float(v[best]) for k, v in made.history.items()},
        "epochs": made.provenance["epochs"],
        "best_epoch": best,
        "seconds": made.provenance["seconds"],
        "cpu_seconds": made.provenance["cpu_seconds"],
    }


def _scaled(data: MapData, made: MaterialsMap) -> list[FloatArray]:
    parts = (data.composition, data.structure)
    return [scaler.transform(part) for scaler, part in zip(made.scalers, parts, strict=True)]


def _rebuilt_scores(
    scaled: Sequence[FloatArray], rebuilt: Sequence[FloatArray], out: npt.NDArray[np.int64]
) -> dict[str, float]:
    found = (
        score
        for truth, again in zip(scaled, rebuilt, strict=True)
        for score in reconstruction_r2(truth[out], again[out])
    )
    return dict(zip(_REBUILT, found, strict=True))


def _named(scores: TargetScores | None, ending: str) -> dict[str, float | None]:
    values = scores or (None,) * len(_TARGET)
    return {f"{name}{ending}": value for name, value in zip(_TARGET, values, strict=True)}


def _plane_scores(
    data: MapData, scaled: Sequence[FloatArray], plane: FloatArray, made: MaterialsMap
) -> dict[str, float | None]:
    """Score a plane by its neighbourhoods and by what ten neighbours tell of the target."""
    target = data.targets[:, 0]
    known = np.isfinite(target)
    train, out = made.train[known[made.train]], made.held_out[known[made.held_out]]
    scores = None
    if train.size > 1 and out.size > 1:
        predicted = neighbour_prediction(plane, np.nan_to_num(target), train, out)
        scores = target_scores(target[out], predicted, CLIP.get(made.target_names[0]))
    return {
        "trustworthiness": trustworthiness_of(np.hstack(scaled), plane),
        **_named(scores, "_by_neighbours"),
    }


def summarise_runs(weight: float, runs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation over the seeds of one weight, of all that was judged."""
    own = [run for run in runs if run["weight"] == weight]
    return {
        "weight": weight,
        "seeds": len(own),
        **{name: mean_and_sd(run[name] for run in own) for name in _JUDGED},
        "losses": {
            name: float(np.mean([run["losses"][name] for run in own])) for name in own[0]["losses"]
        },
    }


def mean_and_sd(values: Iterable[float | None]) -> dict[str, float] | None:
    """Mean and sample standard deviation of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    return {"mean": float(np.mean(known)), "sd": spread}


def judge_baselines(data: MapData, maps: Sequence[MaterialsMap]) -> list[dict[str, Any]]:
    """Judge simpler planes on the splits of some maps.

    Parameters
    ----------
    data : MapData
    maps : sequence of MaterialsMap
        One of each seed.
    """
    rows = []
    for name, what in BASELINES.items():
        judged = [_judge_baseline(name, data, made) for made in maps]
        scores = {key: mean_and_sd(run.get(key) for run in judged) for key in _REBUILT + _ON_PLANE}
        rows.append({"plane": name, "what": what, **scores})
    return rows


def _judge_baseline(name: str, data: MapData, made: MaterialsMap) -> dict[str, float | None]:
    scaled = _scaled(data, made)
    plane = baseline_plane(name, scaled[0], scaled[1], made.train, made.settings.seed)
    scores = _plane_scores(data, scaled, plane, made)
    if name == "PCA one each":
        rebuilt = [principal_reconstruction(part, made.train, 1) for part in scaled]
        scores |= _rebuilt_scores(scaled, rebuilt, made.held_out)
    return scores
