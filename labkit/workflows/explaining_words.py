"""One step of the chain behind a number, in one line with words and units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labkit.wording import (
    celsius,
    conductivity_of,
    frequency,
    length_mm,
    moment,
    resistance_of,
    rounded,
    with_errors,
    with_esd,
)
from labkit.workflows.fit_choices import FitChoices
from labkit.workflows.hand_work import describe_choices

__all__ = ["step_in_words"]

_SHOWN_OF_A_HASH = 12


def step_in_words(node: dict[str, Any]) -> str:
    """Write what one node of `labkit.workflows.explaining.explain` is, without its inputs.

    Parameters
    ----------
    node : dict
        With ``kind``, ``summary`` and ``details``.

    Returns
    -------
    str
        One line; of a kind that has no words of its own the summary.
    """
    words = _WORDS.get(node["kind"])
    return node["summary"] if words is None else words(node, node["details"])


def _listed(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def _label(node: dict[str, Any], facts: dict[str, Any]) -> str:
    formula = node["summary"].partition(":")[0]
    at = "" if facts["temperature_K"] is None else f" at {celsius(facts['temperature_K'])}"
    structures = [
        tie["material_id"] for tie in facts.get("structures", ()) if tie["status"] != "broken"
    ]
    return f"{formula}: " + _listed(
        f"{conductivity_of(facts)}{at}",
        facts["contribution"],
        facts["state"],
        f"structure {' '.join(structures)}" if structures else None,
    )


def _analysis(node: dict[str, Any], facts: dict[str, Any]) -> str:
    kind = node["summary"].partition(",")[0]
    result, parameters = facts["result"], facts["parameters"]
    reasons = f" ({', '.join(facts['reasons'])})" if facts["reasons"] else ""
    verdict = node["summary"].rpartition("verdict ")[2]
    return f"{kind}: " + _listed(
        *_result(result),
        _lattice(result),
        describe_choices(FitChoices.of(parameters)) if kind == "blocking-tail" else None,
        f"{verdict}{reasons}",
        f"by {facts['created_by']}" if facts["created_by"] else None,
        f"labkit {facts['labkit_version']}",
    )


def _result(result: dict[str, Any]) -> list[str | None]:
    """Return the numbers that a result has, each with its error and its unit."""
    window = result.get("window_hz")
    extrapolated = " extrapolated" if result.get("sigma25_extrapolated") else ""
    return [
        f"Ea = {with_errors(result['ea_eV'], result.get('ea_se_eV'))} eV from "
        f"{result.get('convention')}, {result.get('n_points')} points"
        if result.get("ea_eV") is not None
        else None,
        f"{conductivity_of(result, 'sigma25_')} at 25 °C{extrapolated}"
        if result.get("sigma25_S_per_cm") is not None
        else None,
        result.get("circuit"),
        conductivity_of(result) if isinstance(result.get("sigma_S_per_cm"), float) else None,
        f"R = {resistance_of(result)}" if isinstance(result.get("resistance_ohm"), float) else None,
        f"window {frequency(window[0])} to {frequency(window[1])}" if window else None,
    ]


def _lattice(result: dict[str, Any]) -> str | None:
    """Return the cell of the first phase of a refinement, and how well the pattern is fitted."""
    phases = result.get("phases") or []
    if not phases or "cell" not in phases[0]:
        return None
    main = phases[0]
    edges = zip("abc", main["cell"], main.get("cell_esd") or (None,) * 3)
    cell = ", ".join(f"{name} {with_esd(value, esd)}" for name, value, esd in edges)
    fitted = result.get("r_wp")
    rwp = "" if fitted is None else f", Rwp {100 * fitted:.1f} %"
    return f"{main.get('name')}: {cell} Å{rwp}"


def _measurement(node: dict[str, Any], facts: dict[str, Any]) -> str:
    kelvin, source = facts["temperature_K"], facts["temperature_source"]
    temperature = (
        "temperature unknown"
        if kelvin is None
        else celsius(kelvin) + (f" ({source})" if source else "")
    )
    started = facts["started_at"]
    return _listed(
        node["summary"],
        temperature,
        facts["instrument"],
        f"started {moment(started)}" if started else None,
        *_corrected(facts),
    )


def _corrected(facts: dict[str, Any]) -> list[str]:
    """Say what people corrected: what, when, who and why."""
    return [
        f"{one['action'].replace('-', ' ')} on {moment(one['at'])} by {one['by']}: {one['reason']}"
        + (f" ({'; '.join(one['changed'])})" if one["changed"] else "")
        for one in facts.get("corrections", ())
    ]


def _file(node: dict[str, Any], facts: dict[str, Any]) -> str:
    by = f" by {facts['imported_by']}" if facts["imported_by"] else ""
    return _listed(
        node["summary"],
        facts["format"],
        f"sha256 {facts['sha256'][:_SHOWN_OF_A_HASH]}",
        f"imported {moment(facts['imported_at'])}{by}",
    )


def _pellet(node: dict[str, Any], facts: dict[str, Any]) -> str:
    return _listed(
        node["summary"],
        f"thickness {length_mm(facts['thickness_m'], facts['thickness_se_m'])}",
        f"diameter {length_mm(facts['diameter_m'], facts['diameter_se_m'])}",
        f"batch {facts['batch']}" if facts["batch"] else None,
        *_corrected(facts),
    )


def _dataset(node: dict[str, Any], facts: dict[str, Any]) -> str:
    return _listed(node["summary"], facts["citation"] or facts["origin"], facts["licence"])


def _structure(node: dict[str, Any], facts: dict[str, Any]) -> str:
    hull, gap = facts["e_above_hull_eV"], facts["band_gap_eV"]
    group = facts["space_group_number"]
    return _listed(
        f"{node['summary']} from {facts['source']}",
        f"space group {group}" if group else None,
        f"{rounded(hull, 3)} eV/atom above the hull" if hull is not None else None,
        f"band gap {rounded(gap, 3)} eV" if gap is not None else None,
    )


_WORDS: dict[str, Callable[[dict[str, Any], dict[str, Any]], str]] = {
    "label": _label,
    "analysis": _analysis,
    "measurement": _measurement,
    "raw file": _file,
    "pellet": _pellet,
    "data set": _dataset,
    "structure": _structure,
}
