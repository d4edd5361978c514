"""Materials clustered by their phonon densities of states, set against what conducts.

After the poster of Hu, Krenzer, Onwuli and Walsh: one number or arrays from the density of states,
three ways to cluster, the number of clusters by silhouette and by variance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.errors import UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.phonon_data import (
    FEWEST_LABELS,
    Known,
    PhononRequest,
    authors_densities,
    known_of_materials,
    load_densities,
    published_table,
    raw_runs,
)
from labkit.workflows.phonon_separation import (
    compare_feature_trees,
    rows_with,
    separate_features,
)
from screening.phonon.clustering import Clusterings, cluster
from screening.phonon.dos import DosStack, PhononDos, stack_of
from screening.phonon.features import (
    Features,
    features_of,
    scalar_table,
)
from screening.phonon.separation import cluster_separation

__all__ = ["PhononStudy", "compare_with_table", "study_phonons"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PhononStudy:
    """Everything computed, for the tables and the figures.

    Attributes
    ----------
    stack : DosStack
    known : Known
    features : dict of str to Features
    clusterings : dict of (feature set, method) to Clusterings
    report : dict
        JSON-ready.
    """

    stack: DosStack
    known: Known
    features: Mapping[str, Features]
    clusterings: Mapping[tuple[str, str], Clusterings]
    report: dict[str, Any]


def study_phonons(
    request: PhononRequest, *, lab: Lab | None = None, progress: Progress | None = None
) -> PhononStudy:
    """Cluster materials by every feature set and method, and test what the clusters know.

    Parameters
    ----------
    request : PhononRequest
    lab : Lab, optional
        Take conductivities from its labels instead of from the published file.
    progress : callable, optional
        Called with (done, total).

    Raises
    ------
    UsageError
        When no material is left, or too few.
    PhononDosError
        When a density of states cannot be used.
    """
    densities = load_densities(request.files, with_table=request.with_table)
    stack = stack_of(densities)
    unstable = int(stack.unstable.sum())
    if request.drop_unstable:
        stack = stack.rows(~stack.unstable)
    if len(stack.ids) <= request.k_max:
        raise UsageError(
            f"{len(stack.ids)} of {len(densities)} materials are left; clustering into "
            f"{request.k_max} needs more: add files, or keep the public table and unstable ones"
        )
    known = known_of_materials(lab, stack.ids)
    features = {name: features_of(stack, name, request.options) for name in request.features}
    clusterings: dict[tuple[str, str], Clusterings] = {}
    total = len(features) * len(request.methods)
    for name, feature in features.items():
        for method in request.methods:
            clusterings[name, method] = cluster(
                feature.values, method, k_max=request.k_max, seed=request.seed
            )
            if progress is not None:
                progress(len(clusterings), total)
    report = {
        "materials": len(stack.ids),
        "read": len(densities),
        "unstable": unstable,
        "unstable_dropped": unstable if request.drop_unstable else 0,
        "beyond_grid": _beyond_grid(densities),
        "clusters": _cluster_rows(stack, known, clusterings, request),
        "feature_separation": separate_features(stack, known, request, published=lab is None),
        "representations": compare_feature_trees(stack, known, features, request),
        "own_files": _own_files(request.files, stack, densities),
        "parameters": {
            "cut_THz": request.options.cut_THz,
            "temperature_K": request.options.temperature_K,
            "bin_THz": request.options.bin_THz,
            "k_max": request.k_max,
            "permutations": request.repeats,
            "seed": request.seed,
        },
    }
    return PhononStudy(stack, known, features, clusterings, report)


def _beyond_grid(densities: Sequence[PhononDos]) -> int:
    """Count crystals with modes above the end of their grid, which the features cannot see."""
    return sum(
        one.highest_THz is not None and bool(one.highest_THz > one.frequency_THz[-1] + one.step_THz)
        for one in densities
    )


def _cluster_rows(
    stack: DosStack,
    known: Known,
    clusterings: Mapping[tuple[str, str], Clusterings],
    request: PhononRequest,
) -> list[dict[str, Any]]:
    targets = {
        "sigma": known.log_sigma,
        "bvse": known.bvse_eV,
        "diffusivity": known.log_diffusivity,
    }
    rows = []
    for (name, method), found in clusterings.items():
        best = found.best_by_silhouette
        row: dict[str, Any] = {
            "features": name,
            "method": method,
            "best_by_silhouette": best,
            "silhouette": found.mean_silhouette[best],
            "best_by_variance": found.best_by_variance,
            "sizes": found.sizes(best),
            "mean_silhouettes": {str(k): v for k, v in found.mean_silhouette.items()},
            "within": {str(k): v for k, v in found.within.items()},
        }
        for target, values in targets.items():
            row[target] = _between(stack, found.labels[best], values, known, request)
        rows.append(row)
    for target in targets:
        _correct(rows, target)
    return rows


def _between(
    stack: DosStack,
    labels: npt.NDArray[np.int64],
    values: Mapping[str, float],
    known: Known,
    request: PhononRequest,
) -> dict[str, Any] | None:
    rows = rows_with(stack.ids, values)
    if rows.size < FEWEST_LABELS:
        return None
    names = [stack.ids[row] for row in rows]
    blocks = [known.formulas[n] for n in names] if values is known.log_sigma else None
    found = cluster_separation(
        labels[rows],
        [values[n] for n in names],
        blocks=blocks,
        repeats=request.repeats,
        seed=request.seed,
    )
    return {"between": found.between, "p": found.p, "n": found.n}


def _correct(rows: list[dict[str, Any]], target: str) -> None:
    """Add p corrected for all rows after Holm."""
    tested = sorted((row for row in rows if row[target]), key=lambda row: row[target]["p"])
    largest = 0.0
    for place, row in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - place) * row[target]["p"]))
        row[target]["p_corrected"] = largest


def _own_files(
    files: Sequence[Path], stack: DosStack, densities: Sequence[PhononDos]
) -> list[dict[str, Any]]:
    if not files:
        return []
    values, names = scalar_table(stack)
    place = {name: row for row, name in enumerate(stack.ids)}
    return [
        {
            "material": one.material_id,
            "formula": one.formula,
            "source": one.source,
            "modes": one.n_modes,
            "imaginary_share": one.imaginary_share,
            "features": dict(zip(names, values[place[one.material_id]].tolist(), strict=True))
            if one.material_id in place
            else None,
        }
        for one in densities
        if one.source != "table"
    ]


def compare_with_table(*, progress: Progress | None = None) -> list[dict[str, Any]]:
    """Compute the densities of states of the raw phonopy runs and compare them with the table.

    Returns
    -------
    list of dict
        Cosines of total and lithium-projected densities; None for a run that the table lacks,
        which is then compared with the authors' file.
    """
    from screening.phonon.force_sets import dos_from_run

    table = {one.material_id: one for one in published_table()}
    rows = []
    runs = raw_runs()
    for done, run in enumerate(runs):
        if progress is not None:
            progress(done, len(runs))
        own = dos_from_run(run)
        reference = table.get(own.material_id)
        source = "table"
        if reference is None:
            other = authors_densities([own.material_id])
            reference, source = (other[0], "authors' file") if other else (None, "none")
        rows.append(
            {
                "material": own.material_id,
                "formula": own.formula,
                "compared_with": source,
                "cosine_total": reference and _cosine(own.total, reference.total),
                "cosine_li": reference
                and _cosine(own.by_element["Li"], reference.by_element["Li"]),
                "lowest_THz": own.lowest_THz,
                "highest_THz": own.highest_THz,
            }
        )
    return rows


def _cosine(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))
