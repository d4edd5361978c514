"""Temperature series in the report of a batch: each pellet, and the replicates together."""

from __future__ import annotations

import shlex
from typing import Any

from labkit.report import Figure, Mark, ReportSection, Table
from labkit.wording import conductivity, rounded, with_errors
from labkit.workflows.lab import Lab
from labkit.workflows.temperature_series import draw_pellets

__all__ = ["arrhenius_section"]


def arrhenius_section(lab: Lab, view: dict[str, Any]) -> ReportSection:
    """Return the section on temperature series.

    Parameters
    ----------
    lab : Lab
    view : dict
        Of `labkit.workflows.pellet_views.view_batch`.
    """
    rows: list[tuple[object, ...]] = []
    left_out: list[str] = []
    for pellet in view["pellets"]:
        left_out += [f"{pellet['name']}: {line}" for line in pellet["left_out"]]
        series = pellet["series"]
        if series is None:
            rows.append((pellet["name"], "–", "", "", "", "", pellet["series_message"]))
            continue
        stored = pellet["stored"]
        rows.append(
            (
                pellet["name"],
                with_errors(series["ea_eV"], series["ea_se_eV"]),
                str(series["n_points"]),
                conductivity(
                    series["sigma25_S_per_cm"],
                    series["sigma25_random_S_per_cm"],
                    series["sigma25_systematic_S_per_cm"],
                )
                + (" extrapolated" if series["sigma25_extrapolated"] else ""),
                Mark.of(series["verdict"]),
                "not kept" if stored is None else stored["analysis"],
                "; ".join(series["messages"]),
            )
        )
    if view["replicates_message"]:
        left_out.append(view["replicates_message"])
    elif view["replicates"]:
        left_out += view["replicates"]["messages"]
    named = [pellet["name"] for pellet in view["pellets"] if pellet["series"]]
    columns = ("pellet", "Ea (eV)", "points", "conductivity at 25 °C", "verdict", "kept as",
               "remarks")  # fmt: skip
    figures = [
        Figure.draw(
            "Conductivity against inverse temperature, each pellet with its line and 95 % band.",
            lambda axes: draw_pellets(lab, named, axes),
            size_inch=(7.2, 5.2),
        )
    ]
    return ReportSection(
        "Arrhenius and replicates",
        ("Fits of ln(sigma T) against 1/T over the accepted conductivities.",),
        ("labkit arrhenius " + (shlex.join(named) or "PELLET"),),
        [Table("Pellet by pellet", columns, rows), *_replicates(view)] if rows else [],
        figures if named else [],
        left_out,
    )


def _replicates(view: dict[str, Any]) -> list[Table]:
    combined = view["replicates"]
    if combined is None:
        return []
    sigma25 = combined["sigma25"]
    return [
        Table(
            f"{combined['n']} pellets together",
            ("quantity", "plain mean ± standard deviation", "random effects"),
            [
                (
                    "Ea (eV)",
                    with_errors(combined["mean_ea_eV"], combined["sd_ea_eV"]),
                    with_errors(combined["shared_ea_eV"], combined["shared_ea_se_eV"]),
                ),
                (
                    "conductivity at 25 °C",
                    f"{conductivity(sigma25['geometric_mean_S_per_cm'])} "
                    f"(geometric), ln sigma ± {rounded(sigma25['sd_ln'], 2)}",
                    "",
                ),
            ],
        )
    ]
