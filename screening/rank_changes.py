"""What moved between two rankings, and which label moved it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screening.errors import ScreeningError
from screening.rank import Labels, Ranking, rank
from screening.tree import WardTree

__all__ = ["LabelChange", "Movement", "RankingChange", "compare_rankings"]


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One label that differs between two label sets.

    Attributes
    ----------
    name : str
    kind : {"added", "removed", "revised"}
    row : int
        Structure of the label.
    log_sigma_before, log_sigma_after : float or None
    mark_before, mark_after : str
        ``<`` or ``>`` where the label is a bound.
    """

    name: str
    kind: str
    row: int
    log_sigma_before: float | None
    log_sigma_after: float | None
    mark_before: str = ""
    mark_after: str = ""

    def describe(self) -> str:
        """Return the change in words."""
        before = self.mark_before + _sigma(self.log_sigma_before)
        after = self.mark_after + _sigma(self.log_sigma_after)
        if self.kind == "added":
            return f"label {self.name} ({after}) was added"
        if self.kind == "removed":
            return f"label {self.name} ({before}) was taken away"
        return f"label {self.name} was revised from {before} to {after}"


@dataclass(frozen=True, slots=True)
class Movement:
    """One structure that changed its place.

    Attributes
    ----------
    row : int
    name : str
        Name of the structure.
    place_before, place_after : int
        1 is the best.
    score_before, score_after : float
    cause : LabelChange or None
        The changed label without which the score would have moved least; None when no single
        label makes a difference.
    place_without_cause : int or None
        Where the structure would stand had that one label not changed.
    expectation, reason : str
        What is expected of it before and after, and why it moved, in words; empty where there is
        nothing to say.
    sentence : str
        All of this in words.
    """

    row: int
    name: str
    place_before: int
    place_after: int
    score_before: float
    score_after: float
    cause: LabelChange | None
    place_without_cause: int | None
    expectation: str
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class RankingChange:
    """Difference of two rankings of the same structures.

    Attributes
    ----------
    labels : tuple of LabelChange
        What changed in the label set.
    movements : tuple of Movement
        The movements reported: those among the top first.
    n_moved : int
        Structures whose score changed by more than the smallest shift that counts.
    entered, left : tuple of int
        Rows that entered or left the top.
    sentence : str
        A summary in words.
    """

    labels: tuple[LabelChange, ...]
    movements: tuple[Movement, ...]
    n_moved: int
    entered: tuple[int, ...]
    left: tuple[int, ...]
    sentence: str


def _sigma(log_sigma: float | None) -> str:
    return "none" if log_sigma is None else f"{10.0**log_sigma:.2g} S/cm"


def label_changes(before: Labels, after: Labels) -> list[LabelChange]:
    """List the labels that were added, removed or revised.

    A label is recognised by its name; the same name at another structure counts as revised.
    """
    old = {name: position for position, name in enumerate(before.names)}
    new = {name: position for position, name in enumerate(after.names)}
    changes = []
    for name, position in new.items():
        row, value = int(after.index[position]), float(after.log_sigma[position])
        mark = after.mark(position)
        if name not in old:
            changes.append(LabelChange(name, "added", row, None, value, mark_after=mark))
            continue
        earlier = float(before.log_sigma[old[name]])
        moved = int(before.index[old[name]]) != row
        was = before.mark(old[name])
        if moved or was != mark or earlier != value:
            changes.append(LabelChange(name, "revised", row, earlier, value, was, mark))
    for name, position in old.items():
        if name not in new:
            changes.append(
                LabelChange(
                    name,
                    "removed",
                    int(before.index[position]),
                    float(before.log_sigma[position]),
                    None,
                    mark_before=before.mark(position),
                )
            )
    return changes


def _undo(change: LabelChange, before: Labels, after: Labels) -> Labels:
    """Return the later labels with one change taken back."""
    kept = after
    if change.kind in ("added", "revised"):
        kept = kept.without([after.names.index(change.name)])
    if change.kind in ("removed", "revised"):
        kept = kept.joined(before.take([before.names.index(change.name)]))
    return kept


