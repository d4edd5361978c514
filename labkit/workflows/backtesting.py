"""Would the ranking have found what was measured? Tests on labels and structures left out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from db.sources import data_path
from labkit.errors import UsageError
from labkit.workflows.describing import PoolTree, describe_pool
from labkit.workflows.lab import Lab
from labkit.workflows.representations import (
    CONTROLS,
    DEFAULT_REPRESENTATIONS,
    LabelDetail,
    Representation,
    label_details,
    labels_of,
    parse_representation,
    trees_of,
)
from labkit.workflows.screening_labels import LabelOnStructure, labels_on_structures
from screening.backtest import Backtest, held_out_structures, leave_group_out
from screening.metrics import Interval, area_under_curve, bootstrap, enrichment_factor, precision_at
from screening.rank import Labels

__all__ = ["SPLITS", "backtest_representations"]

Progress = Callable[[int, int], None]
FloatArray = npt.NDArray[np.float64]

SPLITS = ("obelix", "formula", "cluster")
_CONSTANT = "constant predictor"
# as many groups as the families that people tell apart
_CLUSTER_GROUPS = 30


class _Split(NamedTuple):
    """What may be learned from, what is tested, and what was set aside."""

    tested: tuple[str, ...]
    set_aside: tuple[str, ...]


@dataclass(frozen=True)
class _Settings:
    method: str
    threshold_S_per_cm: float
    fraction: float
    repeats: int


def backtest_representations(
    lab: Lab,
    names: Sequence[str] = DEFAULT_REPRESENTATIONS,
    *,
    splits: Sequence[str] = SPLITS,
    method: str = "tree-mean",
    threshold_S_per_cm: float = 1e-4,
    fraction: float = 0.1,
    repeats: int = 500,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Predict labels that were left out, by several representations and the trivial controls.

    Three ways of leaving out:

    * ``obelix``: the test set of OBELiX (Therrien et al. 2025). The tree is built without its
      structures, and no label of a tested compound is learned from: its own, and any label that
      shares its ICSD number.
    * ``formula``: all labels of one reduced formula at a time.
    * ``cluster``: all labels in one of 30 clusters at a time. The clusters are those of the first
      representation, for which the test is hardest.

    Parameters
    ----------
    lab : Lab
    names : sequence of str
        Representations such as ``soap:CAN``; the trivial controls are always added.
    splits : sequence of {"obelix", "formula", "cluster"}
    method : {"tree-mean", "cluster-rule"}
    threshold_S_per_cm : float
        A conductivity from here on is a hit.
    fraction : float
        How much of the tested labels is looked at.
    repeats : int
        Bootstrap samples for the intervals (95 %).
    progress : callable, optional

    Returns
    -------
    dict
        ``splits``: per split a table with hit rate, enrichment factor and area under the curve,
        each with its interval, best first, and a sentence.

    Raises
    ------
    UsageError
        When there are too few labels for a split.
    DataUnavailableError
        When the list of the OBELiX test set is not at hand.
    """
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise UsageError(f"no split {unknown[0]!r}: choose from {', '.join(SPLITS)}")
    chosen = [parse_representation(name) for name in names]
    wanted = list(dict.fromkeys([*chosen, *CONTROLS]))
    settings = _Settings(method, threshold_S_per_cm, fraction, repeats)
    found = []
    for split in splits:
        if split == "obelix":
            found.append(_obelix(lab, wanted, settings, progress))
        else:
            found.append(_groups(lab, wanted, split, settings, progress))
    return {
        "method": method,
        "threshold_S_per_cm": threshold_S_per_cm,
        "fraction": fraction,
        "splits": found,
    }


def _obelix(
    lab: Lab, wanted: list[Representation], settings: _Settings, progress: Progress | None
) -> dict[str, Any]:
    """Score the OBELiX test structures, which no tree and no label has seen."""
    tables = {
        one: describe_pool(lab, descriptor=one.descriptor, mode=one.mode, progress=progress).table
        for one in wanted
    }
    everywhere = set.intersection(*(set(table.ids) for table in tables.values()))
    split = _obelix_split(lab)
    pools = trees_of(lab, wanted, without=split.tested, progress=progress)
    found = labels_on_structures(lab, everywhere)
    truth = {x.material_id: x.log_sigma for x in found if x.material_id in split.tested}
    tested = sorted(truth)
    if not tested:
        raise UsageError(
            "the lab holds no labelled structure of the OBELiX test set; add them with "
            "'labkit structures add obelix' and 'labkit label import obelix'"
        )
    rest = [label for label in found if _allowed(label, split)]
    log_sigma = np.array([truth[name] for name in tested])
    results: dict[str, Backtest] = {}
    for one, pool in pools.items():
        row = tables[one].row_of()
        features = tables[one].values[[row[name] for name in tested]]
        labels = _checked(labels_of(rest, pool))
        results[one.text] = held_out_structures(
            pool.tree, labels, features, log_sigma, method=settings.method
        )
    counts = {
        "learned_from": len(rest),
        "set_aside": len(split.set_aside),
        "tested_described_by_all": len(tested),
    }
    return _table("obelix", results, settings) | counts


def _allowed(label: LabelOnStructure, split: _Split) -> bool:
    return label.material_id not in split.tested and label.name not in split.set_aside


