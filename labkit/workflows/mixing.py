"""The best representation mixed with another, at every weight that is worth trying."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.errors import UsageError
from labkit.workflows.describing import MAX_DEPTH, PoolFeatures
from labkit.workflows.lab import Lab
from labkit.workflows.representations import (
    Representation,
    features_of,
    labels_on_described,
    parse_representation,
)
from screening.mixing import SCANNED_WEIGHTS, mix
from screening.nulltest import NullCurves, adjusted_p_values, permutation_null
from screening.variance import w_sigma_curve
from screening.ward import membership_from_linkage, ward_linkage

__all__ = ["scan_mixtures"]

Progress = Callable[[int, int], None]
FloatArray = npt.NDArray[np.float64]
Membership = npt.NDArray[np.int16]

_SHOWN_DEPTHS = (2, 10, 50, 100, 200, 241, 300)
_JUDGED_FROM, _JUDGED_TO = 2, 50
_REPEATS = 500


def scan_mixtures(
    lab: Lab,
    first: str,
    second: str,
    *,
    weights: Sequence[float] = SCANNED_WEIGHTS,
    repeats: int = _REPEATS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score a representation with another beside it, scaled by one weight after the other.

    Second-order representations of Laskowski et al. (2023). Whichever weight is best was chosen
    on the labels that judge it, so its p is corrected for all weights (max-T).

    Parameters
    ----------
    lab : Lab
    first, second : str
        Representations such as ``soap:CAN`` and ``sine_coulomb:structure``.
    weights : sequence of float
        The 21 of the paper by default.
    repeats : int
        Permutations of the labels in blocks of one formula.
    progress : callable, optional
        Called with (done, total) per weight.

    Returns
    -------
    dict
        ``table`` (the first alone, then every weight) with W at some depths, mean W over depths 2
        to 50 and p; ``best``, the weight of the lowest mean; ``best_at``, that of the lowest W per
        depth.

    Raises
    ------
    UsageError
        When a mixture is mixed again, or too few structures are labelled.
    """
    one, other = parse_representation(first), parse_representation(second)
    if one.addition is not None or other.addition is not None:
        raise UsageError("only plain representations can be mixed, such as soap:CAN")
    base, added = features_of(lab, one), features_of(lab, other)
    ids, _ = mix(base.ids, base.values, added.ids, added.values, 1.0)
    labels = labels_on_described(lab, [ids])
    row_of = {name: row for row, name in enumerate(ids)}
    rows = np.array([row_of[name] for name in labels.material_ids], dtype=np.int64)
    curves: list[FloatArray] = []
    nulls: list[NullCurves] = []
    for done, weight in enumerate((None, *weights)):
        if progress is not None:
            progress(done, len(weights) + 1)
        membership = _membership(lab, one, other, base, added, ids, weight)
        curves.append(w_sigma_curve(membership, rows, labels.log_sigma, k_max=membership.shape[1]))
        nulls.append(
            permutation_null(
                membership,
                rows,
                labels.log_sigma,
                blocks=labels.formulas,
                repeats=repeats,
                k_max=membership.shape[1],
            )
        )
    depth = curves[0].size
    judged = list(range(_JUDGED_FROM, min(_JUDGED_TO, depth) + 1))
    p = adjusted_p_values(curves, nulls, depths=judged)
    table: list[dict[str, Any]] = [
        {
            "representation": one.text if weight is None else one.mixed_with(other, weight).text,
            "weight": weight,
            "mean_w": float(curve[[k - 1 for k in judged]].mean()),
            "w": {str(k): float(curve[k - 1]) for k in _SHOWN_DEPTHS if k <= depth},
            "p_corrected": float(corrected),
        }
        for weight, curve, corrected in zip((None, *weights), curves, p, strict=True)
    ]
    best = min(table, key=lambda row: float(row["mean_w"]))
    return {
        "first": one.text,
        "second": other.text,
        "structures": len(ids),
        "labels": len(labels.material_ids),
        "table": table,
        "best": best["representation"],
        "best_at": {
            str(k): min(table, key=lambda row: float(row["w"][str(k)]))["representation"]
            for k in _SHOWN_DEPTHS
            if k <= depth
        },
    }


def _membership(
    lab: Lab,
    one: Representation,
    other: Representation,
    base: PoolFeatures,
    added: PoolFeatures,
    ids: tuple[str, ...],
    weight: float | None,
) -> Membership:
    """Cut the tree of a mixture at every depth; kept, so that a stopped scan goes on.

    Without a weight it is the first representation alone, for the same structures.
    """
    digest = hashlib.sha256(f"{one.text}\n{other.text}\n{weight!r}\n{MAX_DEPTH}\n".encode())
    for part in (base.values, added.values):
        digest.update(np.ascontiguousarray(part).tobytes())
    digest.update("\n".join(ids).encode())
    path = lab.cache_folder / "mixtures" / f"{digest.hexdigest()[:24]}.npz"
    try:
        with np.load(path) as stored:
            return np.asarray(stored["membership"], dtype=np.int16)
    except (OSError, ValueError, KeyError):
        pass  # never made, or a write that was stopped
    if weight is None:
        values = base.of(ids)
    else:
        _, values = mix(base.ids, base.values, added.ids, added.values, weight)
    membership = membership_from_linkage(ward_linkage(values), MAX_DEPTH)[0]
    _save(path, membership)
    return membership


def _save(path: Path, membership: Membership) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    with partial.open("wb") as handle:
        np.savez_compressed(handle, membership=membership)
    partial.replace(path)