def compare_rankings(
    before: Ranking,
    after: Ranking,
    labels_before: Labels,
    labels_after: Labels,
    *,
    tree: WardTree | None = None,
    top: int = 20,
    limit: int = 50,
    minimum_shift: float = 0.01,
    tie_break_of: Callable[[Labels], npt.ArrayLike] | None = None,
) -> RankingChange:
    """Report what moved, and which label moved it.

    With one changed label that label is the cause of everything. With several, the ranking is
    repeated with each change undone in turn; the cause of a movement is the change whose undoing
    takes most of it back.

    Parameters
    ----------
    before, after : Ranking
        Two rankings of the same structures by the same method.
    labels_before, labels_after : Labels
        The labels each was made with.
    tree : WardTree, optional
        Needed to attribute movements when more than one label changed.
    top : int
        Size of the list that people look at; entering or leaving it is always reported.
    limit : int
        Largest number of movements reported.
    tie_break_of : callable, optional
        Gives the tie-breaking values for a label set, where both rankings were made with some.
    minimum_shift : float
        Change of the score (decades) below which a structure has not moved: with the tree mean
        every label touches every structure a little.

    Raises
    ------
    ScreeningError
        When the two rankings are not comparable.
    """
    if before.n_rows != after.n_rows or before.method != after.method:
        raise ScreeningError(
            f"cannot compare a {before.method} ranking of {before.n_rows} structures with a "
            f"{after.method} ranking of {after.n_rows}"
        )
    if before.ids is not None and after.ids is not None and before.ids != after.ids:
        raise ScreeningError("the two rankings are of different structures; rank both again")
    if before.cut is not after.cut and not np.array_equal(before.cluster, after.cluster):
        raise ScreeningError("the two rankings are of different clusters; rank both again")
    changes = label_changes(labels_before, labels_after)
    shift = np.abs(after.cluster_score - before.cluster_score)
    moved = np.flatnonzero(shift > minimum_shift)
    listed_before, listed_after = before.top(top).tolist(), after.top(top).tolist()
    top_before, top_after = set(listed_before), set(listed_after)
    entered = tuple(row for row in listed_after if row not in top_before)
    left = tuple(row for row in listed_before if row not in top_after)
    always = (*(change.row for change in changes), *entered, *left)
    rows = _rows_to_report(before, after, moved.tolist(), always, limit)
    undone = _rankings_without_each_change(
        changes, before, after, labels_before, labels_after, tree, tie_break_of
    )
    movements = tuple(_movement(row, before, after, changes, undone) for row in rows)
    n_moved = int(after.cut.sizes[moved].sum())
    return RankingChange(
        labels=tuple(changes),
        movements=movements,
        n_moved=n_moved,
        entered=entered,
        left=left,
        sentence=_summary(changes, after, n_moved, entered, left, top),
    )


def _rows_to_report(
    before: Ranking, after: Ranking, moved: list[int], always: tuple[int, ...], limit: int
) -> list[int]:
    """Rows of the changed labels, those that entered or left the top, then the largest jumps."""
    # what a label says of its own structure is told however little it changes
    named = [
        row
        for row in always
        if abs(after.score_of(row) - before.score_of(row)) > 1e-9
        or after.place_of(row) != before.place_of(row)
    ]
    rows = list(dict.fromkeys(named))
    seen = set(rows)
    rows += [row for row in _largest_jumps(before, after, moved, limit) if row not in seen]
    return rows[:limit]


def _largest_jumps(before: Ranking, after: Ranking, moved: list[int], limit: int) -> list[int]:
    """Rows of the clusters that moved by falling jump in the log of the place, `limit` or more."""
    parts = [_jumping_rows(before, after, cluster, limit) for cluster in moved]
    if not parts:
        return []
    row = np.concatenate([part[0] for part in parts])
    jump = np.concatenate([np.abs(np.log(part[1]) - np.log(part[2])) for part in parts])
    clusters = after.cluster[row]
    shift = np.abs(after.cluster_score[clusters] - before.cluster_score[clusters])
    return list(row[np.lexsort((row, -shift, -jump))].tolist())


