"""What a person leaves out of a temperature series: single measurements, a range of temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from db.identifiers import RecordKind, parse_identifier
from db.pellets import get_pellet
from db.tables import Measurement
from labkit.errors import UsageError
from labkit.geometry import parse_temperature
from labkit.workflows.lab import Lab

__all__ = ["LEFT_OUT_BY_HAND", "Selection", "selection_as_typed"]

LEFT_OUT_BY_HAND = "left-out-by-hand"
"""Reason of a series from which a person left out measurements; not part of the verdict."""
HALF_A_KELVIN = 0.5
"""A thermostat set to 60 C reads 59.8 or 60.3: both are within a range that ends at 60 C."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person leaves out of a series, and why.

    Attributes
    ----------
    exclude : tuple of int
        Numbers of measurements.
    from_K, to_K : float or None
        Ends of the range of temperature that is used, each with half a kelvin of tolerance.
    because, by : str or None
        The reason and who gave it.
    """

    exclude: tuple[int, ...] = ()
    from_K: float | None = None
    to_K: float | None = None
    because: str | None = None
    by: str | None = None

    def __bool__(self) -> bool:
        return bool(self.exclude) or self.from_K is not None or self.to_K is not None

    def to_parameters(self) -> dict[str, Any]:
        """Return the choice as the parameters of an analysis keep it; nothing where all is used."""
        if not self:
            return {}
        return {
            "left_out_by_hand": {
                "exclude": list(self.exclude),
                "from_K": self.from_K,
                "to_K": self.to_K,
                "because": self.because,
                "by": self.by,
            }
        }

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Selection:
        """Read the choice back from the parameters of an analysis."""
        kept = dict(parameters.get("left_out_by_hand", {}))
        return cls(**(kept | {"exclude": tuple(kept.get("exclude", ()))}))

    def why_not(self, measurement: Measurement) -> str | None:
        """Say that a measurement is left out by hand, and why; None where it is not."""
        kelvin = measurement.temperature_K
        if measurement.id in self.exclude:
            return f"left out by hand ({self._told})"
        if kelvin is None:
            return None
        if self.from_K is not None and kelvin < self.from_K - HALF_A_KELVIN:
            return f"left out by hand, below {self.from_K - 273.15:.4g} C ({self._told})"
        if self.to_K is not None and kelvin > self.to_K + HALF_A_KELVIN:
            return f"left out by hand, above {self.to_K - 273.15:.4g} C ({self._told})"
        return None

    @property
    def _told(self) -> str:
        reason = self.because or "no reason given"
        return f"{reason}, {self.by}" if self.by else reason


def selection_as_typed(
    lab: Lab,
    names: Sequence[str],
    *,
    exclude: Sequence[str] = (),
    low: str | None = None,
    high: str | None = None,
    because: str | None = None,
    by: str | None = None,
) -> Selection:
    """Read what a person leaves out of the series of some pellets.

    Parameters
    ----------
    lab : Lab
    names : sequence of str
        The pellets.
    exclude : sequence of str
        Measurements such as ``M5``; each must be an impedance measurement of one of the pellets.
    low, high : str, optional
        Temperatures with their unit: the range that is used.
    because, by : str, optional
        Kept with the result; `by` is the reviewer of ``lab.toml`` where it is not given.

    Raises
    ------
    UsageError
        When a measurement belongs to none of the pellets, or the range is empty.
    IdentifierError, GeometryError
        When a measurement or a temperature cannot be read.
    """
    from_K = None if low is None else parse_temperature(low)
    to_K = None if high is None else parse_temperature(high)
    if from_K is not None and to_K is not None and from_K > to_K:
        raise UsageError(f"no temperature lies from {low} to {high}; give the lower one first")
    numbers = tuple(
        dict.fromkeys(parse_identifier(one, RecordKind.MEASUREMENT).number or 0 for one in exclude)
    )
    with lab.database.reading() as session:
        pellets = [get_pellet(session, name) for name in names]
        measured = set(
            session.exec(
                select(Measurement.id).where(
                    col(Measurement.pellet_id).in_([pellet.id for pellet in pellets]),
                    Measurement.kind == "impedance",
                )
            ).all()
        )
    for number in numbers:
        if number not in measured:
            raise UsageError(
                f"M{number} is no impedance measurement of {', '.join(names)}: there is nothing "
                "to exclude"
            )
    reason = (because or "").strip() or None
    signer = (by or lab.settings.reviewer or "").strip() or None
    chosen = Selection(numbers, from_K, to_K, reason, signer)
    if not chosen and because is not None:
        raise UsageError("--because says why measurements are left out: give --exclude M5")
    return chosen
