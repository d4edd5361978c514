"""The parts of ``labkit label`` that decide: revise, review, decide, snapshot, export."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.label import label
from labkit.cli.output import json_option, print_json, print_table
from labkit.grammar import counted

__all__ = ["label"]

_by_option = click.option(
    "--by", "actor", default=None, help="Who does it (default: reviewer in lab.toml)."
)
_reason_option = click.option("--reason", required=True, help="Why; kept forever.")


@label.command(
    epilog="Example: labkit label revise L7 --evidence M3 --reason 'wrong thickness' --by 'A. See'"
)
@click.argument("label_id")
@click.option(
    "--evidence", default=None, help="Everything anew from a measurement (M3) or a fit (A9)."
)
@click.option("--sigma", "sigma_S_per_cm", type=float, default=None, help="In S/cm.")
@click.option(
    "--sigma-random",
    "sigma_random_S_per_cm",
    type=click.FloatRange(min=0),
    default=None,
    help="Random standard error in S/cm.",
)
@click.option(
    "--sigma-systematic",
    "sigma_systematic_S_per_cm",
    type=click.FloatRange(min=0),
    default=None,
    help="Systematic standard error in S/cm.",
)
@click.option("--qualifier", type=click.Choice(["=", "<", ">"]), default=None)
@click.option("--temperature", default=None, help="With its unit, such as 25C.")
@click.option("--formula", default=None, help="Composition, such as Li6PS5Cl.")
@click.option("--polymorph", default=None, help="Name of the polymorph, such as argyrodite.")
@click.option("--space-group", "space_group_number", type=click.IntRange(1, 230), default=None)
@click.option(
    "--contribution",
    type=click.Choice(["total", "bulk", "grain-boundary", "unknown"]),
    default=None,
)
@click.option("--note", default=None, help="Anything worth keeping with the label.")
@_reason_option
@_by_option
@json_option
@click.pass_obj
def revise(
    lab_path: Path,
    label_id: str,
    evidence: str | None,
    sigma_S_per_cm: float | None,
    sigma_random_S_per_cm: float | None,
    sigma_systematic_S_per_cm: float | None,
    qualifier: str | None,
    temperature: str | None,
    formula: str | None,
    polymorph: str | None,
    space_group_number: int | None,
    contribution: str | None,
    note: str | None,
    reason: str,
    actor: str | None,
    as_json: bool,
) -> None:
    """Propose a new version of a label; the old one counts until the new one is accepted.

    A new --sigma does not keep the errors of the old one: they are unknown unless given.
    """
    from labkit.cli.label import print_label
    from labkit.geometry import parse_temperature
    from labkit.workflows.curation import revise_label
    from labkit.workflows.lab import open_lab

    changes = {
        "sigma_S_per_cm": sigma_S_per_cm,
        "sigma_random_S_per_cm": sigma_random_S_per_cm,
        "sigma_systematic_S_per_cm": sigma_systematic_S_per_cm,
        "qualifier": qualifier,
        "temperature_K": None if temperature is None else parse_temperature(temperature),
        "formula": formula,
        "polymorph": polymorph,
        "space_group_number": space_group_number,
        "contribution": contribution,
        "note": note,
    }
    result = revise_label(
        open_lab(lab_path), label_id, changes, evidence=evidence, reason=reason, actor=actor
    )
    print_label(result, as_json)


@label.command(
    epilog="Example: labkit label review 5 --value '<1E-10' --reason 'a minus is lost' "
    "--by 'A. See'"
)
@click.argument("item", type=int)
@click.option("--value", default=None, help="How to read the cell (default: the suggestion).")
@click.option("--dismiss", is_flag=True, help="Leave the cell unread for good.")
@_reason_option
@_by_option
@json_option
@click.pass_obj
def review(
    lab_path: Path,
    item: int,
    value: str | None,
    dismiss: bool,
    reason: str,
    actor: str | None,
    as_json: bool,
) -> None:
    """Say how a doubtful cell of a published table is to be read (see label conflicts)."""
    from labkit.workflows.curation import decide_review_item
    from labkit.workflows.lab import open_lab

    result = decide_review_item(
        open_lab(lab_path), item, reason=reason, value=value, dismiss=dismiss, actor=actor
    )
    if as_json:
        print_json(result)
    else:
        click.echo(
            f"item {result['item']}: {result['cell']!r} {result['status']}"
            + (f" as {result['value']!r}" if result["value"] is not None else "")
        )


@label.command(
    epilog="Example: labkit label decide Li7La3Zr2O12 'two polymorphs' --reason 'see its SI' "
    "--by 'A. See'"
)
@click.argument("formula")
@click.argument("decision")
@_reason_option
@_by_option
@json_option
@click.pass_obj
def decide(
    lab_path: Path, formula: str, decision: str, reason: str, actor: str | None, as_json: bool
) -> None:
    """Record what was decided about values of one composition that disagree."""
    from labkit.workflows.curation import decide_conflict
    from labkit.workflows.lab import open_lab

    result = decide_conflict(
        open_lab(lab_path), formula, decision=decision, reason=reason, actor=actor
    )
    if as_json:
        print_json(result)
    else:
        for row in result:
            click.echo(f"{row['formula']}: {row['decision']} ({row['decided_by']})")


@label.command(
    epilog="Example: labkit label snapshot paper-2026 --note 'as submitted' --by 'A. See'"
)
@click.argument("name", required=False)
@click.option("--note", default=None, help="What the snapshot is for.")
@_by_option
@json_option
@click.pass_obj
def snapshot(
    lab_path: Path, name: str | None, note: str | None, actor: str | None, as_json: bool
) -> None:
    """Freeze the accepted label set under a name; without a name list those there are."""
    from labkit.workflows.curation import list_snapshots, take_snapshot
    from labkit.workflows.lab import open_lab

    lab = open_lab(lab_path)
    result = (
        list_snapshots(lab) if name is None else [take_snapshot(lab, name, note=note, actor=actor)]
    )
    if as_json:
        print_json(result)
        return
    print_table(
        ["snapshot", "labels", "hash", "by", "at", "note"],
        [
            (
                row["name"],
                row["labels"],
                row["label_set_hash"][:12],
                row["by"],
                row["at"],
                row["note"],
            )
            for row in result
        ],
    )


@label.command(
    "second-read", epilog="Example: labkit label second-read L7 --reason 'agrees' --by 'B. Lee'"
)
@click.argument("label_id")
@_reason_option
@_by_option
@json_option
@click.pass_obj
def second_read(
    lab_path: Path, label_id: str, reason: str, actor: str | None, as_json: bool
) -> None:
    """Record that a second person has read an accepted label and agrees."""
    from labkit.cli.label import print_label
    from labkit.workflows.curation import second_read as read_again
    from labkit.workflows.lab import open_lab

    print_label(read_again(open_lab(lab_path), label_id, reason=reason, actor=actor), as_json)


@label.command(
    epilog="Example: labkit label unmatch L7 mp-985592 --reason 'another polymorph' --by 'A. See'"
)
@click.argument("label_id")
@click.argument("structure_id")
@_reason_option
@_by_option
@json_option
@click.pass_obj
def unmatch(
    lab_path: Path,
    label_id: str,
    structure_id: str,
    reason: str,
    actor: str | None,
    as_json: bool,
) -> None:
    """Say that a label does not belong to a structure."""
    from labkit.workflows.curation import break_match
    from labkit.workflows.lab import open_lab

    left = break_match(open_lab(lab_path), label_id, structure_id, reason=reason, actor=actor)
    if as_json:
        print_json({"label": label_id, "matches": left})
    else:
        names = ", ".join(row["structure"] for row in left) or "no structure"
        click.echo(f"{label_id} now belongs to {names}")


@label.command("export", epilog="Example: labkit label export labels.csv")
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def export_(lab_path: Path, output: Path, as_json: bool) -> None:
    """Write every label with its source and citation to a .csv or .json file."""
    from labkit.workflows.exporting import export_table
    from labkit.workflows.lab import open_lab

    rows = export_table(open_lab(lab_path), "labels", output)
    if as_json:
        print_json({"file": str(output), "rows": rows})
    else:
        click.echo(f"{counted(rows, 'label')} written to {output}")