def _jumping_rows(
    before: Ranking, after: Ranking, cluster: int, limit: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows of a cluster among which its `limit` largest jumps are, with both places of each."""
    old, new = before.begins_at(cluster), after.begins_at(cluster)
    rows = after.cut.rows_of(cluster)
    plain = before.tie_break is None and after.tie_break is None
    if plain and old is not None and new is not None:
        # it moved as one, by so many places: the better the place, the larger the jump
        inside = np.arange(min(rows.size, 2 * limit))
        return rows[: inside.size], old + inside, new + inside
    return rows, before.places_of_cluster(cluster), after.places_of_cluster(cluster)


def _rankings_without_each_change(
    changes: Sequence[LabelChange],
    before: Ranking,
    after: Ranking,
    labels_before: Labels,
    labels_after: Labels,
    tree: WardTree | None,
    tie_break_of: Callable[[Labels], npt.ArrayLike] | None,
) -> list[Ranking]:
    if len(changes) == 1:
        return [before]
    if not changes or tree is None:
        return []
    undone = [_undo(change, labels_before, labels_after) for change in changes]
    return [
        rank(
            tree,
            labels,
            after.method,
            **after.parameters,
            tie_break=None if tie_break_of is None else tie_break_of(labels),
        )
        for labels in undone
    ]


def _movement(
    row: int,
    before: Ranking,
    after: Ranking,
    changes: Sequence[LabelChange],
    undone: Sequence[Ranking],
) -> Movement:
    shift = after.score_of(row) - before.score_of(row)
    old, new = before.place_of(row), after.place_of(row)
    cause, place_without = None, None
    if undone:
        # how much of the movement each change is responsible for, in the movement's direction
        sign = np.sign(shift) if shift else np.sign(old - new)
        share = [sign * (after.score_of(row) - other.score_of(row)) for other in undone]
        best = int(np.argmax(share))
        if share[best] > 0.0 or len(undone) == 1:
            cause = changes[best]
            place_without = undone[best].place_of(row)
    name = after.name(row)
    expectation = _expectation(row, before, after)
    reason = _reason(row, after, cause) if changes else ""
    sentence = f"{name} {_step(old, new)}" + (f" ({expectation})" if expectation else "")
    if reason:
        sentence += f"{'; ' if cause is None else ' '}{reason}"
    if cause is not None and len(changes) > 1:
        sentence += f"; without that change it would stand at {place_without}"
    return Movement(
        row=int(row),
        name=name,
        place_before=old,
        place_after=new,
        score_before=before.score_of(row),
        score_after=after.score_of(row),
        cause=cause,
        place_without_cause=place_without,
        expectation=expectation,
        reason=reason,
        sentence=f"{sentence}.",
    )


_ROLES = {2: "its cluster holds a good conductor", 1: "it is next to one that does", 0: "neither"}


def _step(old: int, new: int) -> str:
    if old == new:
        return f"stayed at place {old}"
    return f"{'rose' if new < old else 'fell'} from place {old} to {new}"


def _expectation(row: int, before: Ranking, after: Ranking) -> str:
    was, now = before.score_of(row), after.score_of(row)
    if after.method == "tree-mean":
        return f"expected conductivity {_sigma(was)} -> {_sigma(now)}"
    return f"{_ROLES[int(was)]} -> {_ROLES[int(now)]}" if was != now else ""


def _reason(row: int, after: Ranking, cause: LabelChange | None) -> str:
    if cause is None:
        return "no single changed label explains it"
    where = {"added": "to", "removed": "from", "revised": "on"}[cause.kind]
    if cause.row == row:
        which = "this very structure"
    elif after.cluster[cause.row] == after.cluster[row]:
        which = f"{after.name(cause.row)}, which is in the same cluster"
    else:
        which = f"{after.name(cause.row)}, in another cluster"
    return f"because {cause.describe()} {where} {which}"


def _summary(
    changes: Sequence[LabelChange],
    after: Ranking,
    n_moved: int,
    entered: tuple[int, ...],
    left: tuple[int, ...],
    top: int,
) -> str:
    if not changes:
        return "No label changed; the ranking is as it was."
    text = f"{_count(len(changes), 'label')} changed; the score of {_count(n_moved, 'structure')}"
    text += f" changed noticeably, {len(entered)} entered the top {top} and {len(left)} left it"
    if entered:
        names = ", ".join(after.name(row) for row in entered[:3])
        text += f" (new: {names}{', ...' if len(entered) > 3 else ''})"
    return text + "."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
