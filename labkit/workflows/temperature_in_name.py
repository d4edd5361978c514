"""The sample temperature that stands in a file's name, where it can mean one thing.

No impedance file of the common instruments carries the sample temperature, so labs write it
into the file name. A wrong temperature goes on into activation energies and labels, so whatever
could mean something else is not taken, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labkit.settings import PLAUSIBLE_TEMPERATURE_K

__all__ = ["FILE_NAME", "NameReading", "in_celsius", "notes_on_temperature", "read_name"]

FILE_NAME = "file name"
"""The source of a temperature that was read from a name."""

_ZERO_CELSIUS_K = 273.15
_SAME_K = 0.5  # 25 C and 298 K are the same temperature to whoever names a file
_LARGEST_C_RATE = 5.0  # 0.1C and 2C charge a battery; at 2 degrees Celsius nobody measures

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―", "-"))
_NUMBER = r"\d+(?:[.,p]\d+)?"
_IN_NAME = re.compile(
    rf"""
    (?<!\d)(?<!\d[.,])                # not the tail of a longer number
    (?P<number>{_NUMBER})
    (?P<unit>
        [ _]?(?:°[ ]?[Cc]|º[ ]?[Cc]|℃|C|K
            |(?i:grad(?:[ _]?celsius)?|deg(?:rees?)?(?:[ _]?c(?:elsius)?)?|celsius|kelvin))
        |oC
    )
    (?![^\W_])                        # and the word ends here
    """,
    re.VERBOSE,
)
# what else a number before C or K says: a rate, a step, a resistor
_OTHER_MEANING = (
    r"(?:per|rates?|steps?|increments?|intervals?|ramps?|min|schritte?|k?ohms?|resistors?)"
)
# a sample that was heated: no word order tells its furnace from its measurement
_HEATED = re.compile(
    r"(?<![^\W_])(?:anneal(?:ed|ing)?|sinter(?:ed|ing)?|gesintert|[ck]al[cz]in[a-z]*|dried|drying"
    r"|getrocknet|hot[ _-]?pressed|quench(?:ed)?|tempered|getempert|heat[ _-]?treat[a-z]*)"
    r"(?![^\W\d_])",
    re.IGNORECASE,
)
_LOOSE_DECIMAL = re.compile(r"(?:^|[\W_]|\d+ ?)[.,] ?$")  # .5C, and 25, 5C
_NUMBER_BEFORE = re.compile(r"(?:^|[ _])(?P<whole>\d{2,3})_$")  # 25_5C
_MEANS_OTHER_AFTER = re.compile(rf"[ _.\-]*{_OTHER_MEANING}(?![^\W\d_])", re.IGNORECASE)
_MEANS_OTHER_BEFORE = re.compile(
    rf"(?<![^\W_])(?:{_OTHER_MEANING}|dT|delta|every)[ _.=@\-]*(?:(?:at|bei)[ _]?)?$", re.IGNORECASE
)
_RANGE_BEFORE = re.compile(
    rf"(?:^|[ _])[-+−]?(?P<low>{_NUMBER})[ _]?(?P<link>-|to|bis|\.\.+|→)[ _]?[-+−]?$"
)
_NO_NUMBER = re.compile(r"(?<![^\W_])(RT|room[ _-]?temp(?:erature)?|Raumtemperatur)(?![^\W_])")
_NO_UNIT = re.compile(rf"(?<![^\W_])(?:T|temp)[ _]?=?[-−]?{_NUMBER}(?![^\W_])")
_SMALL_UNIT = re.compile(rf"(?<![^\W_])[-−]?{_NUMBER}[ck](?![^\W_])")


@dataclass(frozen=True)
class NameReading:
    """What a file name says of the sample temperature.

    Attributes
    ----------
    temperature_K : float or None
        None where the name holds no temperature, or could mean several things.
    could_be_K : tuple of float
        Everything that the temperatures in the name could mean.
    remarks : tuple of str
        How a doubtful sign was read, and what was not taken as a temperature, and why.
    """

    temperature_K: float | None = None
    could_be_K: tuple[float, ...] = ()
    remarks: tuple[str, ...] = ()

    def contradicts(self, temperature_K: float) -> bool:
        """Tell whether the name clearly says another temperature."""
        return self.temperature_K is not None and all(
            abs(kelvin - temperature_K) > _SAME_K for kelvin in self.could_be_K
        )


@dataclass(frozen=True)
class _Found:
    """One number with a unit: what it could be (none: no temperature), and a remark."""

    could_be_K: tuple[float, ...] = ()
    remark: str | None = None
    clear: bool = True


def read_name(name: str, plausible_K: tuple[float, float] = PLAUSIBLE_TEMPERATURE_K) -> NameReading:
    """Read the sample temperature from a file name.

    Parameters
    ----------
    name : str
        File name without its folder, such as ``"PEIS_pellet3_-25C.mpr"``.
    plausible_K : tuple of float
        Lowest and highest temperature, in kelvin, that a name is believed.

    Returns
    -------
    NameReading

    Notes
    -----
    A hyphen directly after a letter, a digit or a bracket separates words (``s04147-140deg`` is
    140 °C), which a remark tells where -140 °C could be meant too; after an underscore, a blank
    or at the start it is a minus sign (``_-25C`` is -25 °C). A comma is a decimal comma. Numbers
    glued to letters before them (``CHD048C``) are not temperatures, but for ``T25C``.

    Examples
    --------
    >>> round(read_name("PEIS_LPSCl_-25C_C01.mpr").temperature_K, 2)
    248.15
    >>> round(read_name("cell_25,5C.csv").temperature_K, 2)
    298.65
    >>> read_name("cell_1C_rate.mpr").remarks
    ("'1C_rate' is not read as a temperature",)
    """
    stem = re.sub(r"\.[A-Za-z]\w{1,9}$", "", name).translate(_DASHES)
    found = [_judge(match, stem, plausible_K) for match in _IN_NAME.finditer(stem)]
    taken = [one for one in found if one.could_be_K]
    remarks = [one.remark for one in found if one.remark]
    different = {round(one.could_be_K[0], 6) for one in taken}
    clear = all(one.clear for one in taken)
    heated = _HEATED.search(stem)
    if heated and taken:
        clear = False
        remarks.append(f"'{heated[0]}' in the name: what it says could be the furnace")
    if clear and len(different) > 1:
        remarks.append(f"the name holds {' and '.join(map(in_celsius, sorted(different)))}")
    if not found:
        remarks += _hints(stem)
    return NameReading(
        different.pop() if clear and len(different) == 1 else None,
        tuple(kelvin for one in taken for kelvin in one.could_be_K),
        tuple(dict.fromkeys(remarks)),
    )


def notes_on_temperature(
    reading: NameReading, temperature_K: float | None, source: str | None
) -> list[str]:
    """Return what a person should know of a temperature beside the name of its file.

    Parameters
    ----------
    reading : NameReading
        What the name says.
    temperature_K : float or None
        What was taken.
    source : str or None
        Where that came from.
    """
    notes = list(reading.remarks) if temperature_K is None or source == FILE_NAME else []
    if temperature_K is not None and reading.contradicts(temperature_K):
        assert reading.temperature_K is not None
        notes.append(
            f"{in_celsius(temperature_K)} ({source}) is taken, "
            f"though the file name says {in_celsius(reading.temperature_K)}"
        )
    return notes


def _judge(match: re.Match[str], stem: str, plausible_K: tuple[float, float]) -> _Found:
    """Say what one number with a unit is."""
    before = stem[: match.start()]
    written, kelvin_unit = match[0], match["unit"].strip(" _")[0] in "Kk"
    number = float(re.sub("[,p]", ".", match["number"]))
    sign, doubtful, glued = _sign_of(before)
    signed = f"{'-' if sign < 0 else ''}{written}"
    other = _other_meaning(match, stem, glued)
    if other:
        return _Found(remark=f"'{other}' is not read as a temperature")
    if match["unit"] == "C" and 0 < number < _LARGEST_C_RATE and sign > 0 and not _is_named(before):
        return _Found(remark=f"'{written}' could be a C-rate; it is not read as a temperature")
    offset_K = 0.0 if kelvin_unit else _ZERO_CELSIUS_K
    meant = [value + offset_K for value in _values(match["number"], number)]
    if kelvin_unit:
        sign, doubtful = 1, None  # nobody writes negative kelvin: the hyphen is a dash
    could_be = [sign * (kelvin - offset_K) + offset_K for kelvin in meant]
    low_K, high_K = plausible_K
    if not low_K <= could_be[0] <= high_K:
        return _Found(
            remark=f"{signed} in the name is outside {in_celsius(low_K)} to {in_celsius(high_K)} "
            "(temperature_range_C in lab.toml)"
        )
    could_be += [2 * offset_K - kelvin for kelvin in could_be if doubtful]
    could_be = [kelvin for kelvin in could_be if low_K <= kelvin <= high_K]
    whole = _NUMBER_BEFORE.search(before)
    if whole and len(match["number"]) == 1:
        decimal = f"{whole['whole']}.{number:g}"
        return _Found(
            (*could_be, float(decimal) + offset_K),
            f"'{whole['whole']}_{written}' could be {decimal} or {number:g}",
            clear=False,
        )
    range_ = _range_before(before, offset_K, plausible_K)
    if range_:
        return _Found(tuple(could_be), f"'{range_}{written}' could be a range", clear=False)
    if doubtful == "T" or (len(meant) > 1 and len(could_be) > 1):
        choice = " or ".join(in_celsius(kelvin) for kelvin in could_be)
        return _Found(tuple(could_be), f"'{written}' in the name could be {choice}", clear=False)
    if len(could_be) == 1:
        return _Found(tuple(could_be))
    return _Found(
        tuple(could_be),
        "the hyphen before the temperature is read as a dash; one below 0 °C is written _-25C "
        "or m25C",
    )


def _other_meaning(match: re.Match[str], stem: str, glued: bool) -> str | None:
    """Return the words that make a number with a unit something else than a temperature."""
    before, written = stem[: match.start()], match[0]
    loose = _LOOSE_DECIMAL.search(before)
    if loose:
        return f"{loose[0].lstrip(' _')}{written}"
    if glued:
        word = re.search(r"[^\W_]*$", before)
        return f"{word[0] if word else ''}{written}"
    follows = _MEANS_OTHER_AFTER.match(stem, match.end())
    if follows:
        return f"{written}{follows[0]}"
    leads = _MEANS_OTHER_BEFORE.search(before)
    return f"{leads[0]}{written}" if leads else None


def _sign_of(before: str) -> tuple[int, str | None, bool]:
    """Return the sign that the text before a number gives it.

    Returns
    -------
    tuple
        1 or -1; what stands before a hyphen that could be a dash or a minus; and whether the
        number is part of a word.
    """
    if before.endswith("−") or re.search(r"(?i:minus|(?<![^\W_])neg)[ _]?$", before):
        return -1, None, False
    if re.search(r"(?<![^\W_])m$", before):
        return -1, None, False
    if before.endswith("-"):
        leading = before[-2:-1]
        if re.search(r"(?<![^\W_])T-$", before):
            return 1, "T", False
        if leading.isalnum() or leading in (")", "]"):
            return 1, "word", False
        return -1, None, False
    return 1, None, bool(before) and before[-1].isalnum() and not _is_named(before)


def _is_named(before: str) -> bool:
    """Tell whether the text before a number says that a temperature follows."""
    return re.search(r"(?<![^\W_])(?:T|[Tt]emp(?:erature|eratur)?)[ _=]*$", before) is not None


def _values(written: str, number: float) -> Iterator[float]:
    """Return what a number could be: 3.25 is sample 3 at 25 degrees to another reader."""
    yield number
    fraction = re.sub(r"^\d+[.,p]?", "", written)
    if len(fraction) > 1 and not fraction.startswith("0"):
        yield float(fraction)


def _range_before(before: str, offset_K: float, plausible_K: tuple[float, float]) -> str | None:
    """Return the lower end of a range of temperatures that ends with the number that follows."""
    match = _RANGE_BEFORE.search(before)
    if match is None:
        return None
    low = re.sub("[,p]", ".", match["low"])
    # 1-25C is pellet 1 at 25 degrees
    if match["link"] == "-" and len(low) == 1 and low != "0":
        return None
    if not plausible_K[0] <= float(low) + offset_K <= plausible_K[1]:
        return None
    return match[0].lstrip(" _")


def _hints(stem: str) -> list[str]:
    """Return why words that people take for a temperature are not read as one."""
    hints = [f"'{match[0]}' is no number" for match in _NO_NUMBER.finditer(stem)]
    hints += [
        f"'{match[0]}' has no unit (write T{re.sub('^[^0-9−-]+', '', match[0])}C)"
        for match in _NO_UNIT.finditer(stem)
    ]
    hints += [
        f"'{match[0]}' could be a sample (write {match[0].upper()} for a temperature)"
        for match in _SMALL_UNIT.finditer(stem)
    ]
    return hints


def in_celsius(kelvin: float) -> str:
    """Write a temperature as a file name would have it, its minus as people type it."""
    return f"{round(kelvin - _ZERO_CELSIUS_K, 2):g} °C"
