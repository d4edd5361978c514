"""Which column is which in a plain table: told once, remembered by the lab."""

from __future__ import annotations

import json
from pathlib import Path

from instruments import read
from instruments.column_names import parse_mapping
from instruments.errors import InstrumentFileError, MissingColumnError, UnknownFormatError
from instruments.records import MeasuredFile
from labkit.errors import SettingsError
from labkit.workflows.lab import Lab

__all__ = ["read_with_columns", "remember_mapping", "remembered_mappings"]

_FILE = "columns.json"


def remembered_mappings(lab: Lab) -> list[str]:
    """Return the column mappings this lab has used, the latest first.

    Raises
    ------
    SettingsError
        When the file that holds them was damaged.
    """
    path = lab.folder / _FILE
    if not path.exists():
        return []
    try:
        mappings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SettingsError(f"{path} is damaged ({error}); delete it") from None
    return [str(mapping) for mapping in mappings]


def remember_mapping(lab: Lab, mapping: str) -> None:
    """Remember a column mapping as the latest used."""
    earlier = [known for known in remembered_mappings(lab) if known != mapping]
    path = lab.folder / _FILE
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps([mapping, *earlier], indent=1), encoding="utf-8")
    temporary.replace(path)


def read_with_columns(
    lab: Lab, path: Path, content: bytes, mapping: str | None
) -> tuple[MeasuredFile, str | None]:
    """Read a raw file; where its columns have no clear names, use what the lab was told.

    Parameters
    ----------
    lab : Lab
    path : Path
    content : bytes
    mapping : str or None
        Such as ``"f=Frequency (Hz), re=Z' (ohm), im=-Z'' (ohm)"``.

    Returns
    -------
    MeasuredFile
    str or None
        The mapping that was used; None where the file spoke for itself.

    Raises
    ------
    InstrumentFileError
        When the file cannot be read, or no mapping fits.
    """
    if mapping is not None:
        return read(path, content=content, columns=parse_mapping(mapping)), mapping
    try:
        return read(path, content=content), None
    except (MissingColumnError, UnknownFormatError) as error:
        for known in remembered_mappings(lab):
            try:
                return read(path, content=content, columns=parse_mapping(known)), known
            except InstrumentFileError:
                continue
        raise error from None
