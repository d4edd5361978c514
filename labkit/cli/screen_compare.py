"""``labkit screen compare`` and ``null``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table, progress_bar

__all__ = ["REPRESENTATIONS", "compare", "null", "representations_argument"]

REPRESENTATIONS = ("soap:CAN", "rdf:CAN", "density:structure", "meredig:structure")

representations_argument = click.argument(
    "representations", nargs=-1, metavar="[DESCRIPTOR:MODE]..."
)
representation_argument = click.argument(
    "representation", default="soap:CAN", metavar="[DESCRIPTOR:MODE]"
)
repeats_option = click.option(
    "--permutations",
    type=click.IntRange(min=20),
    default=500,
    show_default=True,
    help="Permuted label sets.",
)


@click.command(epilog="Example: labkit screen compare soap:CAN density:structure --plot fig2.png")
@representations_argument
@repeats_option
@click.option("--controls/--no-controls", default=True, show_default=True)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw W_sigma over depths 2 to 50 of each to this file.",
)
@click.option(
    "--tree-plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the tree of the first and its labels to this file.",
)
@click.option(
    "--curves-plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw W_sigma over all depths of each to this file.",
)
@click.option(
    "--mix",
    metavar="DESCRIPTOR:MODE",
    default=None,
    help="Mix the best with this one, at the 21 weights of the paper (a tree each).",
)
@click.option(
    "--weight",
    "weights",
    type=click.FloatRange(min=0, min_open=True),
    multiple=True,
    help="With --mix: try this weight instead; may be repeated.",
)
@json_option
@click.pass_obj
def compare(
    lab_path: Path,
    representations: tuple[str, ...],
    permutations: int,
    controls: bool,
    plot: Path | None,
    tree_plot: Path | None,
    curves_plot: Path | None,
    mix: str | None,
    weights: tuple[float, ...],
    as_json: bool,
) -> None:
    """Compare representations by W_sigma, beside trivial controls and permuted labels.

    A mixture of two is written soap:CAN+0.001*sine_coulomb:structure.
    """
    from labkit.workflows.comparing import compare_representations, draw_cluster_tree
    from labkit.workflows.lab import open_lab

    chosen = representations or REPRESENTATIONS
    lab = open_lab(lab_path)
    with progress_bar("compare") as progress:
        result = compare_representations(
            lab,
            chosen,
            repeats=permutations,
            controls=controls,
            plot=plot,
            curves_plot=curves_plot,
            progress=progress,
        )
        if tree_plot is not None:
            result["tree"] = draw_cluster_tree(lab, tree_plot, chosen[0], progress=progress)
        if mix is not None:
            from labkit.workflows.mixing import scan_mixtures
            from screening.mixing import SCANNED_WEIGHTS

            result["mixture"] = scan_mixtures(
                lab,
                next(row["representation"] for row in result["table"] if not row["control"]),
                mix,
                weights=weights or SCANNED_WEIGHTS,
                repeats=permutations,
                progress=progress,
            )
    if as_json:
        print_json(result)
        return
    _show_comparison(result)
    if "mixture" in result:
        _show_mixture(result["mixture"])
    for path in (plot, curves_plot, tree_plot):
        if path is not None:
            click.echo(f"figure: {path}")


def _show_comparison(result: dict[str, Any]) -> None:
    depths = list(result["table"][0]["w"]) if result["table"] else []
    print_table(
        ["representation", "mean W (2-50)", *(f"W at {k}" for k in depths), "z (50)", "p"],
        [
            (
                row["representation"],
                f"{row['mean_w']:.0f}",
                *(f"{row['w'][k]:.0f}" for k in depths),
                _z(row["z_permuted"], "50"),
                f"{row['p_corrected']:.3f}",
            )
            for row in result["table"]
        ],
        title=f"{result['labels']} labels, {result['formulas']} formulas; z and p against "
        f"{result['permutations']} permutations in blocks of one formula, p corrected",
    )
    print_table(
        ["representation", "z at 50", "z at 241", "published z at 50", "published z at 241"],
        [
            (
                row["representation"],
                _z(row["z_random"], "50"),
                _z(row["z_random"], "241"),
                _z(row.get("published", {}).get("z_random", {}), "50"),
                _z(row.get("published", {}).get("z_random", {}), "241"),
            )
            for row in result["table"]
        ],
        title="against labels in random clusters, beside Laskowski et al. (2023) on their 220 "
        "labels where it was published",
    )
    if result["random_mean"] is not None:
        click.echo(f"random assignment: mean W {result['random_mean']:.0f}")
    click.echo(result["summary"])


def _z(scores: dict[str, float], depth: str) -> str:
    return f"{scores[depth]:.1f}" if depth in scores else ""


def _show_mixture(mixture: dict[str, Any]) -> None:
    depths = list(mixture["table"][0]["w"])
    print_table(
        ["weight", "mean W (2-50)", *(f"W at {k}" for k in depths), "p"],
        [
            (
                "alone" if row["weight"] is None else f"{row['weight']:g}",
                f"{row['mean_w']:.0f}",
                *(f"{row['w'][k]:.0f}" for k in depths),
                f"{row['p_corrected']:.3f}",
            )
            for row in mixture["table"]
        ],
        title=f"{mixture['first']} with {mixture['second']} beside it, on "
        f"{mixture['structures']} structures; p corrected for all weights",
    )
    click.echo(f"lowest mean W: {mixture['best']}")


@click.command(epilog="Example: labkit screen null soap:CAN --permutations 1000")
@representation_argument
@repeats_option
@json_option
@click.pass_obj
def null(lab_path: Path, representation: str, permutations: int, as_json: bool) -> None:
    """Put the W_sigma curve of one representation beside random and permuted labels."""
    from labkit.workflows.comparing import compare_with_nulls
    from labkit.workflows.lab import open_lab

    with progress_bar(representation) as progress:
        result = compare_with_nulls(
            open_lab(lab_path), representation, repeats=permutations, progress=progress
        )
    if as_json:
        print_json(result)
        return
    print_table(
        ["clusters", "W_sigma", "random", "permuted", "in blocks", "explained", "p in blocks"],
        [
            (
                row["k"],
                f"{row['w_sigma']:.1f}",
                f"{row['random_mean']:.1f}",
                f"{row['permuted_mean']:.1f}",
                f"{row['blocked_mean']:.1f}",
                f"{row['explained']:.0%}",
                f"{row['p_blocked']:.3f}",
            )
            for row in result["table"]
        ],
        title=f"{result['representation']}: {result['labels']} labels of {result['formulas']} "
        f"formulas on {result['structures']} structures",
    )
    click.echo(
        f"p over depths 2 to 50, corrected for looking at all: {result['p_over_depths']:.3f}"
    )
