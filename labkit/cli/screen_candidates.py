"""``labkit screen candidates``: the published rule, counted step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labkit.cli.machine_options import machine_options
from labkit.cli.output import json_option, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from labkit.workflows.machines import Machines

__all__ = ["candidates"]


@click.command(epilog="Example: labkit screen candidates --top 30 --where mp-2530")
@click.argument("representation", default="soap:CAN", metavar="[DESCRIPTOR:MODE]")
@click.option(
    "--depth", type=click.IntRange(2, 300), default=241, show_default=True, help="Clusters."
)
@click.option(
    "--threshold",
    type=click.FloatRange(min=0, min_open=True),
    default=1e-5,
    show_default=True,
    help="A label above this many S/cm marks its cluster.",
)
@click.option(
    "--neighbours",
    type=click.Choice(["centroid", "sibling", "none"]),
    default="centroid",
    show_default=True,
    help="Clusters selected beside: the nearest mean, those across the next merge, or none.",
)
@click.option("--hull", type=float, default=0.07, show_default=True, help="eV per atom at most.")
@click.option("--gap", type=float, default=1.0, show_default=True, help="eV at least.")
@click.option(
    "--barrier",
    "barrier_eV",
    type=click.FloatRange(min=0, min_open=True),
    default=0.6,
    show_default=True,
    help="The migration barrier must be below this many eV.",
)
@click.option(
    "--dimension",
    type=click.IntRange(1, 3),
    default=3,
    show_default=True,
    help="Directions in which the paths of the ion must connect.",
)
@click.option("--ion", default="Li", show_default=True, help="Element of the mobile ion.")
@click.option(
    "--spacing",
    "spacing_angstrom",
    type=click.FloatRange(min=0.02, max=1.0),
    default=None,
    help="Distance of the grid points in angstrom (default: 0.2; 0.1 with --faithful).",
)
@click.option("--faithful", is_flag=True, help="Compute barriers as published, slips included.")
@click.option(
    "--barrier-table",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Take barriers from this CSV file (columns material_id, Ea_eV) instead.",
)
@click.option(
    "--selected-only",
    is_flag=True,
    help="Compute barriers in the selected clusters alone: faster, without the last comparison.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="STRUCTURE",
    help="Tell where this structure stands; may be given several times.",
)
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True)
@machine_options
@json_option
@click.pass_obj
def candidates(
    lab_path: Path,
    representation: str,
    depth: int,
    threshold: float,
    neighbours: str,
    hull: float,
    gap: float,
    barrier_eV: float,
    dimension: int,
    ion: str,
    spacing_angstrom: float | None,
    faithful: bool,
    barrier_table: Path | None,
    selected_only: bool,
    where: tuple[str, ...],
    top: int,
    machines: Machines,
    as_json: bool,
) -> None:
    """Select candidates by cluster, stability, band gap and barrier; count them at every step."""
    from labkit.workflows.barriers import BarrierRequest
    from labkit.workflows.candidates import CandidateRule, propose_candidates
    from labkit.workflows.lab import open_lab
    from screening.candidate_funnel import FunnelLimits

    rule = CandidateRule(
        depth=depth,
        threshold_S_per_cm=threshold,
        adjacency=neighbours,
        limits=FunnelLimits(hull, gap, barrier_eV),
        dimension=dimension,
        barriers=BarrierRequest(ion, spacing_angstrom, faithful),
        barrier_table=barrier_table,
        whole_pool=not selected_only,
    )
    with progress_bar(representation) as progress:
        result = propose_candidates(
            open_lab(lab_path),
            representation,
            rule,
            top=top,
            where=where,
            machines=machines,
            progress=progress,
        )
    if as_json:
        print_json(result)
        return
    _show(result)


_WITHOUT_BARRIER = {
    "no-ion": "hold no such ion as a cation",
    "no-parameters": "hold an ion without parameters",
    "not-prepared": "whose charges or sites could not be decided",
}


def _show(result: dict[str, Any]) -> None:
    print_table(
        ["step", "without clusters", "in selected clusters", "value unknown"],
        [
            (
                row["step"],
                "" if row["without_clustering"] is None else row["without_clustering"],
                row["with_clustering"],
                row["unknown"] or "",
            )
            for row in result["funnel"]
        ],
        title=f"{result['clusters_selected']} of {result['depth']} clusters selected by "
        f"{result['high_labels']} high labels ({result['representation']})",
    )
    if result["barriers_missing"]:
        reasons = ", ".join(
            f"{n} {_WITHOUT_BARRIER.get(code, code)}"
            for code, n in result["barriers_missing"].items()
        )
        click.echo(f"without a barrier: {reasons}")
    columns = ["place", "structure", "formula", "cluster", "its cluster", "E above hull (eV/atom)"]
    columns += ["band gap (eV)", "barrier (eV)"]
    title = (
        f"{result['candidates_in_all']} candidates without a label of their own "
        f"({result['labelled_ones_that_pass']} labelled structures pass, too)"
    )
    if result["candidates"]:
        rows = [(number, *_cells(row)) for number, row in enumerate(result["candidates"], 1)]
        print_table(columns, rows, title=title)
    else:
        click.echo(title)
    if result["followed"]:
        print_table(
            [*columns, "falls at"],
            [
                (row["place"] or "", *_cells(row), row["falls_at"] or "")
                for row in result["followed"]
            ],
            title="Structures asked about (places count labelled structures)",
        )


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["structure"],
        row.get("formula", ""),
        row.get("cluster", ""),
        row.get("why", ""),
        _value(row.get("e_above_hull_eV"), 3),
        _value(row.get("band_gap_eV"), 2),
        _value(row.get("barrier_eV"), 3),
    )


def _value(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
