"""What the other modules of an .mpr file say: settings, log, external devices.

Offsets were found by searching the binary modules for the values that the text export of the same
measurement prints. A parameter whose place depends on the version is reported only where it
proves itself against the measured frequencies.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, field

from instruments.biologic_columns import DEVICES, TECHNIQUES
from instruments.records import Timestamp
from instruments.timestamps import from_ole_days

__all__ = ["EisParameters", "LogModule", "SettingsModule", "eis_parameters", "external_channels",
           "log_of", "settings_of"]  # fmt: skip

_TEXTS = {  # offset of a length byte, name
    7: "comments",
    286: "electrode_material",
    367: "initial_state",
    448: "electrolyte",
    533: "reference_electrode",
}
_SURFACE_AREA_AT = 529
_CHARACTERISTIC_MASS_AT = 588
_REFERENCE_POTENTIAL_AT = 584
_AREA_UNIT_AT, _MASS_UNIT_AT = 592, 593
_AREA_TO_CM2 = {2: 1.0, 3: 0.01}  # cm2, mm2
_MASS_TO_MG = {1: 1000.0, 2: 1.0}  # g, mg
_CHANNEL = re.compile(rb"\x01([\x03-\x28])(?=[A-Za-z])", re.DOTALL)
_FREQUENCY_UNITS = {0: 1e6, 1: 1e3, 2: 1.0, 3: 1e-3}
_CURRENT_UNITS = {1: "mA", 2: "µA"}


def pascal_text(body: bytes, offset: int) -> str | None:
    """Read a text behind its length byte; None when it is empty or not text."""
    if offset >= len(body) or not body[offset]:
        return None
    raw = body[offset + 1 : offset + 1 + body[offset]]
    text = raw.decode("cp1252", errors="replace").replace("\r\n", "\n").strip()
    return text if text and text.replace("\n", "").replace("\t", "").isprintable() else None


def _float_at(body: bytes, offset: int) -> float | None:
    if offset + 4 > len(body):
        return None
    (value,) = struct.unpack_from("<f", body, offset)
    if not math.isfinite(value) or abs(value) > 1e12:
        return None
    return float(f"{value:.7g}")  # a single-precision number as it was typed


@dataclass(frozen=True, slots=True)
class SettingsModule:
    """From the module ``VMP Set``."""

    technique: str | None
    technique_number: int | None
    metadata: dict[str, str | int | float | bool | None] = field(default_factory=dict)


def settings_of(body: bytes) -> SettingsModule:
    """Read technique and cell description."""
    if not body:
        return SettingsModule(None, None)
    number = body[0]
    known = TECHNIQUES.get(number)
    metadata: dict[str, str | int | float | bool | None] = {}
    for offset, name in _TEXTS.items():
        text = pascal_text(body, offset)
        if text and text != "(unspecified)":
            metadata[name] = text
    area, mass = _float_at(body, _SURFACE_AREA_AT), _float_at(body, _CHARACTERISTIC_MASS_AT)
    if len(body) > _MASS_UNIT_AT and area is not None and mass is not None:
        to_cm2 = _AREA_TO_CM2.get(body[_AREA_UNIT_AT])
        to_mg = _MASS_TO_MG.get(body[_MASS_UNIT_AT])
        if to_cm2 and area >= 0:
            # EC-Lab writes 0.001 cm2 unless somebody changes it: never by itself a pellet's area.
            metadata["electrode_surface_area_cm2"] = float(f"{area * to_cm2:.7g}")
            metadata["electrode_surface_area_is_default"] = area * to_cm2 == 0.001
        if to_mg and mass > 0:
            metadata["characteristic_mass_mg"] = float(f"{mass * to_mg:.7g}")
    if "reference_electrode" in metadata:
        metadata["reference_potential_V"] = _float_at(body, _REFERENCE_POTENTIAL_AT)
    return SettingsModule(known.short if known else None, number, metadata)


@dataclass(frozen=True, slots=True)
class EisParameters:
    """Sweep parameters of PEIS, GEIS or ZIR as they were set."""

    start_frequency_hz: float
    stop_frequency_hz: float
    amplitude: str | None
    points_per_decade: int | None
    averages: int | None


def eis_parameters(
    body: bytes, technique: str | None, measured_hz: tuple[float, float] | None
) -> EisParameters | None:
    """Read the sweep parameters of a single sequence.

    Parameters
    ----------
    body : bytes
        Body of ``VMP Set``.
    technique : str or None
        ``"PEIS"``, ``"GEIS"``.
    measured_hz : tuple of float, or None
        Lowest and highest measured frequency; the set limits must cover them. None when nothing
        was measured.

    Returns
    -------
    EisParameters or None
        None when the bytes do not prove to be these parameters.
    """
    from_end = {"PEIS": 505, "GEIS": 511}.get(technique or "")
    if from_end is None or len(body) < 6000:
        return None
    at = len(body) - from_end
    start, stop = _float_at(body, at), _float_at(body, at + 5)
    start_unit, stop_unit = (_FREQUENCY_UNITS.get(body[at + k]) for k in (4, 9))
    if not start or not stop or start_unit is None or stop_unit is None:
        return None
    first_hz, last_hz = start * start_unit, stop * stop_unit
    low, high = sorted((first_hz, last_hz))
    if not (1e-6 <= low <= high <= 1e8):
        return None
    if measured_hz is not None and not (
        low * 0.97 <= measured_hz[0] and measured_hz[1] <= high * 1.03
    ):
        return None
    (n_points,) = struct.unpack_from("<I", body, at + 10)
    per_decade = n_points if 0 < n_points < 1000 and body[at + 14] == 1 else None
    if technique == "PEIS":
        size = _float_at(body, at + 16)
        amplitude = f"{size:g} mV" if size and 0 < size < 1e4 else None
        averages = body[at + 24]
    else:
        size, unit = _float_at(body, at + 17), _CURRENT_UNITS.get(body[at + 21])
        amplitude = f"{size:g} {unit}" if size and unit and 0 < size < 1e6 else None
        averages = body[at + 30]
    return EisParameters(first_hz, last_hz, amplitude, per_decade, averages or None)


@dataclass(frozen=True, slots=True)
class LogModule:
    """From the module ``VMP LOG``."""

    started_at: Timestamp | None
    software: str | None
    instrument: str | None
    metadata: dict[str, str | int | float | bool | None] = field(default_factory=dict)


def log_of(body: bytes) -> LogModule:
    """Read start, program version and device."""
    started_at = None
    if len(body) >= 593:
        started_at = from_ole_days(struct.unpack_from("<d", body, 585)[0])
    version = pascal_text(body, 951)
    if version is not None and not version.replace(".", "").isdigit():
        version = None
    code = body[974] if len(body) > 974 else 0
    metadata: dict[str, str | int | float | bool | None] = {}
    if code:
        metadata["device_code"] = code
    for offset, name in ((975, "device_serial"), (593, "original_path"), (965, "firmware")):
        if text := pascal_text(body, offset):
            metadata[name] = text
    return LogModule(
        started_at, f"EC-Lab {version}" if version else None, DEVICES.get(code), metadata
    )


def external_channels(body: bytes) -> dict[str, str]:
    """Return the names given to the analog inputs, by column name of EC-Lab.

    Each channel is a used-flag of one byte and a text with the unit behind a slash. The first
    two used channels are the analog inputs 1 and 2.
    """
    names: list[str] = []
    for mark in _CHANNEL.finditer(body):
        raw = body[mark.end() : mark.end() + mark[1][0]]
        text = raw.decode("cp1252", errors="replace")
        if len(raw) == mark[1][0] and "/" in text and text[0].isalpha() and text.isprintable():
            names.append(text)
    return {f"Analog IN {i}/V": name for i, name in enumerate(names[:2], start=1)}
