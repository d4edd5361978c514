"""What phonon features know of conductivities: permutation tests, and W_sigma of their trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.workflows.phonon_data import (
    CONDUCTOR_LOG_SIGMA,
    FEWEST_LABELS,
    Known,
    PhononRequest,
    authors_densities,
)
from screening.nulltest import (
    adjusted_p_values,
    permutation_null,
    random_assignment_control,
)
from screening.phonon.dos import DosStack, stack_of
from screening.phonon.features import SCALARS, Features, scalar_table
from screening.phonon.separation import feature_separation
from screening.tree import WardTree
from screening.variance import w_sigma_curve

__all__ = ["compare_feature_trees", "rows_with", "separate_features"]

_DEEPEST = 50
_CONTROLS = ("control mean atomic mass", "control atoms in the cell", "control lithium fraction")


def rows_with(ids: Sequence[str], values: Mapping[str, float]) -> npt.NDArray[np.int64]:
    """Return the rows whose material has a value."""
    return np.array([row for row, name in enumerate(ids) if name in values], dtype=np.int64)


def separate_features(
    stack: DosStack, known: Known, request: PhononRequest, *, published: bool
) -> dict[str, Any] | None:
    """Test every single number against the conductivities, with and without authors' rows.

    Parameters
    ----------
    stack : DosStack
    known : Known
    request : PhononRequest
    published : bool
        Whether the conductivities are the published ones: then the labelled materials that the
        table lacks are taken from the authors' own file in a second test.

    Returns
    -------
    dict or None
        None with fewer than four labels.
    """
    rows = rows_with(stack.ids, known.log_sigma)
    if rows.size < FEWEST_LABELS:
        return None
    values, names = scalar_table(stack, request.options, tuple(SCALARS))
    ids = [stack.ids[row] for row in rows]
    formulas = dict(zip(stack.ids, stack.formulas, strict=True))
    tests = {"table": _test(values[rows], names, ids, formulas, known, request)}
    missing = set(known.log_sigma) - set(stack.ids)
    if published and request.with_table and missing:
        extra = stack_of(authors_densities(missing))
        both = np.vstack([values[rows], scalar_table(extra, request.options, names)[0]])
        formulas |= dict(zip(extra.ids, extra.formulas, strict=True))
        tests["with_authors_rows"] = _test(
            both, names, [*ids, *extra.ids], formulas, known, request
        )
    return {
        "labels": len(ids),
        "labels_with_authors_rows": len(ids) + (len(missing) if len(tests) > 1 else 0),
        "conductor_from_S_per_cm": 10**CONDUCTOR_LOG_SIGMA,
        **tests,
    }


def _test(
    values: npt.NDArray[np.float64],
    names: list[str],
    ids: Sequence[str],
    formulas: Mapping[str, str],
    known: Known,
    request: PhononRequest,
) -> list[dict[str, Any]]:
    found = feature_separation(
        values,
        names,
        [known.log_sigma[name] for name in ids],
        threshold=CONDUCTOR_LOG_SIGMA,
        blocks=[known.formulas[name] for name in ids],
        repeats=request.repeats,
        seed=request.seed,
    )
    controls = feature_separation(
        _controls([formulas[name] for name in ids]),
        _CONTROLS,
        [known.log_sigma[name] for name in ids],
        threshold=CONDUCTOR_LOG_SIGMA,
        blocks=[known.formulas[name] for name in ids],
        repeats=request.repeats,
        seed=request.seed,
    )
    rows = [
        {
            "feature": one.name,
            "spearman": one.spearman,
            "auc": one.auc,
            "p": one.p,
            "p_corrected": None if one.name in _CONTROLS else one.p_corrected,
        }
        for one in [*found, *controls]
    ]
    return sorted(rows, key=lambda row: -abs(float(row["spearman"] or 0.0)))


def _controls(formulas: Sequence[str]) -> npt.NDArray[np.float64]:
    """Numbers that know no phonon, shape (m, 3)."""
    from pymatgen.core import Composition

    found = [Composition(formula) for formula in formulas]
    return np.array(
        [
            [one.weight / one.num_atoms, one.num_atoms, one.get_atomic_fraction("Li")]
            for one in found
        ]
    )


def compare_feature_trees(
    stack: DosStack, known: Known, features: Mapping[str, Features], request: PhononRequest
) -> dict[str, Any] | None:
    """Return W_sigma of the Ward tree of every feature set beside its nulls.

    The p of a feature set is corrected for having looked at all, over depths 2 to 50.

    Parameters
    ----------
    stack : DosStack
    known : Known
    features : mapping of str to Features
    request : PhononRequest

    Returns
    -------
    dict or None
        None with fewer than four labels.
    """
    rows = rows_with(stack.ids, known.log_sigma)
    if rows.size < FEWEST_LABELS:
        return None
    depth = min(_DEEPEST, len(stack.ids) - 1)
    log_sigma = np.array([known.log_sigma[stack.ids[row]] for row in rows])
    blocks = [known.formulas[stack.ids[row]] for row in rows]
    judged = list(range(2, depth + 1))
    random = random_assignment_control(log_sigma, k_max=depth)
    curves, nulls = [], []
    for feature in features.values():
        tree = WardTree().fit(feature.values, max_k=depth)
        curves.append(w_sigma_curve(tree.membership_, rows, log_sigma, k_max=depth))
        nulls.append(
            permutation_null(
                tree.membership_,
                rows,
                log_sigma,
                blocks=blocks,
                repeats=min(request.repeats, 500),
                k_max=depth,
                seed=request.seed,
            )
        )
    p = adjusted_p_values(curves, nulls, depths=judged)
    columns = [k - 1 for k in judged]
    table = [
        {
            "features": name,
            "mean_w": float(curve[columns].mean()),
            "permuted_mean_w": float(null.mean[columns].mean()),
            "w_10": float(curve[min(10, depth) - 1]),
            "p_corrected": float(one),
        }
        for name, curve, null, one in zip(features, curves, nulls, p, strict=True)
    ]
    return {
        "labels": int(rows.size),
        "depths": [2, depth],
        "w_1": float(curves[0][0]),
        "random_mean_w": float(random.mean[columns].mean()),
        "table": sorted(table, key=lambda row: float(row["mean_w"])),
    }
