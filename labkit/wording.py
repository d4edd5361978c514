"""Numbers as people read them: digits that the errors allow, powers of ten, units."""

from __future__ import annotations

import math
from datetime import datetime

__all__ = [
    "celsius",
    "clock",
    "conductivity",
    "frequency",
    "length_mm",
    "moment",
    "resistance",
    "rounded",
    "unbroken",
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


def _signed(text: str) -> str:
    return text.replace("-", _MINUS)


def _raised(power: int) -> str:
    return str(power).translate(_SUPERSCRIPT)


def _places(errors: list[float]) -> int:
    """Decimals that show the largest error with two digits."""
    known = [error for error in errors if error > 0 and math.isfinite(error)]
    return max(0, 1 - math.floor(math.log10(max(known)))) if known else 3


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
    return f"{_with_errors(value / scale, [error / scale for error in errors])} {unit}"


def conductivity(
    value: float | None,
    random: float | None = None,
    systematic: float | None = None,
    qualifier: str = "=",
) -> str:
    """Write a conductivity with both errors, ``(1.793 ± 0.002 ± 0.025) × 10⁻⁴ S/cm``."""
    if value is None or not value > 0 or not math.isfinite(value):
        return "–"
    power = math.floor(math.log10(value))
    errors = [error / 10.0**power for error in (random, systematic) if error is not None]
    bound = "" if qualifier == "=" else f"{qualifier} "
    if not any(errors):
        return f"{bound}{value / 10.0**power:.2f} × 10{_raised(power)} S/cm"
    return f"{bound}({_with_errors(value / 10.0**power, errors)}) × 10{_raised(power)} S/cm"


def unbroken(text: str) -> str:
    """Keep a power of ten and a unit on the line of their number."""
    for word in (" × 10", " S/cm", " Ω", " kΩ", " MΩ", " GΩ", " mm"):
        text = text.replace(word, "\u00a0" + word.strip().replace(" ", "\u00a0"))
    return text


def _with_errors(value: float, errors: list[float]) -> str:
    if not any(errors):
        return rounded(value)
    places = min(_places(errors), 6)
    shown = [f"{value:,.{places}f}".replace(",", "\u202f")]
    shown += [f"{error:.{places}f}" for error in errors]
    return _signed(" ± ".join(shown))


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


def length_mm(metres: float, error_m: float = 0.0) -> str:
    """Write a length in millimetres with its standard error."""
    shown = f"{1e3 * metres:.4g}"
    return f"{shown} ± {1e3 * error_m:.2g} mm" if error_m else f"{shown} mm"


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
