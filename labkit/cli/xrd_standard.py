"""``labkit xrd standard``: what a certified powder says of the diffractometer."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json, print_table

__all__ = ["standard"]


@click.command(epilog="Example: labkit xrd standard --name d8 --standard LaB6 LaB6_today.raw")
@click.argument("pattern")
@click.option("--name", required=True, help="Name of the diffractometer, for refine --instrument.")
@click.option(
    "--standard",
    "standard_name",
    required=True,
    help="LaB6, Si, or one SRM: LaB6-660b, LaB6-660c, Si-640c, Si-640d, Si-640e, Si-640g.",
)
@click.option("--wavelength", default=None, help="Radiation, where the file does not say it.")
@click.option(
    "--range",
    "two_theta_range",
    type=(float, float),
    default=None,
    help="First and last 2-theta in degrees.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Draw the fit."
)
@json_option
@click.pass_obj
def standard(
    lab_path: Path,
    pattern: str,
    name: str,
    standard_name: str,
    wavelength: str | None,
    two_theta_range: tuple[float, float] | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Refine a standard with its certified cell and store the instrument's parameters.

    Zero, axial divergence and the profile are kept under NAME with where they come from; 'labkit
    xrd refine --instrument NAME' uses them.
    """
    from labkit.workflows.instrument_profiles import measure_standard
    from labkit.workflows.lab import open_lab
    from labkit.workflows.pattern_files import SeriesItem
    from labkit.workflows.refinement_figures import draw_fit
    from labkit.xrd.radiation import parse_wavelength
    from labkit.xrd.standards import standard_named

    known = standard_named(standard_name)
    radiation = None if wavelength is None else parse_wavelength(wavelength)
    report, result = measure_standard(
        open_lab(lab_path),
        name,
        SeriesItem(pattern),
        known,
        radiation=radiation,
        two_theta_range=two_theta_range,
    )
    if plot is not None:
        draw_fit(plot, result, label=report["file"])
    if as_json:
        print_json(report)
        return
    click.echo(
        f"instrument {name}, {report['analysis']}: {known.name} with a = {known.a_angstrom:.6f} Å "
        f"({known.source}), Rwp {100 * report['r_wp']:.2f} %, GOF {report['gof']:.2f}"
    )
    esds = report["instrument_esds"]
    print_table(
        ("parameter", "value", "esd"),
        [
            (key, f"{value:.6f}", "" if esds[key] is None else f"{esds[key]:.6f}")
            for key, value in report["instrument"].items()
        ],
    )
    click.echo(f"verdict: {report['verdict']}")
    for message in report["messages"]:
        click.echo(f"  {message}")
    if plot is not None:
        click.echo(f"figure: {plot}")
