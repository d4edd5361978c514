"""Diffraction in the report of a batch: refined patterns and Vegard's law."""

from __future__ import annotations

import shlex
from typing import Any

from labkit.errors import LabkitError
from labkit.report import Figure, Mark, ReportSection, Table
from labkit.vegard import VegardFit
from labkit.wording import rounded, with_esd
from labkit.workflows.lab import Lab
from labkit.workflows.refinement_curves import curves_of
from labkit.workflows.refinement_views import stored_refinement
from labkit.xrd.result import RefinementResult

__all__ = ["lattice_sections"]

_PATTERNS_SHOWN = 24


def lattice_sections(lab: Lab, view: dict[str, Any]) -> list[ReportSection]:
    """Return the sections on diffraction, none where the batch has no refined pattern.

    Parameters
    ----------
    lab : Lab
    view : dict
        Of `labkit.workflows.pellet_views.view_batch`.
    """
    sections = [_patterns(lab, view)] if view["refinements"] else []
    return sections + ([_vegard(view["vegard"], view["batch"])] if view["vegard"] else [])


def _patterns(lab: Lab, view: dict[str, Any]) -> ReportSection:
    rows: list[tuple[object, ...]] = []
    points: list[str] = []
    figures: list[Figure] = []
    for one in view["refinements"]:
        name = _name(one)
        rows.append(
            (
                one["analysis"],
                one["sample"] or one["file"],
                "–" if one["x"] is None else f"{one['x']:g}",
                one["cell_words"],
                rounded(one["volume_angstrom3"], 6),
                "–" if one["r_wp"] is None else f"{100 * one['r_wp']:.1f} %",
                Mark.of(one["verdict"]),
                ", ".join(one["reasons"]),
            )
        )
        points += [f"{name}: {message}" for message in one["messages"]]
        if len(figures) < _PATTERNS_SHOWN:
            try:
                figures.append(_figure(lab, one["analysis"], name))
            except LabkitError as error:
                points.append(f"{name}: {error}")
    columns = ("result", "sample", "x", "cell (Å, °)", "volume (Å³)", "Rwp", "verdict", "reasons")
    return ReportSection(
        "Diffraction",
        ("Cells with their standard errors in the last digits. Arrows mark peaks that no phase "
         "explains: impurity?",),
        (
            f"labkit xrd refine --batch {shlex.quote(view['batch'])} --table series.csv "
            "--cif PHASE.cif",
        ),
        [Table("Refined lattices, by composition", columns, rows)],
        figures,
        points,
    )  # fmt: skip


def _name(one: dict[str, Any]) -> str:
    sample = one["sample"] or one["file"]
    return str(sample) if one["x"] is None else f"{sample}, x = {one['x']:g}"


def _figure(lab: Lab, analysis: str, name: str) -> Figure:
    from labkit.plots.pattern import plot_pattern

    stored = stored_refinement(lab, analysis)
    result = RefinementResult.from_dict(stored.result, curves_of(lab, stored))
    return Figure.draw(
        f"{analysis}, {name}: observed points, calculated line, reflections, difference.",
        lambda axes: plot_pattern(axes, result, label=name),
        size_inch=(8.6, 4.8),
        picture="png",
        wide=True,
    )


def _vegard(vegard: dict[str, Any], batch: str) -> ReportSection:
    from labkit.plots.vegard import plot_vegard

    fits = [VegardFit.from_dict(fit) for fit in vegard["fits"]]
    rows = []
    for fit in fits:
        low, high = fit.solubility_interval95 or (None, None)
        rows.append(
            (
                fit.quantity,
                _estimate(fit.intercept_within_limit.value, fit.intercept_within_limit.se),
                _estimate(fit.slope_within_limit.value, fit.slope_within_limit.se),
                "none seen"
                if fit.solubility_limit is None
                else f"{fit.solubility_limit:.4f} ({rounded(low, 3)} to {rounded(high, 3)})",
                "–" if fit.linearity_p_value is None else f"{fit.linearity_p_value:.2g}",
                Mark.of(fit.verdict),
            )
        )
    columns = ("quantity", "at x = 0 (Å)", "slope (Å per x)", "limit of solubility (95 %)",
               "p of linearity", "verdict")  # fmt: skip

    def draw(figure: Any) -> None:
        for number, fit in enumerate(fits, start=1):
            plot_vegard(figure.add_subplot(-(-len(fits) // 2), min(len(fits), 2), number), fit)

    reach = vegard["law_holds_up_to_x"]
    return ReportSection(
        "Vegard’s law",
        (
            f"{vegard['analysis']}, {vegard['verdict']}: "
            + ("" if reach is None else f"the law holds up to x = {reach:g}. ")
            + "Where a limit of solubility is seen, the line is that of the points below it.",
        ),
        (f"labkit vegard --batch {shlex.quote(batch)} --plot vegard.png",),
        [Table("Lattice parameters against composition", columns, rows)],
        [
            Figure.draw_whole(
                "Lattice parameters against composition; red rings depart from the law.",
                draw,
                size_inch=(5.2 * min(len(fits), 2), 3.9 * -(-len(fits) // 2)),
                wide=True,
            )
        ],
        list(vegard["messages"]),
    )


def _estimate(value: float | None, se: float | None) -> str:
    return "–" if value is None else with_esd(value, se).replace("-", "−")
