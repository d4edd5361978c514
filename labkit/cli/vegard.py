"""``labkit vegard``: does the lattice follow the composition, and up to where."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json
from labkit.wording import with_errors

__all__ = ["vegard"]


@click.command(epilog="Example: labkit vegard --batch si-series --plot vegard.png")
@click.argument("series", required=False, type=click.Path(path_type=Path))
@click.option("--batch", default=None, help="Take the stored refinements of this series.")
@click.option(
    "--quantity",
    type=click.Choice(["a", "b", "c", "V"]),
    default=None,
    help="One lattice parameter; V is (V/Z)^(1/3). All by default.",
)
@click.option(
    "--end", "ends", multiple=True, help="A known end member, such as a:1=8.30+-0.01; not fitted."
)
@click.option("--x-se", type=float, default=0.0, help="Standard error of every composition.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw every lattice parameter to this file (.png, .svg, .pdf).",
)
@json_option
@click.pass_obj
def vegard(
    lab_path: Path,
    series: Path | None,
    batch: str | None,
    quantity: str | None,
    ends: tuple[str, ...],
    x_se: float,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Test Vegard's law on a CSV (x, a, a_esd ...) or on the refinements of a series."""
    from labkit.errors import UsageError
    from labkit.workflows.lab import open_lab
    from labkit.workflows.refinement_figures import draw_vegard
    from labkit.workflows.substitution_series import vegard_of_batch, vegard_of_csv

    if (series is None) == (batch is None):
        raise UsageError("name a CSV, or a series with --batch NAME")
    if batch is not None:
        report, fits = vegard_of_batch(
            open_lab(lab_path), batch, quantity=quantity, ends=ends, x_se=x_se
        )
    else:
        assert series is not None
        report, fits = vegard_of_csv(series, quantity=quantity, ends=ends, x_se=x_se)
    if plot is not None:
        draw_vegard(plot, fits)
    if as_json:
        print_json(report)
        return
    for fit in fits:
        slope = fit.slope_within_limit
        numbers = (slope.value,) if slope.se is None else (slope.value, slope.se)
        p = fit.linearity_p_value
        tested = "" if p is None else f", linearity p = {p:.2g}"
        click.echo(f"{fit.quantity}: slope {with_errors(*numbers)} Å per unit x{tested}")
    click.echo(f"verdict: {report['verdict']}")
    for message in report["messages"]:
        click.echo(f"  {message}")
    if plot is not None:
        click.echo(f"figure: {plot}")
