"""``labkit arrhenius``: activation energy of a temperature series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labkit.cli.output import json_option, print_json, print_table
from labkit.wording import celsius, conductivity, conductivity_interval, rounded, with_errors

if TYPE_CHECKING:
    from labkit.workflows.lab import Lab
    from labkit.workflows.series_selection import Selection

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
    "--exclude",
    multiple=True,
    metavar="M5",
    help="Leave this measurement out by hand; may be given again. Kept with the result.",
)
@click.option(
    "--from", "low", default=None, metavar="T", help="Use temperatures from here on, as 25C."
)
@click.option("--to", "high", default=None, metavar="T", help="Use temperatures up to here.")
@click.option("--because", default=None, help="Why measurements are left out.")
@click.option("--by", default=None, help="Who leaves them out (default: lab.toml).")
@click.option(
    "--arcs",
    is_flag=True,
    help="Bulk, grain boundary and total apart, from circuits fitted to the stored spectra.",
)
@click.option(
    "--joint",
    is_flag=True,
    help="With --arcs: one fit of all temperatures that share their arcs. Kept only where the "
    "spectra allow it; the separate fits are shown otherwise, with the reason.",
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
    exclude: tuple[str, ...],
    low: str | None,
    high: str | None,
    because: str | None,
    by: str | None,
    arcs: bool,
    joint: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Fit Arrhenius over the accepted conductivities of pellets; sigma at 25 °C with its error."""
    from labkit.workflows.lab import open_lab
    from labkit.workflows.replicate_series import refuse_repeated_pellets
    from labkit.workflows.series_selection import selection_as_typed

    if joint and not arcs:
        raise click.UsageError("--joint belongs to --arcs")
    lab = open_lab(lab_path)
    refuse_repeated_pellets(lab, names)
    selection = selection_as_typed(
        lab, names, exclude=exclude, low=low, high=high, because=because, by=by
    )
    if arcs:
        _arcs(lab, names, convention, joint, selection, plot, as_json)
        return
    from labkit.workflows.temperature_series import draw_series, fit_series

    results = [
        fit_series(
            lab, name, convention=convention, include_review=include_review, selection=selection
        )
        for name in names
    ]
    if plot is not None:
        draw_series(lab, results, plot)
    combined, apart = _combine(lab, names, convention, include_review, selection)
    if as_json:
        together = {"pellets": results, "combined": combined, "combined_message": apart}
        print_json(results[0] if len(results) == 1 else together)
        return
    _show_series(results)
    if combined is not None:
        _show_combined(combined)
    if apart is not None:
        click.echo(f"note: {apart}")
    for row in results:
        told = [line for line in row["left_out"] if line not in row["messages"]]
        for line in (*row["messages"], *told):
            click.echo(f"note: {row['pellet']}: {line}")
    if plot is not None:
        click.echo(f"figure: {plot}")


def _combine(
    lab: Lab,
    names: tuple[str, ...],
    convention: str,
    include_review: bool,
    selection: Selection,
) -> tuple[dict[str, Any] | None, str | None]:
    """Return the pellets combined, or why they are listed side by side."""
    from labkit.replicates import ReplicateError
    from labkit.workflows.replicate_series import combine_replicates

    if len(names) < 2:
        return None, None
    try:
        combined = combine_replicates(
            lab, names, convention=convention, include_review=include_review, selection=selection
        )
    except ReplicateError as error:
        return None, str(error)
    return combined, None


def _show_series(results: list[dict[str, Any]]) -> None:
    print_table(
        [
            "pellet",
            "analysis",
            f"Ea (eV), {results[0]['convention']}",
            "sigma 25 °C (S/cm)",
            "points",
            "range",
            "verdict",
        ],
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


def _arcs(
    lab: Lab,
    names: tuple[str, ...],
    convention: str,
    joint: bool,
    selection: Selection,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Track arcs through the series of each pellet and print them."""
    from labkit.workflows.arc_series import fit_arc_series

    results = [
        fit_arc_series(lab, name, joint=joint, convention=convention, selection=selection)
        for name in names
    ]
    if plot is not None:
        from labkit.workflows.arc_figures import draw_arc_series

        draw_arc_series(results, plot)
    if as_json:
        print_json(results[0] if len(results) == 1 else {"pellets": results})
        return
    for result in results:
        _show_arcs(result)
    if plot is not None:
        click.echo(f"figure: {plot}")


def _show_arcs(result: dict[str, Any]) -> None:
    arcs = result["arcs"]
    print_table(
        ["arc", f"Ea (eV), {result['convention']}", "check: weighted (eV)", "C (F)", "points"],
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
    geometry = arcs[-1]["sigma_systematic_relative"]
    click.echo(
        "Ea: quote the first, points of equal weight and ± from their scatter about the line; the "
        f"check weighs them by the errors of fits and temperatures ({result['temperature_se_K']:g} "
        "K) and should agree. The geometry does not enter Ea."
    )
    click.echo(
        f"sigma: ± is random only, from the fit; the geometry adds {geometry:.1%} to every value."
        if geometry
        else "sigma: ± is random only, from the fit; the geometry has no error of its own."
    )
    told = [line for line in result["left_out"] if line not in result["messages"]]
    for line in (*result["messages"], *told):
        click.echo(f"note: {line}")


def _range(values: list[float]) -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    return rounded(low, 2) if high < 1.05 * low else f"{rounded(low, 2)} to {rounded(high, 2)}"


def _show_combined(combined: dict[str, Any]) -> None:
    sigma25 = combined["sigma25"]
    ea = (
        f"{combined['n']} pellets, Ea of {combined['convention']}: mean "
        f"{with_errors(combined['mean_ea_eV'], combined['sd_ea_eV'])} eV (s.d.)"
    )
    mean = conductivity(sigma25["mean_S_per_cm"], sigma25["sd_S_per_cm"])
    sigma = f"sigma(25 °C): mean {mean} (s.d.)"
    if combined["shared_ea_interval95_eV"] is not None:
        shared = with_errors(
            combined["shared_ea_eV"],
            combined["shared_ea_random_eV"],
            combined["shared_ea_systematic_eV"],
        )
        ea += f", shared {shared} eV (random, then systematic error)"
    if sigma25["interval95_S_per_cm"] is not None:
        low, high = sigma25["interval95_S_per_cm"]
        interval = conductivity_interval(sigma25["random_effects_S_per_cm"], low, high)
        sigma += f", random effects {interval} S/cm"
    click.echo(ea)
    click.echo(sigma)
    for message in combined["messages"]:
        click.echo(f"note: {message}")
