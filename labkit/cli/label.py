"""``labkit label``: propose, review and look at validated conductivities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table
from labkit.grammar import counted
from labkit.wording import celsius, conductivity_of

__all__ = ["label", "print_label"]

_by_option = click.option(
    "--by", "actor", default=None, help="Who does it (default: reviewer in lab.toml)."
)


@click.group(short_help="Propose, review and decide about conductivities.")
def label() -> None:
    """Labels: conductivities with their evidence; proposed, accepted or rejected by a person."""


@label.command(epilog="Example: labkit label propose M1 --structure mp-985592 --by 'A. See'")
@click.argument("evidence")
@click.option(
    "--structure", "structure_ids", multiple=True, help="Structure it belongs to; may be repeated."
)
@click.option("--polymorph", default=None, help="Name of the polymorph, such as argyrodite.")
@click.option("--space-group", type=click.IntRange(1, 230), default=None)
@_by_option
@json_option
@click.pass_obj
def propose(
    lab_path: Path,
    evidence: str,
    structure_ids: tuple[str, ...],
    polymorph: str | None,
    space_group: int | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """Propose a label from a measurement (M1) or an Arrhenius fit (A3)."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.labelling import propose_label

    result = propose_label(
        open_lab(lab_path),
        evidence,
        structure_ids=structure_ids,
        polymorph=polymorph,
        space_group_number=space_group,
        actor=actor,
    )
    print_label(result, as_json)


