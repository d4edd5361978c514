"""Would the ranking have found what was measured? Tests on labels and structures left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from labkit.errors import UsageError
from labkit.workflows.backtest_tables import Prediction, TableSettings, table_of
from labkit.workflows.describing import PoolFeatures, PoolTree
from labkit.workflows.kept_results import results_by_key
from labkit.workflows.lab import Lab
from labkit.workflows.machines import HERE, Machines, Workers
from labkit.workflows.representations import (
    CONTROLS,
    DEFAULT_REPRESENTATIONS,
    Representation,
    features_of,
    parse_representation,
    trees_of,
)
from labkit.workflows.screening_labels import labels_of
from labkit.workflows.splits import (
    FIXED_SPLITS,
    GROUP_SPLITS,
    all_labels,
    fixed_split,
    grouped_labels,
)
from screening.backtest import Backtest, held_out_in_clusters, leave_group_out
from screening.backtest_batches import BacktestTask, backtest_from, backtests_of_batch
from screening.errors import ScreeningError
from screening.forest import forest_held_out, forest_leave_group_out
from screening.rank import Labels
from screening.tree import WardTree

__all__ = ["METHODS", "SPLITS", "backtest_representations"]

Progress = Callable[[int, int], None]
FloatArray = npt.NDArray[np.float64]

SPLITS = ("obelix", "time", "formula", "family", "cluster")
METHODS = ("tree-mean", "cluster-rule", "forest")
_DEPTH = 241
_ALL_CONTROLS = "all trivial controls"


@dataclass(frozen=True)
class _Run:
    """What is compared and how."""

    chosen: tuple[Representation, ...]
    methods: tuple[str, ...]
    settings: TableSettings
    year: int | None
    workers: Workers
    progress: Progress | None

    @property
    def wanted(self) -> tuple[Representation, ...]:
        """The representations asked for, and the trivial controls."""
        return tuple(dict.fromkeys([*self.chosen, *CONTROLS]))

    @property
    def tree_methods(self) -> tuple[str, ...]:
        """The methods that rank by a tree."""
        return tuple(method for method in self.methods if method != "forest")


def backtest_representations(
    lab: Lab,
    names: Sequence[str] = DEFAULT_REPRESENTATIONS,
    *,
    splits: Sequence[str] = SPLITS,
    methods: Sequence[str] = METHODS,
    year: int | None = None,
    threshold_S_per_cm: float = 1e-4,
    fraction: float = 0.1,
    repeats: int = 500,
    machines: Machines = HERE,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Predict labels that were left out, by several representations and the trivial controls.

    Five ways of leaving out. Where a fixed part is tested, trees are built without its structures:

    * ``obelix``: the test set of OBELiX (Therrien et al. 2025). No label of a tested compound is
      learned from: its own, and any label that shares its ICSD number.
    * ``time``: labels published from `year` on, of compounds without an earlier label.
    * ``formula``: all labels of one reduced formula at a time.
    * ``family``: all labels of one structural family at a time.
    * ``cluster``: all labels in one of 30 clusters at a time. The clusters are those of the first
      representation, for which the test is hardest.

    Three methods: the shrunken mean over the tree, the published cluster rule, and a random forest
    on the same values that has seen the same labels (groups in at most ten parts). The forest's
    control has all trivial controls at once.

    Parameters
    ----------
    lab : Lab
    names : sequence of str
        Representations such as ``soap:CAN``; the trivial controls are always added.
    splits : sequence of {"obelix", "time", "formula", "family", "cluster"}
    methods : sequence of {"tree-mean", "cluster-rule", "forest"}
    year : int, optional
        First year tested by ``time``; the one that leaves about a fifth of the labels by default.
    threshold_S_per_cm : float
        A conductivity from here on is a hit.
    fraction : float
        How much of the tested labels is looked at.
    repeats : int
        Bootstrap samples for the intervals (95 %).
    machines : Machines
        Where predictions are made; each is kept, and made once. Trees are built here.
    progress : callable, optional

    Returns
    -------
    dict
        ``splits``: see `labkit.workflows.backtest_tables.table_of`.

    Raises
    ------
    UsageError
        When there are too few labels for a split.
    DataUnavailableError
        When the list of the OBELiX test set is not at hand.
    """
    for given, known, what in ((splits, SPLITS, "split"), (methods, METHODS, "method")):
        unknown = [one for one in given if one not in known]
        if unknown:
            raise UsageError(f"no {what} {unknown[0]!r}: choose from {', '.join(known)}")
    with machines.open(lab.settings.slurm) as workers:
        run = _Run(
            chosen=tuple(parse_representation(name) for name in names),
            methods=tuple(dict.fromkeys(methods)),
            settings=TableSettings(threshold_S_per_cm, fraction, repeats),
            year=year,
            workers=workers,
            progress=progress,
        )
        tables = [
            _fixed(lab, split, run) if split in FIXED_SPLITS else _groups(lab, split, run)
            for split in splits
        ]
    return {
        "methods": list(run.methods),
        "threshold_S_per_cm": threshold_S_per_cm,
        "fraction": fraction,
        "splits": tables,
    }


class _Asked(NamedTuple):
    """A prediction to be made, and the line of the table that it belongs to."""

    name: str
    is_control: bool
    task: BacktestTask


def _predicted(lab: Lab, asked: Sequence[_Asked], run: _Run) -> list[Prediction]:
    """Make the predictions that are not kept from an earlier run."""
    keys = [one.task.key for one in asked]
    results = results_by_key(
        backtests_of_batch,
        dict(zip(keys, (one.task for one in asked), strict=True)),
        lab.cache_folder / "backtests",
        run.workers,
        progress=run.progress,
    )
    predictions = []
    for one, key in zip(asked, keys, strict=True):
        result = results[key]
        if not isinstance(result, dict):
            raise ScreeningError(f"{one.name}: {result[1]}")
        predictions.append(Prediction(one.name, one.is_control, backtest_from(result)))
    return predictions


