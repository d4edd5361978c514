"""``labkit why`` and ``labkit replay``: where a number comes from, and whether it still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table, progress_bar

__all__ = ["replay", "why"]


@click.command(
    short_help="Where a number comes from, down to the raw file.", epilog="Example: labkit why L1"
)
@click.argument("identifier")
@click.option("--full", is_flag=True, help="Everything that is stored about each step.")
@json_option
@click.pass_obj
def why(lab_path: Path, identifier: str, full: bool, as_json: bool) -> None:
    """Print the chain behind a number: label, fit, measurement, raw file, pellet; a line each."""
    from labkit.workflows.explaining import explain
    from labkit.workflows.lab import open_lab

    chain = explain(open_lab(lab_path), identifier)
    if as_json:
        print_json(chain)
        return
    _show(chain, 0, set(), full)
    if not full:
        click.echo("hashes, settings and every number: --full")


_INPUTS_SHOWN = 25


def _show(node: dict[str, Any], depth: int, shown: set[tuple[str, str]], full: bool) -> None:
    """Print a node and what it was made from; what was printed before is only named."""
    from labkit.workflows.explaining_words import step_in_words

    shown.add(_key(node))
    before = [child for child in node["inputs"] if _key(child) in shown]
    new = [child for child in node["inputs"] if _key(child) not in shown]
    above = "".join(f"; {_name(child)} above" for child in before)
    click.echo("  " * depth + f"{node['identifier']}: {step_in_words(node)}{above}")
    for event in () if full else node["details"].get("history", ()):
        click.echo("  " * (depth + 1) + _event(event))
    for name, value in node["details"].items() if full else ():
        if value not in (None, "", [], {}):
            _show_detail(name, value, depth + 1)
    listed = new if full else new[:_INPUTS_SHOWN]
    for child in listed:
        _show(child, depth + 1, shown, full)
    if len(new) > len(listed):
        click.echo("  " * (depth + 1) + f"and {len(new) - len(listed)} more")


def _key(node: dict[str, Any]) -> tuple[str, str]:
    """Return what tells a node from others; one without an identifier goes by all it holds."""
    nameless = node["identifier"] == node["kind"]
    return node["identifier"], f"{node['summary']} {node['details']}" if nameless else ""


def _name(node: dict[str, Any]) -> str:
    nameless = node["identifier"] == node["kind"]
    return f"{node['kind']} {node['summary']}" if nameless else node["identifier"]


def _event(event: dict[str, Any]) -> str:
    from labkit.wording import moment

    reason = f": {event['reason']}" if event["reason"] else ""
    return f"{event['label']} {event['action']} by {event['by']}, {moment(event['at'])}{reason}"


def _show_detail(name: str, value: Any, depth: int) -> None:
    """Print one fact; rows inside it, such as the points left out, get a line each."""
    rows = {
        inner: found
        for inner, found in (value.items() if isinstance(value, dict) else ())
        if isinstance(found, list) and found and all(isinstance(row, dict) for row in found)
    }
    rest = {k: v for k, v in value.items() if k not in rows} if rows else value
    click.echo("  " * depth + f"{name}: {_plain(rest)}")
    for inner, found in rows.items():
        click.echo("  " * (depth + 1) + f"{inner}:")
        for row in found:
            click.echo("  " * (depth + 2) + _plain(row))


def _plain(value: Any) -> str:
    """Write a value for people: short numbers, no brackets around a single thing."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return ", ".join(
            f"{name} {_plain(inner)}"
            for name, inner in value.items()
            if inner not in (None, "", [], {})
        )
    if isinstance(value, list):
        return "; ".join(_plain(inner) for inner in value)
    text = str(value)
    return f"({len(text.splitlines())} lines)" if "\n" in text else text


@click.command(
    short_help="Recompute stored results and compare.", epilog="Example: labkit replay --all"
)
@click.argument("identifier", required=False)
@click.option("--all", "everything", is_flag=True, help="Every analysis of the lab.")
@json_option
@click.pass_obj
def replay(lab_path: Path, identifier: str | None, everything: bool, as_json: bool) -> None:
    """Recompute stored conductivities and lattices from their stored data and compare."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.replaying import replay_analyses

    if (identifier is None) == (not everything):
        raise click.UsageError("name one analysis or measurement, or give --all")
    with progress_bar("replay") as progress:
        result = replay_analyses(open_lab(lab_path), identifier, progress=progress)
    if as_json:
        print_json(result)
    else:
        click.echo(f"{result['equal']} of {result['checked']} are equal")
        if result["different"]:
            print_table(
                ["analysis", "measurement", "quantity", "stored", "now"],
                [
                    (
                        row["analysis"],
                        row["measurement"],
                        row["quantity"],
                        row["stored"],
                        row["now"],
                    )
                    for row in result["different"]
                ],
            )
    if result["different"]:
        raise SystemExit(1)
