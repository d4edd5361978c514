"""Recognise the columns of impedance tables by their names, signs and units.

Nothing is guessed: a name, its sign and its unit must say what a column is. Where they do not,
the caller names the columns (``f=Frequency (Hz), re=..., im=-...``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruments.errors import MalformedFileError, MissingColumnError

__all__ = ["ImpedanceColumns", "Role", "named_columns", "parse_mapping", "recognise"]


@dataclass(frozen=True, slots=True)
class Role:
    """Where a quantity stands: column index and the factor that makes it SI with physics sign."""

    index: int
    factor: float


@dataclass(frozen=True, slots=True)
class ImpedanceColumns:
    """Roles of the columns of a table."""

    frequency: Role
    real: Role | None
    imag: Role | None
    modulus: Role | None
    phase: Role | None
    time: Role | None

    def z_ohm(self, table: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Compute Z, shape (n,), from a table of shape (n, n_columns)."""
        z = np.empty(table.shape[0], dtype=np.complex128)
        if self.real is not None and self.imag is not None:
            z.real = table[:, self.real.index] * self.real.factor
            z.imag = table[:, self.imag.index] * self.imag.factor
            return z
        assert self.modulus is not None and self.phase is not None
        modulus = table[:, self.modulus.index] * self.modulus.factor
        phase_rad = table[:, self.phase.index] * self.phase.factor
        z.real, z.imag = modulus * np.cos(phase_rad), modulus * np.sin(phase_rad)
        return z


_MINUS = ("-", "−", "–", "minus ", "neg ")
_UNITS = {
    "Hz": ("frequency", 1.0), "hertz": ("frequency", 1.0), "kHz": ("frequency", 1e3),
    "MHz": ("frequency", 1e6), "mHz": ("frequency", 1e-3), "hz": ("frequency", 1.0),
    "ohm": ("impedance", 1.0), "ohms": ("impedance", 1.0), "Ohm": ("impedance", 1.0),
    "Ohms": ("impedance", 1.0), "OHM": ("impedance", 1.0), "Ω": ("impedance", 1.0),
    "\u2126": ("impedance", 1.0), "kohm": ("impedance", 1e3), "kOhm": ("impedance", 1e3),
    "kΩ": ("impedance", 1e3), "MOhm": ("impedance", 1e6), "Mohm": ("impedance", 1e6),
    "MΩ": ("impedance", 1e6), "mOhm": ("impedance", 1e-3), "mohm": ("impedance", 1e-3),
    "mΩ": ("impedance", 1e-3), "GOhm": ("impedance", 1e9), "GΩ": ("impedance", 1e9),
    "deg": ("angle", np.pi / 180), "°": ("angle", np.pi / 180),
    "degree": ("angle", np.pi / 180), "degrees": ("angle", np.pi / 180), "rad": ("angle", 1.0),
    "s": ("time", 1.0), "sec": ("time", 1.0), "S": ("time", 1.0), "min": ("time", 60.0),
    "h": ("time", 3600.0), "ms": ("time", 1e-3),
    # A column label of plotting programs, not a unit.
    "a": ("", 1.0), "b": ("", 1.0),
}  # fmt: skip
_AREA_UNIT = re.compile(r"(ohm|Ω|\u2126)s?\W{0,3}(c|m)?m\s*(\^?2|²)", re.IGNORECASE)
_WITH_UNIT = (
    re.compile(r"^(.*?)\s*[\[(]\s*([^\[\]()]+?)\s*[\])]$"),
    re.compile(r"^(.*\S)\s*/\s*([^/\s]+)$"),
    re.compile(r"^(.*)_([A-Za-zΩ°]+)$"),
)
_SYMBOLS = {
    "frequency": {"f", "freq", "frequency", "frequenz", "fréquence"},
    "real": {"z'", "zs'", "zre", "zreal", "rez", "re(z)", "real", "zr", "re", "realimpedance",
             "z1", "zreal'", "realz", "realpart", "z'real"},
    "imag": {"z''", 'z"', "zs''", "zim", "zimg", "zimag", "imz", "im(z)", "imag", "imaginary",
             "zi", "im", "imaginaryimpedance", "z2", "imagz", "imaginarypart", "z''imag"},
    "modulus": {"|z|", "z", "zmod", "modulus", "magnitude", "zmodulus", "impedance", "absz",
                "|z|mod"},
    "phase": {"phase", "zphz", "theta", "theta(z)", "phase(z)", "phi", "zphase", "phaseangle",
              "phaseofz", "arg(z)"},
    "time": {"t", "time", "elapsedtime", "timestamp(s)", "zeit"},
}  # fmt: skip
_KIND = {"frequency": "frequency", "real": "impedance", "imag": "impedance",
         "modulus": "impedance", "phase": "angle", "time": "time"}  # fmt: skip
_DEFAULT_FACTOR = {"phase": np.pi / 180}


def _split_unit(name: str) -> tuple[str, str | None]:
    for pattern in _WITH_UNIT:
        match = pattern.match(name)
        if match and (match[2] in _UNITS or _AREA_UNIT.search(match[2])):
            return match[1], match[2]
    return name, None


