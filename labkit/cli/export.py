"""``labkit export``: tables, spectra and Arrhenius points in files for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json

__all__ = ["export"]

_WHAT = ["labels", "measurements", "literature", "spectra", "arrhenius"]


@click.command(
    short_help="Write tables, spectra or Arrhenius points to CSV, Excel or JSON.",
    epilog="Example: labkit --lab mylab export spectra --measurement M1 --output M1.csv",
)
@click.argument("what", type=click.Choice(_WHAT))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The file to write: .csv, .xlsx or .json. For spectra also a folder: a CSV file each.",
)
@click.option(
    "--measurement",
    "measurements",
    multiple=True,
    metavar="ID",
    help="With spectra: this one (M1); may be repeated. All of the lab by default.",
)
@click.option(
    "--pellet",
    "pellets",
    multiple=True,
    metavar="NAME",
    help="With spectra and arrhenius: those of this pellet; may be repeated.",
)
@json_option
@click.pass_obj
def export(
    lab_path: Path,
    what: str,
    output: Path,
    measurements: tuple[str, ...],
    pellets: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write labels, measurements, literature rows, spectra or Arrhenius points to a file."""
    from labkit.workflows.exporting import export_table
    from labkit.workflows.exporting_series import export_arrhenius, export_spectra
    from labkit.workflows.lab import open_lab

    if measurements and what != "spectra":
        raise click.UsageError("--measurement belongs to spectra")
    if pellets and what not in ("spectra", "arrhenius"):
        raise click.UsageError("--pellet belongs to spectra and arrhenius")
    lab = open_lab(lab_path)
    if what == "spectra":
        written = export_spectra(lab, output, measurements=measurements, pellets=pellets)
        if as_json:
            print_json(written)
        else:
            spectra = "1 spectrum" if written["spectra"] == 1 else f"{written['spectra']} spectra"
            click.echo(f"{spectra}, {written['rows']} points written to {output}")
        return
    left_out: list[str] = []
    if what == "arrhenius":
        written = export_arrhenius(lab, output, pellets)
        rows, left_out = written["rows"], written["left_out"]
    else:
        rows = export_table(lab, what, output)
    if as_json:
        print_json(
            {"file": str(output), "rows": rows} | ({"left_out": left_out} if left_out else {})
        )
        return
    click.echo(f"{rows} {'row' if rows == 1 else 'rows'} written to {output}")
    for line in left_out:
        click.echo(f"note: {line}")
