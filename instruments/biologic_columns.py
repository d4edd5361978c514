"""Column ids, technique numbers and device numbers of BioLogic binary files.

Every entry was derived by comparing binary files with the text exports of the same measurements,
column by column and byte offset by byte offset; the names are those of the text export.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

__all__ = [
    "COLUMNS",
    "DERIVED_PREFIXES",
    "DEVICES",
    "FLAG_BITS",
    "IMPEDANCE_TECHNIQUES",
    "TECHNIQUES",
    "TECHNIQUE_TITLES",
    "Column",
    "Technique",
    "column_key",
]


@dataclass(frozen=True, slots=True)
class Column:
    """Name in the text export and little-endian type of a column."""

    name: str
    dtype: str


# The flags of one row share one byte, wherever the first of their ids stands.
FLAG_BITS: dict[int, tuple[str, int, int]] = {
    # id: name, mask, shift
    1: ("mode", 0x03, 0),
    2: ("ox/red", 0x04, 2),
    3: ("error", 0x08, 3),
    21: ("control changes", 0x10, 4),
    31: ("Ns changes", 0x20, 5),
    65: ("counter inc.", 0x80, 7),
}

COLUMNS: dict[int, Column] = {
    4: Column("time/s", "<f8"),
    5: Column("control/V/mA", "<f4"),
    6: Column("Ewe/V", "<f4"),
    7: Column("dq/mA.h", "<f8"),
    8: Column("I/mA", "<f4"),
    9: Column("Ece/V", "<f4"),
    11: Column("<I>/mA", "<f8"),
    13: Column("(Q-Qo)/mA.h", "<f8"),
    16: Column("Analog IN 1/V", "<f4"),
    17: Column("Analog IN 2/V", "<f4"),
    19: Column("control/V", "<f4"),
    20: Column("control/mA", "<f4"),
    23: Column("dQ/mA.h", "<f8"),
    24: Column("cycle number", "<f8"),
    32: Column("freq/Hz", "<f4"),
    33: Column("|Ewe|/V", "<f4"),
    34: Column("|I|/A", "<f4"),
    35: Column("Phase(Z)/deg", "<f4"),
    36: Column("|Z|/Ohm", "<f4"),
    37: Column("Re(Z)/Ohm", "<f4"),
    38: Column("-Im(Z)/Ohm", "<f4"),
    39: Column("I Range", "<u2"),
    70: Column("P/W", "<f4"),
    74: Column("|Energy|/W.h", "<f8"),
    76: Column("<I>/mA", "<f4"),
    77: Column("<Ewe>/V", "<f4"),
    96: Column("|Ece|/V", "<f4"),
    98: Column("Phase(Zce)/deg", "<f4"),
    99: Column("|Zce|/Ohm", "<f4"),
    100: Column("Re(Zce)/Ohm", "<f4"),
    101: Column("-Im(Zce)/Ohm", "<f4"),
    123: Column("Energy charge/W.h", "<f8"),
    124: Column("Energy discharge/W.h", "<f8"),
    125: Column("Capacitance charge/µF", "<f8"),
    126: Column("Capacitance discharge/µF", "<f8"),
    131: Column("Ns", "<u2"),
    168: Column("Rcmp/Ohm", "<f4"),
    169: Column("Cs/µF", "<f4"),
    172: Column("Cp/µF", "<f4"),
    174: Column("<Ewe>/V", "<f4"),
    430: Column("Phase(Zwe-ce)/deg", "<f4"),
    431: Column("|Zwe-ce|/Ohm", "<f4"),
    432: Column("Re(Zwe-ce)/Ohm", "<f4"),
    433: Column("-Im(Zwe-ce)/Ohm", "<f4"),
    434: Column("(Q-Qo)/C", "<f4"),
    435: Column("dQ/C", "<f4"),
    438: Column("step time/s", "<f8"),
    441: Column("<Ece>/V", "<f4"),
    467: Column("Q charge/discharge/mA.h", "<f8"),
    468: Column("half cycle", "<u4"),
    469: Column("z cycle", "<u4"),
    471: Column("<Ece>/V", "<f4"),
    473: Column("THD Ewe/%", "<f4"),
    474: Column("THD I/%", "<f4"),
    476: Column("NSD Ewe/%", "<f4"),
    477: Column("NSD I/%", "<f4"),
    479: Column("NSR Ewe/%", "<f4"),
    480: Column("NSR I/%", "<f4"),
    486: Column("|Ewe h2|/V", "<f4"),
    487: Column("|Ewe h3|/V", "<f4"),
    488: Column("|Ewe h4|/V", "<f4"),
    489: Column("|Ewe h5|/V", "<f4"),
    490: Column("|Ewe h6|/V", "<f4"),
    491: Column("|Ewe h7|/V", "<f4"),
    492: Column("|I h2|/A", "<f4"),
    493: Column("|I h3|/A", "<f4"),
    494: Column("|I h4|/A", "<f4"),
    495: Column("|I h5|/A", "<f4"),
    496: Column("|I h6|/A", "<f4"),
    497: Column("|I h7|/A", "<f4"),
    880: Column("Energy we/W.h", "<f8"),
}

# Columns that the text export computes from the others; they hold no measurement of their own.
DERIVED_PREFIXES = (
    "Re(Y)", "Im(Y)", "|Y|", "Phase(Y)", "Re(C)", "Im(C)", "|C|", "Phase(C)", "Re(M)", "Im(M)",
    "|M|", "Phase(M)", "Re(Permittivity)", "Im(Permittivity)", "|Permittivity|",
    "Phase(Permittivity)", "Re(Resistivity)", "Im(Resistivity)", "|Resistivity|",
    "Phase(Resistivity)", "Re(Conductivity)", "Im(Conductivity)", "|Conductivity|",
    "Phase(Conductivity)", "Tan(Delta)", "Loss Angle(Delta)",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Technique:
    """Short name and the title that EC-Lab prints in its text files."""

    short: str
    title: str


TECHNIQUES: dict[int, Technique] = {
    0x04: Technique("GCPL", "Galvanostatic Cycling with Potential Limitation"),
    0x06: Technique("CV", "Cyclic Voltammetry"),
    0x0B: Technique("OCV", "Open Circuit Voltage"),
    0x18: Technique("CA", "Chronoamperometry / Chronocoulometry"),
    0x19: Technique("CP", "Chronopotentiometry"),
    0x1C: Technique("WAIT", "Wait"),
    0x1D: Technique("PEIS", "Potentio Electrochemical Impedance Spectroscopy"),
    0x1E: Technique("GEIS", "Galvano Electrochemical Impedance Spectroscopy"),
    0x32: Technique("ZIR", "IR compensation (PEIS)"),
    0x33: Technique("CVA", "Cyclic Voltammetry Advanced"),
    0x6C: Technique("LSV", "Linear Sweep Voltammetry"),
    0x75: Technique("CoV", "Constant Voltage"),
    0x76: Technique("CoC", "Constant Current"),
    0x7F: Technique("MB", "Modulo Bat"),
    0x88: Technique("BCD", "Battery Capacity Determination"),
}

# Titles of text files; the ones without a binary file to compare have no number above.
TECHNIQUE_TITLES: dict[str, str] = {t.title.lower(): t.short for t in TECHNIQUES.values()} | {
    "staircase potentio electrochemical impedance spectroscopy": "SPEIS",
    "staircase galvano electrochemical impedance spectroscopy": "SGEIS",
    "potentio electrochemical impedance spectroscopy wait": "PEISW",
    "linear polarization": "LP",
    "modular potentio": "MP",
    "modular galvano": "MG",
    "chronoamperometry": "CA",
}

IMPEDANCE_TECHNIQUES = frozenset({"PEIS", "GEIS", "SPEIS", "SGEIS", "PEISW", "ZIR"})

DEVICES: dict[int, str] = {
    5: "VMP3",
    6: "VSP",
    12: "VMP-300",
    14: "SP-150",
    16: "SP-300",
    21: "SP-200",
    22: "MPG-2",
    26: "BCS-805",
    27: "SP-240",
    34: "VSP-3e",
}

_KEYS = {
    "|Ewe|/V": "Ewe_amplitude_V",
    "|Ece|/V": "Ece_amplitude_V",
    "|I|/A": "I_amplitude_A",
    "(Q-Qo)/mA.h": "Q_minus_Qo_mAh",
    "(Q-Qo)/C": "Q_minus_Qo_C",
    "|Z|/Ohm": "Z_modulus_ohm",
    "Phase(Z)/deg": "Z_phase_deg",
    "Capacitance charge/µF": "capacitance_charge_uF",
    "Capacitance discharge/µF": "capacitance_discharge_uF",
    "Cs/µF": "Cs_uF",
    "Cp/µF": "Cp_uF",
    "control/V/mA": "control_V_or_mA",
    "P/W": "P_W",
    "Pwe/W": "P_W",
    "I Range": "I_range_code",
}


@cache
def column_key(name: str) -> str:
    """Turn a column name of EC-Lab into a name with the unit at its end.

    >>> column_key("<Ewe>/V")
    'Ewe_V'
    >>> column_key("-Im(Zce)/Ohm")
    'minus_Im_Zce_ohm'
    """
    if name in _KEYS:
        return _KEYS[name]
    if name.endswith("/°C"):
        return "temperature_C"
    text = name.replace("µ", "u").replace("mA.h", "mAh").replace("W.h", "Wh").replace("Ohm", "ohm")
    text = text.replace("%", "percent").replace("°", "deg_")
    if text.startswith("-"):
        text = f"minus_{text[1:]}"
    if text.startswith("|") and "|" in text[1:]:
        inside, _, unit = text[1:].partition("|")
        text = f"{inside}_modulus{unit}"
    words = "".join(c if c.isalnum() or c == "-" else "_" for c in text.replace("<", "")
                    .replace(">", ""))  # fmt: skip
    return "_".join(part for part in words.replace("-", "_").split("_") if part)
