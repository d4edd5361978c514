"""Commands about the lab folder as a whole: init, report, export, backup, restore, doctor."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json, print_table

__all__ = ["backup", "doctor", "export", "init", "report", "restore"]


@click.command(
    short_help="Create the lab folder with the literature set.",
    epilog="Example: labkit --lab mylab init",
)
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


@click.command(
    short_help="Write an HTML report of the lab.",
    epilog="Example: labkit --lab mylab report --output lab.html",
)
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


@click.command(
    short_help="Write labels or measurements to CSV or JSON.",
    epilog="Example: labkit --lab mylab export --output labels.csv labels",
)
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


@click.command(
    short_help="Copy the lab into a new folder.",
    epilog="Example: labkit --lab mylab backup /mnt/safe/mylab-2026-11-20",
)
@click.argument("target", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def backup(lab_path: Path, target: Path, as_json: bool) -> None:
    """Copy the lab, database and raw files, into a new folder; others may go on working."""
    from labkit.workflows.keeping import back_up
    from labkit.workflows.lab import open_lab

    result = back_up(open_lab(lab_path), target)
    if as_json:
        print_json(result)
    else:
        click.echo(
            f"{result['backup']}: {result['raw_files']} raw files, "
            f"{result['size_bytes'] / 1e6:.1f} MB; 'labkit --lab NEW restore' brings it back"
        )


@click.command(
    short_help="Restore a backup into a new lab folder.",
    epilog="Example: labkit --lab restored-lab restore /mnt/safe/mylab-2026-11-20",
)
@click.argument("backup_folder", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def restore(lab_path: Path, backup_folder: Path, as_json: bool) -> None:
    """Restore a backup into a lab folder that holds no lab yet."""
    from labkit.workflows.keeping import restore_lab

    result = restore_lab(backup_folder, lab_path)
    if as_json:
        print_json(result)
    else:
        click.echo(f"{result['lab']}: restored with {result['raw_files']} raw files")


@click.command(
    short_help="Check that the lab is whole.", epilog="Example: labkit --lab mylab doctor"
)
@json_option
@click.pass_obj
def doctor(lab_path: Path, as_json: bool) -> None:
    """Check that the lab is whole: database, links, raw files against their hashes, histories."""
    from labkit.workflows.keeping import examine_lab
    from labkit.workflows.lab import open_lab

    result = examine_lab(open_lab(lab_path))
    if as_json:
        print_json(result)
    elif result["healthy"]:
        click.echo("the lab is whole")
    else:
        print_table(
            ["what", "where", "found", "do"],
            [
                (row["code"], row["subject"], row["message"], row["remedy"])
                for row in result["problems"]
            ],
        )
    if not result["healthy"]:
        raise SystemExit(1)
