"""Numbers as people read them: digits that the errors allow, powers of ten, units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

__all__ = [
    "cell_constant",
    "celsius",
    "clock",
    "conductivity",
    "conductivity_interval",
    "conductivity_of",
    "frequency",
    "length_mm",
    "moment",
    "percent",
    "power_of_ten",
    "resistance",
    "resistance_of",
    "rounded",
    "unbroken",
    "with_errors",
    "with_esd",
]

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MINUS = "−"


def rounded(value: float | None, digits: int = 4) -> str:
    """Write a number with so many significant digits."""
    if value is None or not math.isfinite(value):
        return "–"
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        return f"{_signed(mantissa)} × 10{_raised(int(power))}"
    places = digits - 1 - (math.floor(math.log10(abs(value))) if value else 0)
    return _signed(f"{value:,.{max(0, places)}f}".replace(",", "\u202f"))


def power_of_ten(exponent: float, decimals: int = 1) -> str:
    """Write ten to a power as people read it: -4.3 is ``5.0 × 10⁻⁵``."""
    mantissa, _, power = f"{10.0**exponent:.{decimals}e}".partition("e")
    raised = f"10{_raised(int(power))}"
    return raised if decimals == 0 and mantissa == "1" else f"{mantissa} × {raised}"


def _signed(text: str) -> str:
    return text.replace("-", _MINUS)


def _raised(power: int) -> str:
    return str(power).translate(_SUPERSCRIPT)


def _power(value: float, digits: int = 2) -> int:
    """Power of ten of a number that is written with so many significant digits."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])


def _known(errors: Iterable[float | None]) -> list[float]:
    return [abs(error) for error in errors if error and math.isfinite(error)]


def _fixed(value: float, places: int) -> str:
    """Write a number with so many decimals; with fewer than none tens are rounded."""
    return f"{round(value, places):,.{max(0, places)}f}".replace(",", "\u202f")


def _error(error: float | None, places: int) -> str:
    if error is None or not math.isfinite(error):
        return "unknown"
    if not error:
        return "0"
    # an error far below the other one keeps a digit of its own: it is small, not zero
    return _fixed(error, max(places, -_power(error, 1)))


def _joined(value: float, errors: Sequence[float | None]) -> str:
    """Write a value with its errors; the largest error keeps two digits and decides all places."""
    places = 1 - _power(max(_known(errors)))
    return _signed(" ± ".join([_fixed(value, places), *(_error(one, places) for one in errors)]))


def with_errors(value: float | None, *errors: float | None, qualifier: str = "=") -> str:
    """Write a value with its standard errors, and one power of ten for the whole.

    Parameters
    ----------
    value : float or None
        None and what is no number become a dash.
    *errors : float or None
        Standard errors, such as the random and the systematic one. The largest is written with
        two significant digits, which are the digits of the value too; None becomes ``unknown``.
        Without any error the value has four significant digits.
    qualifier : {"=", "<", ">"}
        A bound keeps its sign.

    Returns
    -------
    str
        ``0.862 ± 0.016`` or ``(1.793 ± 0.002 ± 0.025) × 10⁻⁴``, without a unit.
    """
    if value is None or not math.isfinite(value):
        return "–"
    bound = "" if qualifier == "=" else f"{qualifier} "
    if not _known(errors):
        return bound + rounded(value)
    size = max(abs(value), *_known(errors))
    if 1e-2 <= size < 1e6:
        return bound + _joined(value, errors)
    return f"{bound}{_in_power(value, errors)}"


def _in_power(value: float, errors: Sequence[float | None]) -> str:
    size = max(abs(value), *_known(errors))
    # the digits that will be written decide whether 9.996 is 10.0: then it is the next power
    digits = 2 + math.floor(math.log10(size)) - _power(max(_known(errors)))
    power = _power(size, max(2, digits))
    scale = 10.0**power
    scaled = [None if error is None else error / scale for error in errors]
    return f"({_joined(value / scale, scaled)}) × 10{_raised(power)}"


def resistance(
    value: float | None, random: float | None = None, systematic: float | None = None
) -> str:
    """Write a resistance with its random and systematic standard error, in ohm."""
    if value is None or not math.isfinite(value):
        return "–"
    errors = [error for error in (random, systematic) if error is not None]
    scale, unit = next(
        (pair for pair in ((1e9, "GΩ"), (1e6, "MΩ")) if abs(value) >= pair[0]), (1.0, "Ω")
    )
    return f"{with_errors(value / scale, *(error / scale for error in errors))} {unit}"


def conductivity(
    value: float | None,
    random: float | None = None,
    systematic: float | None = None,
    qualifier: str = "=",
    *,
    unit: str = " S/cm",
) -> str:
    """Write a conductivity with both errors, ``(1.793 ± 0.002 ± 0.025) × 10⁻⁴ S/cm``."""
    if value is None or not value > 0 or not math.isfinite(value):
        return "–"
    errors = [error for error in (random, systematic) if error is not None]
    bound = "" if qualifier == "=" else f"{qualifier} "
    if not _known(errors):
        power = _power(value, 3)
        return f"{bound}{value / 10.0**power:.2f} × 10{_raised(power)}{unit}"
    return f"{bound}{_in_power(value, errors)}{unit}"


