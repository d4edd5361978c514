"""``labkit dc``: electronic conductivity from a polarisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json
from labkit.wording import conductivity_of, rounded, with_errors

__all__ = ["dc"]


@click.command(
    short_help="Electronic conductivity from a polarisation.",
    epilog="Example: labkit dc M5 --voltage 0.1V --plot polarisation.png",
)
@click.argument("measurement")
@click.option("--voltage", default=None, help="The voltage step with its unit, such as 100mV.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the transient to this file (.png, .svg, .pdf).",
)
@json_option
@click.pass_obj
def dc(
    lab_path: Path, measurement: str, voltage: str | None, plot: Path | None, as_json: bool
) -> None:
    """Find the steady current of a polarisation: electronic conductivity or its upper bound."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.polarisation import examine_polarisation
    from labkit.workflows.typed_quantities import parse_voltage

    result = examine_polarisation(
        open_lab(lab_path),
        measurement,
        voltage_V=None if voltage is None else parse_voltage(voltage),
        plot=plot,
    )
    if as_json:
        print_json(result)
        return
    sign = result["qualifier"]
    click.echo(
        f"{result['measurement']}: steady current {sign} "
        f"{with_errors(result['current_A'], *_errors(result))} A "
        f"at {result['voltage_V']:.4g} V after {rounded(result['duration_s'])} s"
    )
    if "sigma_S_per_cm" in result:
        click.echo(f"electronic conductivity {conductivity_of(result)}")
    if "transference_number" in result:
        click.echo(
            f"ionic transference number {result['transference_number_qualifier']} "
            f"{result['transference_number']:.6f}"
        )
    click.echo(f"verdict: {result['verdict']}")
    for message in result["messages"]:
        click.echo(f"  {message}")
    if plot is not None:
        click.echo(f"figure: {plot}")


def _errors(result: dict[str, Any]) -> list[float]:
    """Return the errors of the current; a bound has none that would mean something."""
    bound = result["qualifier"] != "="
    return [] if bound else [result["current_random_A"], result["current_systematic_A"]]
