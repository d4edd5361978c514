"""``labkit import``: raw files in, conductivities out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_error, print_json, print_table, progress_bar
from labkit.wording import celsius, conductivity_of, resistance, resistance_of

__all__ = ["import_"]


@click.command(
    "import",
    short_help="Raw files in, conductivities out.",
    epilog="Example: labkit import --pellet LPSCl-1 --temperature 25C cell_C01.mpr",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@click.option("--pellet", default=None, help="Name of the pellet that was measured.")
@click.option(
    "--temperature", default=None, help="Sample temperature, such as 25C or --temperature=-25C."
)
@click.option(
    "--table",
    "sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="A sheet (CSV or .xlsx) with the columns file, pellet, temperature.",
)
@click.option(
    "--columns",
    default=None,
    metavar="TEXT",
    help="Columns of a plain table: \"f=Frequency (Hz), re=Z', im=-Z''\"; remembered by the lab.",
)
@click.option(
    "--circuit",
    default=None,
    metavar="auto|TEXT",
    help="Fit an equivalent circuit to every sweep as well, or let the data choose.",
)
@click.option(
    "--short",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="A spectrum of the shorted cell, subtracted from every sweep.",
)
@json_option
@click.pass_obj
def import_(
    lab_path: Path,
    paths: tuple[Path, ...],
    pellet: str | None,
    temperature: str | None,
    sheet: Path | None,
    columns: str | None,
    circuit: str | None,
    short: Path | None,
    as_json: bool,
) -> None:
    """Import raw files or folders: store, extrapolate the blocking tail, compute sigma.

    A file that was imported before adds nothing. A bad file is refused in one line and the
    rest go on; the exit code then is 1.
    """
    from labkit.workflows.importing import import_paths
    from labkit.workflows.lab import open_lab

    with progress_bar("import") as progress:
        report = import_paths(
            open_lab(lab_path),
            paths,
            pellet=pellet,
            temperature=temperature,
            sheet=sheet,
            columns=columns,
            circuit=circuit,
            short=short,
            progress=progress,
        )
    if as_json:
        print_json(report)
    else:
        _show(report)
    for refused in report["refused"]:
        print_error(refused["error"])
    if report["refused"]:
        raise SystemExit(1)


_ROWS_SHOWN = 60


def _show(report: dict[str, Any]) -> None:
    rows = [
        (
            sweep["measurement"],
            file["name"],
            sweep["sweep"],
            _temperature(sweep["temperature_K"], sweep["temperature_source"]),
            resistance_of(sweep),
            conductivity_of(sweep, unit=""),
            sweep["verdict"],
            ", ".join([*_set_aside(sweep), *sweep["reasons"]]),
        )
        for file in report["files"]
        for sweep in file["sweeps"]
    ]
    if rows:
        print_table(
            ["id", "file", "sweep", "T", "R", "sigma (S/cm)", "verdict", "reasons"],
            rows[:_ROWS_SHOWN],
        )
        if len(rows) > _ROWS_SHOWN:
            click.echo(f"and {len(rows) - _ROWS_SHOWN} more ('labkit export measurements')")
        click.echo("each value ± its random ± its systematic standard error")
    _show_circuits(report)
    for file in report["files"]:
        for transient in file["transients"]:
            click.echo(
                f"{transient['measurement']}: {file['name']}, {transient['technique']} transient; "
                f"'labkit dc {transient['measurement']}' gives the electronic conductivity"
            )
    click.echo(report["summary"])
    said: dict[str, list[str]] = {}
    for file in report["files"]:
        for warning in file["warnings"]:
            said.setdefault(warning, []).append(file["name"])
    for warning, names in said.items():
        others = f" and {len(names) - 3} more" if len(names) > 3 else ""
        click.echo(f"note: {', '.join(names[:3])}{others}: {warning}")
    for note in report["notes"]:
        click.echo(f"note: {note}")
    _show_sheet_to_fill_in(report["without_temperature"])


def _show_sheet_to_fill_in(files: list[tuple[str, str | None]]) -> None:
    """Print a sheet for files of unknown temperature; one file alone needs none."""
    from labkit.workflows.condition_sheet import sheet_to_fill_in

    if len(files) < 2:
        return
    click.echo(
        f"{len(files)} files have no temperature. Write it behind these lines, such as 25C, save "
        "them as sheet.csv, and import again with --table sheet.csv:"
    )
    click.echo(sheet_to_fill_in(files), nl=False)


def _show_circuits(report: dict[str, Any]) -> None:
    rows = [
        (
            sweep["measurement"],
            fitted["circuit"] or "",
            "" if fitted["resistance_ohm"] is None else resistance(fitted["resistance_ohm"]),
            fitted["verdict"],
            ", ".join(fitted["reasons"]),
        )
        for file in report["files"]
        for sweep in file["sweeps"]
        if (fitted := sweep.get("circuit")) is not None
    ]
    if rows:
        print_table(["id", "circuit", "R", "verdict", "reasons"], rows)


def _set_aside(sweep: dict[str, Any]) -> list[str]:
    because = sweep["set_aside_because"]
    return [] if because is None else [f"set aside ({because})"]


def _temperature(temperature_K: float | None, source: str | None) -> str:
    return "unknown" if temperature_K is None else f"{celsius(temperature_K)} ({source})"
