"""``labkit screen neb-job`` and ``neb-read``: a band by Quantum ESPRESSO, elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json

__all__ = ["images_option", "neb_job", "neb_read", "show_band", "width_option"]


#: options of a band, whatever computes its energies
images_option = click.option(
    "--images",
    "n_images",
    type=click.IntRange(min=3),
    default=7,
    show_default=True,
    help="Images of the band, end points included.",
)
width_option = click.option(
    "--width",
    "least_width_angstrom",
    type=click.FloatRange(min=4.0),
    default=10.0,
    show_default=True,
    help="Least width of the supercell in angstrom.",
)


@click.command(
    "neb-job",
    epilog="Example: labkit screen neb-job mp-5614 --pseudopotentials upf --folder Li3BS3-job",
)
@click.argument("structure")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="New folder for the job.",
)
@click.option(
    "--pseudopotentials",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder with one .UPF file of each element; they are copied into the job.",
)
@click.option("--ion", default="Li", show_default=True, help="Element that hops into a vacancy.")
@click.option(
    "--dimension",
    type=click.IntRange(1, 3),
    default=1,
    show_default=True,
    help="Take the hop that connects the crystal in so many dimensions.",
)
@images_option
@width_option
@click.option(
    "--force",
    "force_eV_per_angstrom",
    type=click.FloatRange(min=0.001),
    default=0.05,
    show_default=True,
    help="Largest force left on the band, in eV/angstrom.",
)
@click.option(
    "--cutoffs",
    "cutoffs_Ry",
    type=(click.FloatRange(min=1.0), click.FloatRange(min=4.0)),
    default=None,
    help="Cut-offs in Ry for wave functions and density (default: what the .UPF files recommend).",
)
@click.option(
    "--kpoints",
    type=(click.IntRange(min=1),) * 3,
    default=None,
    help="k-points along the three axes (default: 20 angstrom divided by the length).",
)
@click.option(
    "--charge",
    type=click.IntRange(-4, 4),
    default=0,
    show_default=True,
    help="Charge of the cell in e: 0 takes a neutral atom out, -1 a Li+ ion.",
)
@click.option("--tasks", type=click.IntRange(min=1), default=16, show_default=True, help="For MPI.")
@click.option("--slurm", is_flag=True, help="Start the job script with lines for SLURM.")
@json_option
@click.pass_obj
def neb_job(
    lab_path: Path,
    structure: str,
    folder: Path,
    pseudopotentials: Path,
    ion: str,
    dimension: int,
    n_images: int,
    least_width_angstrom: float,
    force_eV_per_angstrom: float,
    cutoffs_Ry: tuple[float, float] | None,
    kpoints: tuple[int, int, int] | None,
    charge: int,
    tasks: int,
    slurm: bool,
    as_json: bool,
) -> None:
    """Write a folder for Quantum ESPRESSO: the limiting hop of STRUCTURE, an id or a .cif file."""
    from labkit.workflows.espresso_bands import write_espresso_job
    from screening.espresso_job import EspressoSettings

    wfc, rho = cutoffs_Ry or (None, None)
    result = write_espresso_job(
        lab_path,
        structure,
        folder,
        pseudopotentials,
        EspressoSettings(
            wfc_cutoff_Ry=wfc,
            rho_cutoff_Ry=rho,
            kpoints=kpoints,
            charge=charge,
            force_eV_per_angstrom=force_eV_per_angstrom,
            tasks=tasks,
            slurm=slurm,
        ),
        ion=ion,
        dimension=dimension,
        n_images=n_images,
        least_width_angstrom=least_width_angstrom,
    )
    if as_json:
        print_json(result)
        return
    grid = " x ".join(str(n) for n in result["kpoints"])
    click.echo(
        f"{result['folder']}: {result['title']}, hop of {result['origin']['hop_angstrom']:.2f} "
        f"angstrom, {result['atoms']} atoms, {result['electrons']:g} electrons, "
        f"{result['images']} images"
    )
    click.echo(
        f"cut-offs {result['ecutwfc_Ry']:g} and {result['ecutrho_Ry']:g} Ry, k-points {grid}"
    )
    click.echo(f"start it with {'sbatch job.sh' if slurm else './job.sh'}; README.md says how")


@click.command("neb-read", epilog="Example: labkit screen neb-read Li3BS3-job --plot band.png")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the energy along the band to this file.",
)
@json_option
@click.pass_obj
def neb_read(lab_path: Path, folder: Path, plot: Path | None, as_json: bool) -> None:
    """Read the band of a job FOLDER back and keep it in the lab."""
    from labkit.workflows.espresso_bands import read_espresso_band

    result = read_espresso_band(lab_path, folder, plot=plot)
    if as_json:
        print_json(result)
        return
    show_band(result, plot)


def show_band(result: dict[str, Any], plot: Path | None) -> None:
    """Print a band, from whatever engine, in a few lines."""
    if "percolating_barrier_eV" in result:
        click.echo(
            f"{result['structure']} {result['formula']}: {result['percolating_barrier_eV']:.3f} eV "
            f"to cross the crystal in {result['dimension']} dimension(s), "
            f"over {len(result['hops'])} kind(s) of hop; the one that limits:"
        )
    state = "converged" if result["converged"] else "not converged"
    click.echo(
        f"{result['structure']} {result['formula']}: {result['barrier_eV']:.3f} eV forward, "
        f"{result['reverse_barrier_eV']:.3f} eV back ({result['engine']}, {state}, "
        f"{result['max_force_eV_per_angstrom']:.3f} eV/angstrom left)"
    )
    click.echo(
        f"hop of {result['hop_angstrom']:.2f} angstrom in {result['atoms']} atoms, "
        f"BVSE {result['bvse_barrier_eV']:.3f} eV; {result['seconds']:.0f} s"
    )
    for message in result["messages"]:
        click.echo(f"to review: {message}")
    if result["analysis"] is not None:
        click.echo(f"kept as {result['analysis']}")
    if plot is not None:
        click.echo(f"figure: {plot}")
