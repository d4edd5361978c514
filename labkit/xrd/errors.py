"""What a user can cause in a refinement.

::

    LabkitError
    └── XrdError
        ├── PhaseFileError       a CIF that gives no phase
        ├── PatternError         a pattern that cannot be refined
        ├── WavelengthError      the radiation is unknown or written in an unreadable way
        ├── EngineMissingError   the engine asked for is not installed
        └── RefinementError      the refinement has nothing to work with or ran away
"""

from __future__ import annotations

from labkit.errors import LabkitError

__all__ = [
    "EngineMissingError",
    "PatternError",
    "PhaseFileError",
    "RefinementError",
    "WavelengthError",
    "XrdError",
]


class XrdError(LabkitError):
    """Base of what goes wrong with a diffraction pattern."""


class PhaseFileError(XrdError):
    """A CIF that gives no phase."""


class PatternError(XrdError):
    """A pattern that cannot be refined."""


class WavelengthError(XrdError):
    """The radiation is unknown or written in an unreadable way."""


class EngineMissingError(XrdError):
    """The engine asked for is not installed."""


class RefinementError(XrdError):
    """The refinement has nothing to work with or ran away."""
