"""The conductivities of one pellet over temperature, and the Arrhenius line through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

import labkit
from db.measurements import NewAnalysis, get_analysis, store_analysis_once
from db.pellets import get_pellet
from db.tables import Analysis, Measurement, Pellet, Spectrum
from labkit.arrhenius import ArrheniusError, ArrheniusFit
from labkit.arrhenius_segments import (
    HeatingCooling,
    SegmentedArrhenius,
    compare_heating_cooling,
    fit_segments,
)
from labkit.grammar import counted
from labkit.json_ready import json_ready
from labkit.workflows.analysing import save_figure
from labkit.workflows.conductivity_of_sweep import TAIL
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import geometry_of
from labkit.workflows.series_selection import LEFT_OUT_BY_HAND, Selection

__all__ = [
    "ARRHENIUS",
    "Series",
    "collect_series",
    "draw_pellets",
    "draw_series",
    "fit_series",
    "fit_with_segments",
]

ARRHENIUS = "arrhenius"


@dataclass(frozen=True)
class Series:
    """The conductivities of one pellet that may be fitted.

    Attributes
    ----------
    pellet : Pellet
    analyses : list of Analysis
        The latest of each measurement, by temperature.
    in_order : list of Analysis
        The same in the order of measurement: by start where every file says it, else by number.
    left_out : list of str
        What was not used, and why.
    by_hand : list of str
        The lines of `left_out` about what a person left out.
    """

    pellet: Pellet
    analyses: list[Analysis]
    in_order: list[Analysis]
    left_out: list[str]
    by_hand: list[str]


def collect_series(
    session: Session,
    name: str,
    *,
    include_review: bool,
    selection: Selection = Selection(),  # noqa: B008  (frozen)
) -> Series:
    """Collect what can be fitted of one pellet.

    The same points imported from two files count once, and not at all where a person left one of
    them out. A rejected conductivity, one under review (unless asked for) and one without a
    temperature are left out, with a line each.
    """
    pellet = get_pellet(session, name)
    statement = (
        select(Measurement, Spectrum.data_hash)
        .join(Spectrum, col(Spectrum.measurement_id) == col(Measurement.id))
        .where(Measurement.pellet_id == pellet.id, Measurement.kind == "impedance")
        .order_by(col(Measurement.id))
    )
    measured = session.exec(statement).all()
    newest: dict[int, Analysis] = {}
    for analysis in session.exec(
        select(Analysis)
        .where(Analysis.kind == TAIL, Analysis.pellet_id == pellet.id)
        .order_by(col(Analysis.id))
    ):
        if analysis.measurement_id is not None:
            newest[analysis.measurement_id] = analysis
    used: list[Analysis] = []
    started: list[datetime | None] = []
    left_out: list[str] = []
    by_hand: list[str] = []
    seen = {data_hash: one.id for one, data_hash in measured if one.id in selection.exclude}
    for measurement, data_hash in measured:
        assert measurement.id is not None
        told = selection.why_not(measurement)
        if told is not None:
            by_hand.append(f"M{measurement.id} {told}")
            continue
        found = newest.get(measurement.id)
        why = _why_not(measurement, found, include_review)
        if data_hash in seen:
            why = f"the same points as M{seen[data_hash]}"
        if why is None and found is not None:
            used.append(found)
            started.append(_start(measurement))
            seen[data_hash] = measurement.id
        else:
            left_out.append(f"M{measurement.id} left out: {why}")
    by_temperature = sorted(used, key=lambda analysis: analysis.temperature_K or 0.0)
    in_order = _by_start(used, started)
    return Series(pellet, by_temperature, in_order, [*by_hand, *left_out], by_hand)


def _start(measurement: Measurement) -> datetime | None:
    """Return when a measurement began, None where that is unknown or can be read in two ways."""
    if not measurement.started_at or measurement.started_at_ambiguous:
        return None
    try:
        return datetime.fromisoformat(measurement.started_at)
    except ValueError:
        return None


def _by_start(used: list[Analysis], started: list[datetime | None]) -> list[Analysis]:
    """Sort by start; the order of import stays where a start is unknown or clocks differ."""
    known = [start for start in started if start is not None]
    if len(known) < len(used) or len({start.tzinfo is None for start in known}) > 1:
        return list(used)
    return [used[k] for k in sorted(range(len(used)), key=lambda k: (known[k], k))]


def _why_not(
    measurement: Measurement, analysis: Analysis | None, include_review: bool
) -> str | None:
    if measurement.set_aside_because is not None:
        return f"set aside ({measurement.set_aside_because})"
    if analysis is None or analysis.sigma_S_per_cm is None:
        return "it has no conductivity"
    if measurement.temperature_K is None:
        return "its temperature is unknown (import again with --temperature)"
    if analysis.verdict == "rejected":
        return f"rejected ({', '.join(analysis.reasons)})"
    if analysis.verdict == "review" and not include_review:
        return f"under review ({', '.join(analysis.reasons)}); --include-review uses it"
    return None


def fit_series(
    lab: Lab,
    name: str,
    *,
    convention: str = "sigma-T",
    include_review: bool = False,
    selection: Selection = Selection(),  # noqa: B008  (frozen)
    actor: str | None = None,
) -> dict[str, Any]:
    """Fit Arrhenius over one pellet and store the result.

    Parameters
    ----------
    lab : Lab
    name : str
        Name or id of the pellet.
    convention : {"sigma-T", "sigma"}
        ``ln(sigma T)`` or ``ln(sigma)`` against 1/T.
    include_review : bool
        Use conductivities under review as well.
    selection : Selection
        What a person leaves out; kept with the result and told in its messages.
    actor : str, optional
        Who asks for it; kept with a new result.

    Returns
    -------
    dict
        Ea with its error, sigma at 25 C with its interval and tag, what was used and left out.

    Raises
    ------
    UnknownPelletError
        When there is no such pellet.
    ArrheniusError
        When fewer than two temperatures are left.
    """
    with lab.database.session() as session:
        series = collect_series(session, name, include_review=include_review, selection=selection)
        fit, segmented = fit_with_segments(lab, series, convention)
        sigma25 = fit.sigma_at(298.15)
        both_ways = _heating_and_cooling(lab, series, fit)
        reasons = [*fit.reasons, *segmented.reasons]
        messages = [*fit.messages, *segmented.messages]
        differs = both_ways is not None and both_ways.differs
        if both_ways is not None:
            messages.append(both_ways.message)
            reasons += ["heating-cooling-differ"] if differs else []
        doubtful = bool(segmented.reasons) or differs
        verdict = "review" if doubtful and fit.verdict == "accepted" else fit.verdict
        if selection:
            reasons.append(LEFT_OUT_BY_HAND)
            messages += series.by_hand
        result = fit.to_dict() | {
            "messages": messages,
            "heating_cooling": None if both_ways is None else _both_ways_fields(both_ways),
            "segments": [
                {
                    "ea_eV": part.ea_eV,
                    "ea_se_eV": part.ea_se_eV,
                    "temperature_range_K": list(part.temperature_range_K),
                }
                for part in segmented.segments
            ],
            "break_K": segmented.break_K,
            "bic_one": json_ready(segmented.bic_one),
            "bic_two": json_ready(segmented.bic_two),
            "sigma25_S_per_cm": sigma25.sigma_S_per_cm,
            "sigma25_random_S_per_cm": sigma25.random_S_per_cm,
            "sigma25_systematic_S_per_cm": sigma25.systematic_S_per_cm,
            "sigma25_interval95_S_per_cm": list(sigma25.interval95_S_per_cm),
            "sigma25_extrapolated": sigma25.extrapolated,
        }
        parameters = {
            "convention": fit.convention,
            "include_review": include_review,
            "temperature_se_K": lab.settings.temperature_se_K,
            "analyses": [analysis.id for analysis in series.analyses],
        } | selection.to_parameters()
        new = NewAnalysis(
            kind=ARRHENIUS,
            result=result,
            verdict=verdict,
            reasons=reasons,
            parameters=parameters,
            labkit_version=labkit.__version__,
            created_by=actor,
        )
        stored = store_analysis_once(
            session,
            new,
            pellet_id=series.pellet.id,
            input_analysis_ids=[
                analysis.id for analysis in series.analyses if analysis.id is not None
            ],
        )
        return result | {
            "pellet": series.pellet.name,
            "formula": series.pellet.formula,
            "analysis": f"A{stored.id}",
            "measurements": [f"M{analysis.measurement_id}" for analysis in series.analyses],
            "left_out": series.left_out,
            "verdict": verdict,
            "reasons": reasons,
        }


def _heating_and_cooling(lab: Lab, series: Series, fit: ArrheniusFit) -> HeatingCooling | None:
    """Compare both ways where the series goes up and comes down, three temperatures each."""
    kelvin = [analysis.temperature_K or math.nan for analysis in series.in_order]
    top = max(range(len(kelvin)), key=kelvin.__getitem__)
    up, down = kelvin[: top + 1], kelvin[top:]
    monotonic = up == sorted(up) and down == sorted(down, reverse=True)
    if not monotonic or len(set(up)) < 3 or len(set(down)) < 3:
        return None
    return compare_heating_cooling(
        kelvin,
        [analysis.sigma_S_per_cm or math.nan for analysis in series.in_order],
        [analysis.result["sigma_own_S_per_cm"] for analysis in series.in_order],
        temperature_se_K=lab.settings.temperature_se_K,
        convention=fit.convention,
    )


def _both_ways_fields(both: HeatingCooling) -> dict[str, Any]:
    fields: dict[str, Any] = json_ready(
        {
            "heating_ea_eV": both.heating.ea_eV,
            "heating_ea_se_eV": both.heating.ea_se_eV,
            "cooling_ea_eV": both.cooling.ea_eV,
            "cooling_ea_se_eV": both.cooling.ea_se_eV,
            "shift_ln": both.shift_ln,
            "shift_ln_se": both.shift_ln_se,
            "ea_change_eV": both.ea_change_eV,
            "ea_change_se_eV": both.ea_change_se_eV,
            "p_value": both.p_value,
            "differs": both.differs,
        }
    )
    return fields


def fit_with_segments(
    lab: Lab, series: Series, convention: str
) -> tuple[ArrheniusFit, SegmentedArrhenius]:
    """Fit one line, and two where the data ask for it; nothing is stored.

    Raises
    ------
    ArrheniusError
        When fewer than two temperatures are left.
    """
    if len({analysis.temperature_K for analysis in series.analyses}) < 2:
        reasons = f" ({'; '.join(series.left_out[:3])})" if series.left_out else ""
        number = counted(len(series.analyses), "usable conductivity", "usable conductivities")
        raise ArrheniusError(
            f"pellet {series.pellet.name}: {number}, at least two temperatures are needed{reasons}"
        )
    segmented = fit_segments(
        [analysis.temperature_K or math.nan for analysis in series.analyses],
        [analysis.sigma_S_per_cm or math.nan for analysis in series.analyses],
        [analysis.result["sigma_own_S_per_cm"] for analysis in series.analyses],
        sigma_systematic_relative=geometry_of(series.pellet).cell_constant_relative_se,
        temperature_se_K=lab.settings.temperature_se_K,
        convention="ln(sigma)" if convention == "sigma" else "ln(sigma T)",
    )
    return segmented.one, segmented


def draw_series(lab: Lab, results: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw fitted series to a file.

    Raises
    ------
    UsageError
        When the suffix names no picture format.
    """
    save_figure(path, lambda axes: draw_arrhenius(lab, results, axes))


def draw_arrhenius(lab: Lab, results: Sequence[dict[str, Any]], axes: Any) -> Any:
    """Draw fitted series on Axes."""
    from labkit.plots.arrhenius import plot_arrhenius

    for result in results:
        with lab.database.reading() as session:
            parameters = get_analysis(session, result["analysis"]).parameters
            series = collect_series(
                session,
                result["pellet"],
                include_review=bool(parameters["include_review"]),
                selection=Selection.of(parameters),
            )
        convention = "sigma" if result["convention"] == "ln(sigma)" else "sigma-T"
        axes = plot_arrhenius(
            axes, fit_with_segments(lab, series, convention)[0], label=result["pellet"]
        )
    return axes


def draw_pellets(lab: Lab, names: Sequence[str], axes: Any) -> Any:
    """Draw the accepted conductivities of pellets with their lines on Axes; nothing is stored."""
    from labkit.plots.arrhenius import plot_arrhenius

    for name in names:
        with lab.database.reading() as session:
            series = collect_series(session, name, include_review=False)
        axes = plot_arrhenius(axes, fit_with_segments(lab, series, "sigma-T")[0], label=name)
    return axes
