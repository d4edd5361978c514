"""``labkit watch``: import files as they appear."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_error
from labkit.wording import celsius

__all__ = ["watch"]


@click.command(
    short_help="Import files of a folder as they appear.",
    epilog="Example: labkit watch --pellet LPSCl-1 --settle 10 /data/eclab/today",
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--pellet", default=None, help="Name of the pellet that is being measured.")
@click.option("--temperature", default=None, help="Sample temperature, such as 25C.")
@click.option(
    "--settle",
    "settle_s",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    help="Seconds without a change after which a file counts as complete.",
)
@click.option("--once", is_flag=True, help="Handle the files that are there, then stop.")
@json_option
@click.pass_obj
def watch(
    lab_path: Path,
    folder: Path,
    pellet: str | None,
    temperature: str | None,
    settle_s: float,
    once: bool,
    as_json: bool,
) -> None:
    """Import raw files as they appear in a folder and are complete; Ctrl-C stops.

    With --json one line of JSON is printed per file.
    """
    import orjson

    from labkit.workflows.lab import open_lab
    from labkit.workflows.watching import watch_folder

    lab = open_lab(lab_path)
    lab.database.require_writable()
    reports = watch_folder(
        lab,
        folder,
        pellet=pellet,
        temperature=temperature,
        settle_s=settle_s,
        once=once,
        tell=print_error,
    )
    click.echo(f"watching {folder}; Ctrl-C stops", err=True)
    for report in reports:
        for refused in report["refused"]:
            print_error(refused["error"])
        if as_json:
            click.echo(orjson.dumps(report, default=str).decode())
            continue
        for file in report["files"]:
            for sweep in file["sweeps"]:
                sigma = sweep["sigma_S_per_cm"]
                told = "no conductivity" if sigma is None else f"sigma = {sigma:.4g} S/cm"
                told = f"{celsius(sweep['temperature_K'])}, {told}"
                click.echo(f"{file['name']}: {sweep['measurement']}, {told}, {sweep['verdict']}")
            for warning in file["warnings"]:
                click.echo(f"note: {file['name']}: {warning}")
