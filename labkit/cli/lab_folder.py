"""Commands about the lab folder as a whole: init, report, export, backup, doctor."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json, print_table

__all__ = ["backup", "doctor", "export", "init", "report"]


@click.command(epilog="Example: labkit --lab mylab init")
@json_option
@click.pass_obj
def init(lab_path: Path, as_json: bool) -> None:
    """Create the lab folder and load the literature set (1346 rows)."""
    from labkit.workflows.setting_up import initialise

    result = initialise(lab_path)
    if as_json:
        print_json(result)
        return
    click.echo(f"lab folder: {result['lab']}")
    if result["literature_rows"]:
        click.echo(
            f"literature: {result['literature_rows']} rows kept as printed, "
            f"{result['literature_bounds']} of them bounds, "
            f"{result['literature_review']} with something for a person to look at "
            "(labkit label conflicts)"
        )
    else:
        click.echo(f"literature: not loaded: {result['literature_message']}")


@click.command(epilog="Example: labkit --lab mylab report --output lab.html")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The HTML file to write (default: report.html in the lab folder).",
)
@json_option
@click.pass_obj
def report(lab_path: Path, output: Path | None, as_json: bool) -> None:
    """Write a self-contained HTML report of the lab: measurements, fits, labels, ranking."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.reporting import write_lab_report

    path = write_lab_report(open_lab(lab_path), output)
    if as_json:
        print_json({"report": str(path)})
    else:
        click.echo(f"report: {path}")


@click.command(epilog="Example: labkit --lab mylab export --output labels.csv labels")
@click.argument("what", type=click.Choice(["labels", "measurements", "literature"]))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write; .csv or .json.",
)
@json_option
@click.pass_obj
def export(lab_path: Path, what: str, output: Path, as_json: bool) -> None:
    """Write labels, measurements or literature rows to a CSV or JSON file."""
    from labkit.workflows.exporting import export_table
    from labkit.workflows.lab import open_lab

    rows = export_table(open_lab(lab_path), what, output)
    if as_json:
        print_json({"file": str(output), "rows": rows})
    else:
        click.echo(f"{rows} rows written to {output}")


@click.command(epilog="Example: labkit --lab mylab backup mylab-2026-11-20.zip")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def backup(lab_path: Path, target: Path, as_json: bool) -> None:
    """Write database, raw files and settings of the lab to one zip file."""
    from labkit.workflows.keeping import back_up
    from labkit.workflows.lab import open_lab

    result = back_up(open_lab(lab_path), target)
    if as_json:
        print_json(result)
    else:
        click.echo(f"{result['files']} files written to {result['backup']}")


@click.command(epilog="Example: labkit --lab mylab doctor")
@json_option
@click.pass_obj
def doctor(lab_path: Path, as_json: bool) -> None:
    """Check that the lab is whole: database, foreign keys, every raw file against its hash."""
    from labkit.workflows.keeping import examine
    from labkit.workflows.lab import open_lab

    result = examine(open_lab(lab_path))
    if as_json:
        print_json(result)
    else:
        print_table(
            ["check", "result", "found"],
            [(row["check"], row["result"], row["found"]) for row in result["checks"]],
        )
    if not result["healthy"]:
        raise SystemExit(1)
