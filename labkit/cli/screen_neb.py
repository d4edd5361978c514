"""``labkit screen neb``: the barrier of one hop by a nudged elastic band."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from labkit.cli.output import json_option, print_json
from labkit.cli.screen_neb_job import images_option, show_band, width_option

__all__ = ["neb"]


@click.command(epilog="Example: labkit screen neb mp-2530 --engine chgnet --plot band.png")
@click.argument("structure")
@click.option("--ion", default="Li", show_default=True, help="Element that hops into a vacancy.")
@click.option(
    "--engine",
    default="chgnet",
    show_default=True,
    help="Potential: chgnet, or any engine installed as an entry point.",
)
@click.option(
    "--dimension",
    type=click.IntRange(1, 3),
    default=1,
    show_default=True,
    help="Compute the hops that connect the crystal in so many dimensions.",
)
@images_option
@width_option
@click.option(
    "--force",
    "force_eV_per_angstrom",
    type=click.FloatRange(min=0.001),
    default=0.08,
    show_default=True,
    help="Largest force left on the band, in eV/angstrom.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Keep the work here and go on from it (default: the lab's cache).",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the energy along the band to this file.",
)
@json_option
@click.pass_obj
def neb(
    lab_path: Path,
    structure: str,
    ion: str,
    engine: str,
    dimension: int,
    n_images: int,
    least_width_angstrom: float,
    force_eV_per_angstrom: float,
    folder: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Compute the barrier of migration through STRUCTURE, an id or a .cif file."""
    from labkit.workflows.nudged_bands import band_of_structure

    def tell(stage: str, step: int, force: float) -> None:
        if sys.stderr.isatty():
            click.echo(
                f"\r{stage}: step {step}, force {force:.3f} eV/angstrom   ", err=True, nl=False
            )

    result = band_of_structure(
        lab_path,
        structure,
        ion=ion,
        engine=engine,
        dimension=dimension,
        n_images=n_images,
        least_width_angstrom=least_width_angstrom,
        force_eV_per_angstrom=force_eV_per_angstrom,
        folder=folder,
        plot=plot,
        progress=tell,
    )
    if as_json:
        print_json(result)
        return
    show_band(result, plot)
