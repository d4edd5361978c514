"""Frequencies and voltages as people type them: ``300Hz``, ``20 kHz``, ``100mV``."""

from __future__ import annotations

import math
import re

from labkit.errors import UsageError

__all__ = ["parse_frequency", "parse_voltage", "parse_window", "write_frequency"]

_HZ = {"": 1.0, "mhz": 1e-3, "hz": 1.0, "khz": 1e3, "ghz": 1e9}
_TEXT = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][-+]?\d+)?)\s*([a-zA-Z]*)\s*")


def parse_frequency(text: str) -> float:
    """Read a frequency in Hz; a bare number is in Hz.

    ``mHz`` and ``MHz`` differ by case alone and are told apart by it.

    Raises
    ------
    UsageError
        When it is no frequency.
    """
    match = _TEXT.fullmatch(text)
    if match:
        number, unit = float(match[1]), match[2]
        scale = 1e6 if unit == "MHz" else _HZ.get(unit.lower())
        if unit.lower() == "mhz" and unit not in ("mHz", "MHz"):
            raise UsageError(f"frequency {text!r}: write mHz for millihertz or MHz for megahertz")
        if scale is not None and number > 0 and math.isfinite(number):
            return number * scale
    raise UsageError(f"frequency {text!r} cannot be read; write for example 300Hz or 20kHz")


def write_frequency(hertz: float) -> str:
    """Write a frequency with four digits, as `parse_frequency` reads it."""
    for scale, unit in ((1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz")):
        if hertz >= scale:
            return f"{hertz / scale:.4g} {unit}"
    return f"{1e3 * hertz:.4g} mHz"


def parse_window(low: str, high: str) -> tuple[float, float]:
    """Read a window of two frequencies, in either order.

    Raises
    ------
    UsageError
        When one is no frequency or both are equal.
    """
    ends = sorted((parse_frequency(low), parse_frequency(high)))
    if ends[0] == ends[1]:
        raise UsageError(f"the window {low} to {high} is empty; give two different frequencies")
    return ends[0], ends[1]


_VOLTS = {"V": 1.0, "mV": 1e-3}
_VOLTAGE = re.compile(r"\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?\d+)?)\s*(m?V)\s*")


def parse_voltage(text: str) -> float:
    """Read a voltage with its unit, in volts.

    Raises
    ------
    UsageError
        When it is no voltage, has no unit, or is zero.
    """
    match = _VOLTAGE.fullmatch(text)
    volts = float(match[1]) * _VOLTS[match[2]] if match else 0.0
    if volts == 0.0:
        raise UsageError(f"voltage {text!r} cannot be used; write for example 100mV or 0.1V")
    return volts
