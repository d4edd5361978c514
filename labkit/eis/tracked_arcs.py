"""One arc followed through a temperature series by its capacitance, and when it has a name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from labkit.eis.circuit import CircuitFit, FittedArc
from labkit.geometry import Measured
from labkit.json_ready import json_ready

__all__ = [
    "NOT_SEPARABLE",
    "SeriesFit",
    "TrackedArc",
    "follow_arcs",
    "total_of",
    "without_names",
]

SAME_ARC_DECADES = 1.0
"""Two arcs of neighbouring temperatures are the same if their capacitances differ by less."""
NOT_SEPARABLE = "arcs-not-separable"
"""Reason of a series whose arcs cannot be called bulk and grain boundary."""


@dataclass(frozen=True, slots=True)
class TrackedArc:
    """One arc through a series: resistance, capacitance and exponent per temperature.

    A temperature where the arc was not resolved has NaN.
    """

    role: str
    temperature_K: tuple[float, ...]
    resistance_ohm: tuple[float, ...]
    resistance_se_ohm: tuple[float, ...]
    capacitance_F: tuple[float, ...]
    n: tuple[float, ...]

    def measured(self) -> list[tuple[float, Measured]]:
        """Return (temperature in K, resistance) where the arc was resolved."""
        return [
            (t, Measured(r, se))
            for t, r, se in zip(self.temperature_K, self.resistance_ohm, self.resistance_se_ohm)
            if math.isfinite(r)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class SeriesFit:
    """Circuit fits of a temperature series with its arcs tracked.

    `joint` says that exponents and capacitances were shared by all temperatures. `reasons` and
    `messages` say why arcs have no names, or why a joint fit that was asked for was not kept.
    """

    circuit: str
    temperature_K: tuple[float, ...]
    fits: tuple[CircuitFit, ...]
    arcs: tuple[TrackedArc, ...]
    total: TrackedArc
    joint: bool
    reasons: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return arcs and totals as JSON-ready values."""
        result: dict[str, Any] = json_ready(
            {
                "circuit": self.circuit,
                "temperature_K": self.temperature_K,
                "arcs": self.arcs,
                "total": self.total,
                "joint": self.joint,
                "reasons": self.reasons,
                "messages": self.messages,
            }
        )
        return result


def follow_arcs(
    temperature_K: Sequence[float], fits: Sequence[CircuitFit]
) -> tuple[tuple[TrackedArc, ...], tuple[str, ...], tuple[str, ...]]:
    """Follow every arc by its capacitance, starting from the spectrum with most of them.

    Bulk and grain boundary keep their names only where the capacitances of one stay below those of
    the other at every temperature: the capacitance is all that tells them apart.

    Parameters
    ----------
    temperature_K
        Shape (m,).
    fits
        One per temperature, of the same circuit.

    Returns
    -------
    tuple
        The arcs by rising capacitance, reasons and messages.
    """
    reference = max(fits, key=lambda fit: (len(fit.arcs), -fit.rms))
    tracks = tuple(_follow(temperature_K, fits, arc) for arc in reference.arcs)
    for lower, upper in pairwise([arc for arc in tracks if arc.role != "electrode"]):
        highest = max((c for c in lower.capacitance_F if math.isfinite(c)), default=math.nan)
        lowest = min((c for c in upper.capacitance_F if math.isfinite(c)), default=math.nan)
        if highest >= lowest:
            message = (
                f"the capacitances of two arcs overlap over the series (up to {highest:.1e} and "
                f"from {lowest:.1e} F): which is bulk and which grain boundary cannot be said"
            )
            return without_names(tracks), (NOT_SEPARABLE,), (message,)
    return tracks, (), ()


def without_names(tracks: Sequence[TrackedArc]) -> tuple[TrackedArc, ...]:
    """Return the arcs numbered by rising capacitance, not named; electrodes stay electrodes."""
    return tuple(
        arc if arc.role == "electrode" else replace(arc, role=f"arc {number}")
        for number, arc in enumerate(tracks, 1)
    )


def total_of(temperature_K: Sequence[float], fits: Sequence[CircuitFit]) -> TrackedArc:
    """Return the sum of all resistances of the pellet per temperature."""
    nothing = (math.nan,) * len(fits)
    return TrackedArc(
        role="total",
        temperature_K=tuple(float(t) for t in temperature_K),
        resistance_ohm=tuple(fit.resistance_ohm for fit in fits),
        resistance_se_ohm=tuple(fit.resistance_se_ohm for fit in fits),
        capacitance_F=nothing,
        n=nothing,
    )


def _follow(
    temperature_K: Sequence[float], fits: Sequence[CircuitFit], arc: FittedArc
) -> TrackedArc:
    found: list[FittedArc | None] = []
    for fit in fits:
        near = min(
            fit.arcs,
            key=lambda other: abs(math.log10(other.capacitance_F / arc.capacitance_F)),
            default=None,
        )
        same = near is not None and (
            abs(math.log10(near.capacitance_F / arc.capacitance_F)) < SAME_ARC_DECADES
        )
        found.append(near if same else None)
    return TrackedArc(
        role=arc.role,
        temperature_K=tuple(float(t) for t in temperature_K),
        resistance_ohm=tuple(a.resistance_ohm if a else math.nan for a in found),
        resistance_se_ohm=tuple(a.resistance_se_ohm if a else math.nan for a in found),
        capacitance_F=tuple(a.capacitance_F if a else math.nan for a in found),
        n=tuple(a.n if a else math.nan for a in found),
    )
