"""What a laboratory measures by hand: lengths, temperatures, and the shape of a pellet.

Errors raised here::

    LabkitError
    └── GeometryError     a length, temperature or pellet that cannot be right
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from labkit.errors import LabkitError


class GeometryError(LabkitError):
    """A length, a temperature or a pellet geometry that cannot be read or cannot be right."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with two standard errors that are kept apart.

    Parameters
    ----------
    value
        The measured value.
    random
        Standard error that averages out over repeated measurements; same unit as `value`.
    systematic
        Standard error that does not (geometry, choice of window); same unit as `value`.
    """

    value: float
    random: float = 0.0
    systematic: float = 0.0

    @property
    def total(self) -> float:
        """Random and systematic standard error added in quadrature."""
        return math.hypot(self.random, self.systematic)


@dataclass(frozen=True, slots=True)
class PelletGeometry:
    """A cylindrical pellet with electrodes over both whole faces.

    Parameters
    ----------
    thickness_m, diameter_m
        Dimensions in metres, greater than zero.
    thickness_se_m, diameter_se_m
        Their standard errors in metres, zero or greater (zero: not stated).

    Raises
    ------
    GeometryError
        If a dimension is not a finite number above zero or an error is negative.
    """

    thickness_m: float
    thickness_se_m: float
    diameter_m: float
    diameter_se_m: float = 0.0

    def __post_init__(self) -> None:
        for name, value, error in (
            ("thickness", self.thickness_m, self.thickness_se_m),
            ("diameter", self.diameter_m, self.diameter_se_m),
        ):
            if not (math.isfinite(value) and value > 0):
                raise GeometryError(
                    f"the {name} of a pellet must be a length above zero, not {value:g} m"
                )
            if not (math.isfinite(error) and error >= 0):
                raise GeometryError(
                    f"the standard error of the {name} must be zero or above, not {error:g} m"
                )

    @property
    def area_m2(self) -> float:
        """Area of one face, pi d^2 / 4, in m2."""
        return math.pi * self.diameter_m**2 / 4

    @property
    def area_se_m2(self) -> float:
        """Standard error of the area in m2; the relative error is twice that of the diameter."""
        return self.area_m2 * 2 * self.diameter_se_m / self.diameter_m

    @property
    def cell_constant_per_cm(self) -> float:
        """Thickness over area in 1/cm: sigma = cell constant / resistance."""
        return self.thickness_m / self.area_m2 / 100

    @property
    def cell_constant_relative_se(self) -> float:
        """Relative standard error of the cell constant (thickness and diameter independent)."""
        return math.hypot(
            self.thickness_se_m / self.thickness_m, 2 * self.diameter_se_m / self.diameter_m
        )


# The units people write for pellets; anything else is left to pint.
_METRES = {
    "m": 1.0,
    "cm": 1e-2,
    "mm": 1e-3,
    "um": 1e-6,
    "µm": 1e-6,
    "μm": 1e-6,
    "micron": 1e-6,
    "nm": 1e-9,
    "in": 0.0254,
    "inch": 0.0254,
    '"': 0.0254,
    "mil": 0.0254e-3,
}

_NUMBER = r"[+-]?(?:\d+/\d+|(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)"
_QUANTITY = re.compile(
    rf"""^\s*\(?\s*
    (?P<value>{_NUMBER})
    (?:\((?P<digits>\d+)\))?                        # 0.81(1)
    \s*(?P<unit1>[^\d\s+±()%.,-][^\d\s+±()%]*)?\s*
    (?:(?:\+\s*/?\s*-|±)\s*
        (?P<error>{_NUMBER})\s*(?P<unit2>%|[^\d\s+±()%.,-][^\d\s+±()%]*)?\s*
    )?
    \)?\s*(?P<unit3>[^\d\s+±()%.,-][^\d\s+±()%]*)?\s*$""",
    re.VERBOSE,
)


def _number(text: str) -> float:
    """Read a decimal number, a fraction (1/4) or a decimal comma (0,81)."""
    if "/" in text:
        numerator, denominator = text.split("/")
        if float(denominator) == 0:
            raise GeometryError(f"'{text}' divides by zero")
        return float(numerator) / float(denominator)
    if "," in text:
        whole, _, fraction = text.partition(",")
        # 1,000 is a thousand to one reader and one to another: refuse instead of guessing.
        if len(fraction) == 3 and whole.lstrip("+-0"):
            raise GeometryError(f"'{text}' could be {whole}{fraction} or {whole}.{fraction}")
        return float(text.replace(",", "."))
    return float(text)


def _last_digit(text: str) -> float:
    """Return the size of one unit in the last written digit: 0.81 -> 0.01, 12 -> 1."""
    mantissa, _, exponent = text.lower().replace(",", ".").partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(10.0 ** (int(exponent or 0) - decimals))


def _metres_per(unit: str, text: str, what: str) -> float:
    known = _METRES.get(unit) or _METRES.get(unit.lower())
    if known is not None:
        return known
    import pint

    try:
        return float(pint.get_application_registry().Quantity(1.0, unit).to("meter").magnitude)
    except Exception as error:  # pint raises many kinds, some of them from the tokenizer
        raise GeometryError(
            f"{what} '{text}': '{unit}' is not a unit of length; write for example 0.81mm+-0.01mm"
        ) from error


def parse_length(text: str, *, what: str = "thickness") -> tuple[float, float]:
    """Read a length with its standard error.

    Parameters
    ----------
    text
        ``"6.35 mm"``, ``"0.81mm+-0.01mm"``, ``"0.81+-0.01 mm"``, ``"0.81 ± 0.01 mm"``,
        ``"0.81(1) mm"``, ``"0.81 mm +- 1%"``, ``"1/4 inch"``. Any unit of length is accepted.
    what
        Name of the quantity, for the error message.

    Returns
    -------
    tuple of float
        Length and standard error in metres; the error is 0.0 where none is stated.

    Raises
    ------
    GeometryError
        If the text has no number, no unit or another unit, or the length is not above zero.
    """
    example = "write it with its unit, for example 0.81mm+-0.01mm or 6.35 mm"
    match = _QUANTITY.match(text.replace("−", "-").replace("–", "-"))
    if match is None:
        raise GeometryError(f"{what} '{text}' is not a length; {example}")
    unit3, unit2 = match["unit3"], match["unit2"]
    unit1 = match["unit1"]
    relative = unit2 == "%"
    value_unit = unit1 or unit3 or (None if relative else unit2)
    if value_unit is None:
        raise GeometryError(f"{what} '{text}' has no unit; {example}")
    scale = _metres_per(value_unit.strip(), text, what)
    value = _number(match["value"]) * scale
    if not (math.isfinite(value) and value > 0):
        raise GeometryError(f"{what} '{text}' must be above zero; {example}")
    if match["digits"] and match["error"]:
        raise GeometryError(f"{what} '{text}' states its error twice; {example}")
    if match["digits"]:
        return value, int(match["digits"]) * _last_digit(match["value"]) * scale
    if not match["error"]:
        return value, 0.0
    error = _number(match["error"])
    if error < 0:
        raise GeometryError(f"{what} '{text}' has a negative error; {example}")
    if relative:
        return value, value * error / 100
    error_unit = unit2 or unit3
    error_scale = _metres_per(error_unit.strip(), text, what) if error_unit else scale
    return value, error * error_scale


_TEMPERATURE = re.compile(rf"^\s*(?P<value>{_NUMBER})\s*(?P<unit>\S.*?)?\s*$")
_CELSIUS = {"c", "°c", "degc", "deg c", "celsius", "℃", "deg", "degree_celsius", "ºc"}
_KELVIN = {"k", "kelvin", "degk"}
_FAHRENHEIT = {"f", "°f", "degf", "fahrenheit"}


def parse_temperature(text: str) -> float:
    """Read a temperature and return it in kelvin.

    Parameters
    ----------
    text
        ``"25C"``, ``"-25 °C"``, ``"298.15K"``, ``"25 degC"``.

    Returns
    -------
    float
        Temperature in K.

    Raises
    ------
    GeometryError
        If there is no number or no unit, or the temperature is not above absolute zero.
    """
    match = _TEMPERATURE.match(text.replace("−", "-").replace("–", "-"))
    if match is None:
        raise GeometryError(f"temperature '{text}' is not a number with a unit; write 25C or 298K")
    if not match["unit"]:
        raise GeometryError(f"temperature '{text}' has no unit; write {text.strip()}C or 298.15K")
    value, unit = _number(match["value"]), match["unit"].lower()
    if unit in _CELSIUS:
        kelvin = value + 273.15
    elif unit in _KELVIN:
        kelvin = value
    elif unit in _FAHRENHEIT:
        kelvin = (value - 32) / 1.8 + 273.15
    else:
        raise GeometryError(
            f"temperature '{text}': '{match['unit']}' is no unit of temperature; write 25C or 298K"
        )
    if not (math.isfinite(kelvin) and kelvin > 0):
        raise GeometryError(f"temperature '{text}' is not above absolute zero")
    return kelvin