def _fixed(lab: Lab, name: str, run: _Run) -> dict[str, Any]:
    """Score structures that no tree and no label has seen."""
    described = {one: features_of(lab, one, progress=run.progress) for one in run.wanted}
    everywhere = set.intersection(*(set(values.ids) for values in described.values()))
    labels_anywhere = all_labels(lab)
    split = fixed_split(lab, name, labels_anywhere, year=run.year)
    found = [label for label in labels_anywhere if label.material_id in everywhere]
    truth = {x.material_id: x.log_sigma for x in found if x.material_id in split.tested}
    tested = sorted(truth)
    if not tested:
        raise UsageError(
            f"{name}: the lab holds no labelled structure to be tested; add them with "
            "'labkit structures add obelix' and 'labkit label import obelix'"
        )
    rest = [label for label in found if split.may_be_learned_from(label)]
    if not rest:
        raise UsageError(f"{name}: no label is left to learn from; import more labels first")
    pools = trees_of(lab, run.wanted, without=split.tested, progress=run.progress)
    log_sigma = np.array([truth[one] for one in tested])
    inputs = {}
    for one, pool in pools.items():
        depth = min(_DEPTH, pool.tree.max_k)
        placed = pool.tree.assign(described[one].of(tested), depth=depth).cluster
        small, labels = _labelled_rows(pool, _checked(labels_of(rest, pool.rows)))
        inputs[one] = (small, labels, placed, log_sigma)
    asked = _by_trees(run, held_out_in_clusters, inputs)
    if "forest" in run.methods:
        learned = [label.material_id for label in rest]
        values = np.array([label.log_sigma for label in rest])
        asked += [
            _Asked(
                text,
                is_control,
                BacktestTask(
                    text,
                    forest_held_out,
                    (
                        _columns(group, described, learned),
                        values,
                        _columns(group, described, tested),
                        log_sigma,
                    ),
                ),
            )
            for text, is_control, group in _forest_inputs(run)
        ]
    predictions = _predicted(lab, asked, run)
    return table_of(name, predictions, tested, run.settings) | {
        "learned_from": len(rest),
        "set_aside": len(split.set_aside),
        "tested_described_by_all": len(tested),
        "words": split.words,
    }


def _groups(lab: Lab, name: str, run: _Run) -> dict[str, Any]:
    """Score every label from labels outside its own group."""
    assert name in GROUP_SPLITS
    pools = trees_of(lab, run.wanted, progress=run.progress)
    everywhere = set.intersection(*(set(pool.rows) for pool in pools.values()))
    found = [label for label in all_labels(lab) if label.material_id in everywhere]
    # groups must be the same for all: those of the first representation asked for
    first: PoolTree = next(iter(pools.values()))
    groups = grouped_labels(lab, name, found, first)
    inputs = {
        one: (*_labelled_rows(pool, labels_of(groups.labels, pool.rows)), list(groups.names))
        for one, pool in pools.items()
    }
    asked = _by_trees(run, leave_group_out, inputs)
    structures = [label.material_id for label in groups.labels]
    if "forest" in run.methods:
        values = np.array([label.log_sigma for label in groups.labels])
        described = {one: PoolFeatures(pool.ids, pool.features) for one, pool in pools.items()}
        asked += [
            _Asked(
                text,
                is_control,
                BacktestTask(
                    text,
                    forest_leave_group_out,
                    (_columns(group, described, structures), values, list(groups.names)),
                ),
            )
            for text, is_control, group in _forest_inputs(run)
        ]
    predictions = _predicted(lab, asked, run)
    counts: dict[str, Any] = {"groups": len(set(groups.names)), "words": groups.words}
    if name == "cluster":
        counts["clusters_of"] = run.wanted[0].text
    return table_of(name, predictions, structures, run.settings) | counts


def _forest_inputs(run: _Run) -> list[tuple[str, bool, tuple[Representation, ...]]]:
    """Name, whether it is a control, and the representations whose values the forest gets."""
    plain = [(one.text, False, (one,)) for one in run.chosen if not one.is_control]
    return [*dict.fromkeys(plain), (_ALL_CONTROLS, True, CONTROLS)]


def _columns(
    group: Sequence[Representation],
    described: dict[Representation, PoolFeatures],
    names: Sequence[str],
) -> FloatArray:
    return np.hstack([described[one].of(names) for one in group]).astype(np.float64)


def _by_trees(
    run: _Run,
    predict: Callable[..., Backtest],
    inputs: Mapping[Representation, tuple[Any, ...]],
) -> list[_Asked]:
    """Ask for the predictions of every method that ranks by a tree."""
    return [
        _Asked(
            one.text,
            one.is_control,
            BacktestTask(one.text, predict, arguments, {"method": method, "depth": _DEPTH}),
        )
        for method in run.tree_methods
        for one, arguments in inputs.items()
    ]


def _labelled_rows(pool: PoolTree, labels: Labels) -> tuple[WardTree, Labels]:
    """Return the tree of the labelled structures alone, with its labels: what a worker needs."""
    rows = np.arange(len(labels))
    return pool.tree.on_rows(labels.index), replace(labels, index=rows)


def _checked(labels: Labels) -> Labels:
    if not len(labels):
        raise UsageError("no label is left to learn from; import more labels first")
    return labels
