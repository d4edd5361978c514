"""What a correction did and what is left to do, as the shell prints it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from labkit.cli.output import print_json, print_table

__all__ = ["print_correction", "why_and_who"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def why_and_who(command: _Command) -> _Command:
    """Add the options that every correction needs: why, and who."""
    because = click.option("--because", required=True, help="Why; kept for ever.")
    by = click.option("--by", default=None, help="Who does it (default: reviewer in lab.toml).")
    return because(by(command))


def print_correction(result: dict[str, Any], as_json: bool) -> None:
    """Print a correction: what changed, what was computed again, what a person has to do."""
    if as_json:
        print_json(result)
        return
    for one in result["corrections"]:
        click.echo(f"{one['of']}: {one['words']} ({one['by']}: {one['because']})")
    if result["recomputed"]:
        print_table(
            ["measurement", "was", "sigma (S/cm)", "is", "sigma (S/cm)", "verdict", "reasons"],
            [
                (
                    row["measurement"],
                    row["before"],
                    _short(row["sigma_before_S_per_cm"]),
                    row["analysis"],
                    _short(row["sigma_S_per_cm"]),
                    row["verdict"],
                    ", ".join(row["reasons"]),
                )
                for row in result["recomputed"]
            ],
        )
        click.echo("the earlier results stay beside the new ones")
    for row in result["outdated"]:
        click.echo(f"{row['analysis']} is out of date: {row['because']}; {row['what_to_do']}")
    for row in result["labels"]:
        click.echo(
            f"{row['label']} ({row['state']}) was not changed, but {row['because']}: "
            f"{row['what_to_do']}"
        )
    for note in result["notes"]:
        click.echo(f"note: {note}")


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
