"""``labkit arrhenius``: activation energy of a temperature series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labkit.cli.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from labkit.workflows.lab import Lab
    from labkit.workflows.series_selection import Selection

__all__ = ["arrhenius"]


@click.command(
    short_help="Ea of a pellet, and sigma at 25 C with its error.",
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
    """Fit Arrhenius over the accepted conductivities of pellets; sigma at 25 C with its error."""
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
            "sigma 25 C (S/cm)",
            "points",
            "range (C)",
            "verdict",
        ],
        [
            (
                row["pellet"],
                row["analysis"],
                f"{row['ea_eV']:.4f} +- {row['ea_se_eV']:.4f}",
                f"{row['sigma25_S_per_cm']:.3g} "
                f"[{row['sigma25_interval95_S_per_cm'][0]:.2g}, "
                f"{row['sigma25_interval95_S_per_cm'][1]:.2g}]"
                + (" extrapolated" if row["sigma25_extrapolated"] else ""),
                row["n_points"],
                " - ".join(f"{kelvin - 273.15:.4g}" for kelvin in row["temperature_range_K"]),
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
                "" if arc["ea_eV"] is None else f"{arc['ea_eV']:.4f} ± {_error(arc['ea_se_eV'])}",
                ""
                if arc["ea_eV"] is None
                else f"{arc['ea_weighted_eV']:.4f} ± {_error(arc['ea_weighted_se_eV'])}",
                _range([value for value in arc["capacitance_F"] if value is not None]),
                arc["n_points"],
            )
            for arc in arcs
        ],
        title=f"{result['pellet']}: {result['circuit']}, {result['analysis']}, "
        f"{result['verdict']} {', '.join(result['reasons'])}",
    )
    print_table(
        ["T (C)", *(f"sigma {arc['role']} (S/cm)" for arc in arcs)],
        [
            (
                f"{kelvin - 273.15:.4g}",
                *(
                    ""
                    if arc["sigma_S_per_cm"][k] is None
                    else f"{arc['sigma_S_per_cm'][k]:.4g} ± "
                    f"{_error(arc['sigma_random_S_per_cm'][k])}"
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


def _error(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2g}"


def _range(values: list[float]) -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    return f"{low:.1e}" if high < 1.05 * low else f"{low:.1e} to {high:.1e}"


def _show_combined(combined: dict[str, Any]) -> None:
    sigma25 = combined["sigma25"]
    ea = (
        f"{combined['n']} pellets, Ea of {combined['convention']}: mean "
        f"{combined['mean_ea_eV']:.4f} ± {combined['sd_ea_eV']:.4f} eV (s.d.)"
    )
    sigma = f"sigma(25 C): mean {sigma25['mean_S_per_cm']:.3g} ± {sigma25['sd_S_per_cm']:.2g} S/cm"
    sigma += " (s.d.)"
    if combined["shared_ea_interval95_eV"] is not None:
        ea += (
            f", shared {combined['shared_ea_eV']:.4f} ± {combined['shared_ea_random_eV']:.4f} "
            f"(random) ± {combined['shared_ea_systematic_eV']:.4f} (systematic) eV"
        )
    if sigma25["interval95_S_per_cm"] is not None:
        low, high = sigma25["interval95_S_per_cm"]
        sigma += (
            f", random effects {sigma25['random_effects_S_per_cm']:.3g} [{low:.2g}, {high:.2g}]"
        )
    click.echo(ea)
    click.echo(sigma)
    for message in combined["messages"]:
        click.echo(f"note: {message}")
