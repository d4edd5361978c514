"""The text header that EC-Lab writes in .mpt, .mpl and .mps files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from instruments.biologic_columns import TECHNIQUE_TITLES
from instruments.records import Timestamp
from instruments.timestamps import from_text

__all__ = ["Header", "beside", "decode", "parse_header"]

_SOFTWARE = re.compile(
    r"^(E[Cc]-[Ll][Aa][Bb]|BT-[Ll][Aa][Bb]) for windows v([\d.]+)", re.IGNORECASE
)
_DEVICE = re.compile(r"^(\S.*?)\s*(?:\(SN\s*([^)]*)\))?$")
_AREA = re.compile(r"^([\d.,+-]+(?:[eE][+-]?\d+)?)\s*(m|c|µ)?m(?:²|2|ě)?")
_AREA_TO_CM2 = {"m": 1e-2, "c": 1.0, "µ": 1e-8, None: 1e4}
_PARAMETER_WIDTH = 20  # sequence parameters stand in columns of 20 characters
_MOST_BESIDE_BYTES = 1 << 20

_TEXT_FIELDS = {
    "User": "user",
    "Electrode material": "electrode_material",
    "Initial state": "initial_state",
    "Electrolyte": "electrolyte",
    "Electrode connection": "electrode_connection",
    "Reference electrode": "reference_electrode",
    "Loaded Setting File": "settings_file",
    "Ewe,I filtering": "filtering",
    "File": "original_file",
    "Run on channel": "channel",
    "Mass of active material": "active_mass",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What an EC-Lab text header says.

    Attributes
    ----------
    technique : str or None
        Short name, or the title as it stands where the title is not known.
    settings : mapping
        Parameters of the first sequence under the names that EC-Lab prints (``"Va (mV)"``).
    """

    technique: str | None = None
    instrument: str | None = None
    software: str | None = None
    started_at: Timestamp | None = None
    amplitude: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    metadata: dict[str, str | int | float | bool | None] = field(default_factory=dict)


def decode(content: bytes) -> str:
    """Decode EC-Lab text: UTF-8 where it is that, else cp1252 (Latin-1 for its five gaps)."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return content.decode("cp1252")
        except UnicodeDecodeError:
            return content.decode("latin-1")


def _area_cm2(text: str) -> float | None:
    match = _AREA.match(text)
    if not match:
        return None
    try:
        return float(f"{float(match[1].replace(',', '.')) * _AREA_TO_CM2[match[2]]:.9g}")
    except ValueError:
        return None


def _mass_mg(text: str) -> float | None:
    number, _, unit = text.partition(" ")
    factor = {"g": 1e3, "mg": 1.0, "µg": 1e-3, "kg": 1e6}.get(unit)
    try:
        return None if factor is None else float(f"{float(number.replace(',', '.')) * factor:.9g}")
    except ValueError:
        return None


def _amplitude(settings: Mapping[str, str]) -> str | None:
    for key, unit in (("Va (mV)", "mV"), ("Ia", settings.get("unit  Ia", settings.get("unit Ia")))):
        value = settings.get(key, "").replace(",", ".")
        try:
            if unit and float(value) > 0:
                return f"{float(value):g} {unit}"
        except ValueError:
            continue
    return None


def _technique(lines: Iterable[str]) -> str | None:
    for line in lines:
        title = line.strip()
        short = TECHNIQUE_TITLES.get(title.lower())
        if short:
            return short
    return None


def parse_header(lines: list[str]) -> Header:
    """Read a header.

    Parameters
    ----------
    lines : list of str
        The lines above the column names (of an .mpl or .mps file: all lines).

    Returns
    -------
    Header
        Empty where the file has no header.
    """
    metadata: dict[str, str | int | float | bool | None] = {}
    settings: dict[str, str] = {}
    comments: list[str] = []
    instrument = software = None
    started_at: Timestamp | None = None
    for raw in lines:
        line = raw.rstrip()
        if match := _SOFTWARE.match(line):
            software = f"EC-Lab {match[2]}" if match[1][0] in "eE" else f"BT-Lab {match[2]}"
            continue
        key, colon, value = line.strip().partition(" :")
        value = value.strip()
        if colon and key == "Device" and (match := _DEVICE.match(value)):
            instrument = match[1]
            metadata["device_serial"] = match[2] or None
        elif colon and key in ("Acquisition started on", "Technique started on"):
            # EC-Lab writes month first, whatever the locale says about decimals.
            started_at = started_at or from_text(value, month_first=True)
        elif colon and key == "Comments" and value:
            comments.append(value)
        elif colon and key == "Electrode surface area":
            area = _area_cm2(value)
            metadata["electrode_surface_area_cm2"] = area
            metadata["electrode_surface_area_is_default"] = area == 0.001
        elif colon and key == "Characteristic mass":
            metadata["characteristic_mass_mg"] = _mass_mg(value)
        elif colon and key in _TEXT_FIELDS:
            if value and value != "NONE":
                metadata[_TEXT_FIELDS[key]] = value
        elif not colon and len(line) > _PARAMETER_WIDTH and line[0] not in " \t":
            settings.setdefault(
                line[:_PARAMETER_WIDTH].rstrip(), line[_PARAMETER_WIDTH:][:_PARAMETER_WIDTH].strip()
            )
    if comments:
        metadata["comments"] = "\n".join(comments)
    return Header(
        technique=_technique(lines),
        instrument=instrument,
        software=software,
        started_at=started_at,
        amplitude=_amplitude(settings),
        settings=settings,
        metadata=metadata,
    )


def beside(path: Path, suffixes: tuple[str, ...]) -> tuple[str, Header] | None:
    """Read the log (.mpl) or settings (.mps) file that lies beside a data file.

    Parameters
    ----------
    path : Path
        Data file; it need not exist.
    suffixes : tuple of str
        Suffixes to look for, in order of trust.

    Returns
    -------
    tuple of (file name, Header), or None
        None when there is none, or it cannot be read.
    """
    # EC-Lab adds the channel to data files: run_C01.mpr belongs to run_C01.mpl and run.mps.
    stems = dict.fromkeys((path.stem, re.sub(r"_C\d{2}$", "", path.stem)))
    for suffix in suffixes:
        for stem in stems:
            candidate = path.with_name(stem + suffix)
            try:
                if candidate.is_file() and candidate.stat().st_size <= _MOST_BESIDE_BYTES:
                    lines = decode(candidate.read_bytes()).splitlines()
                    return candidate.name, parse_header(lines)
            except (OSError, ValueError):
                continue
    return None
