"""What a series says of Vegard's law, in codes and sentences."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.vegard.departures import Departures, EsdsFrom, StraightLine, line_probability
from labkit.vegard.result import EndMember, Estimate

__all__ = ["LEVEL", "judge"]

FloatArray: TypeAlias = NDArray[np.float64]

LEVEL = 0.05
"""Level of every test that decides a verdict."""


def judge(
    quantity: str,
    xs: FloatArray,
    esds: FloatArray,
    line: StraightLine,
    slope: Estimate,
    tests: Departures,
    shape: tuple[str, float | None, tuple[float | None, float | None] | None, float | None],
    ends: tuple[EndMember, ...],
    esds_from: EsdsFrom,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return codes and sentences; `shape` is departure, limit, its interval and up to where."""
    departure, limit, interval, up_to = shape
    found: list[tuple[str, str]] = []
    distinct = np.unique(xs).size
    if distinct < 3 or tests.p_linear is None:
        found.append(
            ("too-few-points", f"{distinct} compositions do not test a line; measure more")
        )
    reach = "" if up_to is None else f"; the law holds up to x = {up_to:g}"
    if departure == "plateau" and limit is not None and interval is not None:
        low, high = ("open" if side is None else f"{side:.4g}" for side in interval)
        found.append(
            (
                "solubility-limit",
                f"{quantity} stops changing at x = {limit:.4g} (95 % interval {low} to {high}; "
                f"p = {tests.p_linear:.2g} for a straight line){reach}",
            )
        )
    elif departure == "curvature":
        found.append(
            ("curved", f"{quantity} bows with x (p = {tests.p_linear:.2g} for a line){reach}")
        )
    elif esds_from == "refinement" and line.free and line_probability(line) < 0.01:
        found.append(
            (
                "scatter-exceeds-esds",
                f"the points scatter {math.sqrt(line.chi2 / line.free):.1f} times more than their "
                "esds say; errors are scaled up",
            )
        )
    if distinct >= 3 and slope.p_value is not None and slope.p_value >= LEVEL:
        found.append(
            (
                "slope-not-significant",
                f"{quantity} does not change with x (p = {slope.p_value:.2g}): no sign that the "
                "dopant enters the lattice",
            )
        )
    if np.isnan(esds).any() and esds_from == "refinement":
        found.append(("esd-unknown", "some esds are unknown"))
    found += [
        (
            "end-member-disagrees",
            f"the line meets {end.name} at {end.value + end.difference:.4f} A, known is "
            f"{end.value:.4f} A",
        )
        for end in ends
        if end.p_value is not None and end.p_value < 0.01
    ]
    agreeing = tuple(
        f"the line meets {end.name} at {end.value + end.difference:.4f} A, as known "
        f"({end.value:.4f} A)"
        for end in ends
        if end.p_value is not None and end.p_value >= 0.01
    )
    if not found:
        found_text = f"{quantity} follows Vegard's law up to x = {xs[-1]:g}"
        p = "" if tests.p_linear is None else f" (p = {tests.p_linear:.2g})"
        return (), (found_text + p, *agreeing)
    return tuple(code for code, _ in found), (*(text for _, text in found), *agreeing)
