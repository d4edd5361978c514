"""Points of a sweep named by a person, left out with a reason, and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from labkit.errors import UsageError
from labkit.workflows.fit_choices import FitChoices, HandMask, describe_masks
from labkit.workflows.typed_quantities import parse_frequency, write_frequency

__all__ = ["checked_reason", "points_named", "points_to_take_back", "with_points_changed"]

EVERY_POINT = "all"
"""The word that takes every point back that was left out by hand."""
LONGEST_REASON = 300
SAME_FREQUENCY = 0.01
"""Relative difference up to which a typed frequency names a measured one.

People read frequencies with three digits; neighbouring points are further apart than 2 % even at
a hundred points per decade.
"""
_NUMBER = r"[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?"
# the unit ends in Hz, so that the exponent of 1e-3Hz is not taken for a range
_ENDING = rf"\s*({_NUMBER})\s*((?:[a-zA-Z]?[hH][zZ])?)\s*"
_RANGE = re.compile(f"{_ENDING}-{_ENDING}")
_INDEX = re.compile(r"\s*[pP]([0-9]{1,7})\s*")


def points_named(frequency_hz: NDArray[np.float64], words: Sequence[str]) -> tuple[int, ...]:
    """Find the points that a person names.

    Parameters
    ----------
    frequency_hz : ndarray, shape (n,)
        In the order of measurement.
    words : sequence of str
        Each holds one or more of ``50Hz`` (the measured frequency within 1 %), ``1kHz-3kHz`` (all
        points of a range) and ``p12`` (a position in the order of measurement, from 0), separated
        by commas.

    Returns
    -------
    tuple of int
        Positions in the order of measurement, rising.

    Raises
    ------
    UsageError
        When a word cannot be read or names no point.
    """
    parts = [part for word in words for part in word.split(",") if part.strip()]
    if not parts:
        raise UsageError("no point is named; write for example 50Hz, 1kHz-3kHz or p12")
    found: set[int] = set()
    for part in parts:
        found.update(_points_of(frequency_hz, part.strip()))
    return tuple(sorted(found))


def _points_of(frequency_hz: NDArray[np.float64], part: str) -> list[int]:
    if (index := _INDEX.fullmatch(part)) is not None:
        number = int(index[1])
        if number >= frequency_hz.size:
            raise UsageError(
                f"there is no point {part}: the sweep has {frequency_hz.size} points, "
                f"p0 to p{frequency_hz.size - 1}"
            )
        return [number]
    if (ends := _RANGE.fullmatch(part)) is not None:
        if bool(ends[2]) != bool(ends[4]):
            raise UsageError(f"range {part!r}: give both frequencies their unit, as in 1kHz-3kHz")
        low, high = sorted((parse_frequency(ends[1] + ends[2]), parse_frequency(ends[3] + ends[4])))
        inside = (frequency_hz >= low * (1 - 1e-9)) & (frequency_hz <= high * (1 + 1e-9))
        if not inside.any():
            nearest = _nearest(frequency_hz, float(np.sqrt(low * high)))
            raise UsageError(
                f"no point lies in {part}; the nearest is at {write_frequency(nearest)}"
            )
        return [int(i) for i in np.flatnonzero(inside)]
    wanted = parse_frequency(part)
    nearest = _nearest(frequency_hz, wanted)
    if not abs(nearest / wanted - 1) <= SAME_FREQUENCY:
        raise UsageError(
            f"no point was measured at {part}; the nearest is at {write_frequency(nearest)}"
        )
    return [int(i) for i in np.flatnonzero(frequency_hz == nearest)]


def _nearest(frequency_hz: NDArray[np.float64], wanted_hz: float) -> float:
    positive = frequency_hz[frequency_hz > 0]
    if not positive.size:
        raise UsageError("the sweep has no frequency above zero; name points as p0, p1 ...")
    return float(positive[np.argmin(np.abs(np.log(positive / wanted_hz)))])


def points_to_take_back(
    choices: FitChoices, frequency_hz: NDArray[np.float64], words: Sequence[str]
) -> tuple[int, ...]:
    """Find those of the named points that were left out by hand; ``all`` names every one.

    Raises
    ------
    UsageError
        When none of them was.
    """
    by_hand = {point.index for point in choices.mask}
    everything = [word.strip().lower() for word in words] == [EVERY_POINT]
    named = by_hand if everything else set(points_named(frequency_hz, words))
    if not named & by_hand:
        known = describe_masks(choices.mask) or "none"
        raise UsageError(f"{', '.join(words)}: not left out by hand; points that were: {known}")
    return tuple(sorted(named & by_hand))


def checked_reason(reason: str | None, what: str) -> str:
    """Return why `what` is done ("a point is left out") as one line.

    Raises
    ------
    UsageError
        When it says nothing, or is longer than 300 characters.
    """
    line = _one_line(reason)
    if not line:
        raise UsageError(f"{what} with a reason; give --because 'why'")
    if len(line) > LONGEST_REASON:
        raise UsageError(
            f"the reason has {len(line)} characters; at most {LONGEST_REASON} are kept"
        )
    return line


def _one_line(text: str | None) -> str:
    """Return a text in one line, without characters that no database and no page can show."""
    shown = "".join(one for one in text or "" if one.isprintable() or one.isspace())
    return " ".join(shown.split())


def with_points_changed(
    choices: FitChoices,
    frequency_hz: NDArray[np.float64],
    *,
    mask: Mapping[int, str],
    unmask: Iterable[int],
    because: str | None,
    by: str,
) -> FitChoices:
    """Leave points out and take others back.

    Parameters
    ----------
    choices : FitChoices
        Those in force; their other points stay left out.
    frequency_hz : ndarray, shape (n,)
    mask : mapping of int to str
        Reason by index. A point that is left out already gets the new reason and name.
    unmask : iterable of int
        Points to use again.
    because : str, optional
        Why they are used again.
    by : str
        Who decides.

    Raises
    ------
    UsageError
        When a point does not exist, has no reason, was not left out by hand, or is named twice.
    """
    in_force = {point.index: point for point in choices.mask}
    taken_back = sorted(set(unmask))
    for i in (*mask, *taken_back):
        if not 0 <= i < frequency_hz.size:
            raise UsageError(f"there is no point p{i}: the sweep has {frequency_hz.size} points")
        if not (np.isfinite(frequency_hz[i]) and frequency_hz[i] > 0):
            raise UsageError(f"point p{i} has no frequency above zero: no fit uses it anyway")
    for i in taken_back:
        if i in mask:
            raise UsageError(f"point p{i} is to be left out and to be used again: choose one")
        if i not in in_force:
            raise UsageError(
                f"the point at {write_frequency(frequency_hz[i])} (p{i}) is not left out by hand"
            )
    why = _one_line(because)
    kept = {i: point for i, point in in_force.items() if i not in taken_back}
    kept |= {
        int(i): HandMask(
            int(i), float(frequency_hz[i]), checked_reason(reason, "a point is left out"), by
        )
        for i, reason in mask.items()
    }
    return replace(
        choices,
        mask=tuple(kept[i] for i in sorted(kept)),
        unmasked=tuple(HandMask(i, float(frequency_hz[i]), why, by) for i in taken_back),
    )
