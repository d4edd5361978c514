"""``labkit pellet``: the samples of the lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.correction_report import print_correction, why_and_who
from labkit.cli.output import json_option, print_json, print_table
from labkit.wording import cell_constant, length_mm

__all__ = ["pellet"]


@click.group(short_help="Samples with their geometry.")
def pellet() -> None:
    """Pellets: name, formula and geometry with its uncertainty."""


@pellet.command(
    epilog="Example: labkit pellet add LPSCl-1 --formula Li6PS5Cl "
    "--thickness 0.81mm+-0.01mm --diameter 6.35mm+-0.02mm"
)
@click.argument("name")
@click.option("--formula", required=True, help="Composition, such as Li6PS5Cl.")
@click.option("--thickness", required=True, help="With its unit, such as 0.81mm+-0.01mm.")
@click.option("--diameter", required=True, help="With its unit, such as 6.35mm+-0.02mm.")
@click.option("--batch", default=None, help="Batch of the powder; replicates share it.")
@click.option("--electrode", default=None, help="Blocking electrode, such as Au.")
@click.option("--pressure", default=None, help="Stack pressure with its unit, such as 100MPa.")
@click.option("--comment", default=None, help="Anything worth keeping.")
@json_option
@click.pass_obj
def add(
    lab_path: Path,
    name: str,
    formula: str,
    thickness: str,
    diameter: str,
    batch: str | None,
    electrode: str | None,
    pressure: str | None,
    comment: str | None,
    as_json: bool,
) -> None:
    """Add a pellet; the spread after +- is one standard error."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.pellets import add_pellet

    result = add_pellet(
        open_lab(lab_path),
        name,
        formula=formula,
        thickness=thickness,
        diameter=diameter,
        batch=batch,
        electrode=electrode,
        pressure=pressure,
        comment=comment,
    )
    if as_json:
        print_json(result)
        return
    click.echo(
        f"pellet {result['name']}: {result['formula']}, t/A = {_thickness_over_area(result)}"
    )
    for note in result["notes"]:
        click.echo(f"note: {note}")


@pellet.command(
    "set",
    epilog="Example: labkit pellet set LPSCl-1 --thickness 0.81mm+-0.01mm "
    "--because 'caliper misread' --by 'A. See'",
)
@click.argument("pellet_name", metavar="NAME")
@click.option("--name", default=None, help="Another name.")
@click.option("--formula", default=None, help="Composition, such as Li6PS5Cl.")
@click.option("--thickness", default=None, help="With its unit, such as 0.81mm+-0.01mm.")
@click.option("--diameter", default=None, help="With its unit, such as 6.35mm+-0.02mm.")
@click.option("--batch", default=None, help="Batch of the powder.")
@click.option("--electrode", default=None, help="Blocking electrode, such as Au.")
@click.option("--pressure", default=None, help="Stack pressure with its unit, such as 100MPa.")
@click.option("--comment", default=None, help="Anything worth keeping.")
@why_and_who
@json_option
@click.pass_obj
def set_(
    lab_path: Path,
    pellet_name: str,
    name: str | None,
    formula: str | None,
    thickness: str | None,
    diameter: str | None,
    batch: str | None,
    electrode: str | None,
    pressure: str | None,
    comment: str | None,
    because: str,
    by: str | None,
    as_json: bool,
) -> None:
    """Correct what was typed wrong of a pellet; the old values stay in its history.

    A length given without +- has no error. Where thickness or diameter change, every conductivity
    is computed again beside the old one. Labels are never changed: those that rest on the old
    values are named with what to do.
    """
    from labkit.workflows.correcting_pellets import PelletChange, correct_pellet
    from labkit.workflows.lab import open_lab

    change = PelletChange(
        name=name,
        formula=formula,
        thickness=thickness,
        diameter=diameter,
        batch=batch,
        electrode=electrode,
        pressure=pressure,
        comment=comment,
    )
    result = correct_pellet(open_lab(lab_path), pellet_name, change, because=because, by=by)
    print_correction(result, as_json)


@pellet.command("list", epilog="Example: labkit pellet list")
@json_option
@click.pass_obj
def list_(lab_path: Path, as_json: bool) -> None:
    """List the pellets of the lab."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.pellets import list_pellets

    pellets = list_pellets(open_lab(lab_path))
    if as_json:
        print_json(pellets)
        return
    print_table(
        [
            "pellet",
            "formula",
            "batch",
            "thickness",
            "diameter",
            "t/A",
            "measurements",
        ],
        [
            (
                row["name"],
                row["formula"],
                row["batch"],
                length_mm(row["thickness_m"], row["thickness_se_m"]),
                length_mm(row["diameter_m"], row["diameter_se_m"]),
                _thickness_over_area(row),
                row["measurements"],
            )
            for row in pellets
        ],
    )


def _thickness_over_area(row: dict[str, Any]) -> str:
    return cell_constant(
        row["cell_constant_per_cm"],
        row["cell_constant_relative_se"],
        known=bool(row["thickness_se_m"] and row["diameter_se_m"]),
    )