def conductivity_of(row: Mapping[str, Any], prefix: str = "sigma_", *, unit: str = " S/cm") -> str:
    """Write the conductivity of a result or a label with its errors; a bound goes without them.

    Parameters
    ----------
    row : mapping
        With ``sigma_S_per_cm``, and where known ``sigma_random_S_per_cm``,
        ``sigma_systematic_S_per_cm`` and ``qualifier``.
    prefix : str
        ``"sigma25_"`` for the keys of a temperature series.
    unit : str
        Empty where the head of a column holds it.
    """
    qualifier = row.get("qualifier") or "="
    value = row.get(f"{prefix}S_per_cm")
    if qualifier != "=":
        return conductivity(value, qualifier=qualifier, unit=unit)
    random, systematic = (row.get(f"{prefix}{part}_S_per_cm") for part in _ERRORS)
    return conductivity(value, random, systematic, unit=unit)


def resistance_of(row: Mapping[str, Any]) -> str:
    """Write ``resistance_ohm`` of a result with its random and its systematic error."""
    random, systematic = (row.get(f"resistance_{part}_ohm") for part in _ERRORS)
    return resistance(row.get("resistance_ohm"), random, systematic)


_ERRORS = ("random", "systematic")
_WIDE = 100.0
"""Ends of an interval that are further apart than this get a power of ten each."""


def conductivity_interval(value: float, low: float, high: float) -> str:
    """Write a conductivity with its interval, ``2.000 [1.941, 2.061] × 10⁻⁵``, in S/cm."""
    if not 0 < low <= high < math.inf:
        return conductivity(value, unit="")
    if high > _WIDE * low:
        ends = f"{conductivity(low, unit='')}, {conductivity(high, unit='')}"
        return f"{conductivity(value, unit='')} [{ends}]"
    power = _power(value, 4)
    scale = 10.0**power
    places = max(0, 1 - _power((high - low) / 4 / scale)) if high > low else 2
    numbers = [f"{number / scale:.{places}f}" for number in (value, low, high)]
    return f"{numbers[0]} [{numbers[1]}, {numbers[2]}] × 10{_raised(power)}"


def cell_constant(per_cm: float, relative_se: float, *, known: bool = True) -> str:
    """Write thickness over area with its error, ``2.558 ± 0.035 cm⁻¹ (1.4 %)``.

    Parameters
    ----------
    per_cm : float
    relative_se : float
        One relative standard error.
    known : bool
        Whether the errors of thickness and diameter were both given.
    """
    if not known or not relative_se > 0:
        return f"{rounded(per_cm)} cm⁻¹, error unknown"
    shown = with_errors(per_cm, per_cm * relative_se)
    return f"{shown} cm⁻¹ ({percent(relative_se)})"


def percent(fraction: float) -> str:
    """Write a fraction in per cent with two significant digits."""
    return f"{_signed(_fixed(100 * fraction, 1 - _power(100 * fraction)))} %" if fraction else "0 %"


def unbroken(text: str) -> str:
    """Keep a power of ten and a unit on the line of their number."""
    for word in (" × 10", " S/cm", " Ω", " kΩ", " MΩ", " GΩ", " mm"):
        text = text.replace(word, "\u00a0" + word.strip().replace(" ", "\u00a0"))
    return text


def celsius(temperature_K: float | None) -> str:
    """Write a temperature in degrees Celsius."""
    if temperature_K is None:
        return "–"
    return _signed(f"{temperature_K - 273.15:.4g}\u00a0°C")


def frequency(hertz: float | None) -> str:
    """Write a frequency with its prefix."""
    if hertz is None or not hertz > 0:
        return "–"
    for scale, unit in ((1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz")):
        if hertz >= scale:
            return f"{hertz / scale:.3g}\u00a0{unit}"
    return f"{hertz * 1e3:.3g}\u00a0mHz"


def length_mm(metres: float, error_m: float | None = None) -> str:
    """Write a length in millimetres with its standard error, to the last digit of that.

    An error of zero is one that nobody gave.
    """
    if not error_m:
        return f"{1e3 * metres:.4g} mm{' (error unknown)' if error_m == 0 else ''}"
    error = 1e3 * error_m
    places = 1 - _power(error)
    # an error typed with one digit stays one: 2.10 ± 0.01, not 2.100 ± 0.010
    if math.isclose(round(error, places), round(error, places - 1), rel_tol=1e-9):
        places -= 1
    return f"{_fixed(1e3 * metres, places)} ± {_fixed(error, places)} mm"


def moment(iso: str | datetime | None) -> str:
    """Write a moment to the minute."""
    if iso is None:
        return "–"
    text = iso.isoformat(timespec="minutes") if isinstance(iso, datetime) else iso
    return text[:16].replace("T", " ")


def clock(iso: str | None) -> str:
    """Write the time of day of a moment, to the second."""
    return "–" if iso is None else iso[11:19]


def with_esd(value: float, esd: float | None) -> str:
    """Write a number with its standard error in the last digits, ``8.1441(3)``."""
    if not esd:
        return f"{value:.5f}"
    digits = 1
    while digits < 7 and round(esd * 10**digits) < 2:
        digits += 1
    return f"{value:.{digits}f}({round(esd * 10**digits)})"
