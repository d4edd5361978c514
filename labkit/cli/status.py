"""``labkit status``: what is in this lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table
from labkit.wording import celsius, conductivity_of, moment

__all__ = ["status"]


@click.command(short_help="What is in this lab.", epilog="Example: labkit --lab mylab status")
@click.option(
    "--newest",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="List so many of the newest impedance measurements.",
)
@json_option
@click.pass_obj
def status(lab_path: Path, newest: int, as_json: bool) -> None:
    """Count what the lab holds, and list its newest measurements."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.overview import lab_status

    result = lab_status(open_lab(lab_path), newest=newest)
    if as_json:
        print_json(result)
    else:
        _show(result)


def _show(result: dict[str, Any]) -> None:
    print_table(
        [f"lab {result['lab']}", ""],
        [
            ("pellets", result["pellets"]),
            ("measurements", _measurements(result)),
            ("labels", _counted(result["labels"])),
            ("structures", result["structures"]),
            ("literature rows", result["literature_rows"]),
            ("rankings", _rankings(result)),
            ("last import", _import(result["last_import"])),
        ],
    )
    if not result["newest"]:
        return
    print_table(
        ["id", "file", "pellet", "T", "sigma (S/cm)", "verdict", "reasons"],
        [
            (
                row["measurement"],
                row["file"],
                row["pellet"],
                celsius(row["temperature_K"]),
                conductivity_of(row, unit=""),
                row["verdict"],
                ", ".join(row["reasons"] or ()),
            )
            for row in result["newest"]
        ],
        title="the newest impedance measurements",
    )


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "0"


def _measurements(result: dict[str, Any]) -> str:
    verdicts = result["verdicts"]
    told = [
        f"{number} {kind}"
        + (f" ({_counted(verdicts)})" if kind == "impedance" and verdicts else "")
        for kind, number in result["measurements"].items()
    ]
    return ", ".join(told) or "0"


def _rankings(result: dict[str, Any]) -> str:
    newest = result["newest_ranking"]
    if newest is None:
        return "0"
    return (
        f"{result['rankings']}, the newest {newest['ranking']} of {moment(newest['at'])}: "
        f"{newest['candidates']} candidates from {newest['labels']} labels, {newest['method']}"
    )


def _import(last: dict[str, Any] | None) -> str:
    if last is None:
        return "nothing yet: 'labkit import --pellet NAME FILE'"
    by = "" if last["by"] is None else f" by {last['by']}"
    return f"{last['file']}, {moment(last['at'])}{by}"
