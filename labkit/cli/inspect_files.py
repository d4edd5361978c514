"""``labkit inspect``: what a raw file holds."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_error, print_json, print_table

__all__ = ["inspect"]


@click.command(
    short_help="What raw files hold, without importing.",
    epilog="Example: labkit inspect PEIS_pellet3_25C_C01.mpr",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def inspect(files: tuple[Path, ...], as_json: bool) -> None:
    """Show what raw files hold: instrument, technique, sweeps, ranges, metadata, hashes."""
    from labkit.workflows.inspecting import inspect_files

    results = inspect_files(files)
    refused = [result for result in results if "error" in result]
    if as_json:
        print_json(results)
    else:
        for result in results:
            _show(result)
    for result in refused:
        print_error(str(result["error"]))
    if refused:
        raise SystemExit(1)


def _show(result: dict[str, object]) -> None:
    if "error" in result:
        return
    click.echo(f"{result['file']}: {result['format']}, sha256 {str(result['sha256'])[:12]}")
    records = result["records"]
    assert isinstance(records, list)
    print_table(
        ["sweep", "technique", "instrument", "software", "points", "range", "started", "data hash"],
        [
            (
                record.get("sweep"),
                record.get("technique"),
                record.get("instrument"),
                record.get("software"),
                record["points"],
                record["range"],
                record.get("started_at"),
                str(record.get("data_hash") or "")[:12],
            )
            for record in records
        ],
    )
    warnings = result["warnings"]
    assert isinstance(warnings, list)
    for warning in warnings:
        click.echo(f"note: {warning}")
