"""Errors a user can cause, each one clear line.

::

    LabkitError
    ├── LabFolderError        the lab folder is missing, is not one, or cannot be made
    ├── SettingsError         lab.toml or an environment variable cannot be used
    ├── NotFoundError         a name or number that the lab does not hold
    ├── UsageError            values that do not go together
    ├── ChangedMeanwhileError somebody else changed it since it was looked at
    └── BatchError            some items of a batch failed; carries the finished report

Physics modules add their own leaves (``GeometryError``, ``SpectrumError``, ``ArrheniusError``).
"""

from __future__ import annotations

__all__ = [
    "BatchError",
    "ChangedMeanwhileError",
    "LabFolderError",
    "LabkitError",
    "NotFoundError",
    "SettingsError",
    "UsageError",
]


class LabkitError(Exception):
    """Base of every error that labkit raises for a user; ``str()`` is the line to print."""


class LabFolderError(LabkitError):
    """The lab folder is missing, is not one, or cannot be made."""


class SettingsError(LabkitError):
    """A setting in ``lab.toml`` or in the environment cannot be used."""


class NotFoundError(LabkitError):
    """A name or number that the lab does not hold."""


class UsageError(LabkitError):
    """Values that do not go together."""


class ChangedMeanwhileError(LabkitError):
    """Somebody else changed a thing since it was looked at; nothing was done."""


class BatchError(LabkitError):
    """Some items of a batch failed.

    Parameters
    ----------
    message : str
        The line to print.
    report : dict
        The finished report of the batch, failed items included.
    """

    def __init__(self, message: str, report: dict[str, object]) -> None:
        super().__init__(message)
        self.report = report