def _role(name: str) -> tuple[str, float] | None:
    """Return what a column name means and its factor, or None."""
    text = re.sub(r"^Data:\s*", "", name.strip().strip("'").strip() if name.count("'") == 0
                  else name.strip())  # fmt: skip
    sign = 1.0
    for minus in _MINUS:
        if text.lower().startswith(minus):
            sign, text = -1.0, text[len(minus) :].strip()
            break
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    symbol, unit = _split_unit(text)
    key = re.sub(r"[\s_.]", "", symbol.lower()).replace("′", "'").replace("″", "''")
    key = key.replace("’’", "''").replace("’", "'").replace("´", "'").replace("''''", "''")
    for role, symbols in _SYMBOLS.items():
        if key not in symbols:
            continue
        factor = _DEFAULT_FACTOR.get(role, 1.0)
        if unit is not None:
            if _AREA_UNIT.search(unit):
                raise MalformedFileError(
                    f"column {name!r} is an impedance times an area; export ohm, the geometry "
                    "belongs to the pellet"
                )
            kind, unit_factor = _UNITS[unit]
            if kind and kind != _KIND[role]:
                return None
            factor = unit_factor if kind else factor
        return role, sign * factor
    return None


def recognise(names: Sequence[str]) -> ImpedanceColumns | None:
    """Recognise an impedance table by its column names.

    Parameters
    ----------
    names : sequence of str
        Column names as they stand in the file.

    Returns
    -------
    ImpedanceColumns or None
        None unless a frequency and a whole impedance (Cartesian or polar) are named.

    Raises
    ------
    MalformedFileError
        When an impedance is given per area.
    """
    roles: dict[str, Role] = {}
    for index, name in enumerate(names):
        found = _role(name)
        if found and found[0] not in roles:
            roles[found[0]] = Role(index, found[1])
    frequency = roles.get("frequency")
    cartesian = "real" in roles and "imag" in roles
    polar = "modulus" in roles and "phase" in roles
    if frequency is None or frequency.factor < 0 or not (cartesian or polar):
        return None
    return ImpedanceColumns(
        frequency,
        roles.get("real") if cartesian else None,
        roles.get("imag") if cartesian else None,
        roles.get("modulus"),
        roles.get("phase"),
        roles.get("time"),
    )


def parse_mapping(text: str) -> dict[str, str]:
    """Read ``f=Frequency (Hz), re=Z' (ohm), im=-Z''`` into a mapping.

    Raises
    ------
    MissingColumnError
        When the text is not of that form.
    """
    parts = re.split(r",\s*(?=(?:f|re|im|abs|phase|t)\s*=)", text.strip())
    mapping = {}
    for part in parts:
        key, equals, name = part.partition("=")
        if not equals or not name.strip():
            raise MissingColumnError(
                f"{part.strip()!r} names no column; write f=..., re=..., im=... (im=-... where the "
                "column holds -Im Z), or f=..., abs=..., phase=..."
            )
        mapping[key.strip().lower()] = name.strip()
    return mapping


_MAPPING_KEYS = {"f": "frequency", "re": "real", "im": "imag", "abs": "modulus",
                 "phase": "phase", "t": "time"}  # fmt: skip


def named_columns(names: Sequence[str], mapping: Mapping[str, str]) -> ImpedanceColumns:
    """Find the columns that a caller named.

    Parameters
    ----------
    names : sequence of str
        Column names of the file; empty when it has none.
    mapping : mapping of str to str
        Keys ``f``, ``re``, ``im`` or ``abs``, ``phase``, and ``t``; values are names, or 1-based
        numbers; a leading minus sign turns the sign over.

    Returns
    -------
    ImpedanceColumns
        Units are read from the names.

    Raises
    ------
    MissingColumnError
        When a key is missing or a column is not in the file.
    """
    roles: dict[str, Role] = {}
    for key, wanted in mapping.items():
        role = _MAPPING_KEYS.get(key)
        if role is None:
            raise MissingColumnError(
                f"{key!r} is no quantity; use {', '.join(_MAPPING_KEYS)} (f=..., re=..., im=...)"
            )
        index, sign = _find(names, wanted)
        _, unit = _split_unit(names[index].strip()) if index < len(names) else ("", None)
        factor = _DEFAULT_FACTOR.get(role, 1.0)
        if unit is not None and unit in _UNITS and _UNITS[unit][0] == _KIND[role]:
            factor = _UNITS[unit][1]
        roles[role] = Role(index, sign * factor)
    if "frequency" not in roles:
        raise MissingColumnError("no frequency column is named; add f=...")
    if not {"real", "imag"} <= roles.keys() and not {"modulus", "phase"} <= roles.keys():
        raise MissingColumnError("name re=... and im=..., or abs=... and phase=...")
    return ImpedanceColumns(
        roles["frequency"], roles.get("real"), roles.get("imag"), roles.get("modulus"),
        roles.get("phase"), roles.get("time"),
    )  # fmt: skip


def _find(names: Sequence[str], wanted: str) -> tuple[int, float]:
    stripped = [name.strip() for name in names]
    if wanted in stripped:
        return stripped.index(wanted), 1.0
    sign, name = (-1.0, wanted[1:].strip()) if wanted[0] in "-−" else (1.0, wanted)
    if name in stripped:
        return stripped.index(name), sign
    if name.isdigit() and int(name) >= 1:
        return int(name) - 1, sign
    listed = ", ".join(stripped) or "none: use numbers, f=1, re=2, im=3"
    raise MissingColumnError(f"has no column {wanted!r}; its columns are {listed}"[:300])
