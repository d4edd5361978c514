"""``labkit structures``: the pool of candidates."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.cli.output import json_option, print_error, print_json, print_table, progress_bar
from labkit.wording import rounded

__all__ = ["structures"]


@click.group(short_help="The pool of candidates.")
def structures() -> None:
    """Structures: what the screening ranks."""


@structures.command(epilog="Example: labkit structures add materials-project obelix my.cif")
@click.argument("sources", nargs=-1, required=True)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=None,
    help="Add about this many Materials Project entries; every labelled one is among them.",
)
@click.option(
    "--also", multiple=True, metavar="ID", help="With --limit: take this entry in any case."
)
@json_option
@click.pass_obj
def add(
    lab_path: Path,
    sources: tuple[str, ...],
    limit: int | None,
    also: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add structures: materials-project, obelix, prototypes, or CIF files and folders.

    materials-project is a published table; materials-project-api asks for what is there today
    (python -m pip install ".[mp]", key in MP_API_KEY).
    """
    from labkit.workflows.lab import open_lab
    from labkit.workflows.structure_pool import add_structures

    with progress_bar("structures") as progress:
        result = add_structures(
            open_lab(lab_path), sources, limit=limit, also=also, progress=progress
        )
    if as_json:
        print_json(result)
    else:
        for source in result["sources"]:
            click.echo(f"{source['source']}: {source['added']} added, {source['known']} known")
        click.echo(f"structures in this lab: {result['total']}")
        if result["replaced"]:
            click.echo(
                f"an ICSD file stands for {result['replaced']} Materials Project entries "
                "of the same ICSD number"
            )
    for questioned in result["warnings"]:
        print_error(f"warning: {questioned['warning']}")
    for refused in result["refused"]:
        print_error(refused["error"])
    if result["refused"]:
        raise SystemExit(1)


@structures.command(epilog="Example: labkit structures show mp-985592")
@click.argument("structure_id")
@json_option
@click.pass_obj
def show(lab_path: Path, structure_id: str, as_json: bool) -> None:
    """Show one structure: composition, symmetry, properties, labels."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.structure_pool import show_structure

    result = show_structure(open_lab(lab_path), structure_id)
    if as_json:
        print_json(result)
        return
    print_table(
        ["", ""],
        [
            (_FACTS.get(name, name.replace("_", " ")), _fact(value))
            for name, value in result.items()
            if name != "cif"
        ],
    )


_FACTS = {
    "volume_angstrom3": "volume (Å³)",
    "band_gap_eV": "band gap (eV)",
    "e_above_hull_eV": "energy above hull (eV/atom)",
}


def _fact(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return rounded(value, 3)
    if isinstance(value, list):
        # an equals sign says no more than the number
        return "\n".join(value).replace(" =", " ")
    return value
