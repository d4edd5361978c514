"""``labkit screen phonon``: clusters of phonon densities of states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table, progress_bar

__all__ = ["phonon"]

_METHODS = ("hierarchical", "k-means", "spectral")


@click.command(epilog="Example: labkit screen phonon --feature centre-ion --plots figures")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option(
    "--table/--no-table",
    "with_table",
    default=True,
    show_default=True,
    help="Use the public table of 782 lithium compounds.",
)
@click.option(
    "--feature",
    "features",
    multiple=True,
    metavar="NAME",
    help="A feature set such as centre-ion, or several joined by + (default: all); repeatable.",
)
@click.option("--method", "methods", type=click.Choice(_METHODS), multiple=True)
@click.option(
    "--up-to",
    "k_max",
    type=click.IntRange(2, 50),
    default=10,
    show_default=True,
    help="Largest number of clusters.",
)
@click.option(
    "--cut",
    "cut_THz",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="Modes below so many THz count as soft.",
)
@click.option(
    "--temperature",
    "temperature_K",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    help="Kelvin, for free energy and heat capacity.",
)
@click.option("--drop-unstable", is_flag=True, help="Leave out crystals that have imaginary modes.")
@click.option(
    "--labels",
    type=click.Choice(["published", "lab"]),
    default="published",
    show_default=True,
    help="Whose conductivities: those of the public file, or the accepted labels of the lab.",
)
@click.option(
    "--permutations",
    type=click.IntRange(min=20),
    default=2000,
    show_default=True,
    help="Permuted label sets.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Draw the figures into this folder.",
)
@click.option(
    "--plot-feature",
    default=None,
    metavar="NAME",
    help="Feature set of the figures (default: the one with the lowest W_sigma).",
)
@click.option(
    "--recompute",
    is_flag=True,
    help="Only compute the densities of the raw phonopy runs again and compare with the table.",
)
@json_option
@click.pass_obj
def phonon(
    lab_path: Path,
    files: tuple[Path, ...],
    with_table: bool,
    features: tuple[str, ...],
    methods: tuple[str, ...],
    k_max: int,
    cut_THz: float,
    temperature_K: float,
    drop_unstable: bool,
    labels: str,
    permutations: int,
    seed: int,
    plots: Path | None,
    plot_feature: str | None,
    recompute: bool,
    as_json: bool,
) -> None:
    """Cluster materials by their phonon densities of states; test what the clusters know.

    FILE is a density of states (phonopy's total_dos.dat, a Materials Project document, a table) or
    a phonopy run (a folder or an archive with FORCE_SETS).
    """
    from labkit.workflows.phonon_clusters import compare_with_table, study_phonons
    from labkit.workflows.phonon_data import PhononRequest

    if recompute:
        with progress_bar("phonopy runs") as progress:
            rows = compare_with_table(progress=progress)
        _show_recomputed(rows, as_json)
        return
    from labkit.workflows.lab import open_lab
    from screening.phonon.features import FEATURES, FeatureOptions

    request = PhononRequest(
        files=files,
        with_table=with_table,
        features=features or tuple(FEATURES),
        methods=methods or _METHODS,
        k_max=k_max,
        drop_unstable=drop_unstable,
        options=FeatureOptions(cut_THz=cut_THz, temperature_K=temperature_K),
        repeats=permutations,
        seed=seed,
    )
    lab = open_lab(lab_path) if labels == "lab" else None
    with progress_bar("cluster") as progress:
        study = study_phonons(request, lab=lab, progress=progress)
    report = study.report
    if plots is not None:
        from labkit.workflows.phonon_figures import draw_phonon_figures

        ranked = (report["representations"] or {}).get("table") or [
            {"features": request.features[0]}
        ]
        drawn = draw_phonon_figures(study, plots, plot_feature or ranked[0]["features"])
        report["figures"] = [str(path) for path in drawn]
    if as_json:
        print_json(report)
        return
    _show(report)


def _show_recomputed(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    print_table(
        ["material", "formula", "beside", "cosine total", "cosine Li", "lowest THz", "highest THz"],
        [
            (
                row["material"],
                row["formula"],
                row["compared_with"],
                _number(row["cosine_total"], 6),
                _number(row["cosine_li"], 6),
                f"{row['lowest_THz']:.3f}",
                f"{row['highest_THz']:.3f}",
            )
            for row in rows
        ],
        title=f"densities of states of {len(rows)} phonopy runs, computed again",
    )


def _show(report: dict[str, Any]) -> None:
    click.echo(
        f"{report['materials']} materials; {report['unstable']} have imaginary modes "
        f"({'left out' if report['unstable_dropped'] else 'those modes are set aside'}); "
        f"{report['beyond_grid']} have modes above the end of the grid"
    )
    for one in report["own_files"]:
        values = one["features"] or {}
        click.echo(
            f"{one['source']}: {one['material']} {one['formula']}, {one['modes']:.1f} modes, "
            f"{one['imaginary_share']:.1%} imaginary, band centre "
            f"{values.get('centre-total', float('nan')):.2f} THz "
            f"(ion {values.get('centre-ion', float('nan')):.2f})"
        )
    print_table(
        ["features", "method", "clusters", "silhouette", "by variance", "sizes", "sigma p",
         "barrier p", "diffusivity p"],
        [
            (
                row["features"],
                row["method"],
                row["best_by_silhouette"],
                f"{row['silhouette']:.2f}",
                row["best_by_variance"],
                " ".join(str(size) for size in row["sizes"]),
                *(_p(row[target]) for target in ("sigma", "bvse", "diffusivity")),
            )
            for row in report["clusters"]
        ],
        title="clusters; p corrected for all rows (Holm)",
    )  # fmt: skip
    _show_separation(report["feature_separation"])
    _show_representations(report["representations"])
    for path in report.get("figures", []):
        click.echo(f"figure: {path}")


def _show_separation(separation: dict[str, Any] | None) -> None:
    if separation is None:
        click.echo("fewer than four conductivities: no feature was tested")
        return
    more = {row["feature"]: row for row in separation.get("with_authors_rows", [])}
    print_table(
        ["feature", "Spearman", "AUC", "p", "p corrected", "with authors' rows", "p corrected"],
        [
            (
                row["feature"],
                f"{row['spearman']:+.2f}",
                _number(row["auc"], 2),
                f"{row['p']:.4f}",
                "control" if row["p_corrected"] is None else f"{row['p_corrected']:.4f}",
                _number((more.get(row["feature"]) or {}).get("spearman"), 2),
                _number((more.get(row["feature"]) or {}).get("p_corrected"), 4),
            )
            for row in separation["table"]
        ],
        title=f"single numbers against {separation['labels']} conductivities "
        f"({separation['labels_with_authors_rows']} with rows of the authors' file); conductors "
        f"from {separation['conductor_from_S_per_cm']:g} S/cm",
    )


def _show_representations(found: dict[str, Any] | None) -> None:
    if found is None:
        return
    print_table(
        ["features", "mean W", "permuted", "W at 10", "p corrected"],
        [
            (
                row["features"],
                f"{row['mean_w']:.0f}",
                f"{row['permuted_mean_w']:.0f}",
                f"{row['w_10']:.0f}",
                f"{row['p_corrected']:.3f}",
            )
            for row in found["table"]
        ],
        title=f"W_sigma over depths {found['depths'][0]} to {found['depths'][1]}: W(1) "
        f"{found['w_1']:.0f}, random assignment {found['random_mean_w']:.0f}, "
        f"{found['labels']} labels",
    )


def _p(test: dict[str, Any] | None) -> str:
    return "" if test is None else f"{test['p_corrected']:.3f}"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
