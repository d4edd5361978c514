"""``labkit arrhenius``: activation energy of a temperature series."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labkit.cli.output import json_option, print_json, print_table
from labkit.wording import celsius, conductivity, conductivity_interval, rounded, with_errors

__all__ = ["arrhenius"]


@click.command(
    short_help="Ea of a pellet, and sigma at 25 °C with its error.",
    epilog="Example: labkit arrhenius LPSCl-1 --plot arrhenius.png",
)
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--convention",
    type=click.Choice(["sigma-T", "sigma"]),
    default="sigma-T",
    show_default=True,
    help="Fit ln(sigma T) or ln(sigma) against 1/T; the choice is stored with Ea.",
)
@click.option(
    "--include-review", is_flag=True, help="Use measurements whose verdict is 'review' as well."
)
@click.option(
    "--arcs",
    is_flag=True,
    help="Bulk, grain boundary and total apart, from circuits fitted to the stored spectra.",
)
@click.option(
    "--joint", is_flag=True, help="With --arcs: one fit of all temperatures that share their arcs."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Draw the Arrhenius plot to this file (.png, .svg, .pdf).",
)
@json_option
@click.pass_obj
def arrhenius(
    lab_path: Path,
    names: tuple[str, ...],
    convention: str,
    include_review: bool,
    arcs: bool,
    joint: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Fit Arrhenius over the accepted conductivities of pellets; sigma at 25 °C with its error."""
    from labkit.workflows.lab import open_lab

    if joint and not arcs:
        raise click.UsageError("--joint belongs to --arcs")
    if arcs:
        if plot is not None:
            raise click.UsageError("--arcs has no figure; leave --plot out")
        _arcs(lab_path, names, convention, joint, as_json)
        return
    from labkit.workflows.temperature_series import combine_replicates, draw_series, fit_series

    lab = open_lab(lab_path)
    results = [
        fit_series(lab, name, convention=convention, include_review=include_review)
        for name in names
    ]
    if plot is not None:
        draw_series(lab, results, plot)
    combined = (
        combine_replicates(lab, names, convention=convention, include_review=include_review)
        if len(names) > 1
        else None
    )
    if as_json:
        together = {"pellets": results, "combined": combined}
        print_json(results[0] if len(results) == 1 else together)
        return
    print_table(
        ["pellet", "analysis", "Ea (eV)", "sigma 25 °C (S/cm)", "points", "range", "verdict"],
        [
            (
                row["pellet"],
                row["analysis"],
                with_errors(row["ea_eV"], row["ea_se_eV"]),
                conductivity_interval(row["sigma25_S_per_cm"], *row["sigma25_interval95_S_per_cm"])
                + (" extrapolated" if row["sigma25_extrapolated"] else ""),
                row["n_points"],
                " to ".join(celsius(kelvin) for kelvin in row["temperature_range_K"]),
                f"{row['verdict']} {', '.join(row['reasons'])}",
            )
            for row in results
        ],
    )
    if combined is not None:
        _show_combined(combined)
    for row in results:
        for message in row["messages"]:
            click.echo(f"note: {row['pellet']}: {message}")
        for left_out in row["left_out"]:
            click.echo(f"note: {row['pellet']}: {left_out}")
    if plot is not None:
        click.echo(f"figure: {plot}")


def _arcs(
    lab_path: Path, names: tuple[str, ...], convention: str, joint: bool, as_json: bool
) -> None:
    """Track arcs through the series of each pellet and print them."""
    from labkit.workflows.arc_series import fit_arc_series
    from labkit.workflows.lab import open_lab

    lab = open_lab(lab_path)
    results = [fit_arc_series(lab, name, joint=joint, convention=convention) for name in names]
    if as_json:
        print_json(results[0] if len(results) == 1 else {"pellets": results})
        return
    for result in results:
        _show_arcs(result)


def _show_arcs(result: dict[str, Any]) -> None:
    arcs = result["arcs"]
    print_table(
        ["arc", "Ea (eV)", "Ea weighted, with T errors (eV)", "C (F)", "points"],
        [
            (
                arc["role"],
                "" if arc["ea_eV"] is None else with_errors(arc["ea_eV"], arc["ea_se_eV"]),
                ""
                if arc["ea_eV"] is None
                else with_errors(arc["ea_weighted_eV"], arc["ea_weighted_se_eV"]),
                _range([value for value in arc["capacitance_F"] if value is not None]),
                arc["n_points"],
            )
            for arc in arcs
        ],
        title=f"{result['pellet']}: {result['circuit']}, {result['analysis']}, "
        f"{result['verdict']} {', '.join(result['reasons'])}",
    )
    print_table(
        ["T", *(f"sigma {arc['role']} (S/cm)" for arc in arcs)],
        [
            (
                celsius(kelvin),
                *(
                    ""
                    if arc["sigma_S_per_cm"][k] is None
                    else conductivity(
                        arc["sigma_S_per_cm"][k], arc["sigma_random_S_per_cm"][k], unit=""
                    )
                    for arc in arcs
                ),
            )
            for k, kelvin in enumerate(result["temperature_K"])
        ],
    )
    for line in (*result["messages"], *result["left_out"]):
        click.echo(f"note: {line}")


def _range(values: list[float]) -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    return rounded(low, 2) if high < 1.05 * low else f"{rounded(low, 2)} to {rounded(high, 2)}"


def _show_combined(combined: dict[str, Any]) -> None:
    sigma25 = combined["sigma25"]
    click.echo(
        f"{combined['n']} pellets, Ea: mean "
        f"{with_errors(combined['mean_ea_eV'], combined['sd_ea_eV'])} eV (s.d.), shared "
        f"{with_errors(combined['shared_ea_eV'], combined['shared_ea_se_eV'])} eV"
    )
    low, high = sigma25["interval95_S_per_cm"]
    click.echo(
        f"sigma(25 °C): mean {conductivity(sigma25['mean_S_per_cm'], sigma25['sd_S_per_cm'])} "
        "(s.d.), random effects "
        f"{conductivity_interval(sigma25['random_effects_S_per_cm'], low, high)} S/cm"
    )
    if combined["reasons"]:
        click.echo(f"note: {', '.join(combined['reasons'])}")
