"""``labkit screen neb``: barriers of hops by nudged elastic bands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labkit.cli.machine_options import machine_options
from labkit.cli.output import json_option, print_json
from labkit.cli.screen_neb_job import images_option, show_band, width_option

if TYPE_CHECKING:
    from labkit.workflows.machines import Machines

__all__ = ["neb"]


@click.command(epilog="Example: labkit screen neb mp-2530 --engine chgnet --plot band.png")
@click.argument("structures", nargs=-1, required=True, metavar="STRUCTURE...")
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
@machine_options
@json_option
@click.pass_obj
def neb(
    lab_path: Path,
    structures: tuple[str, ...],
    ion: str,
    engine: str,
    dimension: int,
    n_images: int,
    least_width_angstrom: float,
    force_eV_per_angstrom: float,
    folder: Path | None,
    plot: Path | None,
    machines: Machines,
    as_json: bool,
) -> None:
    """Compute the barrier of migration through each STRUCTURE, an id or a .cif file."""
    from labkit.workflows.analysing import save_figure
    from labkit.workflows.nudged_bands import BandRequest, bands_of_structures, draw_band

    if plot is not None and len(structures) > 1:
        raise click.UsageError("--plot draws one band: name one structure")
    results = bands_of_structures(
        lab_path,
        structures,
        BandRequest(ion, engine, dimension, n_images, least_width_angstrom, force_eV_per_angstrom),
        folder=folder,
        machines=machines,
        progress=_tell,
        counted=_count,
    )
    if plot is not None:
        (only,) = results
        title = f"{structures[0]} {only['formula']}, {ion}, {engine}"
        save_figure(plot, lambda axes: draw_band(axes, only, title))
    _show(results, plot, as_json)


def _tell(stage: str, step: int, force: float) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{stage}: step {step}, force {force:.3f} eV/angstrom   ", err=True, nl=False)


def _count(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {total} bands done{' ' * 40}", err=True, nl=done == total)


def _show(results: list[dict[str, Any]], plot: Path | None, as_json: bool) -> None:
    from labkit.errors import BatchError

    failed = [result for result in results if "error" in result]
    if failed:
        lines = "; ".join(f"{result['structure']}: {result['error']}" for result in failed)
        message = f"{len(failed)} of {len(results)} structures have no barrier: {lines}"
        if as_json:
            raise BatchError(message, {"structures": results})
    if as_json:
        print_json(results[0] if len(results) == 1 else results)
        return
    for result in results:
        if "error" not in result:
            show_band(result, plot)
    if failed:
        raise BatchError(message, {"structures": results})
