"""``labkit simulate``: raw files with a known truth."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json
from labkit.grammar import counted

__all__ = ["simulate"]


@click.command(
    short_help="Write simulated measurements with a known truth.",
    epilog="Example: labkit simulate --count 5 --format mpr simulated/",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--count", type=click.IntRange(min=1), default=7, show_default=True)
@click.option(
    "--format", "file_format", type=click.Choice(["mpr", "mpt"]), default="mpr", show_default=True
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--ea", "ea_eV", type=float, default=0.40, show_default=True, help="In eV.")
@click.option(
    "--sigma25", type=float, default=1e-4, show_default=True, help="Conductivity at 25 C in S/cm."
)
@click.option("--noise", type=float, default=0.003, show_default=True, help="Relative noise of Z.")
@click.option("--overwrite", is_flag=True, help="Replace files of the same names.")
@json_option
def simulate(
    folder: Path,
    count: int,
    file_format: str,
    seed: int,
    ea_eV: float,
    sigma25: float,
    noise: float,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write simulated pellet measurements as Biologic files, and the truth beside them.

    COUNT temperatures from 25 C in steps of 10 K; a truth file names what went in.
    Files that are there are never replaced unless you say --overwrite.
    """
    from labkit.workflows.simulating import simulate_temperature_series

    result = simulate_temperature_series(
        folder,
        count=count,
        file_format=file_format,
        seed=seed,
        ea_eV=ea_eV,
        sigma25_S_per_cm=sigma25,
        relative_noise=noise,
        overwrite=overwrite,
    )
    if as_json:
        print_json(result)
    else:
        click.echo(
            f"{counted(len(result['files']), 'file')} in {folder}, truth in {result['truth']}"
        )