def _obelix_split(lab: Lab) -> _Split:
    """Return the tested structures, and the labels on others that tell of the same compound."""
    with data_path("obelix/test_idx.csv").open(encoding="utf-8-sig", newline="") as file:
        tested = {f"obelix-{row['ID']}" for row in csv.DictReader(file)}
    details = label_details(lab)
    with data_path("obelix/all.csv").open(encoding="utf-8-sig", newline="") as file:
        numbers = {
            int(float(row["ICSD ID"]))
            for row in csv.DictReader(file)
            if f"obelix-{row['ID']}" in tested and row["ICSD ID"]
        }
    aside = []
    for label in labels_on_structures(lab, _AnyStructure()):
        detail = details[label.label_id]
        same = detail.icsd_id in numbers or detail.named_structure in tested
        if same and label.material_id not in tested:
            aside.append(label.name)
    return _Split(tuple(sorted(tested)), tuple(sorted(set(aside))))


class _AnyStructure(set[str]):
    """A collection that holds every name."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)


def _groups(
    lab: Lab,
    wanted: list[Representation],
    split: str,
    settings: _Settings,
    progress: Progress | None,
) -> dict[str, Any]:
    """Score every label from labels outside its own group."""
    pools = trees_of(lab, wanted, progress=progress)
    everywhere = set.intersection(*(set(pool.rows) for pool in pools.values()))
    found = labels_on_structures(lab, everywhere)
    details = label_details(lab)
    # groups must be the same for all: those of the first representation asked for
    first = next(iter(pools.values()))
    names = _group_names(split, found, details, first)
    if len(set(names)) < 2:
        raise UsageError(
            f"the labels make {len(set(names))} group(s) by {split}: nothing is left to learn from"
        )
    results = {}
    for one, pool in pools.items():
        labels = labels_of(found, pool)
        results[one.text] = leave_group_out(pool.tree, labels, names, method=settings.method)
    counts: dict[str, Any] = {"groups": len(set(names))}
    if split == "cluster":
        counts["clusters_of"] = wanted[0].text
    return _table(split, results, settings) | counts


def _group_names(
    split: str, found: Sequence[LabelOnStructure], details: dict[int, LabelDetail], pool: PoolTree
) -> list[str]:
    if split == "formula":
        return [details[label.label_id].reduced_formula for label in found]
    clusters = pool.tree.clusters_at(min(_CLUSTER_GROUPS, pool.tree.max_k))
    return [str(int(clusters[pool.rows[label.material_id]])) for label in found]


def _checked(labels: Labels) -> Labels:
    if not len(labels):
        raise UsageError("no label is left to learn from; import more labels first")
    return labels


def _table(split: str, results: dict[str, Backtest], settings: _Settings) -> dict[str, Any]:
    any_result = next(iter(results.values()))
    good = any_result.truth >= np.log10(settings.threshold_S_per_cm)
    if not good.any() or good.all():
        raise UsageError(
            f"{split}: {int(good.sum())} of {good.size} tested labels reach "
            f"{settings.threshold_S_per_cm:g} S/cm; give another --threshold"
        )
    count = max(1, round(settings.fraction * good.size))
    scores = {name: result.score for name, result in results.items()}
    scores[_CONSTANT] = any_result.constant
    rows = [
        _row(name, score, good, count, settings, any_result.truth) for name, score in scores.items()
    ]
    rows.sort(key=lambda row: -float(row["enrichment"]["value"]))
    return {
        "split": split,
        "tested": int(good.size),
        "hits": int(good.sum()),
        "looked_at": count,
        "table": rows,
        "summary": _sentence(split, rows),
    }


def _row(
    name: str,
    score: FloatArray,
    good: npt.NDArray[np.bool_],
    count: int,
    settings: _Settings,
    truth: FloatArray,
) -> dict[str, Any]:
    def hit_rate(values: FloatArray, hits: npt.NDArray[np.bool_]) -> float:
        return precision_at(values, hits, count)

    def enrichment(values: FloatArray, hits: npt.NDArray[np.bool_]) -> float:
        return enrichment_factor(values, hits, settings.fraction)

    def measured(metric: Any) -> dict[str, float]:
        value: Interval = bootstrap(metric, score, good, repeats=settings.repeats)
        return value._asdict()

    return {
        "representation": name,
        "kind": "constant"
        if name == _CONSTANT
        else "control"
        if name.startswith("control_")
        else "representation",
        "hit_rate": measured(hit_rate),
        "enrichment": measured(enrichment),
        "auc": measured(area_under_curve),
        "mean_absolute_error": float(np.abs(score - truth).mean())
        if settings.method == "tree-mean" or name == _CONSTANT
        else None,
    }


def _sentence(split: str, rows: list[dict[str, Any]]) -> str:
    """Say which representations beat all controls, in which figure, and beyond their interval."""
    parts = [
        f"in {words}: {_better(rows, metric)}"
        for metric, words in (("enrichment", "enrichment"), ("auc", "area under the curve"))
    ]
    return f"{split}: better than all trivial controls {'; '.join(parts)}"


def _better(rows: list[dict[str, Any]], metric: str) -> str:
    best = max(float(row[metric]["value"]) for row in rows if row["kind"] != "representation")
    better = [
        row["representation"] + (" (beyond its interval)" if row[metric]["low"] > best else "")
        for row in rows
        if row["kind"] == "representation" and row[metric]["value"] > best
    ]
    return ", ".join(better) or "none"
