"""Moments as instruments write them: zones that are not said, days and months that swap."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

from instruments.records import Timestamp

__all__ = ["from_iso", "from_ole_days", "from_text"]

_OLE_EPOCH = datetime(1899, 12, 30)
# 1990 to 2200: days outside it are not the clock of an instrument's computer.
_OLE_RANGE = (32874.0, 109574.0)

_NUMERIC = re.compile(
    r"^\s*(\d{1,4})[./-](\d{1,2})[./-](\d{2,4})"
    r"(?:[\sT,]+(\d{1,2})[:.h](\d{2})(?:[:.m](\d{2})(?:[.,](\d+))?)?\s*([AaPp]\.?[Mm]\.?)?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(
    r"^\s*(?:[A-Za-z]{3,9},?\s+)?(?:(\d{1,2})[\s.-]+([A-Za-z]{3})[a-z]*|([A-Za-z]{3})[a-z]*\.?\s+"
    r"(\d{1,2}))[\s,.-]+(\d{4}|(?=\d{1,2}:))(?:[\s,]*(\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"\s*([AaPp][Mm])?)?(?:\s+(\d{4}))?"
)


def from_ole_days(days: float) -> Timestamp | None:
    """Convert days since 1899-12-30, local time, as Windows programs store moments.

    Returns
    -------
    Timestamp or None
        None when the number is no moment between 1990 and 2200.
    """
    if not math.isfinite(days) or not _OLE_RANGE[0] <= days <= _OLE_RANGE[1]:
        return None
    moment = _OLE_EPOCH + timedelta(milliseconds=round(days * 86_400_000))
    return Timestamp(_iso(moment))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def from_iso(text: str) -> Timestamp | None:
    """Read ISO 8601, with or without an offset; None when it is not that."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    offset = moment.utcoffset()
    if offset is None:
        return Timestamp(_iso(moment))
    zone = "UTC" if not offset else _iso(moment)[-6:]
    return Timestamp(_iso(moment), zone=zone)


def _hour_24(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half[0] in "pP" else 0)


def from_text(text: str, *, month_first: bool | None = None) -> Timestamp | None:
    """Read a date, with or without time, in the forms that instrument files use.

    Parameters
    ----------
    text : str
        ``03/02/2021 16:17:59.000``, ``2021-03-02``, ``2 March 2021`` ...
    month_first : bool, optional
        What the format documents; a date that could also be read the other way is still flagged
        as ambiguous, because programs follow the locale of the computer. None: month first is
        tried, as in most of these programs.

    Returns
    -------
    Timestamp or None
        None when there is no date in the text.
    """
    if match := _NUMERIC.match(text):
        return _numeric(match, month_first is not False)
    if match := _NAMED.match(text):
        return _named(match)
    return None


def _numeric(match: re.Match[str], month_first: bool) -> Timestamp | None:
    first, second, third = (int(match[i]) for i in (1, 2, 3))
    ambiguous = False
    if len(match[1]) == 4:
        year, month, day = first, second, third
    elif len(match[1]) > 2:
        return None
    else:
        year = third if third > 99 else 2000 + third
        month, day = (first, second) if month_first else (second, first)
        if month > 12:
            month, day = day, month
        else:
            ambiguous = day <= 12 and day != month
    try:
        if match[4] is None:
            return Timestamp(datetime(year, month, day).date().isoformat(), ambiguous=ambiguous)
        fraction = float(f"0.{match[7] or 0}")
        moment = datetime(
            year, month, day, _hour_24(int(match[4]), match[8]), int(match[5]), int(match[6] or 0)
        ) + timedelta(milliseconds=round(fraction * 1000))
    except ValueError:
        return None
    return Timestamp(_iso(moment), ambiguous=ambiguous)


def _named(match: re.Match[str]) -> Timestamp | None:
    day, name = (match[1], match[2]) if match[1] else (match[4], match[3])
    year = match[5] or match[10]
    if name.lower() not in _MONTHS or not year:
        return None
    month = _MONTHS.index(name.lower()) + 1
    try:
        if match[6] is None:
            return Timestamp(datetime(int(year), month, int(day)).date().isoformat())
        hour = _hour_24(int(match[6]), match[9])
        return Timestamp(
            _iso(datetime(int(year), month, int(day), hour, int(match[7]), int(match[8] or 0)))
        )
    except ValueError:
        return None