@label.command(
    epilog="Example: labkit label accept L1 --by 'A. See' --reason 'three pellets agree'"
)
@click.argument("label_id")
@click.option("--reason", required=True, help="Why; kept with the label forever.")
@click.option(
    "--because", default=None, help="Needed when the verdict of the evidence is not 'accepted'."
)
@_by_option
@json_option
@click.pass_obj
def accept(
    lab_path: Path,
    label_id: str,
    reason: str,
    because: str | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """Accept a proposed label; it counts in the next ranking."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.labelling import decide_label

    result = decide_label(
        open_lab(lab_path), label_id, "accept", reason=reason, because=because, actor=actor
    )
    print_label(result, as_json)


@label.command(
    epilog="Example: labkit label reject L1 --by 'A. See' --reason 'the pellet was cracked'"
)
@click.argument("label_id")
@click.option("--reason", required=True, help="Why; kept with the label forever.")
@_by_option
@json_option
@click.pass_obj
def reject(lab_path: Path, label_id: str, reason: str, actor: str | None, as_json: bool) -> None:
    """Reject a label; it stays in the database with its history."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.labelling import decide_label

    result = decide_label(open_lab(lab_path), label_id, "reject", reason=reason, actor=actor)
    print_label(result, as_json)


@label.command(epilog="Example: labkit label match L1 mp-985592 --by 'A. See'")
@click.argument("label_id")
@click.argument("structure_ids", nargs=-1, required=True)
@_by_option
@json_option
@click.pass_obj
def match(
    lab_path: Path,
    label_id: str,
    structure_ids: tuple[str, ...],
    actor: str | None,
    as_json: bool,
) -> None:
    """Say by hand which structure a label belongs to."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.matching import confirm_structures
    from labkit.workflows.signing import OF_LABELS, signer_of

    lab = open_lab(lab_path)
    matches = confirm_structures(lab, label_id, structure_ids, signer_of(lab, actor, OF_LABELS))
    if as_json:
        print_json({"label": label_id, "matches": matches})
    else:
        print_table(
            ["structure", "by", "confidence", "counts"],
            [(row["structure"], row["kind"], row["confidence"], row["counts"]) for row in matches],
        )


@label.command("list", epilog="Example: labkit label list --state proposed")
@click.option(
    "--state",
    type=click.Choice(["proposed", "accepted", "rejected", "superseded"]),
    default=None,
)
@click.option("--formula", default=None, help="Only this composition, in any way of writing.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@json_option
@click.pass_obj
def list_(
    lab_path: Path, state: str | None, formula: str | None, limit: int, as_json: bool
) -> None:
    """List labels, the newest first."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.labelling import list_labels

    labels = list_labels(open_lab(lab_path), state=state, formula=formula, limit=limit)
    if as_json:
        print_json(labels)
        return
    print_table(
        _LABEL_COLUMNS,
        [_label_row(row) for row in labels],
    )
    if any(row["sigma_random_S_per_cm"] for row in labels):
        click.echo("each value ± its random ± its systematic standard error, where known")


@label.command(epilog="Example: labkit label show L1")
@click.argument("label_id")
@json_option
@click.pass_obj
def show(lab_path: Path, label_id: str, as_json: bool) -> None:
    """Show a label with its evidence, its structures and its whole history."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.labelling import show_label

    result = show_label(open_lab(lab_path), label_id)
    print_label(result, as_json)
    if not as_json:
        if result["outdated"]:
            click.echo(f"  rests on what was corrected since: {result['outdated']}")
        for work in result["by_hand"]:
            click.echo(f"  by hand in {work['sentence']}")
        for event in result["history"]:
            click.echo(f"  {event['at']}  {event['action']} by {event['actor']}: {event['reason']}")


@label.command("import", epilog="Example: labkit label import obelix")
@click.argument("source", type=click.Choice(["paper", "label-csv", "obelix", "liverpool"]))
@_by_option
@json_option
@click.pass_obj
def import_(lab_path: Path, source: str, actor: str | None, as_json: bool) -> None:
    """Load published labels: the paper's pool, its label CSV, or OBELiX, as accepted evidence."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.published_labels import import_published, matched_in_words

    result = import_published(open_lab(lab_path), source, actor=actor)
    if as_json:
        print_json(result)
    else:
        added = f"{counted(result['labels_added'], 'label')} added"
        click.echo(f"{source}: {result['rows']} rows, {added}, {matched_in_words(result)}")


@label.command(epilog="Example: labkit label conflicts --decades 1")
@click.option(
    "--decades",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Show compositions whose values are further apart than this.",
)
@click.option("--formula", default=None, help="Only this composition.")
@json_option
@click.pass_obj
def conflicts(lab_path: Path, decades: float, formula: str | None, as_json: bool) -> None:
    """Show cells a person must read, and compositions whose values disagree."""
    from labkit.workflows.curation import list_conflicts
    from labkit.workflows.lab import open_lab

    result = list_conflicts(open_lab(lab_path), decades=decades, formula=formula)
    if as_json:
        print_json(result)
        return
    print_table(
        ["item", "source row", "field", "cell", "why", "suggestion"],
        [
            (row["item"], row["row"], row["field"], row["cell"], row["message"], row["suggestion"])
            for row in result["review"]
        ],
        title=f"{counted(len(result['review']), 'cell')} to be read by a person",
    )
    print_table(
        ["composition", "space group", "apart", "differs in", "values (S/cm)", "decision"],
        [
            (
                " ".join(filter(None, (row["formula"], row["polymorph"]))),
                row["space_group_number"],
                f"{row['decades']:.2f}",
                ", ".join(row["differs_in"]),
                row["values_text"],
                row["decision"],
            )
            for row in result["disagreements"]
        ],
        title=f"{counted(len(result['disagreements']), 'composition')} further apart than "
        f"{decades:g} {'decade' if decades == 1 else 'decades'}",
    )


_LABEL_COLUMNS = (
    "label", "state", "formula", "sigma (S/cm)", "T", "source", "evidence", "structures"
)  # fmt: skip


def _label_row(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["label"],
        row["state"],
        row["formula"],
        conductivity_of(row, unit="") + (" extrapolated" if row["extrapolated"] else ""),
        celsius(row["temperature_K"]),
        row["source"],
        row["evidence_verdict"],
        ", ".join(row["structures"]),
    )


def print_label(result: dict[str, Any], as_json: bool) -> None:
    """Print one label as JSON or as a row with its notes."""
    if as_json:
        print_json(result)
        return
    print_table(
        _LABEL_COLUMNS,
        [_label_row(result)],
    )
    for note in result.get("notes", ()):
        click.echo(f"note: {note}")
