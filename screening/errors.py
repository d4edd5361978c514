"""Exceptions of the screening package.

The tree::

    ScreeningError
    ├── StructureError              a crystal cannot be used
    │   ├── UnreadableStructureError    the text is no crystal structure
    │   ├── DisorderedStructureError    partial occupancy where full occupancy is needed
    │   ├── CompositionError            the content is not what its record says
    │   ├── NoMobileIonError            the mobile ion is not there (bvse)
    │   └── MissingParametersError      an ion has no published parameters (bvse_parameters)
    ├── DescriptorError             a descriptor cannot be computed for one structure (has a code)
    ├── UnknownDescriptorError      no descriptor of that name
    ├── MissingLibraryError         an optional library is not installed
    ├── SourceError                 a source of structures does not answer, or wants a key
    ├── UnknownModeError            no simplification of that name
    ├── CacheError                  a descriptor cache or a stored tree cannot be used
    ├── TreeError                   the representations cannot be clustered
    ├── NoPathError                 the energy landscape does not percolate (migration_path)
    ├── NebError                    a band cannot be set up or has not run (neb_end_points)
    ├── PseudopotentialError        one is missing, unreadable, or does not fit (pseudopotentials)
    ├── PhononDosError              a density of states cannot be used (phonon.dos)
    ├── ClusterError                values cannot be clustered as asked (phonon.clustering)
    ├── MapError                    a map of materials cannot be made or used (map.selection)
    └── LabelError                  labels do not fit the structures they are given for

``str(error)`` is one line for the user.
"""

from __future__ import annotations

__all__ = [
    "CacheError",
    "CompositionError",
    "DescriptorError",
    "DisorderedStructureError",
    "LabelError",
    "MissingLibraryError",
    "ScreeningError",
    "SourceError",
    "StructureError",
    "TreeError",
    "UnknownDescriptorError",
    "UnknownModeError",
    "UnreadableStructureError",
]


class ScreeningError(Exception):
    """Base of everything this package raises on purpose."""


class StructureError(ScreeningError):
    """A crystal cannot be used."""

    code = "structure"


class UnreadableStructureError(StructureError):
    """The text is no crystal structure that can be read."""

    code = "unreadable"


class DisorderedStructureError(StructureError):
    """A site is partly occupied or shared where an ordered cell is needed."""

    code = "disordered"


class CompositionError(StructureError):
    """The atoms in the cell are not those that the record names."""

    code = "composition"


class DescriptorError(ScreeningError):
    """A descriptor cannot be computed for one structure.

    Parameters
    ----------
    code : str
        Short machine-readable reason, kept in the failures table.
    message : str
        One line for the user.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type[DescriptorError], tuple[str, str]]:
        return (type(self), (self.code, str(self)))


class UnknownDescriptorError(ScreeningError):
    """No descriptor of that name is registered."""


class MissingLibraryError(ScreeningError):
    """An optional library is not installed."""


class SourceError(ScreeningError):
    """A source of structures does not answer, or wants a key."""


class UnknownModeError(ScreeningError):
    """No simplification of that name exists."""


class CacheError(ScreeningError):
    """A descriptor cache or a stored tree cannot be used."""


class TreeError(ScreeningError):
    """The representations cannot be clustered."""


class LabelError(ScreeningError):
    """Labels do not fit the structures they are given for."""
