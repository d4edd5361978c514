"""Predictions of labels left out, as a table with intervals and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from labkit.errors import UsageError
from screening.backtest import Backtest
from screening.metrics import (
    Interval,
    area_under_curve,
    bootstrap,
    bootstrap_gain,
    enrichment_factor,
    precision_at,
    recall_at,
)

__all__ = ["Prediction", "TableSettings", "table_of"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

CONSTANT = "constant predictor"
_WORDS = {
    "tree-mean": "tree mean",
    "cluster-rule": "cluster rule",
    "forest": "random forest",
}


@dataclass(frozen=True)
class TableSettings:
    """What counts as a hit, how many are looked at, how often is resampled."""

    threshold_S_per_cm: float
    fraction: float
    repeats: int


class Prediction(NamedTuple):
    """What one representation and one method predicted."""

    name: str
    is_control: bool
    result: Backtest


def table_of(
    split: str,
    predictions: Sequence[Prediction],
    structures: Sequence[str],
    settings: TableSettings,
) -> dict[str, Any]:
    """Score predictions of the same labels.

    Parameters
    ----------
    split : str
    predictions : sequence of Prediction
    structures : sequence of str
        Structure of each tested label.
    settings : TableSettings

    Returns
    -------
    dict
        ``table`` (highest enrichment first) with hit rate, recall, enrichment factor and area
        under the curve, each with a 95 % interval, and the gain of the latter two over the best
        trivial control of the same method; ``summary``; ``predictions``.

    Raises
    ------
    UsageError
        When all or none of the tested labels are hits.
    """
    truth = predictions[0].result.truth
    good = truth >= np.log10(settings.threshold_S_per_cm)
    if not good.any() or good.all():
        raise UsageError(
            f"{split}: {int(good.sum())} of {good.size} tested labels reach "
            f"{settings.threshold_S_per_cm:g} S/cm; give another --threshold"
        )
    count = max(1, round(settings.fraction * good.size))
    rows = [_row(one, good, count, settings) for one in predictions]
    _add_gains(rows, predictions, good, settings)
    constant = Backtest(
        predictions[0].result.constant, predictions[0].result.constant, truth, "constant"
    )
    rows.append(_row(Prediction(CONSTANT, True, constant), good, count, settings))
    rows.sort(key=lambda row: -float(row["enrichment"]["value"]))
    return {
        "split": split,
        "tested": int(good.size),
        "hits": int(good.sum()),
        "looked_at": count,
        "table": rows,
        "summary": _sentence(split, rows),
        "predictions": {
            "structures": list(structures),
            "log_sigma": truth.tolist(),
            "scores": [
                {
                    "representation": one.name,
                    "method": one.result.method,
                    "score": one.result.score.tolist(),
                }
                for one in predictions
            ],
        },
    }


def _row(one: Prediction, good: BoolArray, count: int, settings: TableSettings) -> dict[str, Any]:
    result = one.result

    def hit_rate(values: FloatArray, hits: BoolArray) -> float:
        return precision_at(values, hits, count)

    def recall(values: FloatArray, hits: BoolArray) -> float:
        return recall_at(values, hits, count)

    def enrichment(values: FloatArray, hits: BoolArray) -> float:
        return enrichment_factor(values, hits, settings.fraction)

    def measured(metric: Any) -> dict[str, float]:
        value: Interval = bootstrap(metric, result.score, good, repeats=settings.repeats)
        return value._asdict()

    kind = "control" if one.is_control else "representation"
    return {
        "representation": one.name,
        "method": result.method,
        "kind": "constant" if result.method == "constant" else kind,
        "hit_rate": measured(hit_rate),
        "recall": measured(recall),
        "enrichment": measured(enrichment),
        "auc": measured(area_under_curve),
        # the cluster rule predicts a class, not a conductivity
        "mean_absolute_error": None
        if result.method == "cluster-rule"
        else result.mean_absolute_error,
    }


def _add_gains(
    rows: Sequence[dict[str, Any]],
    predictions: Sequence[Prediction],
    good: BoolArray,
    settings: TableSettings,
) -> None:
    """Add what each gains over the best control of its method, resampled together with it."""

    def enrichment(values: FloatArray, hits: BoolArray) -> float:
        return enrichment_factor(values, hits, settings.fraction)

    for name, metric in (("enrichment", enrichment), ("auc", area_under_curve)):
        for row, one in zip(rows, predictions, strict=True):
            rivals = [
                (float(other_row[name]["value"]), other.result.score)
                for other_row, other in zip(rows, predictions, strict=True)
                if other.is_control and other.result.method == one.result.method
            ]
            if one.is_control or not rivals:
                continue
            best = max(rivals, key=lambda rival: rival[0])[1]
            gain = bootstrap_gain(metric, one.result.score, best, good, repeats=settings.repeats)
            row[f"{name}_gain"] = gain._asdict()


def _sentence(split: str, rows: Sequence[dict[str, Any]]) -> str:
    """Say per method which representations beat all controls, and which beyond their interval."""
    parts = []
    for method, words in _WORDS.items():
        if any(row["method"] == method for row in rows):
            parts.append(
                f"by {words} in enrichment {_better(rows, method, 'enrichment')}, "
                f"in area under the curve {_better(rows, method, 'auc')}"
            )
    return f"{split}: better than all trivial controls: {'; '.join(parts)}"


def _better(rows: Sequence[dict[str, Any]], method: str, metric: str) -> str:
    better = []
    for row in rows:
        gain = row.get(f"{metric}_gain")
        if row["method"] == method and gain is not None and gain["value"] > 0:
            beyond = " (beyond its interval)" if gain["low"] > 0 else ""
            better.append(row["representation"] + beyond)
    return ", ".join(better) or "none"
