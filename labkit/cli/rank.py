"""``labkit rank``: candidates, what moved, and which label moved it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table, progress_bar
from labkit.wording import with_errors

__all__ = ["rank"]


@click.command(
    short_help="Candidates, what moved, and which label moved it.",
    epilog="Example: labkit rank --top 20 --since last",
)
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True)
@click.option(
    "--since",
    default="last",
    show_default=True,
    help="Compare with this ranking: 'last' or its id, such as R3.",
)
@click.option(
    "--method",
    type=click.Choice(["tree-mean", "cluster-rule"]),
    default="tree-mean",
    show_default=True,
    help="Shrunken tree mean, or the paper's rule (clusters that hold or touch a high label).",
)
@click.option(
    "--depth", type=click.IntRange(2, 300), default=241, show_default=True, help="Clusters."
)
@click.option(
    "--propose",
    type=click.IntRange(min=1),
    default=None,
    help="Propose so many next measurements, and say why.",
)
@click.option(
    "--target",
    "target_S_per_cm",
    type=click.FloatRange(min=0.0, min_open=True),
    default=1e-4,
    show_default=True,
    help="Conductivity in S/cm that proposals should beat.",
)
@click.option(
    "--hull",
    type=float,
    default=0.07,
    show_default=True,
    help="Propose nothing further above the hull, in eV per atom.",
)
@click.option(
    "--gap",
    type=float,
    default=1.0,
    show_default=True,
    help="Propose nothing with a smaller band gap, in eV.",
)
@json_option
@click.pass_obj
def rank(
    lab_path: Path,
    top: int,
    since: str,
    method: str,
    depth: int,
    propose: int | None,
    target_S_per_cm: float,
    hull: float,
    gap: float,
    as_json: bool,
) -> None:
    """Re-rank the structures with the label set as it stands."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.ranking import rank_candidates
    from screening.candidate_funnel import FunnelLimits

    with progress_bar("rank") as progress:
        result = rank_candidates(
            open_lab(lab_path),
            top=top,
            since=since,
            method=method,
            depth=depth,
            propose=propose or 0,
            target_S_per_cm=target_S_per_cm,
            limits=FunnelLimits(hull, gap),
            progress=progress,
        )
    if as_json:
        print_json(result)
    else:
        _show(result)


_SCORE = {"tree-mean": "expected log10(sigma in S/cm)", "cluster-rule": "its cluster"}
_ROLES = {2: "holds a high label", 1: "is next to one that does", 0: "neither"}
_MOVES_SHOWN = 12
_LIKEWISE_NAMED = 3
_OUTSIDE_SHOWN = 5
_NEXT_CLAUSE = ";\n     "


def _score(method: str, row: dict[str, Any]) -> str:
    if method == "cluster-rule":
        return _ROLES[round(row["score"])]
    return with_errors(row["score"], row["spread_decades"])


def _show(result: dict[str, Any]) -> None:
    from labkit.workflows.describing_rankings import ABOUT_SCORES

    print_table(
        ["rank", "structure", "formula", _SCORE[result["method"]], "cluster", "evidence"],
        [
            (
                row["rank"],
                row["structure"],
                row["formula"],
                _score(result["method"], row),
                row["cluster"],
                row["evidence"],
            )
            for row in result["top"]
        ],
        title=f"{result['ranking']}: {result['candidates']} candidates, "
        f"{result['labels']} labels on {result['labelled_structures']} of them, {result['method']}",
    )
    if result["method"] == "tree-mean":
        click.echo(textwrap.fill(ABOUT_SCORES, 98))
    for note in result["notes"]:
        click.echo(f"note: {note}")
    if result["placed"]:
        outside = [row["structure"] for row in result["placed"] if row["out_of_domain"]]
        click.echo(
            f"{len(result['placed'])} structures added since the tree was built were placed into "
            f"it, {len(outside)} of them unlike anything in it"
            + (f" ({', '.join(outside[:_OUTSIDE_SHOWN])})" if outside else "")
            + "; 'labkit screen cluster' builds it anew"
        )
    if "proposals" in result:
        _show_proposals(result)
    if result["previous"] is None:
        click.echo(f"{result['summary']}: nothing to compare with")
        return
    click.echo(f"since {result['previous']}: {result['summary']}")
    _show_moves(result["moved"], result["structures_moved"])


def _show_moves(moved: list[dict[str, Any]], in_all: int) -> None:
    from labkit.workflows.describing_rankings import told_together

    told = 0
    for first, *others in told_together(moved)[:_MOVES_SHOWN]:
        told += 1 + len(others)
        click.echo(f"  {first['sentence']}")
        if others:
            named = ", ".join(move["structure"] for move in others[:_LIKEWISE_NAMED])
            more = f" and {len(others) - _LIKEWISE_NAMED} more"
            click.echo(f"    likewise {named}{more if len(others) > _LIKEWISE_NAMED else ''}")
    if in_all > told:
        click.echo(f"  and {in_all - told} more (--json lists them)")


def _show_proposals(result: dict[str, Any]) -> None:
    click.echo("measure next:")
    for number, row in enumerate(result["proposals"], 1):
        click.echo(f"  {number}. {row['formula']}, {row['reason'].replace('; ', _NEXT_CLAUSE)}")
    repeats = [row["label"] for row in result["proposals"] if row["kind"] == "repeat"]
    if repeats:
        click.echo(
            f"  'labkit label show {repeats[0]}' tells where a label comes from, 'labkit label "
            f"second-read {repeats[0]}' that it was checked and holds: then it is not asked again"
        )
    changed = result.get("proposals_changed")
    if changed is None:
        return
    if not (changed["new"] or changed["gone"]):
        click.echo(f"  the same as after {result['previous']}")
    for words, sentences in (("new", changed["new"]), ("no longer", changed["gone"])):
        for sentence in sentences:
            click.echo(f"  {words} since {result['previous']}: {sentence}")
