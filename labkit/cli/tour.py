"""``labkit tour``: the whole job on real files."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json, progress_bar

__all__ = ["tour"]


def _count_or_all(context: click.Context, parameter: click.Parameter, value: str) -> int | None:
    if value == "all":
        return None
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number < 1:
        raise click.BadParameter("a number such as 2000, or 'all'", context, parameter)
    return number


@click.command(
    short_help="The whole job in one go, on real files.",
    epilog="Example: labkit --lab tour-lab tour --structures 2000",
)
@click.option(
    "--structures",
    "n_structures",
    default="2000",
    show_default=True,
    callback=_count_or_all,
    help="About how many structures to rank, every labelled one among them; 'all' for 18,590.",
)
@json_option
@click.pass_obj
def tour(lab_path: Path, n_structures: int | None, as_json: bool) -> None:
    """Do the whole job in a lab folder: import, fit, label, rank, report.

    Without the public data sets it runs on simulated files and says so.
    """
    from labkit.workflows.tour import run_tour

    def say(line: str) -> None:
        click.echo(line, err=as_json)

    result = run_tour(lab_path, n_structures=n_structures, say=say, progress_bar=progress_bar)
    if as_json:
        print_json(result)
