"""Commands about the lab folder as a whole: init, report, backup, restore, doctor."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_json, print_table

__all__ = ["backup", "doctor", "init", "report", "restore"]


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
    short_help="Write an HTML report of the lab, a batch or a ranking.",
    epilog="Example: labkit --lab mylab report --batch 2026-11 --output batch.html",
)
@click.option("--batch", default=None, metavar="NAME", help="Report this batch.")
@click.option("--ranking", default=None, metavar="ID", help="Report this ranking: R2, or 'last'.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The HTML file to write (default: in the lab folder, named after what it reports).",
)
@json_option
@click.pass_obj
def report(
    lab_path: Path, batch: str | None, ranking: str | None, output: Path | None, as_json: bool
) -> None:
    """Write a self-contained HTML report; the browser's print makes a PDF of it.

    Of a batch: pellets, what a publication still lacks, every conductivity, spectra, Arrhenius,
    diffraction, labels, hashes. Of a ranking: labels, what moved and why, candidates, proposals.
    Without either: the lab as a whole.
    """
    from labkit.workflows import reporting
    from labkit.workflows.lab import open_lab

    if batch is not None and ranking is not None:
        raise click.UsageError("one report at a time: --batch or --ranking")
    lab = open_lab(lab_path)
    if batch is not None:
        path = reporting.write_batch_report(lab, batch, output)
    elif ranking is not None:
        path = reporting.write_ranking_report(lab, ranking, output)
    else:
        path = reporting.write_lab_report(lab, output)
    if as_json:
        print_json({"report": str(path)})
    else:
        click.echo(f"report: {path}")


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
