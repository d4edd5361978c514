"""``labkit screen barrier``: migration barriers from bond valence site energies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table

__all__ = ["barrier"]


@click.command(
    epilog="Example: labkit screen barrier mp-985592 --figure landscape.png --cube landscape.cube"
)
@click.argument("structure")
@click.option("--ion", default="Li", show_default=True, help="Element of the mobile ion.")
@click.option(
    "--spacing",
    "spacing_angstrom",
    type=click.FloatRange(min=0.02, max=1.0),
    default=None,
    help="Distance of the grid points in angstrom (default: 0.2; 0.1 with --faithful).",
)
@click.option(
    "--faithful",
    is_flag=True,
    help="Repeat the published calculation of Laskowski et al. 2023, peculiarities included.",
)
@click.option(
    "--parameters",
    "parameter_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="CSV file of interaction parameters to use instead of softBV's.",
)
@click.option(
    "--path",
    "path_dimension",
    type=click.IntRange(1, 3),
    default=None,
    help="Add the path that connects the crystal in so many dimensions.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the energy along the path to this file.",
)
@click.option(
    "--cube",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write the energy landscape to this cube file, for VESTA.",
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw isosurfaces at the barriers, the path and its profile: .png, or .html to turn.",
)
@json_option
@click.pass_obj
def barrier(
    lab_path: Path,
    structure: str,
    ion: str,
    spacing_angstrom: float | None,
    faithful: bool,
    parameter_file: Path | None,
    path_dimension: int | None,
    plot: Path | None,
    cube: Path | None,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Compute the 1-D, 2-D and 3-D migration barriers of STRUCTURE, an id or a .cif file."""
    from labkit.workflows.barriers import BarrierRequest, barriers_of_structure

    result = barriers_of_structure(
        lab_path,
        structure,
        BarrierRequest(ion, spacing_angstrom, faithful, parameter_file),
        path_dimension=path_dimension,
        plot=plot,
        cube=cube,
        figure=figure,
    )
    if as_json:
        print_json(result)
        return
    _show(result, plot)


def _show(result: dict[str, Any], plot: Path | None) -> None:
    print_table(
        ["directions", "barrier (eV above the lowest site of the crystal)"],
        [(dimension, _energy(result[f"barrier_{dimension}d_eV"])) for dimension in (1, 2, 3)],
        title=f"{result['structure']} {result['formula']}: {result['mobile_ion']}, "
        f"grid {' x '.join(str(n) for n in result['grid'])}"
        + (", as published" if result["faithful"] else ""),
    )
    click.echo(f"charges by: {result['charges']}; parameters: {result['parameters']}")
    if "path" in result:
        from labkit.plots.barrier import NOTABLE_EV

        path = result["path"]
        click.echo(
            f"path: {path['length_angstrom'][-1]:.1f} angstrom to the image at "
            f"{path['winding']}, {len(path['passes'])} passes, highest {path['barrier_eV']:.3f} eV "
            "above the lowest site of the crystal"
        )
        if path["lowest_eV"] >= NOTABLE_EV:
            click.echo(
                f"the path's own lowest site lies at {path['lowest_eV']:.3f} eV, and from there it "
                f"rises {path['barrier_above_own_lowest_eV']:.3f} eV; the barrier counts from a "
                "lower site that this path does not visit"
            )
    if plot is not None:
        click.echo(f"figure: {plot}")
    if "figure" in result:
        click.echo(f"landscape drawn: {result['figure']}")
    if "cube" in result:
        click.echo(f"landscape: {result['cube']}")


def _energy(value: float | None) -> str:
    return "not connected" if value is None else f"{value:.3f}"
