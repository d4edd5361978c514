"""What to measure next, after a ranking; and how that changed since an earlier one."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlmodel import col

from db.tables import Label, LabelEvent, Structure
from labkit.errors import UsageError
from labkit.workflows.describing import PoolTree
from labkit.workflows.lab import Lab
from labkit.workflows.screening_labels import LabelOnStructure
from screening.candidate_funnel import FunnelLimits
from screening.propose import Proposal, propose
from screening.rank import Labels, Ranking

__all__ = [
    "Known",
    "known_to_lab",
    "plain_formula",
    "proposals_changed",
    "proposals_of",
    "proposals_since",
]

_NOTICED_DECADES = 0.05


@dataclass(frozen=True)
class Known:
    """What a laboratory knows beside the tree.

    Attributes
    ----------
    formulas : sequence of str
        Reduced formula of each structure of the pool.
    measured : collection of str
        Reduced formulas of the accepted labels that no structure of the pool was found for.
    own : collection of str
        Names of the labels that rest on measurements of this laboratory.
    checked : collection of str
        Names of the labels that a second person has read.
    e_above_hull_eV, band_gap_eV : ndarray, shape (structures,)
        Of each structure of the pool; not a number where unknown.
    """

    formulas: Sequence[str]
    measured: Collection[str]
    own: Collection[str]
    checked: Collection[str] = ()
    e_above_hull_eV: NDArray[np.float64] | None = None
    band_gap_eV: NDArray[np.float64] | None = None


def known_to_lab(lab: Lab, pool: PoolTree, found: Sequence[LabelOnStructure]) -> Known:
    """Read what was measured, here and elsewhere.

    Parameters
    ----------
    lab : Lab
    pool : PoolTree
    found : sequence of LabelOnStructure
        The labels that a ranking is made with.
    """
    structures = sa.select(
        col(Structure.material_id),
        col(Structure.reduced_formula),
        col(Structure.e_above_hull_eV),
        col(Structure.band_gap_eV),
    )
    labels = sa.select(
        col(Label.id), col(Label.reduced_formula), col(Label.analysis_id).is_not(None)
    ).where(col(Label.state) == "accepted")
    read = sa.select(col(LabelEvent.label_id)).where(col(LabelEvent.action) == "second-read")
    with lab.database.reading() as session:
        connection = session.connection()
        stored = {row[0]: row[1:] for row in connection.execute(structures)}
        rows = connection.execute(labels).all()
        checked = set(connection.execute(read).scalars())
    own = {label_id for label_id, _, measured_here in rows if measured_here}
    placed = {label.label_id for label in found}
    unknown = (None, None, None)
    return Known(
        formulas=[
            stored.get(name, unknown)[0] or formula
            for name, formula in zip(pool.ids, pool.formulas, strict=True)
        ],
        measured={formula for label_id, formula, _ in rows if formula and label_id not in placed},
        own={label.name for label in found if label.label_id in own},
        checked={label.name for label in found if label.label_id in checked},
        e_above_hull_eV=np.array([stored.get(name, unknown)[1] for name in pool.ids], dtype=float),
        band_gap_eV=np.array([stored.get(name, unknown)[2] for name in pool.ids], dtype=float),
    )


def proposals_of(
    pool: PoolTree,
    labels: Labels,
    ranking: Ranking,
    count: int,
    target_S_per_cm: float,
    known: Known | None = None,
    limits: FunnelLimits | None = None,
) -> list[dict[str, Any]]:
    """Return the next measurements to make, each with its reason.

    What is known to lie too far above the hull, or to have too small a gap, is not proposed.

    Parameters
    ----------
    pool : PoolTree
    labels : Labels
    ranking : Ranking
        Made with these labels.
    count : int
    target_S_per_cm : float
        Conductivity that is worth beating.
    known : Known, optional
        From `known_to_lab`; without it only the labels at hand count as measured.
    limits : FunnelLimits, optional
        Energy above the hull and band gap, those of the published candidates by default.

    Raises
    ------
    UsageError
        When the ranking gives no expected conductivity, or the target is not positive.
    """
    if ranking.method != "tree-mean":
        raise UsageError("--propose needs expected conductivities: rank with --method tree-mean")
    if not target_S_per_cm > 0.0:
        raise UsageError(f"a target of {target_S_per_cm} S/cm: give a positive conductivity")
    known = known or Known(pool.formulas, (), ())
    found = propose(
        pool.tree,
        labels,
        ranking,
        count,
        target_log_sigma=math.log10(target_S_per_cm),
        formulas=known.formulas,
        compounds={row: plain_formula(pool.formulas[row]) for row in set(labels.index.tolist())},
        measured_formulas=known.measured,
        own=known.own,
        checked=known.checked,
        unfit=_unfit(known, limits or FunnelLimits()),
    )
    return [_row(pool, proposal, known) for proposal in found]


def _unfit(known: Known, limits: FunnelLimits) -> NDArray[np.bool_] | None:
    """Which structures are known to be too unstable or to conduct electrons."""
    hull, gap = known.e_above_hull_eV, known.band_gap_eV
    if hull is None or gap is None:
        return None
    # comparisons with "not a number" are false: what is unknown may be proposed
    return np.asarray((hull > limits.e_above_hull_eV) | (gap < limits.band_gap_eV))


def _row(pool: PoolTree, proposal: Proposal, known: Known) -> dict[str, Any]:
    row = {
        "structure": pool.ids[proposal.row],
        "formula": plain_formula(pool.formulas[proposal.row]),
        **proposal.to_dict(),
    }
    if proposal.kind == "measure":
        row["reason"] += _computed(proposal.row, known)
    return row


def _computed(row: int, known: Known) -> str:
    """Say what is computed of stability and band gap, if anything is."""
    told = []
    if known.e_above_hull_eV is not None and np.isfinite(known.e_above_hull_eV[row]):
        told.append(f"{1e3 * known.e_above_hull_eV[row]:.0f} meV/atom above the hull")
    if known.band_gap_eV is not None and np.isfinite(known.band_gap_eV[row]):
        told.append(f"a band gap of {known.band_gap_eV[row]:.1f} eV")
    return f"; computed: {', '.join(told)}" if told else ""


def plain_formula(formula: str) -> str:
    """Write whole numbers without decimals: ``Li20Ge1.32P4S24``."""
    return re.sub(r"(?<=\d)\.0+(?!\d)", "", formula)


def proposals_changed(
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    *,
    pool: PoolTree,
    earlier: Ranking,
    ranking: Ranking,
    earlier_labels: Labels,
    labels: Labels,
) -> dict[str, list[str]]:
    """Say in sentences which proposals are new and which went, and why.

    Parameters
    ----------
    before, after : list of dict
        From `proposals_of`.
    pool : PoolTree
    earlier, ranking : Ranking
        Those that they were made from.
    earlier_labels, labels : Labels
        Those that the rankings were made with.

    Returns
    -------
    dict
        ``new`` and ``gone``.
    """

    def why(row: dict[str, Any]) -> str:
        return _why_changed(
            row, pool, earlier=earlier, ranking=ranking, known=earlier_labels, labels=labels
        )

    return proposals_since(before, after, why=why)


def proposals_since(
    before: list[dict[str, Any]], after: list[dict[str, Any]], *, why: Any = lambda _: ""
) -> dict[str, list[str]]:
    """Say in sentences which proposals are new and which went.

    Returns
    -------
    dict
        ``new`` with the reason of each, ``gone`` with what was expected of each.
    """
    old = {_key(row): row for row in before}
    new = {_key(row): row for row in after}
    return {
        "new": [_words(row) + why(row) for key, row in new.items() if key not in old],
        "gone": [_words(row) + why(row) for key, row in old.items() if key not in new],
    }


def _why_changed(
    row: dict[str, Any],
    pool: PoolTree,
    *,
    earlier: Ranking,
    ranking: Ranking,
    known: Labels,
    labels: Labels,
) -> str:
    """Name what changed for one proposal: its own label, its expectation, or the others'."""
    place = pool.rows[row["structure"]]
    changed = set(zip(known.names, known.log_sigma.tolist())) ^ set(
        zip(labels.names, labels.log_sigma.tolist())
    )
    names = sorted({name for name, _ in changed})
    told = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if row["kind"] == "repeat":
        if row["label"] in names:
            return f": the label {'is new' if row['label'] in labels.names else 'was withdrawn'}"
        cluster = ranking.cluster[place]
        around = {
            name
            for which in (known, labels)
            for name, index in zip(which.names, which.index.tolist())
            if name in names and ranking.cluster[index] == cluster
        }
        if around:
            return f": {', '.join(sorted(around))} changed in its cluster"
        return ": only its place among the repeats changed"
    mine = [n for n, i in zip(labels.names, labels.index.tolist()) if i == place and n in names]
    if mine:
        return f": it has been measured ({mine[0]})"
    was, now = float(earlier.score[place]), float(ranking.score[place])
    if abs(now - was) > _NOTICED_DECADES:
        return f": {10.0**was:.1e} S/cm was expected before {told}, {10.0**now:.1e} S/cm after"
    return ": its own expectation is unchanged, others moved past it or made room"


def _words(row: dict[str, Any]) -> str:
    if row["kind"] == "repeat":
        return f"the repeat of label {row['label']} on {row['structure']}"
    return f"{row['structure']} {row['formula']}"


def _key(row: dict[str, Any]) -> tuple[str, str, str | None]:
    return row["kind"], row["structure"], row["label"]
