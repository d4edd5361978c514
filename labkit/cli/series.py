"""``labkit arrhenius``: activation energy of a temperature series."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json, print_table

__all__ = ["arrhenius"]


@click.command(epilog="Example: labkit arrhenius LPSCl-1 --plot arrhenius.png")
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--convention",
    type=click.Choice(["sigma-T", "sigma"]),
    default="sigma-T",
    show_default=True,
    help="Fit ln(sigma T) or ln(sigma) against 1/T; the choice is stored with Ea.",
)
@click.option(
    "--include-review", is_flag=True, help="Use measurements whose verdict is 'review' as well."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the Arrhenius plot to this file (.png, .svg, .pdf).",
)
@json_option
@click.pass_obj
def arrhenius(
    lab_path: Path,
    names: tuple[str, ...],
    convention: str,
    include_review: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Fit Arrhenius over the accepted conductivities of pellets; sigma at 25 C with its error."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.temperature_series import draw_series, fit_series

    lab = open_lab(lab_path)
    results = [
        fit_series(lab, name, convention=convention, include_review=include_review)
        for name in names
    ]
    if plot is not None:
        draw_series(lab, results, plot)
    if as_json:
        print_json(results[0] if len(results) == 1 else results)
        return
    print_table(
        ["pellet", "analysis", "Ea (eV)", "sigma 25 C (S/cm)", "points", "range (C)", "verdict"],
        [
            (
                row["pellet"],
                row["analysis"],
                f"{row['ea_eV']:.4f} +- {row['ea_se_eV']:.4f}",
                f"{row['sigma25_S_per_cm']:.3g} "
                f"[{row['sigma25_interval95_S_per_cm'][0]:.2g}, "
                f"{row['sigma25_interval95_S_per_cm'][1]:.2g}]"
                + (" extrapolated" if row["sigma25_extrapolated"] else ""),
                row["n_points"],
                " - ".join(f"{kelvin - 273.15:.4g}" for kelvin in row["temperature_range_K"]),
                f"{row['verdict']} {', '.join(row['reasons'])}",
            )
            for row in results
        ],
    )
    for row in results:
        for left_out in row["left_out"]:
            click.echo(f"note: {row['pellet']}: {left_out}")
    if plot is not None:
        click.echo(f"figure: {plot}")
