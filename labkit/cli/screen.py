"""``labkit screen``: describe and cluster the pool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labkit.cli import screen_backtest, screen_candidates, screen_compare
from labkit.cli.machine_options import machine_options
from labkit.cli.output import json_option, print_error, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from labkit.workflows.machines import Machines

__all__ = ["screen"]

# so many structures that failed are named on the screen
_NAMED_FAILURES = 10
MODES = ("structure", "A", "AM", "CAN", "CAMN", "A40", "AM40", "CAN40", "CAMN40")


@click.group(short_help="Describe, cluster and score the structures.")
def screen() -> None:
    """Screening: representations of the structures and their cluster tree."""


@screen.command(epilog="Example: labkit screen describe --descriptor soap --mode CAN")
@click.option("--descriptor", default="soap", show_default=True, help="A name, or all.")
@click.option("--mode", type=click.Choice((*MODES, "all")), default="CAN", show_default=True)
@click.option(
    "--orderings",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Describe disordered structures by the mean over so many random orderings.",
)
@machine_options
@json_option
@click.pass_obj
def describe(
    lab_path: Path,
    descriptor: str,
    mode: str,
    orderings: int,
    machines: Machines,
    as_json: bool,
) -> None:
    """Compute the representation of every structure; goes on where it stopped.

    Several are computed in one pass, which does what they share once: --descriptor all --mode all.
    """
    if "all" in (descriptor, mode):
        _describe_all(lab_path, descriptor, mode, orderings, machines, as_json=as_json)
        return
    from labkit.workflows.describing import describe_pool
    from labkit.workflows.lab import open_lab

    with progress_bar(f"{descriptor} {mode}") as progress:
        result = describe_pool(
            open_lab(lab_path),
            descriptor=descriptor,
            mode=mode,
            orderings=orderings,
            machines=machines,
            progress=progress,
        )
    summary = result.summary()
    if as_json:
        print_json(summary)
        return
    click.echo(
        f"{summary['described']} of {summary['structures']} structures described "
        f"({summary['length']} numbers each), {summary['failed']} failed"
    )
    if summary["charges"]:
        labelled = summary["charges_of_labelled"]
        print_table(
            ["charges by", "structures", "labelled ones"],
            [(name, n, labelled.get(name, 0)) for name, n in summary["charges"].items()],
        )
    if summary["failures_by_code"]:
        print_table(["failure", "structures"], list(summary["failures_by_code"].items()))
        for failure in summary["failures"][:_NAMED_FAILURES]:
            click.echo(f"{failure['code']}: {failure['message']}")
        if len(summary["failures"]) > _NAMED_FAILURES:
            click.echo("--json names all that failed")


def _describe_all(
    lab_path: Path,
    descriptor: str,
    mode: str,
    orderings: int,
    machines: Machines,
    *,
    as_json: bool,
) -> None:
    from labkit.workflows.describing_all import describe_all
    from labkit.workflows.lab import open_lab

    if orderings:
        raise click.UsageError("--orderings goes with one descriptor and one mode")
    with progress_bar(f"{descriptor} {mode}") as progress:
        found = describe_all(
            open_lab(lab_path),
            descriptor_name=descriptor,
            mode=mode,
            machines=machines,
            progress=progress,
        )
    if as_json:
        print_json(found)
        return
    print_table(
        ["descriptor", "mode", "described", "numbers", "failed"],
        [
            (
                row["descriptor"],
                row["mode"],
                row["described"],
                row["length"],
                ", ".join(f"{n} {code}" for code, n in row["failures_by_code"].items()),
            )
            for row in found["representations"]
        ],
        title=f"{found['structures']} structures, {len(found['representations'])} representations",
    )
    for message in found["left_out"].values():
        print_error(f"left out: {message}")


@screen.command(epilog="Example: labkit screen cluster --plot w_sigma.png")
@click.option("--descriptor", default="soap", show_default=True)
@click.option("--mode", type=click.Choice(MODES), default="CAN", show_default=True)
@click.option(
    "--label",
    "labels",
    type=click.Choice(["conductivity", "barrier"]),
    default="conductivity",
    show_default=True,
    help="Score with accepted conductivities, or with published migration barriers (W_Ea).",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw W_sigma against the number of clusters to this file.",
)
@json_option
@click.pass_obj
def cluster(
    lab_path: Path, descriptor: str, mode: str, labels: str, plot: Path | None, as_json: bool
) -> None:
    """Build the Ward tree and score it: W_sigma over depth beside a random assignment."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.scoring import score_tree

    with progress_bar(f"{descriptor} {mode}") as progress:
        result = score_tree(
            open_lab(lab_path),
            descriptor=descriptor,
            mode=mode,
            labels=labels,
            progress=progress,
            plot=plot,
        )
    if as_json:
        print_json(result)
        return
    print_table(
        ["clusters", result["quantity"], "random assignment", "z"],
        [
            (row["k"], f"{row['w_sigma']:.1f}", f"{row['random_mean']:.1f}", f"{row['z']:.2f}")
            for row in result["table"]
        ],
        title=f"{result['labels']} of {result['structures']} structures carry a label",
    )
    if plot is not None:
        click.echo(f"figure: {plot}")


@screen.command(epilog="Example: labkit screen slurm cluster/ --scheduler tcp://login1:8786")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--scheduler",
    default="tcp://localhost:8786",
    show_default=True,
    help="Where the workers will find 'dask scheduler'.",
)
@json_option
@click.pass_obj
def slurm(lab_path: Path, folder: Path, scheduler: str, as_json: bool) -> None:
    """Write the job script of a SLURM worker, from [slurm] in lab.toml."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.machines import write_slurm_files

    written = write_slurm_files(folder, open_lab(lab_path).settings.slurm, scheduler)
    if as_json:
        print_json([str(path) for path in written])
        return
    for path in written:
        click.echo(f"written: {path}")
    click.echo(
        f"run 'dask scheduler' at {scheduler}, submit {written[0].name} as often as you like,"
    )
    click.echo(f"then: labkit screen describe --dask {scheduler}")


screen.add_command(screen_compare.compare)
screen.add_command(screen_compare.null)
screen.add_command(screen_backtest.backtest)
screen.add_command(screen_candidates.candidates)
