"""What a user can cause in a test of Vegard's law.

::

    LabkitError
    └── VegardError     a series to which no line can be fitted
"""

from __future__ import annotations

from labkit.errors import LabkitError

__all__ = ["VegardError"]


class VegardError(LabkitError):
    """A series to which no line can be fitted."""
