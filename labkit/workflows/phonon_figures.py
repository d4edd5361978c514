"""The figures of a phonon study, drawn into a folder."""

# ruff: noqa: ARG001  (every drawing takes the same arguments)

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labkit.errors import UsageError
from labkit.workflows.analysing import save_whole_figure
from labkit.workflows.phonon_clusters import PhononStudy
from labkit.workflows.phonon_data import CONDUCTOR_LOG_SIGMA
from screening.phonon.clustering import Clusterings

__all__ = ["draw_phonon_figures"]


def draw_phonon_figures(study: PhononStudy, folder: Path, features: str) -> list[Path]:
    """Draw all figures; those of single clusterings for one feature set.

    Parameters
    ----------
    study : PhononStudy
    folder : Path
        Made if it is missing.
    features : str
        A feature set of the study.

    Raises
    ------
    UsageError
        When the study has no such feature set.
    """
    methods = [method for name, method in study.clusterings if name == features]
    if not methods:
        known = ", ".join(study.features)
        raise UsageError(f"no feature set {features!r} was clustered; choose among {known}")
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {method: study.clusterings[features, method] for method in methods}
    drawn = {
        "cluster-counts": (_counts, (6.0, 1.2 + 0.28 * len(study.features))),
        "silhouette-curves": (_curves, (5.2, 3.8)),
        "silhouettes": (_silhouettes, (3.6 * len(methods), 4.0)),
        "plane": (_planes, (4.4 * len(methods), 4.2)),
        "mean-densities": (_densities, (9.0, 3.8)),
        "against": (_against, (10.0, 3.6)),
    }
    paths = []
    for name, (draw, size) in drawn.items():
        paths.append(folder / f"phonon-{name}.png")
        save_whole_figure(
            paths[-1], lambda figure, draw=draw: draw(figure, study, features, chosen),
            size_inch=size,
        )  # fmt: skip
    tree = chosen.get("hierarchical")
    if tree is not None:
        paths.append(folder / "phonon-tree.png")
        save_whole_figure(
            paths[-1], lambda figure: _tree(figure, study, tree), size_inch=(8.0, 5.0)
        )
    return paths


def _labelled(study: PhononStudy) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    known = study.known.log_sigma
    rows = [row for row, name in enumerate(study.stack.ids) if name in known]
    values = [known[study.stack.ids[row]] for row in rows]
    return np.array(rows, dtype=np.int64), np.array(values)


def _main(chosen: Mapping[str, Clusterings]) -> tuple[str, Clusterings]:
    method = "hierarchical" if "hierarchical" in chosen else next(iter(chosen))
    return method, chosen[method]


def _counts(
    figure: Any, study: PhononStudy, features: str, chosen: Mapping[str, Clusterings]
) -> None:
    from labkit.plots.phonon import plot_best_counts

    best = {
        method: [study.clusterings[name, method].best_by_silhouette for name in study.features]
        for method in chosen
    }
    silhouette = [
        [study.clusterings[name, method].mean_silhouette[best[method][row]] for method in chosen]
        for row, name in enumerate(study.features)
    ]
    plot_best_counts(figure.add_subplot(), list(study.features), best, silhouette)


def _curves(
    figure: Any, study: PhononStudy, features: str, chosen: Mapping[str, Clusterings]
) -> None:
    from labkit.plots.phonon import plot_silhouette_curve

    curves = {method: found.mean_silhouette for method, found in chosen.items()}
    plot_silhouette_curve(figure.add_subplot(), curves, title=features)


def _silhouettes(
    figure: Any, study: PhononStudy, features: str, chosen: Mapping[str, Clusterings]
) -> None:
    from labkit.plots.phonon import plot_silhouettes

    for axes, (method, found) in zip(_row(figure, len(chosen)), chosen.items(), strict=True):
        k = found.best_by_silhouette
        plot_silhouettes(axes, found.silhouettes[k], found.labels[k], title=f"{features}, {method}")


def _planes(
    figure: Any, study: PhononStudy, features: str, chosen: Mapping[str, Clusterings]
) -> None:
    from labkit.plots.phonon import plot_cluster_plane

    values = study.features[features].values
    if values.shape[1] == 1:
        plane = np.column_stack([study.features[features].raw[:, 0], _centre_of_ion(study)])
        names = (study.features[features].columns[0], f"band centre {study.stack.ion_name} (THz)")
    else:
        left, singular, _ = np.linalg.svd(values, full_matrices=False)
        share = singular**2 / (singular**2).sum()
        plane = left[:, :2] * singular[:2]
        names = (f"component 1 ({share[0]:.0%})", f"component 2 ({share[1]:.0%})")
    rows, log_sigma = _labelled(study)
    for axes, (method, found) in zip(_row(figure, len(chosen)), chosen.items(), strict=True):
        plot_cluster_plane(
            axes,
            plane,
            found.labels[found.best_by_silhouette],
            labelled_rows=rows,
            conducts=log_sigma >= CONDUCTOR_LOG_SIGMA,
            axis_names=names,
            title=f"{features}, {method}",
        )


def _centre_of_ion(study: PhononStudy) -> npt.NDArray[np.float64]:
    stack = study.stack
    return np.asarray(stack.ion @ stack.frequency_THz * stack.step_THz)


def _densities(
    figure: Any, study: PhononStudy, features: str, chosen: Mapping[str, Clusterings]
) -> None:
    from labkit.plots.phonon import plot_mean_densities

    _, found = _main(chosen)
    labels = found.labels[found.best_by_silhouette]
    stack = study.stack
    left, right = _row(figure, 2)
    plot_mean_densities(left, stack.frequency_THz, stack.total, labels, name="all atoms")
    plot_mean_densities(right, stack.frequency_THz, stack.ion, labels, name=stack.ion_name)


def _against(
    figure: Any, study: PhononStudy, features: str, chosen: Mapping[str, Clusterings]
) -> None:
    from labkit.plots.phonon import plot_cluster_values

    method, found = _main(chosen)
    labels = found.labels[found.best_by_silhouette]
    tests = next(
        row
        for row in study.report["clusters"]
        if row["features"] == features and row["method"] == method
    )
    targets = (
        ("sigma", study.known.log_sigma, r"$\log_{10}(\sigma$ / S cm$^{-1})$"),
        ("bvse", study.known.bvse_eV, "BVSE barrier (eV)"),
        ("diffusivity", study.known.log_diffusivity, r"$\log_{10}(D$ / cm$^2$ s$^{-1})$ at 800 K"),
    )
    for axes, (target, values, name) in zip(_row(figure, 3), targets, strict=True):
        rows = np.array([r for r, one in enumerate(study.stack.ids) if one in values], np.int64)
        if rows.size == 0:
            axes.set_axis_off()
            continue
        test = tests[target]
        note = "" if test is None else f"{rows.size} materials, p = {test['p']:.2g}"
        shown = np.array([values[study.stack.ids[row]] for row in rows])
        plot_cluster_values(axes, labels[rows], shown, name=name, note=note)
        if target == "bvse":
            axes.set_ylim(0.0, float(np.percentile(shown, 97)))


def _tree(figure: Any, study: PhononStudy, found: Clusterings) -> None:
    from labkit.plots.phonon import plot_phonon_tree

    assert found.linkage is not None
    rows, log_sigma = _labelled(study)
    plot_phonon_tree(
        figure,
        found.linkage,
        found.labels[found.best_by_silhouette],
        labelled_rows=rows,
        log_sigma=log_sigma,
    )


def _row(figure: Any, n: int) -> list[Any]:
    return list(figure.subplots(1, n, squeeze=False)[0])
