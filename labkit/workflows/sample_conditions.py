"""What is known of a raw file beyond its content: the pellet and the sample temperature."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import UsageError
from labkit.geometry import parse_temperature
from labkit.settings import PLAUSIBLE_TEMPERATURE_K
from labkit.workflows.condition_sheet import ConditionSheet, read_condition_sheet
from labkit.workflows.temperature_in_name import (
    FILE_NAME,
    NameReading,
    in_celsius,
    notes_on_temperature,
    read_name,
)

__all__ = ["ContradictedTemperatureError", "GivenConditions", "SampleConditions"]


class ContradictedTemperatureError(UsageError):
    """One temperature is given for files whose names say different ones."""


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
        Where the temperature came from: ``"command line"``, ``"sheet"``, ``"file name"``, or the
        name of the person who said it.
    notes : tuple of str
        What a person should know of the temperature and the file's name.
    """

    pellet: str | None = None
    temperature_K: float | None = None
    temperature_source: str | None = None
    notes: tuple[str, ...] = ()

    def warnings(self) -> list[str]:
        """Return the notes, and that the temperature is not known if it is not."""
        if self.temperature_K is not None:
            return list(self.notes)
        why = f" ({'; '.join(self.notes)})" if self.notes else ""
        return [f"temperature unknown{why}; import again with --temperature or --table"]


@dataclass(frozen=True)
class GivenConditions:
    """What a person says about the files of one import.

    Attributes
    ----------
    pellet : str or None
        Name of the pellet of every file that the sheet does not name.
    temperature_K : float or None
        Temperature of every file of which the sheet says none.
    sheet : ConditionSheet or None
        What is said of each file.
    plausible_K : tuple of float
        Lowest and highest temperature that a file name is believed.
    """

    pellet: str | None = None
    temperature_K: float | None = None
    sheet: ConditionSheet | None = None
    plausible_K: tuple[float, float] = PLAUSIBLE_TEMPERATURE_K

    @classmethod
    def read(
        cls,
        pellet: str | None,
        temperature: str | None,
        sheet: Path | None,
        plausible_K: tuple[float, float],
    ) -> GivenConditions:
        """Read what was typed.

        Raises
        ------
        GeometryError, UsageError
            When the temperature or the sheet cannot be read.
        """
        return cls(
            pellet,
            None if temperature is None else parse_temperature(temperature),
            None if sheet is None else read_condition_sheet(sheet),
            plausible_K,
        )

    def pellets(self) -> set[str]:
        """Return the names of all pellets."""
        rows = self.sheet.rows.values() if self.sheet else ()
        named = {row.pellet for row in rows if row.pellet}
        return named if self.pellet is None else {*named, self.pellet}

    def of(self, path: Path) -> SampleConditions:
        """Return what is known of one file: the sheet, else what was given, else its name."""
        row = self.sheet.row_of(path) if self.sheet else None
        pellet = (row.pellet if row else None) or self.pellet
        reading = read_name(path.name, self.plausible_K)
        if row is not None and row.temperature_K is not None:
            kelvin, source = row.temperature_K, "sheet"
        elif self.temperature_K is not None:
            kelvin, source = self.temperature_K, "command line"
        elif reading.temperature_K is not None:
            kelvin, source = reading.temperature_K, FILE_NAME
        else:
            return SampleConditions(pellet, notes=reading.remarks)
        notes = notes_on_temperature(reading, kelvin, source)
        return SampleConditions(pellet, kelvin, source, tuple(notes))

    def check_names(self, files: Sequence[Path], beside: Iterable[Path] = ()) -> None:
        """Refuse one temperature for files whose names say different ones.

        Parameters
        ----------
        files : sequence of Path
            The files to import.
        beside : iterable of Path
            Others that belong to them, such as those of a watched folder.

        Raises
        ------
        ContradictedTemperatureError
            When the names of several files differ, and one of `files` contradicts what is given.
        """
        if self.temperature_K is None:
            return
        said = {path: self._said(path) for path in dict.fromkeys([*files, *beside])}
        clear = {
            path: reading.temperature_K
            for path, reading in said.items()
            if reading is not None and reading.temperature_K is not None
        }
        against = [path for path in files if path in clear and self._is_against(said[path])]
        if not against:
            return
        first = against[0]
        other = next(
            (p for p in sorted(clear, key=str) if abs(clear[p] - clear[first]) > 0.5), None
        )
        if other is None:
            return
        raise ContradictedTemperatureError(
            f"{first.name}: one temperature, {in_celsius(self.temperature_K)}, is given, but its "
            f"name says {in_celsius(clear[first])} and that of {other.name} "
            f"{in_celsius(clear[other])}; leave the temperature out, or say which file is which "
            "in a sheet (labkit import --table)"
        )

    def _said(self, path: Path) -> NameReading | None:
        """Read a file's name; None where the sheet says the temperature."""
        row = self.sheet.row_of(path) if self.sheet else None
        if row is not None and row.temperature_K is not None:
            return None
        return read_name(path.name, self.plausible_K)

    def _is_against(self, reading: NameReading | None) -> bool:
        assert self.temperature_K is not None
        return reading is not None and reading.contradicts(self.temperature_K)

    def notes(self, files: Iterable[Path]) -> list[str]:
        """Return what of the sheet was not used."""
        return [] if self.sheet is None else [*self.sheet.notes, *self.sheet.unmatched(files)]
