"""Sample temperature and pellet read from a file's name or from the lab's sheet.

No impedance file of the common instruments carries the sample temperature, so labs write it
into the file name. A name is read only where it can mean one thing, and what was read is kept
with its source, so that a person can see it and correct it.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import UsageError
from labkit.geometry import parse_temperature

__all__ = [
    "SampleConditions",
    "read_condition_sheet",
    "temperature_from_name",
]

_ZERO_CELSIUS_K = 273.15

_IN_NAME = re.compile(
    r"""
    (?:(?<=(?P<glued>[A-Za-z0-9.]))|)  # what stands before a sign decides what the sign means
    (?P<sign>[-+]|minus|m(?=\d))?
    (?P<number>\d{1,4}(?:[.p]\d+)?)
    \s?_?
    (?P<unit>°C|degC|deg|grad|C|K)
    (?![A-Za-z0-9])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class SampleConditions:
    """What is known of one raw file beyond its content.

    Attributes
    ----------
    pellet : str or None
        Name of the pellet.
    temperature_K : float or None
        Sample temperature.
    temperature_source : str or None
        Where the temperature came from: ``"command line"``, ``"sheet"`` or ``"file name"``.
    """

    pellet: str | None = None
    temperature_K: float | None = None
    temperature_source: str | None = None


def temperature_from_name(name: str) -> float | None:
    """Read the sample temperature from a file name.

    Parameters
    ----------
    name : str
        File name without its folder, such as ``"PEIS_pellet3_-25C.mpr"``.

    Returns
    -------
    float or None
        Kelvin; None where the name holds no temperature or two that differ.

    Notes
    -----
    A hyphen directly after a letter or a digit separates words (``s04147-140deg`` is 140 °C);
    after an underscore, a blank or at the start it is a minus sign (``_-25C`` is -25 °C).
    Numbers glued to letters before them (``CHD048C``) are not temperatures.

    Examples
    --------
    >>> round(temperature_from_name("PEIS_LPSCl_-25C_C01.mpr"), 2)
    248.15
    >>> round(temperature_from_name("s04147-140deg.txt"), 2)
    413.15
    >>> temperature_from_name("pellet7.mpr") is None
    True
    """
    stem = re.sub(r"\.[A-Za-z]\w{1,9}$", "", name)
    found: set[float] = set()
    for match in _IN_NAME.finditer(stem):
        glued = match["glued"] is not None
        sign = match["sign"]
        if glued and sign is None:
            continue
        number = float(match["number"].replace("p", "."))
        if sign in ("minus", "m") or (sign == "-" and not glued):
            number = -number
        kelvin = number if match["unit"] == "K" else number + _ZERO_CELSIUS_K
        if kelvin > 0:
            found.add(round(kelvin, 6))
    return found.pop() if len(found) == 1 else None


def read_condition_sheet(path: Path) -> dict[str, SampleConditions]:
    """Read a sheet that says which file is which pellet at which temperature.

    Parameters
    ----------
    path : Path
        CSV with a header; columns ``file``, and any of ``pellet`` and ``temperature``
        (with its unit, such as ``25C``). Comma, semicolon or tab separated.

    Returns
    -------
    dict of str to SampleConditions
        Keyed by file name.

    Raises
    ------
    UsageError
        When the sheet lacks the column ``file``, names a file twice or has an unreadable cell.
    """
    text = path.read_text(encoding="utf-8-sig")
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    names = [(name or "").strip().lower() for name in rows.fieldnames or []]
    if "file" not in names:
        raise UsageError(
            f"{path}: no column 'file'; the first line must be like file,pellet,temperature"
        )
    rows.fieldnames = names
    sheet: dict[str, SampleConditions] = {}
    for row in rows:
        file_name = Path((row.get("file") or "").strip()).name
        if not file_name:
            continue
        where = f"{path}, line {rows.line_num}"
        if file_name in sheet:
            raise UsageError(f"{where}: {file_name} stands in the sheet twice; keep one line")
        sheet[file_name] = _conditions_of_row(row, where)
    return sheet


def _conditions_of_row(row: dict[str, str], where: str) -> SampleConditions:
    pellet = (row.get("pellet") or "").strip() or None
    temperature = (row.get("temperature") or "").strip()
    if not temperature:
        return SampleConditions(pellet=pellet)
    from labkit.geometry import GeometryError

    try:
        kelvin = parse_temperature(temperature)
    except GeometryError as error:
        raise UsageError(f"{where}: {error}") from None
    return SampleConditions(pellet=pellet, temperature_K=kelvin, temperature_source="sheet")
