"""What people decided about the fit of a sweep: its window, its leads, the points left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from db.tables import Analysis
from labkit.eis.leads import LeadImpedance
from labkit.workflows.typed_quantities import write_frequency

__all__ = ["FitChoices", "HandMask", "describe_masks", "masks_of"]

_NAMED_AS_RANGE = 3
"""Neighbours with one reason that are named by their range, not one by one."""


@dataclass(frozen=True, slots=True)
class HandMask:
    """A point that a person leaves out of a fit.

    Attributes
    ----------
    index : int
        Position in the order of measurement, from 0.
    frequency_hz : float
    reason : str
    by : str
        Who left it out.
    """

    index: int
    frequency_hz: float
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class FitChoices:
    """Everything that people decided about a fit; stored with its result and replayed from there.

    Attributes
    ----------
    window_hz : tuple of float or None
        A window set by hand; None: chosen automatically.
    window_set_by : str or None
    leads : LeadImpedance or None
        Subtracted from the sweep before anything else.
    mask : tuple of HandMask
        Points left out by hand, by index.
    unmasked : tuple of HandMask
        Points that this very fit takes back, with the reason for taking them back. It changes no
        number and is not carried on.
    """

    window_hz: tuple[float, float] | None = None
    window_set_by: str | None = None
    leads: LeadImpedance | None = None
    mask: tuple[HandMask, ...] = ()
    unmasked: tuple[HandMask, ...] = ()

    @property
    def reason_by_index(self) -> dict[int, str]:
        """Reasons of the points left out by hand, as `labkit.eis` takes them."""
        return {point.index: point.reason for point in self.mask}

    def to_parameters(self) -> dict[str, Any]:
        """Return the choices as the parameters of an analysis keep them."""
        parameters: dict[str, Any] = {
            "window_hz": None if self.window_hz is None else list(self.window_hz),
            "window_set_by": self.window_set_by,
        }
        if self.leads is not None:
            parameters["leads"] = self.leads.to_dict()
        if self.unmasked:
            parameters["unmasked"] = [asdict(point) for point in self.unmasked]
        return parameters | self.mask_parameters()

    def mask_parameters(self) -> dict[str, Any]:
        """Return the points left out as parameters keep them; nothing where there are none."""
        return {"mask": [asdict(point) for point in self.mask]} if self.mask else {}

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> FitChoices:
        """Read the choices back from the parameters of an analysis."""
        window = parameters.get("window_hz")
        return cls(
            window_hz=None if window is None else (window[0], window[1]),
            window_set_by=parameters.get("window_set_by"),
            leads=LeadImpedance.from_dict(parameters.get("leads")),
            mask=tuple(HandMask(**point) for point in parameters.get("mask", ())),
            unmasked=tuple(HandMask(**point) for point in parameters.get("unmasked", ())),
        )

    @classmethod
    def in_force(cls, newest: Analysis | None) -> FitChoices:
        """Return what the next fit takes over from the newest one; nothing without any."""
        return cls() if newest is None else replace(cls.of(newest.parameters), unmasked=())


def masks_of(analysis: Analysis) -> tuple[HandMask, ...]:
    """Return the points that a stored result leaves out by hand."""
    return FitChoices.of(analysis.parameters).mask


def describe_masks(points: Iterable[HandMask]) -> str:
    """Say which points are left out, why and by whom; empty where there are none.

    Examples
    --------
    >>> describe_masks([HandMask(7, 50.0, "mains pickup", "A. See")])
    '50 Hz (mains pickup, A. See)'
    """
    alike: dict[tuple[str, str], list[HandMask]] = {}
    for point in points:
        alike.setdefault((point.reason, point.by), []).append(point)
    return "; ".join(
        f"{_frequencies(some)} ({', '.join(part for part in why if part)})"
        for why, some in alike.items()
    )


def _frequencies(points: list[HandMask]) -> str:
    """Name points by their frequencies, neighbours as a range."""
    runs: list[list[HandMask]] = []
    for point in sorted(points, key=lambda point: point.index):
        if runs and point.index == runs[-1][-1].index + 1:
            runs[-1].append(point)
        else:
            runs.append([point])
    return ", ".join(_run(run) for run in runs)


def _run(run: list[HandMask]) -> str:
    if len(run) < _NAMED_AS_RANGE:
        return ", ".join(write_frequency(point.frequency_hz) for point in run)
    low, high = sorted((run[0].frequency_hz, run[-1].frequency_hz))
    return f"{write_frequency(low)} to {write_frequency(high)} ({len(run)} points)"
